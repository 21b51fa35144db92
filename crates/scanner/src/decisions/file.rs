//! Reading the file of decisions. Everything that is wrong with it is shown where it stands.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use anyhow::Context as _;
use chrono::NaiveDate;
use orgsweep_controls::Catalog;
use orgsweep_controls::decision::{Accepted, DecisionState, Exclusion, Record};
use orgsweep_controls::ids::{ControlId, Region};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use toml::Spanned;

use super::{DecisionBook, Entry, Kind};
use crate::command::names::known_control;
use crate::config::value::{Kind as ValueKind, Value};
use crate::output::picture::Picture;
use crate::sweep::selection::Selector;

/// What a decision must say, whatever its kind.
const HELP: &str = "`config/decisions.toml` in the repository explains every key";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DecisionsFile {
    #[serde(default, rename = "exclusion")]
    exclusions: Vec<ExclusionEntry>,
    #[serde(default, rename = "acceptance")]
    acceptances: Vec<AcceptanceEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExclusionEntry {
    id: Spanned<String>,
    controls: Spanned<Vec<Spanned<String>>>,
    pattern: Spanned<String>,
    #[serde(default)]
    accounts: Vec<Spanned<String>>,
    owner: Spanned<String>,
    reason: Spanned<String>,
    expires: Spanned<toml::value::Datetime>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AcceptanceEntry {
    id: Spanned<String>,
    accept: Spanned<Kinds>,
    #[serde(default)]
    controls: Vec<Spanned<String>>,
    events: Option<Spanned<u32>>,
    within: Option<Spanned<String>>,
    #[serde(default)]
    regions: Vec<Spanned<String>>,
    #[serde(default)]
    accounts: Vec<Spanned<String>>,
    owner: Spanned<String>,
    reason: Spanned<String>,
    expires: Spanned<toml::value::Datetime>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum Kinds {
    SeveralEvents,
    DeniedRegions,
}

/// Reads the decisions of a file, about controls of the catalog.
pub(crate) fn read(path: &Path, catalog: &Catalog) -> anyhow::Result<DecisionBook> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("the decisions `{}` cannot be read", path.display()))?;
    parse(&path.display().to_string(), &text, catalog)
}

fn parse(origin: &str, text: &str, catalog: &Catalog) -> anyhow::Result<DecisionBook> {
    let reader = Reader {
        origin,
        text,
        catalog,
    };
    let file: DecisionsFile = toml::from_str(text).map_err(|error| {
        let message = error.message().replace('\n', " ");
        reader.error(error.span().unwrap_or(0..0), &message)
    })?;
    let mut entries = Vec::new();
    for entry in file.exclusions {
        entries.push(reader.exclusion(&entry)?);
    }
    for entry in file.acceptances {
        entries.push(reader.acceptance(&entry)?);
    }
    Ok(DecisionBook {
        entries,
        digest: hex::encode(Sha256::digest(text)),
    })
    .and_then(|book| reader.names_are_distinct(book))
}

struct Reader<'a> {
    origin: &'a str,
    text: &'a str,
    catalog: &'a Catalog,
}

