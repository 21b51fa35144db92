//! The tools, each run as its documentation says, and what each says about the controls.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::super::database::Database;
use super::super::figures::output;
use super::super::process::{Usage, measured};
use super::{Run, Said, Setting};
use crate::workspace;

/// The role that the tools assume in each account.
const ROLE: &str = "OrgsweepReadOnly";

/// The programs of an environment with what a file of `tests/peers` lists.
fn installed(python: &Path, requirements: &str) -> Result<PathBuf> {
    let file = workspace::root().join("tests/peers").join(requirements);
    let directory = workspace::target()?
        .join("bench")
        .join(requirements.trim_end_matches(".txt"));
    let programs = directory.join("bin");
    let stamp = directory.join("installed.txt");
    let wanted = fs::read_to_string(&file)?;
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(programs);
    }
    workspace::run(Command::new(python).args(["-m", "venv"]).arg(&directory))?;
    workspace::run(
        Command::new(programs.join("python"))
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ])
            .arg("--requirement")
            .arg(&file),
    )?;
    fs::write(&stamp, wanted)?;
    Ok(programs)
}

fn empty(directory: &Path) -> Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory)?;
    }
    Ok(fs::create_dir_all(directory)?)
}

/// `orgsweep sweep --accounts …` and `orgsweep findings`.
pub(super) fn orgsweep(setting: &Setting) -> Result<Run> {
    let database = Database::start(&setting.python)?;
    let sweep = measured(
        setting
            .client(&setting.orgsweep)
            .args(["sweep", "--accounts", &setting.accounts().join(",")])
            .args(["--database-url", database.url()]),
    )?
    .fine("orgsweep")?;
    let found = output(
        setting
            .client(&setting.orgsweep)
            .args(["findings", "--format", "json"])
            .args(["--database-url", database.url()]),
    )?;
    let rows: Vec<Value> = serde_json::from_str(&found)?;
    let said = rows
        .iter()
        .filter_map(|row| {
            let text = |key: &str| row[key].as_str().map(str::to_owned);
            let passes = match row["verdict"].as_str()? {
                "pass" => true,
                "fail" => false,
                _ => return None,
            };
            Some(((text("account_id")?, text("control")?), passes))
        })
        .collect();
    Ok(Run {
        said,
        usage: sweep.usage,
    })
}

/// `c7n-org run`, as c7n-org's README has it.
pub(super) fn c7n_org(setting: &Setting) -> Result<Run> {
    let programs = installed(&setting.python, "c7n.txt")?;
    let directory = setting.directory.join("c7n");
    empty(&directory)?;
    let accounts = setting.accounts();
    workspace::run(
        Command::new(&setting.python)
            .arg(workspace::root().join("tests/peers/c7n_set_up.py"))
            .arg(&directory)
            .arg(ROLE)
            .args(&accounts),
    )?;
    let results = directory.join("results");
    let run = measured(
        setting
            .client(programs.join("c7n-org"))
            .current_dir(&directory)
            .args(["run", "-c", "accounts.yml", "-u", "policies.yml", "-s"])
            .arg(&results)
            .args(["--region", "us-east-1"]),
    )?;
    let mut said = Said::new();
    for account in accounts {
        for control in controls()? {
            let file = results
                .join(account)
                .join("us-east-1")
                .join(&control)
                .join("resources.json");
            // Without the file the policy failed there, and nothing is said.
            if let Ok(text) = fs::read_to_string(&file) {
                let found: Vec<Value> = serde_json::from_str(&text)?;
                said.insert((account.to_owned(), control), found.is_empty());
            }
        }
    }
    // It ends with 2 when a policy failed in an account.
    ensure!(!said.is_empty(), "c7n-org said nothing ({:?})", run.code);
    Ok(Run {
        said,
        usage: run.usage,
    })
}

/// Prowler's check for each control.
fn checks() -> Result<Vec<(String, String)>> {
    let file = workspace::root().join("tests/peers/prowler_checks.json");
    let checks: serde_json::Map<String, Value> = serde_json::from_str(&fs::read_to_string(file)?)?;
    Ok(checks
        .into_iter()
        .map(|(control, check)| (control, check.as_str().unwrap_or_default().to_owned()))
        .collect())
}

fn controls() -> Result<Vec<String>> {
    Ok(checks()?.into_iter().map(|(control, _)| control).collect())
}

/// `prowler aws --role …` for one account after the other, as its page on several accounts says.
pub(super) fn prowler(setting: &Setting) -> Result<Run> {
    let programs = installed(&setting.python, "prowler.txt")?;
    let directory = setting.directory.join("prowler");
    empty(&directory)?;
    let checks = checks()?;
    let mut said = Said::new();
    let mut usage = Usage::default();
    for account in setting.accounts() {
        let run = measured(
            setting
                .client(programs.join("prowler"))
                .env("HOME", &directory)
                .args([
                    "aws",
                    "--role",
                    &format!("arn:aws:iam::{account}:role/{ROLE}"),
                ])
                .args(["--no-banner", "--ignore-exit-code-3"])
                .args(["--output-formats", "csv", "--output-filename", account])
                .arg("--output-directory")
                .arg(&directory)
                .arg("--checks")
                .args(checks.iter().map(|(_, check)| check)),
        )?;
        usage.wall_s += run.usage.wall_s;
        usage.cpu_s += run.usage.cpu_s;
        usage.peak_rss_mib = usage.peak_rss_mib.max(run.usage.peak_rss_mib);
        let Ok(text) = fs::read_to_string(directory.join(format!("{account}.csv"))) else {
            continue;
        };
        for (control, check) in &checks {
            let rows = statuses(&text, check).context("reading Prowler's table")?;
            if !rows.is_empty() {
                let passes = rows.iter().all(|status| status == "PASS");
                said.insert((account.to_owned(), control.clone()), passes);
            }
        }
    }
    Ok(Run { said, usage })
}

/// The statuses of a check in Prowler's table, whose fields are separated by semicolons.
fn statuses(table: &str, check: &str) -> Option<Vec<String>> {
    let mut lines = table.lines();
    let header: Vec<&str> = lines.next()?.split(';').collect();
    let status = header.iter().position(|name| *name == "STATUS")?;
    // Texts with semicolons and line ends come later in a row than the two that are read here.
    let marked = format!(";{check};");
    Some(
        lines
            .filter(|line| line.contains(&marked))
            .filter_map(|line| line.split(';').nth(status).map(str::to_owned))
            .collect(),
    )
}
