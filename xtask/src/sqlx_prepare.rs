//! `cargo xtask sqlx-prepare`: writes `.sqlx`, the committed descriptions of
//! the store's queries, against a new database with the migrations applied.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::postgres::Servers;
use crate::{python, workspace};

/// Writes the offline cache of the store's checked queries.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

pub(crate) fn run(_: &Arguments) -> Result<()> {
    let python = python::environment()?;
    let servers = Servers::start(&python, &[18])?;
    let root = workspace::root();
    workspace::run(
        Command::new(&python)
            .arg(root.join("tests/postgres/migrate.py"))
            .arg(servers.newest())
            .arg(root.join("migrations")),
    )?;
    let cache = root.join(".sqlx");
    if cache.exists() {
        fs::remove_dir_all(&cache).context("cannot remove the old cache")?;
    }
    fs::create_dir_all(&cache)?;
    // The macros write the cache while they expand: the crate must be compiled anew.
    fs::File::options()
        .write(true)
        .open(root.join("crates/store/src/lib.rs"))?
        .set_modified(std::time::SystemTime::now())?;
    workspace::run(
        workspace::cargo(&[
            "check",
            "--package",
            "orgsweep-store",
            "--all-features",
            "--all-targets",
        ])?
        .env("SQLX_OFFLINE", "false")
        .env("SQLX_OFFLINE_DIR", &cache)
        .env("DATABASE_URL", servers.newest()),
    )
}
