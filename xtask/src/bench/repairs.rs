//! `cargo xtask bench repairs`: a thousand accounts without filters and alarms are repaired by the
//! released programs, once in each account and once behind the organization's trail, against
//! the simulator with AWS's quotas and a latency: calls beside the fewest that would do, and
//! the time beside the least that the write quotas and these processors allow.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::database::Database;
use super::figures::{rounded, table};
use super::process::{load, measured};
use super::simulator::Simulator;
use super::{Arguments, Wanted, built};
use crate::{python, workspace};
use bound::Bound;

mod bound;

/// Accounts that are repaired when nobody says how many.
const ACCOUNTS: u32 = 1_000;

/// Latency of every answer.
const LATENCY_MS: &str = "50";

/// Accounts that the bare loop writes to at once: enough that it waits for processors and not for
/// answers, and no more, for each takes memory and a connection.
const BARE_AT_ONCE: &str = "512";

/// Who is told: a telephone confirms nothing, so that findings pass at once.
const TOLD: &str = "sms:+4930123456";

/// Repairs are told to use whole quotas, as the bound does. By default they leave half to others;
/// half of three alarms a second is one alarm a second, for no second sees more than the share.
const WHOLE_QUOTAS: (&str, &str) = ("ORGSWEEP_AWS_QUOTA_SHARE", "1");

/// Calls that reading a repaired account again takes, AssumeRole included: with a chain of its
/// own, and behind the organization's trail (docs/PERFORMANCE.md).
const READING_OWN: u64 = 10;
const READING_MEMBER: u64 = 3;

/// Every account has a trail of its own and nothing behind its log group.
const LOCAL: &str = r#"
seed = 1
[organization]
id = "o-repairs000"
accounts = ACCOUNTS
[[group]]
name = "bare"
share = 1.0
chain = "no_filter"
"#;

/// The organization's trail delivers to a log group without filters.
const CENTRAL: &str = r#"
seed = 1
[organization]
id = "o-repairs000"
accounts = ACCOUNTS
[[organization_trail]]
name = "everyone"
broken = [{ chain = "no_filter" }]
[[group]]
name = "member"
share = 1.0
chain = "organization_trail"
"#;

/// The programs that take part.
struct Programs {
    orgsweep: PathBuf,
    remediate: PathBuf,
    orgsim: PathBuf,
    bare_repairs: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let (folder, examples) = built(Wanted {
        programs: &["orgsweep", "orgsweep-remediate", "orgsim"],
        examples: &[],
        embedded: false,
    })?;
    let programs = Programs {
        orgsweep: folder.join("orgsweep"),
        remediate: folder.join("orgsweep-remediate"),
        orgsim: folder.join("orgsim"),
        bare_repairs: examples.join("bare_repairs"),
    };
    let python = python::environment()?;
    let accounts = arguments.accounts.unwrap_or(ACCOUNTS);
    let rows = vec![
        repaired(&programs, &python, accounts, ("central", CENTRAL))?,
        repaired(&programs, &python, accounts, ("local", LOCAL))?,
    ];
    if arguments.as_json() {
        println!("{:#}", Value::Array(rows));
    } else {
        print!("{}", table(COLUMNS, &rows));
    }
    Ok(())
}

const COLUMNS: &[&str] = &[
    "strategy",
    "accounts",
    "steps",
    "verified",
    "plan_s",
    "calls",
    "least_calls",
    "calls_ratio",
    "calls_per_account",
    "throttles",
    "waves",
    "writing_s",
    "quotas_s",
    "processors_s",
    "bound_s",
    "ratio",
    "wall_s",
    "cpu_s",
    "peak_rss_mib",
    "load",
];

