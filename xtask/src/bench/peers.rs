//! `cargo xtask bench peers`: orgsweep, Prowler and Cloud Custodian's c7n-org on the same
//! accounts in the same run: calls, processor time, wall time, memory, and how often each is
//! right about chains whose truth is known (`tests/moto/own_chains.py`). Each is installed from
//! PyPI into an environment of its own and set up as its documentation recommends; the commands
//! are printed as they run.

mod moto;
mod tools;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;
use serde_json::{Value, json};

use super::figures::{rounded, table};
use super::process::{Usage, load};
use super::{Arguments, Wanted, built};
use crate::{python, workspace};
use moto::Moto;

/// The truth about a control in an account: `true` when somebody would be told.
#[derive(Debug, Clone)]
struct Claim {
    account: String,
    control: String,
    passes: bool,
}

/// What a tool said: `true` when it found nothing wrong, by account and control.
type Said = BTreeMap<(String, String), bool>;

/// A tool's run.
struct Run {
    said: Said,
    usage: Usage,
}

/// A tool, and how it is run.
type Tool = fn(&Setting) -> Result<Run>;

/// What every tool is given.
struct Setting {
    moto: Moto,
    python: PathBuf,
    orgsweep: PathBuf,
    /// A folder for files of the run.
    directory: PathBuf,
    claims: Vec<Claim>,
}

impl Setting {
    /// The accounts that are looked at, each once.
    fn accounts(&self) -> Vec<&str> {
        let mut accounts: Vec<&str> = self.claims.iter().map(|claim| &*claim.account).collect();
        accounts.sort_unstable();
        accounts.dedup();
        accounts
    }

    /// A program that finds moto in its environment, and nothing else of AWS's.
    fn client(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars() {
            if name.starts_with("AWS_") || name.starts_with("ORGSWEEP_") || name == "DATABASE_URL" {
                command.env_remove(name);
            }
        }
        command.envs(self.moto.environment());
        command
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let (folder, _) = built(Wanted {
        programs: &["orgsweep"],
        examples: &[],
        embedded: false,
    })?;
    let python = python::environment()?;
    let directory = workspace::target()?.join("bench/peers");
    std::fs::create_dir_all(&directory)?;
    let (moto, mut claims) = Moto::start(&python, &directory)?;
    if let Some(most) = arguments.accounts {
        claims.truncate(most as usize);
    }
    let setting = Setting {
        moto,
        python,
        orgsweep: folder.join("orgsweep"),
        directory,
        claims,
    };
    let tools: [(&str, Tool); 3] = [
        ("orgsweep", tools::orgsweep),
        ("c7n-org", tools::c7n_org),
        ("prowler", tools::prowler),
    ];
    let mut rows = Vec::new();
    for (name, tool) in tools {
        let (calls, before) = (setting.moto.calls()?, load());
        let run = tool(&setting)?;
        let calls = setting.moto.calls()? - calls;
        rows.push(row(name, &setting, &run, calls, before));
    }
    if arguments.as_json() {
        println!(
            "{:#}",
            json!({ "claims": setting.claims.len(), "tools": rows })
        );
    } else {
        print!("{}", table(COLUMNS, &rows));
    }
    Ok(())
}

const COLUMNS: &[&str] = &[
    "tool",
    "accounts",
    "calls_per_account",
    "cpu_s_per_account",
    "wall_s_per_account",
    "peak_rss_mib",
    "claims",
    "right",
    "said_fine_wrongly",
    "said_broken_wrongly",
    "said_nothing",
    "load",
];

fn row(name: &str, setting: &Setting, run: &Run, calls: usize, load: Option<f64>) -> Value {
    let accounts = setting.accounts().len() as f64;
    let mut counts = [0_u32; 4];
    for claim in &setting.claims {
        let key = (claim.account.clone(), claim.control.clone());
        let place = match (run.said.get(&key), claim.passes) {
            (Some(said), truth) if *said == truth => 0,
            (Some(true), _) => 1,
            (Some(false), _) => 2,
            (None, _) => 3,
        };
        counts[place] += 1;
    }
    let [right, fine, broken, nothing] = counts;
    json!({
        "tool": name,
        "accounts": accounts,
        "calls_per_account": rounded(calls as f64 / accounts),
        "cpu_s_per_account": rounded(run.usage.cpu_s / accounts),
        "wall_s_per_account": rounded(run.usage.wall_s / accounts),
        "peak_rss_mib": run.usage.peak_rss_mib.round(),
        "claims": setting.claims.len(),
        "right": right,
        "said_fine_wrongly": fine,
        "said_broken_wrongly": broken,
        "said_nothing": nothing,
        "load": load,
    })
}
