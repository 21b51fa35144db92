//! `cargo xtask docs-sql`: writes `docs/SQL.md` from the COMMENTs of a
//! migrated database. The page is made by the end-to-end test that checks it
//! (`tests/tests/end_to_end/sql_documentation.rs`), told to write it instead.

use anyhow::Result;

use crate::postgres::Servers;
use crate::{python, workspace};

/// Writes docs/SQL.md from the comments in the migrations.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

pub(crate) fn run(_: &Arguments) -> Result<()> {
    let python = python::environment()?;
    let servers = Servers::start(&python, &[18])?;
    workspace::run(
        workspace::cargo(&[
            "test",
            "--package",
            "orgsweep-tests",
            "--test",
            "end_to_end",
            "--",
            "--exact",
            "sql_documentation::the_committed_page_is_what_the_comments_say",
        ])?
        .env("ORGSWEEP_TEST_DATABASE_URL", servers.newest())
        .env("ORGSWEEP_WRITE_DOCUMENTATION", "1"),
    )
}
