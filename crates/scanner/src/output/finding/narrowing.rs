//! Which clause of a filter keeps it from matching the event that would go unnoticed.

use std::collections::BTreeSet;

use filter_pattern::{Event, FilterPattern, Schema, narrowing_clauses};
use orgsweep_controls::finding::{Evidence, LinkKind};

/// Filters of which it is told at most.
const MOST: usize = 3;

/// A sentence for each filter that would match the event but for one clause.
pub(super) fn in_words(evidence: &Evidence) -> Vec<String> {
    let Some(witness) = &evidence.witness else {
        return Vec::new();
    };
    let event = Event::from_value(witness);
    let links = evidence.chains.iter().flat_map(|chain| &chain.links);
    // The link of a filter tells its pattern.
    let filters: BTreeSet<(&str, &str)> = links
        .filter(|link| link.kind == LinkKind::Filter)
        .filter_map(|link| {
            let (_, name) = link.resource.split_once(":metric-filter:")?;
            Some((name, link.detail.as_str()))
        })
        .collect();
    let sentences = filters.into_iter().filter_map(|(name, text)| {
        let pattern = FilterPattern::parse(text).ok()?;
        let clauses = narrowing_clauses(&pattern, &[&pattern], &event, &Schema::cloudtrail());
        let [clause] = clauses.as_slice() else {
            return None;
        };
        let words = clause.to_string();
        // A filter of one clause is not narrowed by it.
        if pattern.to_string() == format!("{{ {words} }}") {
            return None;
        }
        let found = match &clause.value {
            Some(found) => format!(" (the event has {found})"),
            None => String::new(),
        };
        Some(format!(
            "Filter `{name}` would match it but for {words}{found}."
        ))
    });
    sentences.take(MOST).collect()
}
