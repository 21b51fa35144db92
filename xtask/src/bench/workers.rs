//! `cargo xtask bench workers`: how much sooner a sweep ends that several processes share. Each
//! has the same few accounts in flight, as if it were a small machine of its own, so that AWS's
//! latency and not this machine's processors decides; what they find together is compared with
//! what one process finds alone.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::database::Database;
use super::figures::{output, rounded, table};
use super::process::{cpu_s, load, measured};
use super::simulator::Simulator;
use super::{Arguments, Wanted, built, sweep};
use crate::{python, workspace};

/// Processes that take part, the one that begins the sweep included.
const PROCESSES: [u32; 4] = [1, 2, 4, 8];
/// Accounts in flight in each.
const AT_ONCE: &str = "4";
/// Latency of every answer.
const LATENCY_MS: &str = "100";
/// Accounts, unless others are asked for.
const ACCOUNTS: u32 = 400;

/// What a sweep leaves, without what differs from sweep to sweep.
const FOUND: &str = "select count(*) as findings, md5(string_agg(concat_ws(' ', account_id, control, verdict, reason), ',' \
     order by account_id, control)) as digest from posture";

const COLUMNS: &[&str] = &[
    "processes",
    "accounts",
    "wall_s",
    "speed_up",
    "calls",
    "cpu_s",
    "same",
    "load",
];

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let (folder, _) = built(Wanted {
        programs: &["orgsweep", "orgsim"],
        examples: &[],
        embedded: false,
    })?;
    let programs = Programs {
        orgsweep: folder.join("orgsweep"),
        orgsim: folder.join("orgsim"),
    };
    let python = python::environment()?;
    let scenario = sweep::scenario(arguments.accounts.unwrap_or(ACCOUNTS))?;
    let mut rows: Vec<Value> = Vec::new();
    let mut alone: Option<(f64, String)> = None;
    for processes in PROCESSES {
        let shared = shared(&programs, &python, &scenario, processes)?;
        let (alone_s, found) = alone.get_or_insert_with(|| (shared.wall_s, shared.found.clone()));
        rows.push(json!({
            "processes": processes,
            "accounts": shared.accounts,
            "wall_s": rounded(shared.wall_s),
            "speed_up": rounded(*alone_s / shared.wall_s),
            "calls": shared.calls,
            "cpu_s": rounded(shared.cpu_s),
            "same": *found == shared.found,
            "load": load(),
        }));
    }
    if arguments.as_json() {
        println!("{:#}", Value::Array(rows));
    } else {
        print!("{}", table(COLUMNS, &rows));
    }
    Ok(())
}

struct Programs {
    orgsweep: PathBuf,
    orgsim: PathBuf,
}

/// A sweep that some processes shared.
struct Shared {
    wall_s: f64,
    /// Processor time of all of them.
    cpu_s: f64,
    accounts: u64,
    calls: u64,
    found: String,
}

fn shared(programs: &Programs, python: &Path, scenario: &Path, processes: u32) -> Result<Shared> {
    let database = Database::start(python)?;
    let simulator = Simulator::start(
        &programs.orgsim,
        scenario,
        &["--quota-share", "1", "--latency", LATENCY_MS],
    )?;
    let program = |arguments: &[&str]| {
        let mut command = simulator.client(&programs.orgsweep);
        command
            .args(arguments)
            .args(["--database-url", database.url()]);
        command
    };
    workspace::run(&mut program(&["migrate"]))?;
    let workers: Vec<Worker> = (1..processes)
        .map(|_| Worker::start(program(&["worker", "--concurrency", AT_ONCE])))
        .collect::<Result<_>>()?;
    let mut command = program(&["sweep", "--format", "json", "--concurrency", AT_ONCE]);
    if processes > 1 {
        command.env("ORGSWEEP_SWEEP_SHARED", "true");
    }
    let sweep = measured(&mut command)?.fine("the sweep")?;
    let workers_s: f64 = workers.iter().map(|worker| cpu_s(&worker.process)).sum();
    drop(workers);
    let summary: Value = serde_json::from_str(&sweep.stdout).context("the sweep's summary")?;
    let number = |name: &str| summary[name].as_u64().unwrap_or_default();
    ensure!(
        number("listed") == number("read") + number("failed") + number("skipped"),
        "not every account has an outcome: {summary}"
    );
    Ok(Shared {
        wall_s: sweep.usage.wall_s,
        cpu_s: sweep.usage.cpu_s + workers_s,
        accounts: number("listed"),
        calls: number("calls"),
        found: output(&mut program(&["query", FOUND, "--format", "csv"]))?,
    })
}

/// A worker that waits for accounts; ended when it is dropped.
struct Worker {
    process: Child,
}

impl Worker {
    fn start(mut command: Command) -> Result<Self> {
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start a worker")?;
        let errors = process.stderr.take().context("no standard error")?;
        let worker = Self { process };
        let mut lines = BufReader::new(errors).lines();
        for line in lines.by_ref() {
            if line?.contains("waiting for accounts") {
                // What it goes on saying must not hold it up.
                thread::spawn(move || lines.for_each(drop));
                return Ok(worker);
            }
        }
        bail!("a worker ended before it waited for accounts")
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // The sweep is over: it holds nothing that is worth an orderly end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
