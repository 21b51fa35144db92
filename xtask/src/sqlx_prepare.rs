//! `cargo xtask sqlx-prepare`: writes `.sqlx`, the committed descriptions of
//! the store's queries, against a new database with the migrations applied.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

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
    let fresh = workspace::test_support()?.join("sqlx");
    if fresh.exists() {
        fs::remove_dir_all(&fresh)?;
    }
    fs::create_dir_all(&fresh)?;
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
            "--lib",
            "--tests",
        ])?
        .env("SQLX_OFFLINE", "false")
        .env("SQLX_OFFLINE_DIR", &fresh)
        .env("DATABASE_URL", servers.newest()),
    )?;
    replace(&fresh, &root.join(".sqlx"))
}

/// Makes the cache what was written now, and says what that changes.
fn replace(fresh: &Path, cache: &Path) -> Result<()> {
    let (new, old) = (queries(fresh)?, queries(cache).unwrap_or_default());
    if new.is_empty() {
        bail!("the macros wrote no query: nothing is changed");
    }
    fs::create_dir_all(cache)?;
    for gone in old.difference(&new) {
        fs::remove_file(cache.join(gone))?;
    }
    for name in &new {
        fs::copy(fresh.join(name), cache.join(name))
            .with_context(|| format!("cannot write `{}`", cache.join(name).display()))?;
    }
    eprintln!(
        "{} queries; {} are new, {} are gone",
        new.len(),
        new.difference(&old).count(),
        old.difference(&new).count()
    );
    Ok(())
}

fn queries(directory: &Path) -> Result<BTreeSet<OsString>> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(directory)? {
        names.insert(entry?.file_name());
    }
    Ok(names)
}
