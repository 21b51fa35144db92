//! `orgsweep controls`: the catalog, and one control with its patterns.

use std::fmt::Write as _;

use clap::{Args, Subcommand};
use orgsweep_controls::{Catalog, Control};
use serde::Serialize;
use serde_json::{Value, json};

use crate::command::names::known_control;
use crate::context::{self, Context};
use crate::exit::Exit;
use crate::output::style::{FAINT, STRONG, styled};
use crate::output::{Column, Format, escaped, json, listing, terminal};

/// List the controls, or show one with its patterns.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show one control: what it is about, what each framework prescribes.
    Show {
        /// The control's id.
        control: String,
    },
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<Exit> {
    let settings = context.settings()?;
    let catalog = context::catalog(&settings)?;
    let text = match &arguments.command {
        None => list(&catalog, settings.format)?,
        Some(Command::Show { control }) => {
            let id = known_control(&catalog, control)?;
            // INVARIANT: `known_control` returns ids of the catalog.
            let control = catalog.control(&id).into_iter();
            control
                .map(|control| show(control, &catalog, settings.format))
                .collect::<anyhow::Result<String>>()?
        }
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
    /// Its section number in the chosen framework, when that is a CIS benchmark.
    section: Option<String>,
    security_hub: Option<String>,
}

fn list(catalog: &Catalog, format: Format) -> anyhow::Result<String> {
    let version = catalog.framework().strip_prefix("cis-").unwrap_or_default();
    let rows: Vec<Row> = catalog
        .controls()
        .iter()
        .map(|control| Row {
            number: control.number,
            control: control.id.to_string(),
            title: control.title.clone(),
            section: control.cis_number(version).map(str::to_owned),
            security_hub: control.security_hub.clone(),
        })
        .collect();
    let columns = [
        Column::new("number", "#", |row: &Row| row.number.to_string()),
        Column::new("control", "control", |row: &Row| row.control.clone()),
        Column::new("title", "title", |row: &Row| row.title.clone()),
        Column::new("section", "CIS", |row: &Row| {
            row.section.clone().unwrap_or_default()
        }),
        Column::new("security_hub", "Security Hub", |row: &Row| {
            row.security_hub.clone().unwrap_or_default()
        }),
    ];
    listing(&rows, &columns, format, terminal::width())
}

fn show(control: &Control, catalog: &Catalog, format: Format) -> anyhow::Result<String> {
    Ok(match format {
        Format::Json => json::pretty(&value(control, catalog))?,
        Format::Jsonl => json::line(&value(control, catalog))?,
        Format::Table | Format::Csv => text(control, catalog)?,
    })
}

fn value(control: &Control, catalog: &Catalog) -> Value {
    let requirements: Vec<Value> = control
        .requirements
        .iter()
        .map(|requirement| {
            json!({
                "frameworks": requirement.frameworks,
                "pattern": requirement.pattern(),
                "accepts": requirement.accepts(),
            })
        })
        .collect();
    json!({
        "control": control.id,
        "number": control.number,
        "title": control.title,
        "description": control.description,
        "rationale": control.rationale,
        "scope": control.scope,
        "cis": control.cis,
        "security_hub": control.security_hub,
        "nist_800_171": control.nist_800_171,
        "pci_dss": control.pci_dss,
        "framework": catalog.framework(),
        "requirements": requirements,
        "blind_spots": control.blind_spots,
        "notes": control.notes,
    })
}

fn text(control: &Control, catalog: &Catalog) -> anyhow::Result<String> {
    let mut out = String::new();
    writeln!(
        out,
        "{} {}",
        styled(STRONG, &escaped(&control.title)),
        styled(FAINT, &format!("({})", control.id))
    )?;
    for sentence in [&control.description, &control.rationale] {
        if !sentence.is_empty() {
            writeln!(out, "{}", escaped(sentence))?;
        }
    }
    writeln!(out)?;
    let cis: Vec<String> = control
        .cis
        .iter()
        .map(|(version, entry)| format!("{} in {version}", entry.number))
        .collect();
    for (name, list) in [
        ("CIS", cis),
        (
            "Security Hub",
            control.security_hub.iter().cloned().collect(),
        ),
        ("NIST SP 800-171", control.nist_800_171.clone()),
        ("PCI DSS", control.pci_dss.clone()),
    ] {
        if !list.is_empty() {
            writeln!(out, "{name:<16} {}", escaped(&list.join(", ")))?;
        }
    }
    let decisive = control.requirement(catalog.framework());
    for requirement in &control.requirements {
        let frameworks = match requirement.frameworks.as_slice() {
            [] => "all other frameworks".to_owned(),
            some => some.join(", "),
        };
        let mark = if decisive == Some(requirement) {
            " (decides)"
        } else {
            ""
        };
        writeln!(out, "\nPattern of {}{mark}:", escaped(&frameworks))?;
        writeln!(out, "  {}", escaped(requirement.pattern()))?;
        for other in requirement.accepts() {
            writeln!(out, "  or {}", escaped(other))?;
        }
    }
    for note in &control.notes {
        writeln!(out, "\nNote: {}", escaped(note))?;
    }
    for spot in &control.blind_spots {
        let what = spot
            .condition
            .clone()
            .unwrap_or_else(|| spot.events.join(", "));
        writeln!(
            out,
            "\nBlind spot: {}: {}",
            escaped(&what),
            escaped(&spot.why)
        )?;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_builtin_control_can_be_shown() {
        let catalog = Catalog::builtin();
        for control in catalog.controls() {
            let text = text(control, catalog).unwrap();
            assert!(text.contains("(decides)"), "{text}");
        }
        let rows = list(catalog, Format::Csv).unwrap();
        assert_eq!(rows.lines().count(), catalog.controls().len() + 1);
    }
}
