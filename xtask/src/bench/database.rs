//! A throw-away PostgreSQL for a benchmark, and the processor time that it takes.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::process;
use crate::postgres::Servers;
use crate::workspace;

/// The database that a server has at first, and the one from which its statements are given while
/// that one is copied.
const FIRST: &str = "postgres";
const MAINTENANCE: &str = "template1";

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

    /// Its first database.
    pub(super) fn url(&self) -> &str {
        self.servers.newest()
    }

    /// Does what a server does by itself in the minutes after much was written.
    pub(super) fn settle(&self) -> Result<()> {
        self.tell(FIRST, "vacuum analyze")?;
        self.tell(FIRST, "checkpoint")
    }

    /// A copy of the first database, in place of an earlier one of that name; its URL. Nobody may be connected
    /// to either.
    pub(super) fn copied(&self, name: &str) -> Result<String> {
        self.tell(MAINTENANCE, &format!("drop database if exists {name}"))?;
        let copy = format!("create database {name} template {FIRST}");
        self.tell(MAINTENANCE, &copy)?;
        Ok(self.url_of(name))
    }

    fn url_of(&self, database: &str) -> String {
        let first = format!("/{FIRST}?");
        self.url().replacen(&first, &format!("/{database}?"), 1)
    }

    /// Gives a statement to a database by `psql`, which lies beside the server.
    fn tell(&self, database: &str, statement: &str) -> Result<()> {
        let server = postmaster(self.url()).context("the server's process")?;
        let psql = fs::read_link(format!("/proc/{server}/exe"))?.with_file_name("psql");
        let mut command = Command::new(psql);
        command.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]);
        command.args(["--command", statement, &self.url_of(database)]);
        workspace::run(&mut command)
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
