//! `orgsweep controls`: the catalog as the chosen framework has it (here), one control with all
//! that is known of it (`show`), and an example of controls of one's own.

mod show;

use clap::{Args, Subcommand};
use orgsweep_controls::Catalog;
use serde::Serialize;

use crate::command::framework::FrameworkArgument;
use crate::command::names::known_control;
use crate::context::{self, Context};
use crate::exit::Exit;
use crate::output::{Column, Format, listing, terminal};

/// Controls of one's own, explained.
const EXAMPLE: &str = include_str!("../../../../../config/own-controls.toml");

/// List the controls of a framework, or show one with its patterns.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    framework: FrameworkArgument,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the controls that the framework has, numbered as it numbers them.
    List,
    /// Show one control: patterns of every framework, what else is accepted, events, blind spots.
    Show {
        /// The control: its id, or its number in the framework (5.8, CloudWatch.8).
        control: String,
    },
    /// Print a catalog with controls of one's own, every key explained.
    Example,
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<Exit> {
    if let Some(Command::Example) = arguments.command {
        terminal::print(EXAMPLE)?;
        return Ok(Exit::Fine);
    }
    let settings = context.settings_with(arguments.framework.settings())?;
    let catalog = context::catalog(&settings)?;
    let text = match &arguments.command {
        Some(Command::Show { control }) => {
            let id = known_control(&catalog, control)?;
            // INVARIANT: `known_control` returns ids of the catalog.
            let control = catalog.control(&id).into_iter();
            control
                .map(|control| show::printed(control, &catalog, settings.format))
                .collect::<anyhow::Result<String>>()?
        }
        _ => list(&catalog, settings.format)?,
    };
    terminal::print(&text)?;
    Ok(Exit::Fine)
}

/// A control as it is listed.
#[derive(Serialize)]
struct Row {
    number: u32,
    control: String,
    title: String,
    /// Its number in the chosen framework; absent when that has none for it.
    section: Option<String>,
    security_hub: Option<String>,
    nist_800_171: Vec<String>,
    pci_dss: Vec<String>,
    framework: String,
}

fn list(catalog: &Catalog, format: Format) -> anyhow::Result<String> {
    let framework = catalog.framework();
    let rows: Vec<Row> = catalog
        .required()
        .map(|control| Row {
            number: control.number,
            control: control.id.to_string(),
            title: control.title.clone(),
            section: control.number_in(framework).map(str::to_owned),
            security_hub: control.security_hub.clone(),
            nist_800_171: control.nist_800_171.clone(),
            pci_dss: control.pci_dss.clone(),
            framework: framework.to_owned(),
        })
        .collect();
    let columns = [
        Column::csv_only("number", |row: &Row| row.number.to_string()),
        Column::new("section", "number", |row: &Row| {
            row.section.clone().unwrap_or_default()
        }),
        Column::new("control", "control", |row: &Row| row.control.clone()),
        Column::new("title", "title", |row: &Row| row.title.clone()),
        Column::new("security_hub", "Security Hub", |row: &Row| {
            row.security_hub.clone().unwrap_or_default()
        }),
        Column::new("nist_800_171", "NIST 800-171", |row: &Row| {
            row.nist_800_171.join(", ")
        }),
        Column::new("pci_dss", "PCI DSS", |row: &Row| row.pci_dss.join(", ")),
        Column::csv_only("framework", |row: &Row| row.framework.clone()),
    ];
    let text = listing(&rows, &columns, format, terminal::width())?;
    if format == Format::Table {
        let other = catalog.controls().len() - rows.len();
        let others = match other {
            0 => String::new(),
            1 => "; one control of the catalog is not in it".to_owned(),
            many => format!("; {many} controls of the catalog are not in it"),
        };
        terminal::tell(&format!("{}{others}", catalog.framework_title()));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_framework_lists_its_controls_with_its_numbers() {
        let catalog = Catalog::builtin();
        for (framework, controls, first, eighth) in [
            ("cis-1.2.0", 14, "3.1", "3.8"),
            ("cis-1.4.0", 15, "4.1", "4.8"),
            ("cis-1.5.0", 15, "4.1", "4.8"),
            ("cis-2.0.0", 15, "4.1", "4.8"),
            ("cis-3.0.0", 15, "4.1", "4.8"),
            ("cis-4.0.1", 15, "4.1", "4.8"),
            ("cis-5.0.0", 15, "4.1", "4.8"),
            ("cis-6.0.0", 15, "5.1", "5.8"),
            ("cis-7.0.0", 15, "5.1", "5.8"),
            ("security-hub", 14, "CloudWatch.2", "CloudWatch.8"),
        ] {
            let catalog = catalog.for_framework(framework).unwrap();
            let rows: Vec<serde_json::Value> =
                serde_json::from_str(&list(&catalog, Format::Json).unwrap()).unwrap();
            assert_eq!(rows.len(), controls, "{framework}");
            assert_eq!(rows[0]["section"], first, "{framework}");
            assert_eq!(rows[7]["section"], eighth, "{framework}");
            let csv = list(&catalog, Format::Csv).unwrap();
            assert_eq!(csv.lines().count(), controls + 1);
        }
    }

    #[test]
    fn the_example_of_own_controls_extends_the_catalog() {
        let extended = Catalog::builtin_extended_by(EXAMPLE).unwrap();
        assert!(extended.controls().len() > Catalog::builtin().controls().len());
    }
}