/// Plans and applies the repair of every finding of an organization.
fn repaired(
    programs: &Programs,
    python: &Path,
    accounts: u32,
    (strategy, scenario): (&str, &str),
) -> Result<Value> {
    let scenario = bench_file(
        &format!("repairs-{strategy}-{accounts}.toml"),
        &scenario.replace("ACCOUNTS", &accounts.to_string()),
    )?;
    let database = Database::start(python)?;
    let simulator = Simulator::start(
        &programs.orgsim,
        &scenario,
        &["--quota-share", "1", "--latency", LATENCY_MS],
    )?;
    let here = ["--format", "json", "--database-url", database.url()];
    measured(simulator.client(&programs.orgsweep).arg("sweep").args(here))?.fine("the sweep")?;

    let planned = measured(
        simulator
            .client(&programs.remediate)
            .args(["plan", "--subscribe", TOLD, "--strategy", strategy])
            .args(here),
    )?
    .fine("planning")?;
    let plan: Value = serde_json::from_str(&planned.stdout).context("the plan")?;
    let text = |key: &str| plan[key].as_str().context("a plan's id and digest");
    let steps = plan["steps"].as_array().context("steps of the plan")?;
    let repairs = plan["repairs"].as_array().map_or(0, Vec::len);
    ensure!(repairs > 0, "the plan repairs nothing");

    let load_before = load();
    let applied = measured(
        simulator
            .client(&programs.remediate)
            .args(["apply", text("plan_id")?, "--digest", text("digest")?])
            .args(["--concurrency", &accounts.to_string()])
            .env(WHOLE_QUOTAS.0, WHOLE_QUOTAS.1)
            .args(here),
    )?
    .fine("applying")?;
    let told: Value = serde_json::from_str(&applied.stdout).context("what the run told")?;
    let verified = told["findings"]["verified"].as_u64().unwrap_or(0);
    ensure!(
        verified == repairs as u64,
        "{verified} of {repairs} findings were seen to pass"
    );
    let rows = |query| asked(programs, &simulator, &database, query);
    let reading = rows(READING_AGAIN)?[0]["calls"]
        .as_u64()
        .context("calls of the sweeps that judged again")?;
    let numbers = wave_numbers(&told)?;
    let waves = waves(&numbers, &rows(TIMES)?)?;
    let writing_s: f64 = waves.values().map(Wave::seconds).sum();
    let bound = Bound::new(
        steps,
        &numbers,
        bare_s(programs, &scenario, &planned.stdout)?,
    );
    let writing_calls = told["calls"].as_u64().context("calls of the run")?;
    let calls = writing_calls + reading;
    let least = least_calls(steps, &plan);
    Ok(json!({
        "strategy": strategy,
        "accounts": accounts,
        "steps": steps.len(),
        "verified": verified,
        "plan_s": rounded(planned.usage.wall_s),
        "calls": calls,
        "calls_writing": writing_calls,
        "calls_reading_again": reading,
        "least_calls": least,
        "calls_ratio": rounded(calls as f64 / least as f64),
        "calls_per_account": rounded(calls as f64 / f64::from(accounts)),
        "throttles": told["throttles"],
        "waves": waves.len(),
        "writing_s": rounded(writing_s),
        "quotas_s": rounded(bound.quotas_s),
        "processors_s": rounded(bound.processors_s),
        "bound_s": rounded(bound.seconds),
        "ratio": rounded(writing_s / bound.seconds),
        "wall_s": rounded(applied.usage.wall_s),
        "cpu_s": rounded(applied.usage.cpu_s),
        "simulator_cpu_s": rounded(simulator.cpu_s()),
        "database_cpu_s": rounded(database.cpu_s()),
        "peak_rss_mib": rounded(applied.usage.peak_rss_mib),
        "load": load_before,
    }))
}

/// A file of this benchmark.
fn bench_file(name: &str, content: &str) -> Result<PathBuf> {
    let directory = workspace::target()?.join("bench");
    fs::create_dir_all(&directory)?;
    let file = directory.join(name);
    fs::write(&file, content)?;
    Ok(file)
}

