//! `cargo xtask bench sweep`: a night of an organization, by the released program, against
//! the simulator with AWS's quotas and a latency, into a throw-away PostgreSQL; beside it, in
//! the same run, the bound (`bound`) and the processor time of a bare SDK loop. What the sweep
//! found is compared with what the scenario's author claims, account by account.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::bound::Bound;
use super::database::Database;
use super::figures::{output, rounded, table};
use super::process::{Measured, load, measured};
use super::simulator::Simulator;
use super::{AT_ONCE, Arguments, Wanted, built};
use crate::{python, workspace};

/// Latency of every answer.
const LATENCY_MS: u32 = 50;

/// Smaller organizations, which show how cost grows.
const SMALLER: [u32; 2] = [100, 1_000];

const SCENARIO: &str = include_str!("../../../crates/orgsim/data/nightly.toml");

/// The programs that take part.
struct Programs {
    orgsweep: PathBuf,
    orgsim: PathBuf,
    bare_loop: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let (folder, examples) = built(Wanted {
        programs: &["orgsweep", "orgsim"],
        examples: &[],
        embedded: false,
    })?;
    let programs = Programs {
        orgsweep: folder.join("orgsweep"),
        orgsim: folder.join("orgsim"),
        bare_loop: examples.join("bare_loop"),
    };
    let python = python::environment()?;
    let accounts = arguments.accounts();
    let sizes = SMALLER.into_iter().filter(|smaller| *smaller < accounts);
    let mut rows = Vec::new();
    for size in sizes.chain([accounts]) {
        rows.push(night(&programs, &python, size)?);
    }
    if arguments.as_json() {
        let mut figures = rows.pop().unwrap_or_default();
        figures["smaller"] = Value::Array(rows);
        println!("{figures:#}");
    } else {
        print!("{}", table(COLUMNS, &rows));
    }
    Ok(())
}

const COLUMNS: &[&str] = &[
    "accounts",
    "calls",
    "throttles",
    "wall_s",
    "bound_s",
    "ratio",
    "cpu_s",
    "cpu_per_call_us",
    "cpu_per_call_ratio",
    "peak_rss_mib",
    "right_findings",
    "wrong_findings",
    "load",
];

/// One night of an organization with so many accounts.
fn night(programs: &Programs, python: &Path, accounts: u32) -> Result<Value> {
    let scenario = scenario(accounts)?;
    let at_full_speed = bare_loop(programs, &scenario, 0)?;
    let bound = Bound::new(accounts, LATENCY_MS, at_full_speed.usage.wall_s);
    // Waiting costs, too: a loop that waits as the sweep does is what the sweep is compared with.
    let waiting = bare_loop(programs, &scenario, LATENCY_MS)?;

    let database = Database::start(python)?;
    let simulator = Simulator::start(
        &programs.orgsim,
        &scenario,
        &["--quota-share", "1", "--latency", &LATENCY_MS.to_string()],
    )?;
    let load_before = load();
    let database_before = database.cpu_s();
    let sweep = measured(
        simulator
            .client(&programs.orgsweep)
            .args(["sweep", "--format", "json", "--database-url"])
            .arg(database.url())
            // The bound is what whole quotas allow. By default a sweep leaves half of each.
            .env("ORGSWEEP_AWS_QUOTA_SHARE", "1"),
    )?
    .fine("the sweep")?;
    let database_cpu_s = database.cpu_s() - database_before;
    let summary: Value = serde_json::from_str(&sweep.stdout).context("the sweep's summary")?;
    let calls = summary["calls"].as_f64().context("calls of the sweep")?;
    let outcomes = outcomes(&summary, accounts)?;
    let (right, wrong) = compared(programs, &scenario, database.url())?;

    let ours = sweep.usage.cpu_s * 1e6 / calls;
    let theirs = cpu_per_call_us(&waiting)?;
    Ok(json!({
        "accounts": accounts,
        "calls": calls,
        "throttles": summary["throttles"],
        "wall_s": rounded(sweep.usage.wall_s),
        "bound_s": rounded(bound.seconds()),
        "ratio": rounded(sweep.usage.wall_s / bound.seconds()),
        "bound": bound.parts(),
        "cpu_s": rounded(sweep.usage.cpu_s),
        "cpu_per_call_us": rounded(ours),
        "cpu_per_call_ratio": rounded(ours / theirs),
        "peak_rss_mib": rounded(sweep.usage.peak_rss_mib),
        "simulator_cpu_s": rounded(simulator.cpu_s()),
        "database_cpu_s": rounded(database_cpu_s),
        "bare_loop": loop_figures(&waiting)?,
        "bare_loop_without_latency": loop_figures(&at_full_speed)?,
        "outcomes": outcomes,
        "right_findings": right,
        "wrong_findings": wrong,
        "load": load_before,
    }))
}

