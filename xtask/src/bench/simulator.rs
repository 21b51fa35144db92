//! `orgsim` as a process of its own, ended when it is dropped.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use super::process;

/// A running simulator.
#[derive(Debug)]
pub(super) struct Simulator {
    process: Child,
    /// What to export to use it.
    environment: Vec<(String, String)>,
}

impl Simulator {
    /// Serves a scenario, with `options` of `orgsim serve`.
    pub(super) fn start(program: &Path, scenario: &Path, options: &[&str]) -> Result<Self> {
        let mut process = Command::new(program)
            .args(["serve", "--scenario"])
            .arg(scenario)
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start orgsim")?;
        let lines = BufReader::new(process.stdout.take().context("no standard output")?).lines();
        let mut simulator = Self {
            process,
            environment: Vec::new(),
        };
        for line in lines {
            let line = line?;
            if let Some((name, value)) = line
                .strip_prefix("export ")
                .and_then(|rest| rest.split_once('='))
            {
                simulator
                    .environment
                    .push((name.to_owned(), value.to_owned()));
                // It is the last that is printed.
                if name == "AWS_REGION" {
                    return Ok(simulator);
                }
            }
        }
        bail!("orgsim ended before it served")
    }

    /// A program that finds the simulator in its environment, and nothing else of AWS's.
    pub(super) fn client(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars() {
            if name.starts_with("AWS_") || name.starts_with("ORGSWEEP_") || name == "DATABASE_URL" {
                command.env_remove(name);
            }
        }
        command.envs(self.environment.iter().cloned());
        command
    }

    /// Processor time that it has taken, in seconds.
    pub(super) fn cpu_s(&self) -> f64 {
        process::cpu_s(&self.process)
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // It holds nothing that is worth an orderly end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
