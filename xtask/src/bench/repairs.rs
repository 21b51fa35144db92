//! `cargo xtask bench repairs`: a thousand accounts without filters and alarms are repaired by the
//! released programs, once behind the organization's trail and once in each account, with the settings that nobody has
//! changed and with whole quotas, against the simulator with AWS's quotas and a latency: calls beside the fewest that
//! would do, and the time beside the least that the write quotas and these processors allow. Each plan is
//! applied several times, and the figures are medians.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::database::Database;
use super::figures::{median, rounded, table};
use super::process::{Measured, load, measured};
use super::simulator::Simulator;
use super::{Arguments, Wanted, built};
use crate::{python, workspace};
use round::{Bare, Round};

mod bound;
mod round;

/// Accounts that are repaired when nobody says how many.
const ACCOUNTS: u32 = 1_000;

/// Latency of every answer.
const LATENCY_MS: &str = "50";

/// Accounts that the bare loop writes to at once: enough that it waits for processors and not for
/// answers, and no more, for each takes memory and a connection.
const BARE_AT_ONCE: &str = "512";

/// Who is told: a telephone confirms nothing, so that findings pass at once.
const TOLD: &str = "sms:+4930123456";

/// How plans are applied.
struct Settings {
    name: &'static str,
    /// Share of each quota that may be used.
    quota_share: f64,
    variables: Vec<(&'static str, &'static str)>,
    arguments: Vec<String>,
}

impl Settings {
    /// Nothing is set. Half of the quotas is left to others; half of three alarms a second is
    /// one alarm a second, for no second sees more than the share.
    fn unchanged() -> Self {
        Self {
            name: "unchanged",
            quota_share: 0.5,
            variables: Vec::new(),
            arguments: Vec::new(),
        }
    }

    /// Whole quotas, in all accounts at once.
    fn whole_quotas(accounts: u32) -> Self {
        Self {
            name: "whole quotas",
            quota_share: 1.0,
            variables: vec![("ORGSWEEP_AWS_QUOTA_SHARE", "1")],
            arguments: vec!["--concurrency".to_owned(), accounts.to_string()],
        }
    }
}

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
    let mut rows = Vec::new();
    for scenario in [("central", CENTRAL), ("local", LOCAL)] {
        let planned = Planned::new(&programs, &python, accounts, scenario)?;
        for settings in &[Settings::unchanged(), Settings::whole_quotas(accounts)] {
            rows.push(planned.applied(settings, arguments.rounds)?);
        }
        fs::remove_file(planned.plan_at)?;
    }
    if arguments.as_json() {
        println!("{:#}", Value::Array(rows));
    } else {
        print!("{}", table(COLUMNS, &rows));
    }
    Ok(())
}

const COLUMNS: &[&str] = &[
    "strategy",
    "settings",
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
    "last_wave_s",
    "quotas_s",
    "processors_s",
    "bound_s",
    "ratio",
    "ratios",
    "ratio_to_quotas",
    "ratio_with_reading",
    "wall_s",
    "cpu_s",
    "peak_rss_mib",
    "load",
];

/// An organization whose findings are all to be repaired, and the plan that does.
struct Planned<'a> {
    programs: &'a Programs,
    strategy: &'static str,
    accounts: u32,
    scenario: PathBuf,
    database: Database,
    plan: Value,
    plan_at: PathBuf,
    plan_s: f64,
}

