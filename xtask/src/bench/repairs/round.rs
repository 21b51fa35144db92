//! One application of a plan to an organization and a database as they were, beside loops of bare SDK
//! calls that do the same to organizations of their own: the machine's speed changes from minute
//! to minute, so that they are measured next to each other.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::super::database::Database;
use super::super::process::{Usage, measured};
use super::super::simulator::Simulator;
use super::bound::Bound;
use super::{BARE_AT_ONCE, LATENCY_MS, Programs, Settings, repairs, simulator, steps};

/// Calls of the sweeps that judged again.
const READING_AGAIN: &str = "select coalesce(sum(calls), 0)::bigint as calls
    from coverage_of_sweep where triggered_by = 'repair'";

/// When the writing of each account began and ended, in seconds.
const TIMES: &str = "select account_id,
    extract(epoch from min(started_at))::float8 as since,
    extract(epoch from max(finished_at))::float8 as until
    from repair_step group by account_id";

/// What applying a plan took.
#[derive(Debug)]
pub(super) struct Writing {
    /// What the run told.
    told: Value,
    reading_again: u64,
    times: Vec<Value>,
    usage: Usage,
    simulator_cpu_s: f64,
    database_cpu_s: f64,
}

/// What applying a plan took, beside its bound.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) verified: u64,
    pub(super) calls_writing: u64,
    pub(super) calls: u64,
    pub(super) throttles: u64,
    /// Seconds of each wave.
    pub(super) waves: Vec<f64>,
    /// For the writes alone.
    pub(super) bound: Bound,
    /// For the writes and what has to be read before and after them.
    pub(super) bound_with_reading: Bound,
    pub(super) usage: Usage,
    pub(super) simulator_cpu_s: f64,
    pub(super) database_cpu_s: f64,
}

/// Applies a plan with these settings to the organization and a copy of the database; every finding is seen to pass.
pub(super) fn applied(
    programs: &Programs,
    scenario: &Path,
    database: &Database,
    plan: &Value,
    settings: &Settings,
) -> Result<Writing> {
    let url = database.copied("round")?;
    let simulator = simulator(programs, scenario)?;
    let text = |key: &str| plan[key].as_str().context("a plan's id and digest");
    let database_before = database.cpu_s();
    let applied = measured(
        simulator
            .client(&programs.remediate)
            .args(["apply", text("plan_id")?, "--digest", text("digest")?])
            .args(&settings.arguments)
            .envs(settings.variables.iter().copied())
            .args(["--format", "json", "--database-url", &url]),
    )?
    .fine("applying")?;
    let (simulator_cpu_s, database_after) = (simulator.cpu_s(), database.cpu_s());
    let rows = |query| asked(programs, &simulator, &url, query);
    let reading_again = rows(READING_AGAIN)?[0]["calls"]
        .as_u64()
        .context("calls of the sweeps that judged again")?;
    Ok(Writing {
        told: serde_json::from_str(&applied.stdout).context("what the run told")?,
        reading_again,
        times: rows(TIMES)?,
        usage: applied.usage,
        simulator_cpu_s,
        database_cpu_s: database_after - database_before,
    })
}

/// Seconds in which the SDK alone does what a plan says, as far from AWS and without quotas.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bare {
    /// The writes, and what has to be read before and after them.
    with_reading_s: f64,
    /// The writes alone.
    writes_s: f64,
}

impl Bare {
    pub(super) fn of(programs: &Programs, scenario: &Path, plan: &Path) -> Result<Self> {
        let seconds = |reads: &[&str]| -> Result<f64> {
            let latency = ["--latency", LATENCY_MS];
            let simulator = Simulator::start(&programs.orgsim, scenario, &latency)?;
            let mut bare = simulator.client(&programs.bare_repairs);
            let bare = measured(bare.arg(BARE_AT_ONCE).arg(plan).args(reads))?;
            let figures: Value = serde_json::from_str(&bare.fine("the bare loop")?.stdout)?;
            figures["wall_s"].as_f64().context("the bare loop's time")
        };
        Ok(Self {
            with_reading_s: seconds(&["reading"])?,
            writes_s: seconds(&[])?,
        })
    }
}

/// The rows of a query over what was stored.
fn asked(programs: &Programs, simulator: &Simulator, url: &str, query: &str) -> Result<Vec<Value>> {
    let asked = measured(
        simulator
            .client(&programs.orgsweep)
            .args(["query", query, "--format", "json", "--max-rows", "1000000"])
            .args(["--database-url", url]),
    )?
    .fine("asking the store")?;
    Ok(serde_json::from_str(&asked.stdout)?)
}

impl Writing {
    /// Beside the least that it could take.
    pub(super) fn beside(self, plan: &Value, share: f64, bare: Bare) -> Result<Round> {
        let told = &self.told;
        let figure = |of: &Value| of.as_u64().context("figures of the run");
        let (verified, wanted) = (
            figure(&told["findings"]["verified"])?,
            repairs(plan)?.len() as u64,
        );
        ensure!(
            verified == wanted,
            "{verified} of {wanted} findings were seen to pass"
        );
        let numbers = wave_numbers(told)?;
        let waves = waves(&numbers, &self.times)?;
        let calls_writing = figure(&told["calls"])?;
        Ok(Round {
            verified,
            calls_writing,
            calls: calls_writing + self.reading_again,
            throttles: figure(&told["throttles"])?,
            waves: waves.values().map(Wave::seconds).collect(),
            bound: Bound::new(steps(plan)?, &numbers, share, bare.writes_s),
            bound_with_reading: Bound::new(steps(plan)?, &numbers, share, bare.with_reading_s),
            usage: self.usage,
            simulator_cpu_s: self.simulator_cpu_s,
            database_cpu_s: self.database_cpu_s,
        })
    }
}

impl Round {
    /// Seconds of all waves, without what lies between them.
    pub(super) fn writing_s(&self) -> f64 {
        self.waves.iter().sum()
    }

    /// Seconds of the last wave, which is the largest.
    pub(super) fn last_wave_s(&self) -> f64 {
        self.waves.last().copied().unwrap_or_default()
    }

    /// Its time in parts of the least that its writes could take.
    pub(super) fn ratio(&self) -> f64 {
        self.writing_s() / self.bound.seconds
    }

    /// Its time in parts of what the quotas alone would allow, on any machine.
    pub(super) fn ratio_to_quotas(&self) -> f64 {
        self.writing_s() / self.bound.quotas_s
    }

    /// Its time in parts of the least that reading and writing could take.
    pub(super) fn ratio_with_reading(&self) -> f64 {
        self.writing_s() / self.bound_with_reading.seconds
    }
}

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

#[cfg(test)]
mod tests {
    use serde_json::json;

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