/// Seconds in which the SDK alone makes the plan's writes, as far from AWS and without quotas.
fn bare_s(programs: &Programs, scenario: &Path, plan: &str) -> Result<f64> {
    let plan = bench_file("repairs-plan.json", plan)?;
    let simulator = Simulator::start(&programs.orgsim, scenario, &["--latency", LATENCY_MS])?;
    let mut bare = simulator.client(&programs.bare_repairs);
    let bare = measured(bare.arg(BARE_AT_ONCE).arg(&plan))?.fine("the bare loop")?;
    fs::remove_file(plan)?;
    let figures: Value = serde_json::from_str(&bare.stdout)?;
    figures["wall_s"].as_f64().context("the bare loop's time")
}

/// The rows of a query over what was stored.
fn asked(
    programs: &Programs,
    simulator: &Simulator,
    database: &Database,
    query: &str,
) -> Result<Vec<Value>> {
    let asked = measured(
        simulator
            .client(&programs.orgsweep)
            .args(["query", query, "--format", "json", "--max-rows", "1000000"])
            .args(["--database-url", database.url()]),
    )?
    .fine("asking the store")?;
    Ok(serde_json::from_str(&asked.stdout)?)
}

/// Calls of the sweeps that judged again.
const READING_AGAIN: &str = "select coalesce(sum(calls), 0)::bigint as calls
    from coverage_of_sweep where triggered_by = 'repair'";

/// When the writing of each account began and ended, in seconds.
const TIMES: &str = "select account_id,
    extract(epoch from min(started_at))::float8 as since,
    extract(epoch from max(finished_at))::float8 as until
    from repair_step group by account_id";

/// When the first account of a wave began and the last one ended, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Wave {
    from: f64,
    to: f64,
}

impl Wave {
    fn seconds(&self) -> f64 {
        self.to - self.from
    }
}

/// The wave of each account.
fn wave_numbers(told: &Value) -> Result<BTreeMap<&str, i64>> {
    Ok(told["accounts"]
        .as_array()
        .context("accounts of the run")?
        .iter()
        .filter_map(|account| Some((account["account_id"].as_str()?, account["wave"].as_i64()?)))
        .collect())
}

fn waves(numbers: &BTreeMap<&str, i64>, times: &[Value]) -> Result<BTreeMap<i64, Wave>> {
    let mut waves: BTreeMap<i64, Wave> = BTreeMap::new();
    for account in times {
        let at = |key: &str| account[key].as_f64().context("an account's times");
        let (from, to) = (at("since")?, at("until")?);
        let number = account["account_id"]
            .as_str()
            .and_then(|id| numbers.get(id));
        let wave = waves
            .entry(*number.context("an account's wave")?)
            .or_insert(Wave { from, to });
        wave.from = wave.from.min(from);
        wave.to = wave.to.max(to);
    }
    Ok(waves)
}

/// The fewest calls: a role per changed account, a call per step, and judging every account again.
fn least_calls(steps: &[Value], plan: &Value) -> u64 {
    let accounts = |rows: &[Value]| {
        let mut all: Vec<&str> = rows
            .iter()
            .filter_map(|row| row["account_id"].as_str())
            .collect();
        all.sort_unstable();
        all.dedup();
        all.len() as u64
    };
    let changed = accounts(steps);
    let repaired = plan["repairs"].as_array().map_or(0, |rows| accounts(rows));
    let members = repaired.saturating_sub(changed);
    steps.len() as u64 + changed + changed * READING_OWN + members * READING_MEMBER
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wave_lasts_from_its_first_account_to_its_last() {
        let told = json!({"accounts": [
            {"account_id": "1", "wave": 1}, {"account_id": "2", "wave": 2}, {"account_id": "3", "wave": 2},
        ]});
        let times = [
            json!({"account_id": "1", "since": 100.0, "until": 109.0}),
            json!({"account_id": "2", "since": 110.0, "until": 112.0}),
            json!({"account_id": "3", "since": 111.0, "until": 114.5}),
        ];
        let waves = waves(&wave_numbers(&told).unwrap(), &times).unwrap();
        let seconds: Vec<f64> = waves.values().map(Wave::seconds).collect();
        assert_eq!(seconds, [9.0, 4.5]);
    }
}
