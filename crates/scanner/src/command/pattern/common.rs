//! What the pattern commands share: the schema and the control on the command
//! line, paragraphs that fit the terminal. Filters are `filters`'.

use clap::{Args, ValueEnum};
use filter_pattern::{Assumption, FilterPattern, Schema};
use orgsweep_controls::Catalog;

use crate::command::names::known_control;
use crate::config::suggest::nearest;
use crate::context::{self, Context};
use crate::exit::usage;
use crate::output::{escaped, terminal};

/// Which events can exist.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(super) enum SchemaName {
    /// Any JSON object.
    Any,
    /// The records that CloudTrail writes.
    #[default]
    Cloudtrail,
}

impl SchemaName {
    pub(super) fn schema(self) -> Schema {
        match self {
            Self::Any => Schema::any(),
            Self::Cloudtrail => Schema::cloudtrail(),
        }
    }
}

/// The pattern whose events must be noticed.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Wanted {
    /// A pattern whose events must be noticed.
    #[arg(long, value_name = "PATTERN", allow_hyphen_values = true)]
    required: Option<String>,
    /// A control of the catalog, whose pattern (or one accepted in its place) must be covered.
    #[arg(long, value_name = "CONTROL")]
    control: Option<String>,
}

/// The patterns of which one must be covered: the prescribed one first.
pub(super) fn wanted_patterns(
    wanted: &Wanted,
    framework: Option<&str>,
    context: &Context,
) -> anyhow::Result<Vec<FilterPattern>> {
    if let Some(text) = &wanted.required {
        return Ok(vec![super::read(text, "--required")?]);
    }
    let settings = context.settings()?;
    let catalog = context::catalog(&settings)?;
    let id = known_control(&catalog, wanted.control.as_deref().unwrap_or_default())?;
    let framework = known_framework(&catalog, framework)?;
    let requirement = catalog
        .control(&id)
        .and_then(|control| control.requirement(framework))
        .ok_or_else(|| {
            usage(format!(
                "`{framework}` does not have the control `{id}`; `orgsweep controls show {id}` lists the frameworks that do"
            ))
        })?;
    Ok(requirement.parsed().cloned().collect())
}

fn known_framework<'a>(catalog: &'a Catalog, named: Option<&str>) -> anyhow::Result<&'a str> {
    let Some(named) = named else {
        return Ok(catalog.framework());
    };
    let ids: Vec<&str> = catalog
        .frameworks()
        .iter()
        .map(|known| known.id.as_str())
        .collect();
    if let Some(id) = ids.iter().find(|id| **id == named) {
        return Ok(id);
    }
    let meant = nearest(named, ids.iter().copied())
        .map(|meant| format!("did you mean `{meant}`? "))
        .unwrap_or_default();
    Err(usage(format!(
        "there is no framework `{named}`; {meant}There are: {}",
        ids.join(", ")
    )))
}

/// Assumptions as texts.
pub(super) fn texts(assumptions: &[Assumption]) -> Vec<String> {
    assumptions.iter().map(ToString::to_string).collect()
}

/// A paragraph, its lines no longer than the terminal is wide; whole when the
/// output is no terminal.
pub(super) fn paragraph(indent: &str, text: &str) -> String {
    let text = escaped(text);
    let width = terminal::width().map_or(usize::MAX, usize::from);
    let mut lines = String::new();
    let mut line = indent.to_owned();
    let hanging: String = indent.chars().map(|_| ' ').collect();
    let mut empty = true;
    for word in text.split(' ') {
        let longer = line.chars().count() + 1 + word.chars().count() > width;
        if longer && !empty {
            lines.push_str(line.trim_end());
            lines.push('\n');
            line.clone_from(&hanging);
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    lines.push_str(&line);
    lines.push('\n');
    lines
}
