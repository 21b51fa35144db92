//! A mail server on localhost that keeps what it gets.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use crate::program::Running;
use crate::{python, workspace};

/// A running mail server.
#[derive(Debug)]
pub struct MailServer {
    directory: TempDir,
    port: u16,
    _process: Running,
}

impl MailServer {
    /// Starts one.
    ///
    /// # Panics
    /// When it does not come up.
    pub async fn start() -> Self {
        let directory = TempDir::with_prefix("orgsweep-mail-").expect("a temporary directory");
        let mut command = Command::new(python());
        command
            .arg(workspace().join("tests/mail/serve.py"))
            .arg(directory.path());
        let process = Running::start(command);
        let port = process.first_line().await.trim().parse().expect("a port");
        Self {
            directory,
            port,
            _process: process,
        }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// From now on, mails are kept and not acknowledged.
    ///
    /// # Panics
    /// When its directory cannot be written.
    pub fn hold(&self) {
        fs::write(self.file("hold"), "").expect("writable");
    }

    /// From now on, mails are acknowledged again.
    ///
    /// # Panics
    /// When its directory cannot be written.
    pub fn release(&self) {
        fs::remove_file(self.file("hold")).expect("it was held");
    }

    /// Whether mails are refused for now, from now on.
    ///
    /// # Panics
    /// When its directory cannot be written.
    pub fn refuse(&self, refuse: bool) {
        if refuse {
            fs::write(self.file("refuse"), "").expect("writable");
        } else {
            fs::remove_file(self.file("refuse")).expect("it refused");
        }
    }

    /// The mails so far: `from`, `to` and `content`.
    ///
    /// # Panics
    /// When its directory cannot be read.
    pub fn mails(&self) -> Vec<Value> {
        (1..=u32::MAX)
            .map(|number| self.file(&format!("{number}.json")))
            .take_while(|path| path.exists())
            .map(|path| {
                let text = fs::read_to_string(path).expect("readable");
                serde_json::from_str(&text).expect("JSON")
            })
            .collect()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}
