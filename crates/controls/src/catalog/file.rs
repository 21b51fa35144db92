//! The shape of a catalog file, and how its entries become controls. Errors
//! point into the file, down to the place inside a pattern.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;

use super::Framework;
use super::called::plain;
use super::control::{
    BlindSpot, CisEntry, Control, ControlEvent, EventClass, MayWait, Recorded, Requirement, Scope,
};
use super::error::CatalogError;
use crate::ids::ControlId;
use crate::pattern::Pattern;

/// Reads the file's structure; patterns are not parsed yet.
pub(super) fn read(toml: &str) -> Result<CatalogFile, CatalogError> {
    toml::from_str(toml).map_err(|error| {
        let message = error.message().replace('\n', " ");
        CatalogError::new(toml, message, error.span()).advising(
            "`orgsweep controls example` prints a catalog of one's own with every key explained",
        )
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CatalogFile {
    #[serde(default)]
    pub(super) default_framework: Option<Spanned<String>>,
    #[serde(default, rename = "framework")]
    pub(super) frameworks: Vec<Framework>,
    #[serde(default, rename = "control")]
    pub(super) controls: Vec<ControlEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ControlEntry {
    pub(super) id: Spanned<String>,
    number: u32,
    title: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    rationale: String,
    #[serde(default = "every_account")]
    scope: Scope,
    #[serde(default = "everywhere")]
    recorded: Recorded,
    #[serde(default = "both_classes")]
    classes: Spanned<Vec<EventClass>>,
    #[serde(default)]
    event_sources: Vec<String>,
    #[serde(default)]
    cis: BTreeMap<String, CisEntry>,
    #[serde(default)]
    security_hub: Option<String>,
    #[serde(default)]
    nist_800_171: Vec<String>,
    #[serde(default)]
    pci_dss: Vec<String>,
    #[serde(default)]
    called: Vec<String>,
    #[serde(default)]
    notes: Vec<String>,
    #[serde(default)]
    blind_spots: Vec<BlindSpot>,
    #[serde(default)]
    sources_differ: Vec<String>,
    #[serde(default)]
    events: Vec<ControlEvent>,
    #[serde(default, rename = "requirement")]
    requirements: Vec<RequirementEntry>,
    #[serde(default)]
    alarm: Option<Spanned<MayWait>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RequirementEntry {
    #[serde(default)]
    frameworks: Vec<Spanned<String>>,
    pattern: Spanned<String>,
    #[serde(default)]
    accepts: Vec<Spanned<toml::Value>>,
    #[serde(default)]
    as_written: Vec<String>,
}

// A user's control that says nothing about its events is judged by the
// strictest reading: any class, anywhere.
fn every_account() -> Scope {
    Scope::EveryAccount
}

fn everywhere() -> Recorded {
    Recorded::Everywhere
}

fn both_classes() -> Spanned<Vec<EventClass>> {
    Spanned::new(0..0, vec![EventClass::Read, EventClass::Write])
}

impl ControlEntry {
    /// The control, with every pattern parsed.
    pub(super) fn into_control(
        self,
        toml: &str,
        frameworks: &[Framework],
    ) -> Result<Control, CatalogError> {
        let at = self.id.span();
        let id: ControlId = self
            .id
            .get_ref()
            .parse()
            .map_err(|error| CatalogError::new(toml, format!("{error}"), Some(at.clone())))?;
        if self.requirements.is_empty() {
            let message =
                format!("control `{id}` has no `[[control.requirement]]`: add its pattern");
            return Err(CatalogError::new(toml, message, Some(at)));
        }
        if self.classes.get_ref().is_empty() {
            let message = "`classes` is empty: list `read`, `write` or both".to_owned();
            return Err(CatalogError::new(toml, message, Some(self.classes.span())));
        }
        if let Some(alarm) = &self.alarm
            && (alarm.get_ref().events == 0 || alarm.get_ref().within_seconds == 0)
        {
            let message = "`alarm` says how many `events` (one or more) its alarms may wait for, \
                           and `within_seconds` (one or more)"
                .to_owned();
            return Err(CatalogError::new(toml, message, Some(alarm.span())));
        }
        let requirements = self
            .requirements
            .into_iter()
            .map(|entry| entry.into_requirement(toml, frameworks))
            .collect::<Result<_, _>>()?;
        let mut classes = self.classes.into_inner();
        classes.sort_unstable();
        classes.dedup();
        Ok(Control {
            id,
            number: self.number,
            title: self.title,
            description: self.description,
            rationale: self.rationale,
            scope: self.scope,
            recorded: self.recorded,
            classes,
            event_sources: self.event_sources,
            cis: self.cis,
            security_hub: self.security_hub,
            nist_800_171: self.nist_800_171,
            pci_dss: self.pci_dss,
            called: self
                .called
                .iter()
                .map(|words| plain(words))
                .filter(|words| !words.is_empty())
                .collect(),
            notes: self.notes,
            blind_spots: self.blind_spots,
            sources_differ: self.sources_differ,
            events: self.events,
            requirements,
            alarm: self.alarm.map(Spanned::into_inner),
        })
    }
}

impl RequirementEntry {
    fn into_requirement(
        self,
        toml: &str,
        frameworks: &[Framework],
    ) -> Result<Requirement, CatalogError> {
        for named in &self.frameworks {
            if frameworks.iter().all(|known| known.id != *named.get_ref()) {
                let message = format!(
                    "`{}` is not a framework of the catalog: declare it with `[[framework]]`",
                    named.get_ref()
                );
                return Err(CatalogError::new(toml, message, Some(named.span())));
            }
        }
        let mut patterns = vec![pattern(toml, &self.pattern)?];
        let mut texts = vec![self.pattern.into_inner()];
        let mut accepted_from = Vec::new();
        for entry in self.accepts {
            let (text, source) = accepted(toml, entry)?;
            patterns.push(pattern(toml, &text)?);
            texts.push(text.into_inner());
            accepted_from.push(source);
        }
        Ok(Requirement {
            frameworks: self
                .frameworks
                .into_iter()
                .map(Spanned::into_inner)
                .collect(),
            patterns,
            texts,
            accepted_from,
            as_written: self.as_written,
        })
    }
}

/// A pattern that is accepted in place of the prescribed one, and whose it is: a text, or a table
/// of the two.
fn accepted(
    toml: &str,
    entry: Spanned<toml::Value>,
) -> Result<(Spanned<String>, Option<String>), CatalogError> {
    let span = entry.span();
    let wrong = || {
        let message =
            "an entry of `accepts` is a pattern, or a table `{ pattern = '…', source = \"…\" }`";
        CatalogError::new(toml, message.to_owned(), Some(span.clone()))
    };
    let (text, source) = match entry.into_inner() {
        toml::Value::String(text) => (text, None),
        toml::Value::Table(mut table) => {
            let text = table.remove("pattern");
            let source = table.remove("source");
            match (text, source, table.is_empty()) {
                (Some(toml::Value::String(text)), None, true) => (text, None),
                (Some(toml::Value::String(text)), Some(toml::Value::String(source)), true) => {
                    (text, Some(source))
                }
                _ => return Err(wrong()),
            }
        }
        _ => return Err(wrong()),
    };
    // The pattern's own place, in a table.
    let literal = format!("'{text}'");
    let raw = toml.get(span.clone()).unwrap_or_default();
    let place = match raw.find(&literal) {
        Some(at) => span.start + at..span.start + at + literal.len(),
        None => span,
    };
    Ok((Spanned::new(place, text), source))
}

fn pattern(toml: &str, text: &Spanned<String>) -> Result<Arc<Pattern>, CatalogError> {
    Pattern::parse(text.get_ref()).map_err(|error| {
        let span = inside(toml, text.span(), &error.span());
        CatalogError::new(toml, format!("the pattern is invalid: {error}"), Some(span))
            .advising("`orgsweep pattern parse 'PATTERN'` shows how a pattern is read")
    })
}

/// The place of `part` of a string's value, inside its token in the file. Only
/// in a single-line literal string (`'…'`) do both run alike; otherwise the
/// whole token is meant.
fn inside(toml: &str, token: Range<usize>, part: &Range<usize>) -> Range<usize> {
    let raw = toml.get(token.clone()).unwrap_or_default();
    if raw.starts_with('\'') && !raw.starts_with("'''") {
        let start = (token.start + 1 + part.start).min(token.end);
        let end = (token.start + 1 + part.end).clamp(start, token.end);
        start..end
    } else {
        token
    }
}
