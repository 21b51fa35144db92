//! Metric filters on the command line and in files: what
//! `aws logs describe-metric-filters` prints, or one pattern a line.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use filter_pattern::FilterPattern;
use orgsweep_controls::pattern_with_criteria;
use serde_json::Value;

use crate::exit::usage;

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
    /// The pattern as it is written.
    pub(super) text: String,
    pub(super) pattern: FilterPattern,
    /// Which events it looks at at all: log group, field-selection criteria, transformed logs.
    pub(super) looks_at: String,
    /// What it publishes.
    pub(super) publishes: String,
    /// The log group that it is on, when the file says.
    log_group: Option<String>,
    /// Why it may match fewer events than its pattern.
    pub(super) narrowed: Option<String>,
    /// The pattern of the events that it matches, where what narrows it is known.
    with_criteria: Option<FilterPattern>,
}

impl Named {
    /// A pattern on the command line, read; `name` is what it is called.
    pub(super) fn read(name: String, text: &str) -> anyhow::Result<Self> {
        let pattern = super::read(text, &name)?;
        Ok(Self::plain(name, text, pattern))
    }

    /// A filter of which only the pattern is known.
    pub(super) fn plain(name: String, text: &str, pattern: FilterPattern) -> Self {
        Self {
            name,
            text: text.to_owned(),
            pattern,
            looks_at: String::new(),
            publishes: String::new(),
            log_group: None,
            narrowed: None,
            with_criteria: None,
        }
    }

    /// The filter with field-selection criteria.
    pub(super) fn narrowed_by(self, criteria: &str) -> Self {
        Self {
            narrowed: Some(format!(
                "its field-selection criteria narrow it: {criteria}"
            )),
            with_criteria: pattern_with_criteria(&self.text, criteria),
            ..self
        }
    }

    /// The pattern of the events that it matches, where that is known.
    pub(super) fn decided(&self) -> Option<&FilterPattern> {
        match &self.narrowed {
            None => Some(&self.pattern),
            Some(_) => self.with_criteria.as_ref(),
        }
    }
}

impl Filters {
    /// Whether somebody said where they are, though there may be none.
    pub(super) fn are_given(&self) -> bool {
        !self.patterns.is_empty() || !self.files.is_empty()
    }

    /// The filters, all of one log group: an event is in one group, and filters of another do not see it.
    pub(super) fn read(&self) -> anyhow::Result<Vec<Named>> {
        let mut filters = Vec::new();
        for (index, text) in self.patterns.iter().enumerate() {
            filters.push(Named::read(format!("--filter {}", index + 1), text)?);
        }
        for file in &self.files {
            filters.extend(filters_of(file)?);
        }
        let groups: BTreeSet<&str> = filters
            .iter()
            .filter_map(|filter| filter.log_group.as_deref())
            .collect();
        if groups.len() > 1 {
            let groups: Vec<&str> = groups.into_iter().collect();
            return Err(usage(format!(
                "the filters are of several log groups ({}); give those of one, which is where an event is",
                groups.join(", ")
            )));
        }
        Ok(filters)
    }
}

/// The filters in a file.
pub(super) fn filters_of(path: &Path) -> anyhow::Result<Vec<Named>> {
    let origin = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| {
        usage(format!(
            "the filter file `{origin}` cannot be read: {error}"
        ))
    })?;
    let text = text.trim_start_matches('\u{feff}');
    match serde_json::from_str(text) {
        Ok(Value::Object(mut members)) => match members.remove("metricFilters") {
            Some(Value::Array(listed)) => {
                // The API's own, and that of the command line with `--max-items`.
                let more = ["nextToken", "NextToken"];
                if more
                    .iter()
                    .any(|it| members.get(*it).is_some_and(Value::is_string))
                {
                    return Err(usage(format!(
                        "`{origin}` is one page of several (it has a `nextToken`), and the filters of the others \
                         count, too; `aws logs describe-metric-filters` without `--no-paginate` and `--max-items` prints all"
                    )));
                }
                of_list(&origin, &listed)
            }
            _ => Err(usage(format!(
                "`{origin}` has no list `metricFilters`; `aws logs describe-metric-filters` prints one"
            ))),
        },
        Ok(Value::Array(listed)) => of_list(&origin, &listed),
        Err(error) if is_cut_json(text) => {
            Err(usage(format!("`{origin}` is not valid JSON: {error}")))
        }
        _ => text
            .lines()
            .map(str::trim)
            .enumerate()
            .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
            .map(|(index, line)| Named::read(format!("{origin}, line {}", index + 1), line))
            .collect(),
    }
}

/// Whether a text that is no JSON begins as what AWS prints: `{"`, or a list of objects. A pattern does not.
fn is_cut_json(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}');
    let begins = |text: &str, with: char| {
        Some(
            text.trim_start()
                .strip_prefix(with)?
                .trim_start()
                .to_owned(),
        )
    };
    begins(text, '{').is_some_and(|rest| rest.starts_with('"'))
        || begins(text, '[').is_some_and(|rest| rest.starts_with('{'))
}

fn of_list(origin: &str, listed: &[Value]) -> anyhow::Result<Vec<Named>> {
    listed
        .iter()
        .enumerate()
        .map(|(index, filter)| of_value(origin, index, filter))
        .collect()
}