impl<'a> Planned<'a> {
    /// Sweeps the organization and plans the repair of all that it found.
    fn new(
        programs: &'a Programs,
        python: &Path,
        accounts: u32,
        (strategy, scenario): (&'static str, &str),
    ) -> Result<Self> {
        let scenario = bench_file(
            &format!("repairs-{strategy}-{accounts}.toml"),
            &scenario.replace("ACCOUNTS", &accounts.to_string()),
        )?;
        let database = Database::start(python)?;
        let planned = planned(programs, &scenario, &database, strategy)?;
        let plan_at = bench_file(&format!("repairs-{strategy}-plan.json"), &planned.stdout)?;
        // Hours lie between a night's sweep and the repair that somebody decides on.
        database.settle()?;
        Ok(Self {
            programs,
            strategy,
            accounts,
            scenario,
            database,
            plan: serde_json::from_str(&planned.stdout).context("the plan")?,
            plan_at,
            plan_s: planned.usage.wall_s,
        })
    }

    /// Applies the plan as often as there are rounds; the medians.
    fn applied(&self, settings: &Settings, rounds: u32) -> Result<Value> {
        let Self {
            programs,
            strategy,
            accounts,
            scenario,
            database,
            plan,
            ..
        } = self;
        let load_before = load();
        let rounds: Vec<Round> = (0..rounds.max(1))
            .map(|_| {
                let writing = round::applied(programs, scenario, database, plan, settings)?;
                let bare = Bare::of(programs, scenario, &self.plan_at)?;
                writing.beside(plan, settings.quota_share, bare)
            })
            .collect::<Result<_>>()?;
        let median = |figure: fn(&Round) -> f64| median(rounds.iter().map(figure).collect());
        let seconds = |figure| rounded(median(figure));
        let calls = median(|round| round.calls as f64);
        let least = least_calls(plan)?;
        let ratios = |ratio: fn(&Round) -> f64| -> Vec<f64> {
            rounds.iter().map(|round| rounded(ratio(round))).collect()
        };
        Ok(json!({
            "strategy": strategy,
            "settings": settings.name,
            "accounts": accounts,
            "steps": steps(plan)?.len(),
            "verified": median(|round| round.verified as f64).round() as u64,
            "plan_s": rounded(self.plan_s),
            "calls": calls.round() as u64,
            "calls_writing": median(|round| round.calls_writing as f64).round() as u64,
            "least_calls": least,
            "calls_ratio": rounded(calls / least as f64),
            "calls_per_account": rounded(calls / f64::from(*accounts)),
            "throttles": median(|round| round.throttles as f64).round() as u64,
            "waves": rounds.first().map_or(0, |round| round.waves.len()),
            "writing_s": seconds(Round::writing_s),
            "last_wave_s": seconds(Round::last_wave_s),
            "quotas_s": seconds(|round| round.bound.quotas_s),
            "processors_s": seconds(|round| round.bound.processors_s),
            "bound_s": seconds(|round| round.bound.seconds),
            "ratio": seconds(Round::ratio),
            "ratios": ratios(Round::ratio),
            "ratio_to_quotas": seconds(Round::ratio_to_quotas),
            "processors_with_reading_s": seconds(|round| round.bound_with_reading.processors_s),
            "ratio_with_reading": seconds(Round::ratio_with_reading),
            "ratios_with_reading": ratios(Round::ratio_with_reading),
            "wall_s": seconds(|round| round.usage.wall_s),
            "cpu_s": seconds(|round| round.usage.cpu_s),
            "simulator_cpu_s": seconds(|round| round.simulator_cpu_s),
            "database_cpu_s": seconds(|round| round.database_cpu_s),
            "peak_rss_mib": seconds(|round| round.usage.peak_rss_mib),
            "load": load_before,
        }))
    }
}

/// Sweeps the organization and plans the repair of all that it found; the plan as it was printed.
fn planned(
    programs: &Programs,
    scenario: &Path,
    database: &Database,
    strategy: &str,
) -> Result<Measured> {
    let simulator = simulator(programs, scenario)?;
    let here = ["--format", "json", "--database-url", database.url()];
    measured(simulator.client(&programs.orgsweep).arg("sweep").args(here))?.fine("the sweep")?;
    measured(
        simulator
            .client(&programs.remediate)
            .args(["plan", "--subscribe", TOLD, "--strategy", strategy])
            .args(here),
    )?
    .fine("planning")
}

/// The organization as it is before anybody changes something, with AWS's quotas.
fn simulator(programs: &Programs, scenario: &Path) -> Result<Simulator> {
    let options = ["--quota-share", "1", "--latency", LATENCY_MS];
    Simulator::start(&programs.orgsim, scenario, &options)
}

fn steps(plan: &Value) -> Result<&Vec<Value>> {
    plan["steps"].as_array().context("steps of the plan")
}

fn repairs(plan: &Value) -> Result<&Vec<Value>> {
    plan["repairs"].as_array().context("repairs of the plan")
}

/// A file of this benchmark.
fn bench_file(name: &str, content: &str) -> Result<PathBuf> {
    let directory = workspace::target()?.join("bench");
    fs::create_dir_all(&directory)?;
    let file = directory.join(name);
    fs::write(&file, content)?;
    Ok(file)
}

/// The fewest calls: a role per changed account, a call per step, and judging every account again.
fn least_calls(plan: &Value) -> Result<u64> {
    let accounts = |rows: &[Value]| {
        let mut all: Vec<&str> = rows
            .iter()
            .filter_map(|row| row["account_id"].as_str())
            .collect();
        all.sort_unstable();
        all.dedup();
        all.len() as u64
    };
    let steps = steps(plan)?;
    let changed = accounts(steps);
    let members = accounts(repairs(plan)?).saturating_sub(changed);
    Ok(steps.len() as u64 + changed + changed * READING_OWN + members * READING_MEMBER)
}
