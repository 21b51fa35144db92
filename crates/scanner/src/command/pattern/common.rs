//! What the pattern commands share: the schema and the control on the command
//! line, patterns read from files, paragraphs that fit the terminal.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use filter_pattern::{Assumption, FilterPattern, Schema};
use orgsweep_controls::Catalog;
use serde_json::Value;

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

/// The patterns that are there.
#[derive(Debug, Args)]
pub(super) struct Filters {
    /// A pattern that is there; can be repeated.
    #[arg(long = "filter", value_name = "PATTERN", allow_hyphen_values = true)]
    patterns: Vec<String>,
    /// File with patterns that are there: what `aws logs describe-metric-filters` prints, or one pattern a line.
    #[arg(long = "filter-file", value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// A filter with what it is called.
pub(super) struct Named {
    pub(super) name: String,
    pub(super) pattern: FilterPattern,
    /// Everything else that the file says of it, as one text.
    pub(super) publishes: String,
}

impl Filters {
    pub(super) fn read(&self) -> anyhow::Result<Vec<Named>> {
        let mut filters = Vec::new();
        for (index, text) in self.patterns.iter().enumerate() {
            let name = format!("--filter {}", index + 1);
            filters.push(Named {
                pattern: super::read(text, &name)?,
                name,
                publishes: String::new(),
            });
        }
        for file in &self.files {
            filters.extend(filters_of(file)?);
        }
        Ok(filters)
    }
}

/// The filters in a file.
pub(super) fn filters_of(path: &Path) -> anyhow::Result<Vec<Named>> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        usage(format!(
            "the filter file `{}` cannot be read: {error}",
            path.display()
        ))
    })?;
    let origin = path.display().to_string();
    let listed = serde_json::from_str::<Value>(&text)
        .ok()
        .and_then(|value| match value {
            Value::Object(mut members) => members.remove("metricFilters"),
            other => Some(other),
        });
    let Some(Value::Array(listed)) = listed else {
        return text
            .lines()
            .map(str::trim)
            .enumerate()
            .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
            .map(|(index, line)| {
                let name = format!("{origin}:{}", index + 1);
                Ok(Named {
                    pattern: super::read(line, &name)?,
                    name,
                    publishes: String::new(),
                })
            })
            .collect();
    };
    let filters = listed.into_iter().enumerate().map(|(index, mut filter)| {
        let text = match &filter {
            Value::String(text) => text.clone(),
            filter => filter["filterPattern"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        };
        let name = filter["filterName"]
            .as_str()
            .map_or_else(|| format!("{origin}, filter {}", index + 1), str::to_owned);
        if let Value::Object(members) = &mut filter {
            members.retain(|key, _| {
                [
                    "metricTransformations",
                    "fieldSelectionCriteria",
                    "applyOnTransformedLogs",
                    "emitSystemFieldDimensions",
                    "logGroupName",
                ]
                .contains(&key.as_str())
            });
        } else {
            filter = Value::Null;
        }
        Ok(Named {
            pattern: super::read(&text, &name)?,
            name,
            publishes: filter.to_string(),
        })
    });
    filters
        .collect::<anyhow::Result<Vec<_>>>()
        .with_context(|| format!("`{origin}`"))
        .map_err(|error| {
            error
                .downcast::<crate::exit::Pictured>()
                .map_or_else(|e| e, Into::into)
        })
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
