//! Months of nights between the first and the last ones, by SQL alone: what the sweep would
//! have written, faster than it could.

use orgsweep_store::{ExceptionScope, NewException, Store};
use sqlx::{AssertSqlSafe, raw_sql};

use crate::Outcome;
use crate::organization::{Organization, id};

/// What was filled in.
pub(crate) struct Filled {
    pub(crate) periods: i64,
    pub(crate) changes_per_night: i64,
}

/// One finding of so many turns each night, and comes back at some later one.
const ONE_OF: i32 = 400;

/// Fills in the nights from the second to the last but two.
pub(crate) async fn fill(store: &Store, nights: i32) -> Outcome<Filled> {
    for night in 2..nights - 1 {
        raw_sql(AssertSqlSafe(one_night(night, nights - night + 1)))
            .execute(store.pool())
            .await?;
    }
    let periods: i64 = sqlx::query_scalar("select count(*) from finding_history")
        .fetch_one(store.pool())
        .await?;
    let findings: i64 = sqlx::query_scalar("select count(*) from finding")
        .fetch_one(store.pool())
        .await?;
    Ok(Filled {
        periods,
        changes_per_night: findings / i64::from(ONE_OF),
    })
}

/// The statements of a night `ago` days ago. Findings turn between pass and fail, their accounts'
/// facts with them; every account gets its outcome.
fn one_night(night: i32, ago: i32) -> String {
    format!(
        "begin;
         create temporary table moment on commit drop as
            select now() - interval '{ago} days' as at;
         insert into sweep (
            sweep_id, triggered_by, organization_id, management_account_id, catalog_digest,
            config_digest, program_version, state, started_at, finished_at, inventory_read_at,
            inventory_complete, accounts_listed, accounts_done, calls, framework
         )
         select gen_random_uuid(), triggered_by, organization_id, management_account_id,
            catalog_digest, config_digest, program_version, 'finished', at, at, at, true,
            accounts_listed, accounts_done, calls, framework
         from sweep, moment
         where sweep_no = 1;
         create temporary table flipped on commit drop as
            select account_no, control_no, verdict, failing_since
            from finding
            where verdict in ('pass', 'fail')
                and (account_no * 7 + control_no * 13 + {night} * 101) % {ONE_OF} = 0;
         create temporary table facts on commit drop as
            with changed as (
                insert into snapshot
                    (account_no, digest, content, content_size, first_sweep, taken_at)
                select distinct on (s.account_no) s.account_no,
                    sha256(s.digest || '{night}'::bytea), s.content, s.content_size,
                    (select max(sweep_no) from sweep), at
                from snapshot s
                join flipped using (account_no)
                cross join moment
                order by s.account_no, s.snapshot_no desc
                returning account_no, snapshot_no
            )
            select account_no, snapshot_no from changed
            union all
            select account_no, max(snapshot_no)
            from snapshot
            where account_no not in (select account_no from flipped)
            group by account_no;
         insert into sweep_account
            (sweep_no, account_no, outcome, snapshot_no, calls, started_at, finished_at)
         select (select max(sweep_no) from sweep), account_no, 'done', snapshot_no, 3, at, at
         from facts, moment;
         update finding_history h
         set valid_until = at, closed_in = (select max(sweep_no) from sweep)
         from flipped f, moment
         where h.account_no = f.account_no and h.control_no = f.control_no
            and h.valid_until is null;
         insert into finding_history (
            account_no, control_no, verdict, reason, cause, failing_since, valid_from, opened_in
         )
         select account_no, control_no,
            case verdict when 'pass' then 'fail' else 'pass' end,
            case verdict when 'pass' then 'no_alarm' else 'covered' end,
            case verdict when 'pass' then 'no_alarm ' || account_no end,
            case verdict when 'pass' then at else failing_since end,
            at, (select max(sweep_no) from sweep)
         from flipped, moment;
         update finding f
         set verdict = case f.verdict when 'pass' then 'fail' else 'pass' end,
            reason = case f.verdict when 'pass' then 'no_alarm' else 'covered' end,
            cause = case f.verdict when 'pass' then 'no_alarm ' || f.account_no end,
            since = at,
            failing_since = case f.verdict when 'pass' then at end,
            changed_in = (select max(sweep_no) from sweep)
         from flipped, moment
         where f.account_no = flipped.account_no and f.control_no = flipped.control_no;
         update finding_detail d
         set digest = sha256(d.digest || '{night}'::bytea)
         from flipped f
         where d.account_no = f.account_no and d.control_no = f.control_no;
         commit;"
    )
}

/// Some failing findings are accepted: of accounts, of units and of reasons.
pub(crate) async fn accept_some(store: &Store, organization: &Organization) -> Outcome<()> {
    let now = chrono::Utc::now();
    for number in 0..20_u32 {
        let account = (number % 2 == 0).then(|| id(organization.size() * number / 20));
        store
            .add_exception(&NewException {
                scope: ExceptionScope {
                    control: (number % 4 == 0)
                        .then(|| "vpc-changes".parse())
                        .transpose()?,
                    ou: account
                        .is_none()
                        .then(|| format!("Workloads/Unit {number}")),
                    account,
                    ..ExceptionScope::default()
                },
                reason: "accepted for the benchmark".to_owned(),
                author: "bench".to_owned(),
                expires_at: now + chrono::TimeDelta::days(90),
            })
            .await?;
    }
    Ok(())
}

/// Statistics and free space.
pub(crate) async fn vacuum(store: &Store) -> Outcome<()> {
    raw_sql("vacuum (analyze)").execute(store.pool()).await?;
    Ok(())
}
