//! A running `orgsweep serve`, and questions to it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::installation::Installation;
use crate::program::Running;
use crate::waiting::until;

/// A schedule that does not come while a test runs.
pub const NEVER: &str = "0 0 29 2 *";

/// A running service.
#[derive(Debug)]
pub struct Service {
    process: Running,
    address: String,
}

impl Service {
    /// Starts one on a free port, with its log as JSON.
    ///
    /// # Panics
    /// When it does not come up.
    pub async fn start(installation: &Installation, schedule: &str) -> Self {
        let process = installation.start(&[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--schedule",
            schedule,
            "--log-format",
            "json",
        ]);
        let line = process.first_line().await;
        let address = line
            .strip_prefix("listening on http://")
            .unwrap_or_else(|| panic!("{line}"))
            .to_owned();
        Self { process, address }
    }

    /// Its process.
    pub fn process(&self) -> &Running {
        &self.process
    }

    /// The status and the body of an answer.
    ///
    /// # Panics
    /// When it does not answer.
    pub async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.address);
        let headers: BTreeMap<_, _> = headers.iter().copied().collect();
        for (name, value) in headers {
            write!(request, "{name}: {value}\r\n").expect("strings take everything");
        }
        request.push_str("Content-Length: 0\r\nConnection: close\r\n\r\n");
        let mut stream = TcpStream::connect(&self.address).await.expect("it listens");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("answered");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        let status = head.split(' ').nth(1).and_then(|text| text.parse().ok());
        (status.expect("a status"), body.to_owned())
    }

    /// The figure in `/metrics` whose line begins with `line`.
    ///
    /// # Panics
    /// When there are no figures.
    pub async fn figure(&self, line: &str) -> Option<f64> {
        let (status, text) = self.ask("GET", "/metrics", &[]).await;
        assert_eq!(status, 200, "{text}");
        let found = text.lines().find_map(|other| other.strip_prefix(line))?;
        found.trim().parse().ok()
    }

    /// Waits until a figure is at least so large.
    ///
    /// # Panics
    /// When it is not in time.
    pub async fn has(&self, line: &str, at_least: f64) {
        until(line, || async {
            let figure = self.figure(line).await?;
            (figure >= at_least).then_some(())
        })
        .await;
    }

    /// Stops it; returns its log.
    ///
    /// # Panics
    /// When it does not end well.
    pub async fn stop(self) -> String {
        self.process.signal("TERM").await;
        self.process.end().await.with_code(0).stderr
    }
}
