//! The questions that the documented views are asked, and how long each takes.

use std::time::Instant;

use orgsweep_store::Store;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Row as _};

use crate::Outcome;
use crate::measure::rounded;
use crate::organization::{Organization, id};

/// How often each question is asked.
const TIMES: usize = 30;

/// View and question. `ACCOUNT` is one of the accounts, `SWEEP` the sweep of a week ago.
const QUESTIONS: &[(&str, &str)] = &[
    (
        "posture",
        "select * from posture where account_id = 'ACCOUNT'",
    ),
    (
        "posture",
        "select control, verdict, count(*) from posture group by control, verdict order by control, verdict",
    ),
    (
        "posture",
        "select ou_path, count(*) filter (where verdict = 'fail') as failing from posture group by ou_path order by failing desc",
    ),
    (
        "posture",
        "select * from posture where tags ->> 'team' = 'team 7' and verdict = 'fail' limit 100",
    ),
    (
        "posture",
        "select * from posture where not_read_reason is not null limit 100",
    ),
    (
        "failing",
        "select control, count(*) from failing group by control order by count(*) desc",
    ),
    (
        "failing",
        "select account_id, account_name, control, reason, failing_for, fix from failing order by failing_since limit 100",
    ),
    (
        "failing",
        "select count(*) from failing where exception_id is null",
    ),
    (
        "failing",
        "select * from failing where account_id = 'ACCOUNT'",
    ),
    (
        "uncovered_region",
        "select region, count(*) from uncovered_region group by region order by region",
    ),
    (
        "uncovered_region",
        "select * from uncovered_region where account_id = 'ACCOUNT'",
    ),
    (
        "account_status",
        "select * from account_status order by failing desc, account_id limit 100",
    ),
    (
        "account_status",
        "select * from account_status where account_id = 'ACCOUNT'",
    ),
    (
        "account_status",
        "select state, last_outcome, count(*) from account_status group by state, last_outcome",
    ),
    (
        "control_posture",
        "select * from control_posture order by control_number",
    ),
    (
        "cause",
        "select * from cause order by accounts desc, cause limit 50",
    ),
    (
        "coverage_of_sweep",
        "select * from coverage_of_sweep order by sweep_no desc limit 30",
    ),
    (
        "sweep_outcome",
        "select * from sweep_outcome where sweep_id = 'SWEEP' and outcome <> 'done'",
    ),
    (
        "sweep_outcome",
        "select * from sweep_outcome where account_id = 'ACCOUNT' order by sweep_no desc",
    ),
    (
        "finding_period",
        "select * from finding_period where account_id = 'ACCOUNT' order by valid_from",
    ),
    (
        "finding_period",
        "select date_trunc('week', valid_from) as week, verdict, count(*) from finding_period where valid_from > now() - interval '60 days' group by week, verdict order by week, verdict",
    ),
    (
        "mean_time_to_fix",
        "select * from mean_time_to_fix order by control_number",
    ),
    (
        "excepted_finding",
        "select * from excepted_finding limit 100",
    ),
    (
        "exception_status",
        "select * from exception_status order by expires_at",
    ),
    (
        "as_of",
        "select control, verdict, count(*) from as_of(now() - interval '30 days') group by control, verdict",
    ),
    (
        "as_of",
        "select * from as_of(now() - interval '30 days') where account_id = 'ACCOUNT'",
    ),
    (
        "change_since",
        "select * from change_since('SWEEP') limit 1000",
    ),
];

/// How long a question takes.
pub(crate) struct Measured {
    view: &'static str,
    question: &'static str,
    rows: usize,
    p50_ms: f64,
    pub(crate) p95_ms: f64,
    /// The plan, when it takes longer than it should.
    plan: Option<String>,
}

/// The goal of every view.
const GOAL_MS: f64 = 100.0;

/// Asks every question.
pub(crate) async fn measure(store: &Store, organization: &Organization) -> Outcome<Vec<Measured>> {
    // One that fails somewhere.
    let account = id(organization.size() / 20 * 10 + 9);
    let sweep: String = sqlx::query_scalar(
        "select sweep_id::text from sweep where started_at < now() - interval '6 days' order by sweep_no desc limit 1",
    )
    .fetch_one(store.pool())
    .await?;
    let mut measured = Vec::new();
    for (view, question) in QUESTIONS {
        let sql = question
            .replace("ACCOUNT", account.as_str())
            .replace("SWEEP", &sweep);
        measured.push(ask(store, view, question, &sql).await?);
    }
    Ok(measured)
}

async fn ask(
    store: &Store,
    view: &'static str,
    question: &'static str,
    sql: &str,
) -> Outcome<Measured> {
    let mut times = Vec::with_capacity(TIMES);
    let mut rows = 0;
    for _ in 0..TIMES {
        let begun = Instant::now();
        rows = sqlx::query(AssertSqlSafe(sql.to_owned()))
            .fetch_all(store.pool())
            .await?
            .len();
        times.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    times.sort_by(f64::total_cmp);
    let p95_ms = times[times.len() * 95 / 100];
    let plan = if p95_ms > GOAL_MS {
        let explain = format!("explain (analyze, buffers) {sql}");
        let lines = sqlx::query(AssertSqlSafe(explain))
            .fetch_all(store.pool())
            .await?;
        let lines: Result<Vec<String>, _> = lines.iter().map(|line| line.try_get(0)).collect();
        Some(lines?.join("\n"))
    } else {
        None
    };
    Ok(Measured {
        view,
        question,
        rows,
        p50_ms: rounded(times[times.len() / 2]),
        p95_ms: rounded(p95_ms),
        plan,
    })
}

impl Measured {
    pub(crate) fn figures(&self) -> Value {
        json!({
            "view": self.view,
            "question": self.question,
            "rows": self.rows,
            "p50_ms": self.p50_ms,
            "p95_ms": self.p95_ms,
            "plan": self.plan,
        })
    }
}
