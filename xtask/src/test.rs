//! `cargo xtask test`: every test of the workspace, with the servers that the
//! end-to-end ones need. From a fresh clone it wants Rust and Python alone.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::postgres::Servers;
use crate::{python, workspace};

/// Major versions of PostgreSQL that the wheel holds: the suite runs on the
/// first, the sweeps on the last as well.
const VERSIONS: [u32; 2] = [18, 16];

/// Lines of the runner's end that are shown again at the very end.
const CLOSING_LINES: usize = 40;

/// Runs every test, with the servers that they need.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only tests whose name contains one of these.
    filters: Vec<String>,
    /// Use this PostgreSQL (15 or newer; a user that may create databases) instead of starting one.
    #[arg(long, value_name = "URL")]
    postgres: Option<String>,
    /// Write what differs from a stored snapshot over it: read the difference before you commit it.
    #[arg(long)]
    accept: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let python = python::environment()?;
    let servers = match &arguments.postgres {
        Some(url) => Servers::existing(url),
        None => Servers::start(&python, &VERSIONS)?,
    };
    let environment = [
        ("ORGSWEEP_TEST_DATABASE_URL", servers.newest().to_owned()),
        (
            "ORGSWEEP_TEST_OLDER_DATABASE_URL",
            servers.oldest().to_owned(),
        ),
        ("ORGSWEEP_TEST_PYTHON", python.display().to_string()),
        (
            "INSTA_UPDATE",
            if arguments.accept { "always" } else { "no" }.to_owned(),
        ),
    ];
    workspace::build_all()?;
    let mut closing = run_tests(arguments, &environment);
    if arguments.filters.is_empty() {
        let documentation = runner(
            workspace::cargo(&["test", "--workspace", "--doc"])?,
            &environment,
        );
        closing = match (closing, documentation) {
            (Ok(tests), Ok(documentation)) => Ok(tests.into_iter().chain(documentation).collect()),
            (Err(error), _) | (_, Err(error)) => Err(error),
        };
    }
    let versions: Vec<_> = servers
        .versions()
        .map(|version| version.to_string())
        .collect();
    drop(servers);

    let closing = closing?;
    eprintln!(
        "\nAll tests passed (PostgreSQL {}). The runner's closing lines:",
        versions.join(" and ")
    );
    for line in closing {
        println!("{line}");
    }
    Ok(())
}

/// With nextest where it is installed, otherwise with cargo's own runner.
fn run_tests(arguments: &Arguments, environment: &[(&str, String)]) -> Result<Vec<String>> {
    let nextest = Command::new("cargo-nextest")
        .args(["nextest", "--version"])
        .output()
        .is_ok_and(|output| output.status.success());
    let mut command = if nextest {
        workspace::cargo(&["nextest", "run", "--workspace"])?
    } else {
        workspace::cargo(&[
            "test",
            "--workspace",
            "--lib",
            "--bins",
            "--tests",
            "--no-fail-fast",
        ])?
    };
    if !nextest && !arguments.filters.is_empty() {
        command.arg("--");
    }
    command.args(&arguments.filters);
    runner(command, environment)
}

/// Runs a test runner, its output passed through, and returns the lines that
/// sum it up.
fn runner(mut command: Command, environment: &[(&str, String)]) -> Result<Vec<String>> {
    let shown = workspace::shown(&command);
    eprintln!("$ {shown}");
    let mut process = command
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run `{shown}`"))?;
    let errors = process.stderr.take().context("no standard error")?;
    let output = process.stdout.take().context("no standard output")?;
    let errors = std::thread::spawn(move || {
        let mut closing = Vec::new();
        for line in BufReader::new(errors).lines().map_while(Result::ok) {
            eprintln!("{line}");
            keep_if_closing(&mut closing, line);
        }
        closing
    });
    let mut closing = Vec::new();
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        println!("{line}");
        keep_if_closing(&mut closing, line);
    }
    closing.extend(errors.join().unwrap_or_default());
    let status = process.wait()?;
    if !status.success() {
        bail!("tests failed ({status}):\n{}", closing.join("\n"));
    }
    Ok(closing)
}

/// nextest's summary and what follows it; the result line of each of cargo's
/// test programs that ran a test.
fn keep_if_closing(closing: &mut Vec<String>, line: String) {
    let summary = line.trim_start().starts_with("Summary [");
    let after_summary = closing
        .first()
        .is_some_and(|first| first.trim_start().starts_with("Summary ["));
    let result = line.starts_with("test result:") && !line.contains(" 0 passed; 0 failed;");
    if (summary || after_summary || result) && closing.len() < CLOSING_LINES {
        closing.push(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closing_of(lines: &[&str]) -> Vec<String> {
        let mut closing = Vec::new();
        for line in lines {
            keep_if_closing(&mut closing, (*line).to_owned());
        }
        closing
    }

    #[test]
    fn the_summary_and_what_follows_are_kept() {
        let lines = [
            "PASS x",
            "     Summary [  1.0s] 2 tests run: 1 passed, 1 failed",
            "FAIL y",
        ];
        assert_eq!(closing_of(&lines), lines[1..]);
    }

    #[test]
    fn result_lines_of_programs_without_tests_are_left_out() {
        let lines = [
            "test a ... ok",
            "test result: ok. 0 passed; 0 failed; 0 ignored",
            "test result: ok. 3 passed; 0 failed; 0 ignored",
        ];
        assert_eq!(closing_of(&lines), lines[2..]);
    }
}