fn of_value(origin: &str, index: usize, filter: &Value) -> anyhow::Result<Named> {
    let numbered = || format!("{origin}, filter {}", index + 1);
    let named = filter["filterName"].as_str().map(str::to_owned);
    let place = named
        .as_ref()
        .map_or_else(numbered, |name| format!("{origin}, filter `{name}`"));
    let name = named.unwrap_or_else(numbered);
    if let Value::String(text) = filter {
        return Ok(Named::plain(name, text, super::read(text, &place)?));
    }
    // Only an empty text is the pattern that matches everything.
    let Some(text) = filter["filterPattern"].as_str() else {
        return Err(usage(format!("{place}: it has no text `filterPattern`")));
    };
    let parts = |keys: &[&str]| -> String {
        let parts = keys.iter().map(|key| format!("{key} {}\n", filter[key]));
        parts.collect()
    };
    let criteria = filter["fieldSelectionCriteria"]
        .as_str()
        .unwrap_or_default();
    let transformed = filter["applyOnTransformedLogs"] == Value::Bool(true);
    let pattern = super::read(text, &place)?;
    let filter = Named {
        looks_at: parts(&[
            "logGroupName",
            "fieldSelectionCriteria",
            "applyOnTransformedLogs",
        ]),
        publishes: parts(&["metricTransformations", "emitSystemFieldDimensions"]),
        log_group: filter["logGroupName"].as_str().map(str::to_owned),
        ..Named::plain(name, text, pattern)
    };
    Ok(if transformed {
        Named {
            narrowed: Some("it sees transformed logs".to_owned()),
            ..filter
        }
    } else if criteria.trim().is_empty() {
        filter
    } else {
        filter.narrowed_by(criteria)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> anyhow::Result<Vec<Named>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Filters {
            patterns: Vec::new(),
            files: vec![file.path().to_owned()],
        }
        .read()
    }

    #[test]
    fn a_filter_without_a_pattern_is_refused_and_an_empty_one_is_not() {
        for refused in [
            r#"{"metricFilters": [{"filterName": "x"}]}"#,
            r#"[{"filterName": "x", "filterpattern": "{ $.a = 9 }"}]"#,
            r#"[{"filterName": "x", "filterPattern": null}]"#,
            r#"{"filters": []}"#,
            r#"{"metricFilters": [], "nextToken": "x"}"#,
            r#"{"metricFilters": [{"filterName""#,
        ] {
            assert!(read(refused).is_err(), "{refused}");
        }
        let empty = read(r#"[{"filterName": "x", "filterPattern": ""}]"#).unwrap();
        assert_eq!(empty[0].pattern, FilterPattern::empty());
        assert!(read(r#"{"metricFilters": []}"#).unwrap().is_empty());
        let cut = read("\u{feff}{ \"metricFilters\": [{").err().unwrap();
        assert!(cut.to_string().contains("not valid JSON"), "{cut}");
        assert_eq!(read("\u{feff}{ $.a = 1 }").unwrap().len(), 1);
    }

    #[test]
    fn what_narrows_a_filter_is_known() {
        let filters = read(
            r#"[{"filterPattern": "a", "applyOnTransformedLogs": false, "fieldSelectionCriteria": ""},
                {"filterPattern": "a", "applyOnTransformedLogs": true},
                {"filterPattern": "a", "fieldSelectionCriteria": "@aws.region = \"x\""}]"#,
        )
        .unwrap();
        let narrowed: Vec<bool> = filters.iter().map(|f| f.narrowed.is_some()).collect();
        assert_eq!(narrowed, [false, true, true]);
    }

    #[test]
    fn criteria_that_can_be_written_as_conditions_are() {
        let filters = read(
            r#"[{"filterPattern": "{ $.a = 1 }", "fieldSelectionCriteria": "@aws.region = \"x\""},
                {"filterPattern": "{ $.a = 1 }", "fieldSelectionCriteria": "@aws.else = \"x\""},
                {"filterPattern": "{ $.a = 1 }", "fieldSelectionCriteria": "@aws.region = \"x\"", "applyOnTransformedLogs": true},
                {"filterPattern": "{ $.a = 1 }"}]"#,
        )
        .unwrap();
        let decided = |filter: &Named| filter.decided().map(ToString::to_string);
        let decided: Vec<Option<String>> = filters.iter().map(decided).collect();
        let narrow = "{ ($.a = 1) && ($.awsRegion = \"x\") }".parse::<FilterPattern>();
        let plain = "{ $.a = 1 }".to_owned();
        assert_eq!(
            decided,
            [Some(narrow.unwrap().to_string()), None, None, Some(plain)]
        );
    }

    #[test]
    fn filters_of_several_log_groups_are_refused() {
        let of = |other: &str| {
            format!(
                r#"[{{"filterPattern": "a", "logGroupName": "g"}}, {{"filterPattern": "b", "logGroupName": "{other}"}}]"#
            )
        };
        assert_eq!(read(&of("g")).unwrap().len(), 2);
        assert!(read(&of("h")).is_err());
    }

    #[test]
    fn a_pattern_a_line_is_read_without_comments() {
        let filters = read("# mine\n{ $.a = 1 }\n\n{ $.b = 2 }\n").unwrap();
        assert_eq!(filters.len(), 2);
        assert!(filters[1].name.ends_with(", line 4"), "{}", filters[1].name);
    }
}
