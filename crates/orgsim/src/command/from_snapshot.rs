//! `orgsim from-snapshot`: the scenario of an organization whose facts were exported.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use orgsim::Scenario;

/// Writes the scenario of a real organization from what `orgsweep snapshot export` wrote of it.
///
/// The scenario lists the accounts, with their units and tags, and names the export, which holds
/// what is in them: trails, log groups, filters, alarms, topics, keys, as far as a sweep read
/// them. Calls that were denied are denied here as well. Resources that no chain needs are not in
/// an export, and so not here.
#[derive(Args)]
pub(crate) struct FromSnapshot {
    /// What `orgsweep snapshot export` wrote.
    export: PathBuf,
    /// Scenario file to write, which must not be there; standard output when left out.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(arguments: &FromSnapshot) -> anyhow::Result<()> {
    let export = &arguments.export;
    let text = std::fs::read_to_string(export)
        .with_context(|| format!("`{}` could not be read", export.display()))?;
    let named = name_for(export, arguments.output.as_deref())?;
    let scenario = Scenario::of_export(&text, &named)
        .map_err(|error| anyhow::anyhow!("{}: {error}", export.display()))?;
    let Some(file) = &arguments.output else {
        print!("{scenario}");
        return Ok(());
    };
    std::fs::File::create_new(file)
        .and_then(|mut made| made.write_all(scenario.as_bytes()))
        .with_context(|| format!("`{}` cannot be written", file.display()))?;
    eprintln!(
        "wrote `{0}`; try it with: orgsim serve --scenario {0}",
        file.display()
    );
    Ok(())
}

/// How the scenario names the export: by its name alone where both are in one folder.
fn name_for(export: &Path, scenario: Option<&Path>) -> anyhow::Result<String> {
    let absolute = |path: &Path| {
        std::path::absolute(path).with_context(|| format!("`{}` is no path", path.display()))
    };
    let export = absolute(export)?;
    let folder = match scenario {
        Some(file) => absolute(file)?.parent().map(Path::to_owned),
        None => Some(std::env::current_dir().context("the current folder is gone")?),
    };
    let near = folder.and_then(|folder| export.strip_prefix(folder).ok().map(Path::to_owned));
    let name = near.unwrap_or(export);
    let name = name.to_str().with_context(|| {
        format!(
            "`{}` is not UTF-8; give the file another name",
            name.display()
        )
    })?;
    Ok(name.to_owned())
}
