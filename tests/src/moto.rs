//! moto, an AWS that is independent of `orgsim`, as a process of its own:
//! started on a free port, seeded with an organization, ended when dropped.

use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::installation::Credentials;
use crate::{python, workspace};

/// A moto server with a seeded organization.
#[derive(Debug)]
pub struct Moto {
    process: Child,
    directory: TempDir,
    endpoint: String,
    seeded: Value,
}

impl Moto {
    /// Starts the server and seeds its organization (`tests/moto/seed.py`).
    ///
    /// # Panics
    /// When either fails.
    pub async fn start() -> Self {
        Self::seeded_by("seed.py", &[]).await
    }

    /// Starts the server and seeds an organization of one chain per account (`tests/moto/chains.py`).
    ///
    /// # Panics
    /// When either fails.
    pub async fn with_chains(organization: &str) -> Self {
        Self::seeded_by("chains.py", &[organization]).await
    }

    async fn seeded_by(seed: &str, arguments: &[&str]) -> Self {
        let directory = TempDir::with_prefix("orgsweep-moto-").expect("a temporary directory");
        let mut process = script("server.py")
            .arg("--log")
            .arg(directory.path().join("calls"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("Python runs");
        let output = process.stdout.take().expect("piped");
        let endpoint = BufReader::new(output)
            .lines()
            .next_line()
            .await
            .expect("moto prints its address")
            .expect("moto starts");
        let seeded = script(seed)
            .arg(&endpoint)
            .args(arguments)
            .output()
            .await
            .expect("Python runs");
        assert!(
            seeded.status.success(),
            "moto cannot be seeded:\n{}",
            String::from_utf8_lossy(&seeded.stderr)
        );
        let seeded = serde_json::from_slice(&seeded.stdout).expect("the seed prints JSON");
        Self {
            process,
            directory,
            endpoint,
            seeded,
        }
    }

    /// Its URL.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The process's id.
    pub fn id(&self) -> Option<u32> {
        self.process.id()
    }

    /// What the seed says about the organization: `accounts`, `expected`,
    /// `credentials` by caller.
    pub fn seeded(&self) -> &Value {
        &self.seeded
    }

    /// Credentials of a caller that the seed made: `management`, `audit`.
    ///
    /// # Panics
    /// When the seed made none of that name.
    pub fn credentials(&self, caller: &str) -> Credentials {
        let made = &self.seeded["credentials"][caller];
        let text = |name: &str| made[name].as_str().map(str::to_owned);
        Credentials {
            key: text("key").expect("the seed made this caller"),
            secret: text("secret").expect("the seed made this caller"),
            token: text("token"),
        }
    }

    /// Forgets the calls so far.
    ///
    /// # Panics
    /// When the log cannot be written.
    pub fn forget_calls(&self) {
        fs::write(self.directory.path().join("calls"), "").expect("the log can be written");
    }

    /// Calls since, as `service:operation`, by access key.
    pub fn calls(&self) -> BTreeMap<String, Vec<String>> {
        let log = fs::read_to_string(self.directory.path().join("calls")).unwrap_or_default();
        let mut calls: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in log.lines() {
            if let [service, operation, _, key] = line.split('\t').collect::<Vec<_>>()[..] {
                let call = format!("{service}:{operation}");
                calls.entry(key.to_owned()).or_default().push(call);
            }
        }
        calls
    }
}

fn script(script: &str) -> Command {
    let mut command = Command::new(python());
    command.arg(workspace().join("tests/moto").join(script));
    command
}
