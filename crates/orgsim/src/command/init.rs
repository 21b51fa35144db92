//! `orgsim init`: an example of a scenario, to start one's own from.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use orgsim::Scenario;

/// Writes an example of a scenario, to start one's own from.
#[derive(Args)]
pub(crate) struct Init {
    /// File to write, which must not be there; standard output when left out.
    file: Option<PathBuf>,
    /// The demo's scenario, in which everything that can be wrong is wrong once.
    #[arg(long)]
    demo: bool,
}

/// Runs the command.
pub(crate) fn run(arguments: &Init) -> anyhow::Result<()> {
    let scenario = if arguments.demo {
        Scenario::demo()
    } else {
        Scenario::example()
    };
    let Some(file) = &arguments.file else {
        print!("{}", scenario.to_toml());
        return Ok(());
    };
    std::fs::File::create_new(file)
        .and_then(|mut made| made.write_all(scenario.to_toml().as_bytes()))
        .with_context(|| format!("`{}` cannot be written", file.display()))?;
    eprintln!(
        "wrote `{0}`; try it with: orgsim serve --scenario {0}",
        file.display()
    );
    Ok(())
}