impl Reader<'_> {
    fn error(&self, span: Range<usize>, label: &str) -> anyhow::Error {
        Picture {
            title: "the decisions cannot be used",
            origin: self.origin,
            source: self.text,
            span,
            label,
            help: Some(HELP),
        }
        .into_error()
    }

    fn exclusion(&self, entry: &ExclusionEntry) -> anyhow::Result<Entry> {
        let controls = entry.controls.get_ref();
        if controls.is_empty() {
            let label = "an exclusion names the controls that it is about";
            return Err(self.error(entry.controls.span(), label));
        }
        let pattern = entry.pattern.get_ref();
        let until = self.until(&entry.expires)?;
        let record = Record {
            id: String::new(),
            owner: String::new(),
            reason: String::new(),
            until,
            state: DecisionState::InForce,
        };
        Exclusion::new(record, Vec::new(), pattern).map_err(|error| {
            let label = format!("the pattern is invalid: {error}");
            self.error(entry.pattern.span(), &label)
        })?;
        if pattern.trim().is_empty() {
            let label = "an empty pattern would exclude every event";
            return Err(self.error(entry.pattern.span(), label));
        }
        Ok(Entry {
            id: self.filled(&entry.id)?,
            owner: self.filled(&entry.owner)?,
            reason: self.filled(&entry.reason)?,
            until,
            controls: self.controls(controls)?,
            accounts: self.selectors(&entry.accounts)?,
            decides: Kind::Excludes(pattern.clone()),
        })
    }

    fn acceptance(&self, entry: &AcceptanceEntry) -> anyhow::Result<Entry> {
        Ok(Entry {
            id: self.filled(&entry.id)?,
            owner: self.filled(&entry.owner)?,
            reason: self.filled(&entry.reason)?,
            until: self.until(&entry.expires)?,
            controls: self.controls(&entry.controls)?,
            accounts: self.selectors(&entry.accounts)?,
            decides: Kind::Accepts(self.accepted(entry)?),
        })
    }

    fn accepted(&self, entry: &AcceptanceEntry) -> anyhow::Result<Accepted> {
        let span = entry.accept.span();
        match entry.accept.get_ref() {
            Kinds::SeveralEvents => {
                let (Some(events), Some(within)) = (&entry.events, &entry.within) else {
                    let label = "`several_events` says how many `events` `within` which time, \
                                 for example `events = 5` and `within = \"5m\"`";
                    return Err(self.error(span, label));
                };
                if entry.controls.is_empty() {
                    return Err(self.error(span, "`several_events` names its `controls`"));
                }
                if !entry.regions.is_empty() {
                    return Err(self.error(span, "`several_events` has no `regions`"));
                }
                let duration = match Value::from_text(ValueKind::Duration, within.get_ref()) {
                    Ok(Value::Duration(duration)) => duration,
                    Ok(_) => return Err(self.error(within.span(), "expected a duration")),
                    Err(expected) => return Err(self.error(within.span(), &expected)),
                };
                Ok(Accepted::SeveralEvents {
                    events: *events.get_ref(),
                    within_seconds: u32::try_from(duration.as_secs()).unwrap_or(u32::MAX),
                })
            }
            Kinds::DeniedRegions => {
                if entry.events.is_some() || entry.within.is_some() {
                    let label = "`denied_regions` has no `events` and no `within`";
                    return Err(self.error(span, label));
                }
                let regions = entry.regions.iter().map(|region| {
                    let parsed: Result<Region, _> = region.get_ref().parse();
                    parsed.map_err(|error| self.error(region.span(), &error.to_string()))
                });
                Ok(Accepted::DeniedRegions {
                    regions: regions.collect::<anyhow::Result<_>>()?,
                })
            }
        }
    }

    fn filled(&self, text: &Spanned<String>) -> anyhow::Result<String> {
        if text.get_ref().trim().is_empty() {
            return Err(self.error(
                text.span(),
                "is empty; a decision has a name, an owner and a reason",
            ));
        }
        Ok(text.get_ref().clone())
    }

    fn controls(&self, names: &[Spanned<String>]) -> anyhow::Result<Vec<ControlId>> {
        let known = |name: &Spanned<String>| {
            known_control(self.catalog, name.get_ref())
                .map_err(|error| self.error(name.span(), &error.to_string()))
        };
        names.iter().map(known).collect()
    }

    fn selectors(&self, texts: &[Spanned<String>]) -> anyhow::Result<Vec<Selector>> {
        let parsed = |text: &Spanned<String>| {
            let selector: Result<Selector, _> = text.get_ref().parse();
            selector.map_err(|error| self.error(text.span(), &error.to_string()))
        };
        texts.iter().map(parsed).collect()
    }

    fn until(&self, expires: &Spanned<toml::value::Datetime>) -> anyhow::Result<NaiveDate> {
        let moment = expires.get_ref();
        let date = match (moment.date, moment.time) {
            (Some(date), None) => {
                let (month, day) = (u32::from(date.month), u32::from(date.day));
                NaiveDate::from_ymd_opt(i32::from(date.year), month, day)
            }
            _ => None,
        };
        date.ok_or_else(|| {
            let label = "expected the last day on which it counts, for example `2026-12-31`";
            self.error(expires.span(), label)
        })
    }

    fn names_are_distinct(&self, book: DecisionBook) -> anyhow::Result<DecisionBook> {
        let mut seen = BTreeSet::new();
        match book.entries.iter().find(|entry| !seen.insert(&entry.id)) {
            None => Ok(book),
            Some(twice) => {
                let quoted = format!("\"{}\"", twice.id);
                let at = self.text.rfind(&quoted).unwrap_or(0);
                let label = "another decision has this `id`: findings name decisions by it";
                Err(self.error(at..at + quoted.len(), label))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Days;
    use orgsweep_controls::organization::{AccountState, ListedAccount};

    /// The documented example.
    const EXAMPLE: &str = include_str!("../../../../config/decisions.toml");

    fn account(ou: &[&str]) -> ListedAccount {
        ListedAccount {
            id: "111122223333".parse().unwrap(),
            name: "payments".to_owned(),
            email: None,
            ou_path: Some(ou.iter().map(|name| (*name).to_owned()).collect()),
            ou_ids: Vec::new(),
            tags: None,
            state: AccountState::Active,
            joined_at: None,
        }
    }

    #[test]
    fn the_example_is_read_and_says_which_accounts_it_is_about() {
        let book = parse("decisions.toml", EXAMPLE, Catalog::builtin()).unwrap();
        let today = "2026-06-01".parse().unwrap();
        let of = |ou: &[&str]| {
            let decisions = book.about(&account(ou), today);
            (decisions.exclusions.len(), decisions.acceptances.len())
        };
        assert_eq!(of(&["Workloads", "Prod"]), (1, 0));
        assert_eq!(of(&["Sandbox"]), (0, 2));
        assert_eq!(of(&[]), (0, 0));
        assert!(book.needs_tags());
    }

    #[test]
    fn decisions_that_end_are_told_a_month_before_and_a_month_after() {
        let book = parse("decisions.toml", EXAMPLE, Catalog::builtin()).unwrap();
        let last: NaiveDate = "2027-03-31".parse().unwrap();
        let told = |today: NaiveDate| {
            let ending = book.ending(today);
            let deploy = ending.iter().find(|ending| ending.id == "deploy-role");
            deploy.map(|ending| ending.ended)
        };
        assert_eq!(told(last - Days::new(30)), None);
        assert_eq!(told(last - Days::new(29)), Some(false));
        assert_eq!(told(last + Days::new(1)), Some(true));
        assert_eq!(told(last + Days::new(31)), None);
    }

    #[test]
    fn every_mistake_is_shown_where_it_stands() {
        let good = "[[exclusion]]\nid = \"a\"\ncontrols = [\"vpc-changes\"]\npattern = '{ $.a = b }'\n\
                    owner = \"o\"\nreason = \"r\"\nexpires = 2026-12-31\n";
        let acceptance = "[[acceptance]]\nid = \"a\"\naccept = \"several_events\"\n\
                          owner = \"o\"\nreason = \"r\"\nexpires = 2026-12-31\n";
        let mistakes = [
            good.replace("owner = \"o\"\n", ""),
            good.replace("\"r\"", "\" \""),
            good.replace("vpc-changes", "vpc-change"),
            good.replace("[\"vpc-changes\"]", "[]"),
            good.replace("= b", "== b"),
            good.replace("2026-12-31", "\"soon\""),
            good.replace("2026-12-31", "2026-12-31T00:00:00Z"),
            good.replace("owner", "accounts = [\"unit=Prod\"]\nowner"),
            format!("{good}{good}"),
            acceptance.to_owned(),
            acceptance.replace(
                "several_events",
                "denied_regions\"\nevents = 3\nreason2 = \"",
            ),
        ];
        let errors = mistakes.map(|text| {
            let error = parse("decisions.toml", &text, Catalog::builtin());
            error.expect_err(&text).to_string()
        });
        insta::assert_snapshot!(errors.join("\n\n"));
    }
}