/// The scenario with so many accounts, as a file.
pub(super) fn scenario(accounts: u32) -> Result<PathBuf> {
    const LINE: &str = "accounts = 10000\n";
    ensure!(
        SCENARIO.contains(LINE),
        "nightly.toml does not say `{LINE}`"
    );
    let directory = workspace::target()?.join("bench");
    fs::create_dir_all(&directory)?;
    let file = directory.join(format!("nightly-{accounts}.toml"));
    fs::write(
        &file,
        SCENARIO.replace(LINE, &format!("accounts = {accounts}\n")),
    )?;
    Ok(file)
}

fn loop_figures(bare: &Measured) -> Result<Value> {
    Ok(json!({
        "calls": figure(&bare.stdout, "calls")?,
        "wall_s": rounded(bare.usage.wall_s),
        "cpu_s": rounded(bare.usage.cpu_s),
        "cpu_per_call_us": rounded(cpu_per_call_us(bare)?),
        "peak_rss_mib": rounded(bare.usage.peak_rss_mib),
    }))
}

fn cpu_per_call_us(bare: &Measured) -> Result<f64> {
    Ok(bare.usage.cpu_s * 1e6 / figure(&bare.stdout, "calls")?)
}

/// The same calls by the SDK alone, without quotas: each is answered after `latency_ms`.
fn bare_loop(programs: &Programs, scenario: &Path, latency_ms: u32) -> Result<Measured> {
    let latency = latency_ms.to_string();
    let simulator = Simulator::start(&programs.orgsim, scenario, &["--latency", &latency])?;
    measured(simulator.client(&programs.bare_loop).arg(AT_ONCE))?.fine("the bare loop")
}

fn figure(printed: &str, name: &str) -> Result<f64> {
    let figures: Value = serde_json::from_str(printed)?;
    figures[name]
        .as_f64()
        .with_context(|| format!("no `{name}` in {printed}"))
}

/// How the accounts ended. Every account that is listed has exactly one outcome.
fn outcomes(summary: &Value, accounts: u32) -> Result<Value> {
    let count = |name: &str| summary[name].as_u64().unwrap_or(0);
    let (listed, done, failed) = (count("listed"), count("read"), count("failed"));
    let skipped = count("skipped");
    ensure!(
        listed == u64::from(accounts) && listed == done + failed + skipped,
        "{listed} of {accounts} accounts were listed: {done} done, {failed} failed, {skipped} skipped"
    );
    Ok(json!({ "done": done, "failed": failed, "skipped": skipped }))
}

/// How many findings are as the scenario's author claims, and how many are not.
fn compared(programs: &Programs, scenario: &Path, database: &str) -> Result<(usize, usize)> {
    let claimed = output(
        Command::new(&programs.orgsim)
            .args(["expected", "--scenario"])
            .arg(scenario),
    )?;
    let found = output(Command::new(&programs.orgsweep).args([
        "query",
        "--database-url",
        database,
        "--format",
        "csv",
        "--max-rows",
        "10000000",
        "select account_id, control, verdict, reason from posture",
    ]))?;
    let (mut right, mut wrong) = (0, 0);
    let mut found = rows(&found)?;
    for (key, claim) in rows(&claimed)? {
        match found.remove(&key) {
            // An empty claim leaves it open.
            Some(finding)
                if claim
                    .iter()
                    .zip(&finding)
                    .all(|(c, f)| c.is_empty() || c == f) =>
            {
                right += 1;
            }
            finding => {
                if wrong == 0 {
                    eprintln!("{key:?} is {finding:?}, and {claim:?} is claimed");
                }
                wrong += 1;
            }
        }
    }
    Ok((right, wrong + found.len()))
}

/// Verdict and reason by account and control.
type Rows = BTreeMap<(String, String), [String; 2]>;

fn rows(csv: &str) -> Result<Rows> {
    let mut rows = Rows::new();
    for line in csv.lines().skip(1) {
        // None of the four holds a comma or a quote.
        let fields: Vec<&str> = line.split(',').collect();
        let [account, control, verdict, reason] = fields[..] else {
            bail!("not a row of four: `{line}`");
        };
        let key = (account.to_owned(), control.to_owned());
        rows.insert(key, [verdict.to_owned(), reason.to_owned()]);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_without_an_outcome_is_an_error() {
        let summary = json!({"listed": 3, "read": 1, "failed": 1, "skipped": 1});
        assert!(outcomes(&summary, 3).is_ok());
        assert!(outcomes(&summary, 4).is_err());
        assert!(outcomes(&json!({"listed": 3, "read": 2}), 3).is_err());
    }
}
