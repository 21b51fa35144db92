//! What the pattern commands share: the schema and the control on the command
//! line, paragraphs that fit the terminal. Filters are `filters`'.

use std::borrow::Cow;

use clap::{Args, ValueEnum};
use filter_pattern::{Assumption, FilterPattern, Schema};
use orgsweep_controls::Catalog;

use super::filters::Named;
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

    /// The schema for what must be noticed: a control is about management events,
    /// as in a sweep.
    pub(super) fn schema_for(self, wanted: &Wanted) -> Schema {
        match self {
            Self::Cloudtrail if wanted.control.is_some() => {
                self.schema().with_fact("eventCategory", "Management")
            }
            _ => self.schema(),
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
) -> anyhow::Result<Vec<Named>> {
    if let Some(text) = &wanted.required {
        return Ok(vec![Named::read("--required".to_owned(), text)?]);
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
    Ok(std::iter::zip(&requirement.texts, requirement.parsed())
        .map(|(text, pattern)| Named::plain(format!("{id} ({framework})"), text, pattern.clone()))
        .collect())
}

/// The patterns of `--except`.
pub(super) fn exceptions(texts: &[String]) -> anyhow::Result<Vec<Named>> {
    let numbered = texts.iter().enumerate();
    numbered
        .map(|(index, text)| Named::read(format!("--except {}", index + 1), text))
        .collect()
}

/// The patterns alone.
pub(super) fn patterns_of(named: &[Named]) -> Vec<&FilterPattern> {
    named.iter().map(|one| &one.pattern).collect()
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

/// A text of no more than so many characters.
pub(super) fn shortened(text: &str, characters: usize) -> Cow<'_, str> {
    match text.char_indices().nth(characters) {
        None => text.into(),
        Some((end, _)) => format!("{}…", &text[..end]).into(),
    }
}

/// A paragraph, its lines no longer than the terminal is wide; whole when the
/// output is no terminal.
pub(super) fn paragraph(indent: &str, text: &str) -> String {
    wrapped(indent, text, terminal::width().map(usize::from))
}

fn wrapped(indent: &str, text: &str, width: Option<usize>) -> String {
    let text = escaped(text);
    let width = width.unwrap_or(usize::MAX);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_after_the_first_stand_below_its_text() {
        #[rustfmt::skip]
        let table = [
            ("Missing: ", "a b c d", Some(13), "Missing: a b\n         c d\n"),
            ("Missing: ", "a b c d", None,     "Missing: a b c d\n"),
            ("  - ",      "longer",  Some(4),  "  - longer\n"),
        ];
        for (indent, text, width, expected) in table {
            assert_eq!(wrapped(indent, text, width), expected);
        }
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(shortened("äöü", 2), "äö…");
        assert_eq!(shortened("äöü", 3), "äöü");
    }
}
