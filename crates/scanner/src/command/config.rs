//! `orgsweep config`: writes the commented example, and shows which settings
//! hold and where they come from.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::config::file::AccountRole;
use crate::config::{EXAMPLE, Key, Layers, Settings, locate};
use crate::context::Context;
use crate::exit::{Exit, usage};
use crate::output::{Column, listing, terminal};

/// Write an example configuration, or show the one that holds.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a commented example of every setting.
    Init(Init),
    /// Show every setting, its value, and where the value comes from.
    Show,
}

#[derive(Debug, Args)]
struct Init {
    /// Where to write it.
    #[arg(default_value = locate::FILE_NAME)]
    file: PathBuf,
    /// Print it instead.
    #[arg(long, conflicts_with = "file")]
    stdout: bool,
}

pub(crate) fn run(arguments: Arguments, context: &Context) -> anyhow::Result<Exit> {
    match arguments.command {
        Command::Init(init) => write_example(&init)?,
        Command::Show => show(context)?,
    }
    Ok(Exit::Fine)
}

fn write_example(init: &Init) -> anyhow::Result<()> {
    if init.stdout {
        terminal::print(EXAMPLE)?;
        return Ok(());
    }
    let path = init.file.display();
    let created = std::fs::File::create_new(&init.file);
    let mut file = match created {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(usage(format!(
                "`{path}` exists already; remove it, or name another file"
            )));
        }
        created => created.with_context(|| format!("`{path}` cannot be written"))?,
    };
    file.write_all(EXAMPLE.as_bytes())
        .with_context(|| format!("`{path}` cannot be written"))?;
    terminal::tell(&format!(
        "wrote {path}; every setting in it is commented out"
    ));
    Ok(())
}

/// A setting as it is listed.
#[derive(Serialize)]
struct Row {
    setting: String,
    /// As TOML; absent when nothing sets it.
    value: Option<String>,
    source: String,
    /// The environment variable that would set it.
    variable: Option<String>,
}

fn show(context: &Context) -> anyhow::Result<()> {
    let layers = context.layers(Vec::new())?;
    let format = Settings::new(&layers).format;
    match &layers.file {
        Some(path) => terminal::tell(&format!("configuration file: {}", path.display())),
        None => terminal::tell("configuration file: none (`orgsweep config init` writes one)"),
    }
    let columns = [
        Column::new("setting", "setting", |row: &Row| row.setting.clone()),
        Column::new("value", "value", |row: &Row| {
            row.value.clone().unwrap_or_default()
        }),
        Column::new("source", "from", |row: &Row| row.source.clone()),
        Column::csv_only("variable", |row: &Row| {
            row.variable.clone().unwrap_or_default()
        }),
    ];
    terminal::print(&listing(
        &rows(&layers),
        &columns,
        format,
        terminal::width(),
    )?)?;
    Ok(())
}

fn rows(layers: &Layers) -> Vec<Row> {
    let settings = Key::ALL.iter().map(|key| {
        let (value, source) = match layers.get(*key) {
            Some((value, source)) => (Some(value.shown(key.kind())), source.to_string()),
            None => (None, "not set".to_owned()),
        };
        Row {
            setting: key.name().to_owned(),
            value,
            source,
            variable: Some(key.variable()),
        }
    });
    let file = layers
        .file
        .as_ref()
        .map(|path| path.display().to_string())
        .unwrap_or_default();
    let roles = layers.per_account.iter().map(|(account, role)| Row {
        setting: format!("role.per_account.{account}"),
        value: Some(shown_role(role)),
        source: file.clone(),
        variable: None,
    });
    settings.chain(roles).collect()
}

/// An account's own role as TOML, without its external id.
fn shown_role(role: &AccountRole) -> String {
    let name = role
        .role
        .iter()
        .map(|name| format!("role = {}", toml::Value::String(name.clone())));
    let id = role
        .external_id
        .iter()
        .map(|_| "external_id = \"(not shown)\"".to_owned());
    format!("{{ {} }}", name.chain(id).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::layers::FlagValue;
    use crate::config::{environment, file};

    #[test]
    fn every_setting_is_shown_with_its_source_and_no_secret() {
        let text = "[role]\nexternal_id = \"hunter2\"\n\
             [role.per_account.\"111122223333\"]\nrole = \"Audit\"\nexternal_id = \"hunter2\"\n";
        let variables = [(
            "DATABASE_URL".to_owned(),
            "postgres://me:hunter2@db/orgsweep".to_owned(),
        )];
        let layers = Layers::new(
            Some(file::parse("orgsweep.toml".as_ref(), text).unwrap()),
            environment::read(&variables.into()).unwrap(),
            vec![(
                Key::Region,
                "--region",
                FlagValue::One("eu-west-1".to_owned()),
            )],
        )
        .unwrap();
        let columns = [
            Column::new("setting", "setting", |row: &Row| row.setting.clone()),
            Column::new("value", "value", |row: &Row| {
                row.value.clone().unwrap_or_default()
            }),
            Column::new("source", "from", |row: &Row| row.source.clone()),
        ];
        let text = listing(&rows(&layers), &columns, crate::output::Format::Table, None).unwrap();
        assert!(!text.contains("hunter2"));
        insta::assert_snapshot!(text);
    }
}
