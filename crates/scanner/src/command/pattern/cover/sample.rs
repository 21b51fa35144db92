//! What the filters match in a sample of real events: how much of it is noise,
//! and which of the required events they miss.

use std::path::PathBuf;

use filter_pattern::{Event, FilterPattern, PatternKind};
use serde::Serialize;

use crate::command::pattern::common::paragraph;
use crate::command::pattern::filters::Named;
use crate::command::pattern::messages::{self, Unread};
use crate::output::number::counted;

/// Counts of a sample.
#[derive(Debug, Default, Serialize)]
pub(super) struct Sample {
    /// Events in it.
    events: usize,
    /// For a required JSON pattern, those that are no JSON objects.
    no_json_objects: u64,
    /// Those that the required pattern matches and no exception does.
    required: usize,
    /// Those of them that no filter matches.
    missed: usize,
    /// All filters together.
    #[serde(flatten)]
    together: Counts,
    /// Each filter alone.
    filters: Vec<OfFilter>,
}

/// What is matched, and what of it is not required.
#[derive(Debug, Default, Clone, Copy, PartialEq, Serialize)]
struct Counts {
    matched: usize,
    beyond: usize,
    /// The share of what is matched that is not required, between 0 and 1; 0 when nothing is matched.
    noise_share: f64,
}

#[derive(Debug, Serialize)]
struct OfFilter {
    filter: String,
    #[serde(flatten)]
    counts: Counts,
}

impl Counts {
    fn count(&mut self, is_required: bool) {
        self.matched += 1;
        self.beyond += usize::from(!is_required);
        let noise = filter_pattern::Noise {
            events: self.matched,
            matched: self.matched,
            beyond: self.beyond,
        };
        self.noise_share = noise.share();
    }

    fn in_words(self) -> String {
        let events = counted(self.matched as u64, "event");
        if self.matched == 0 {
            return "matches none of its events".to_owned();
        }
        format!(
            "matches {events} of it, of which {} ({:.1} %) are noise: the required pattern does not ask for them",
            self.beyond,
            self.noise_share * 100.0
        )
    }
}

/// Counts what is in the files.
pub(super) fn read(
    inputs: &[PathBuf],
    required: &Named,
    filters: &[Named],
    except: &[Named],
    unread: &mut Unread,
) -> anyhow::Result<Sample> {
    let mut sample = Sample::default();
    let counts = |filter: &Named| OfFilter {
        filter: filter.name.clone(),
        counts: Counts::default(),
    };
    sample.filters = filters.iter().map(counts).collect();
    let is_json = required.pattern.kind() == PatternKind::Json;
    messages::read_all(inputs, is_json, unread, &mut |message| {
        // Parsed once for all JSON patterns.
        let event = Event::parse(message.text).ok();
        let matches = |pattern: &FilterPattern| match pattern.kind() {
            PatternKind::Json => event.as_ref().is_some_and(|event| pattern.matches(event)),
            _ => pattern.matches_message(message.text),
        };
        let is_required = matches(&required.pattern);
        let mut matched = false;
        for (filter, of_filter) in std::iter::zip(filters, &mut sample.filters) {
            if matches(&filter.pattern) {
                matched = true;
                of_filter.counts.count(is_required);
            }
        }
        sample.events += 1;
        sample.no_json_objects += u64::from(is_json && message.is_no_object());
        if matched {
            sample.together.count(is_required);
        }
        if is_required && !except.iter().any(|one| matches(&one.pattern)) {
            sample.required += 1;
            sample.missed += usize::from(!matched);
        }
        Ok(())
    })?;
    Ok(sample)
}

impl Sample {
    /// For a person.
    pub(super) fn told(&self) -> String {
        let mut text = paragraph(
            "Sample: ",
            &format!(
                "{}, of which {} must be noticed; the filters miss {}",
                counted(self.events as u64, "event"),
                self.required,
                self.missed
            ),
        );
        if let Some(words) = messages::no_objects_in_words(self.no_json_objects) {
            text.push_str(&paragraph("  ", &words));
        }
        for of_filter in &self.filters {
            let words = format!("{} {}", of_filter.filter, of_filter.counts.in_words());
            text.push_str(&paragraph("  ", &words));
        }
        if self.filters.len() > 1 {
            let words = format!(
                "together they make {:.1} % noise",
                self.together.noise_share * 100.0
            );
            text.push_str(&paragraph("  ", &words));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_text_are_events_of_a_sample() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("mixed.log");
        std::fs::write(&file, "an ERROR\n{\"a\": \"ERROR\"}\nall fine\n").unwrap();
        let named = |text: &str| Named::plain(text.to_owned(), text, text.parse().unwrap());
        let (required, filters) = (named("{ $.a = ERROR }"), [named("ERROR")]);
        let mut unread = Unread::default();
        let sample = read(&[file], &required, &filters, &[], &mut unread).unwrap();
        assert_eq!(unread.count, 0);
        assert_eq!((sample.events, sample.no_json_objects), (3, 2));
        assert_eq!((sample.required, sample.missed), (1, 0));
        assert_eq!((sample.together.matched, sample.together.beyond), (2, 1));
        assert!(sample.told().contains("2 of them are no JSON objects"));
    }
}
