//! A throw-away PostgreSQL for a benchmark, and the processor time that it takes.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::process;
use crate::postgres::Servers;

/// A running server.
#[derive(Debug)]
pub(super) struct Database {
    servers: Servers,
}

impl Database {
    /// Starts one.
    pub(super) fn start(python: &Path) -> Result<Self> {
        let servers = Servers::start(python, &[18])?;
        Ok(Self { servers })
    }

    pub(super) fn url(&self) -> &str {
        self.servers.newest()
    }

    /// Processor time of the server and its connections so far, in seconds.
    pub(super) fn cpu_s(&self) -> f64 {
        postmaster(self.url()).map_or(0.0, process::cpu_s_with_descendants)
    }
}

/// The server's first process, as the directory tells in which it listens.
fn postmaster(url: &str) -> Option<u32> {
    let (_, directory) = url.split_once("?host=")?;
    let file = fs::read_to_string(Path::new(directory).join("postmaster.pid")).ok()?;
    file.lines().next()?.trim().parse().ok()
}
