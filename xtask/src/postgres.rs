//! PostgreSQL servers for the time of one command: those in the tests' Python
//! environment (`tests/postgres/serve.py`), or one that is already there.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::workspace;

/// Servers that run until this value is dropped.
#[derive(Debug)]
pub(crate) struct Servers {
    /// Holds the servers' lifeline: closing its standard input ends them.
    process: Option<Child>,
    urls: Vec<(u32, String)>,
}

impl Servers {
    /// Starts one server per major version.
    pub(crate) fn start(python: &Path, versions: &[u32]) -> Result<Self> {
        let mut process = Command::new(python)
            .arg(workspace::root().join("tests/postgres/serve.py"))
            .args(versions.iter().map(u32::to_string))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start PostgreSQL")?;
        let lines = BufReader::new(process.stdout.take().context("no standard output")?).lines();
        let mut servers = Self {
            process: Some(process),
            urls: Vec::new(),
        };
        for line in lines.take(versions.len()) {
            let line = line?;
            let server: Value =
                serde_json::from_str(&line).with_context(|| format!("not a server: `{line}`"))?;
            match (server["version"].as_u64(), server["url"].as_str()) {
                (Some(version), Some(url)) => {
                    servers.urls.push((u32::try_from(version)?, url.to_owned()));
                }
                _ => bail!("not a server: `{line}`"),
            }
        }
        if servers.urls.len() < versions.len() {
            bail!("PostgreSQL did not start: see the message above");
        }
        Ok(servers)
    }

    /// A server that somebody else runs.
    pub(crate) fn existing(url: &str) -> Self {
        Self {
            process: None,
            urls: vec![(0, url.to_owned())],
        }
    }

    /// The first server's URL.
    pub(crate) fn newest(&self) -> &str {
        &self.urls[0].1
    }

    /// The last server's URL: the oldest major version that was asked for.
    pub(crate) fn oldest(&self) -> &str {
        &self.urls[self.urls.len() - 1].1
    }

    /// Major versions that were started here.
    pub(crate) fn versions(&self) -> impl Iterator<Item = u32> {
        self.urls.iter().map(|(version, _)| *version)
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            drop(process.stdin.take());
            if let Err(error) = process.wait() {
                eprintln!("PostgreSQL did not end: {error}");
            }
        }
    }
}
