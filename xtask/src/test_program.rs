//! Runs a long test that is a program of its own (`tests/src/bin`) on a new PostgreSQL.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::postgres::Servers;
use crate::{python, workspace};

/// Builds everything, starts a server, and runs the program with these options. It has printed
/// what is wrong when it fails.
pub(crate) fn run(name: &str, options: &[(&str, String)]) -> Result<ExitCode> {
    let python = python::environment()?;
    let servers = Servers::start(&python, &[18])?;
    workspace::build_all()?;
    let mut command = Command::new(workspace::target()?.join("debug").join(name));
    for (option, value) in options {
        command.args([*option, value.as_str()]);
    }
    command.env("ORGSWEEP_TEST_DATABASE_URL", servers.newest());
    workspace::ended(&mut command)
}
