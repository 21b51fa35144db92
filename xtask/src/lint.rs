//! `cargo xtask lint`: format, clippy and documentation, warnings as errors.

use anyhow::Result;

use crate::workspace;

/// Checks format, clippy and documentation, with warnings as errors.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Correct the format instead of checking it.
    #[arg(long)]
    fix_format: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if arguments.fix_format {
        workspace::run(&mut workspace::cargo(&["fmt", "--all"])?)?;
    } else {
        workspace::run(&mut workspace::cargo(&["fmt", "--all", "--check"])?)?;
    }
    workspace::run(&mut workspace::cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ])?)?;
    workspace::run(
        workspace::cargo(&["doc", "--workspace", "--no-deps", "--locked"])?
            .env("RUSTDOCFLAGS", "-D warnings"),
    )
}
