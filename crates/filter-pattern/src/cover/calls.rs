//! What kind of event has the name of an API call. A name that several services log is known to be
//! a call of some of them only, so that the event's source takes part where such a name meets
//! `eventType`.

use crate::ast::{Operand, Selector, Test};
use crate::schema::{self, CALL_TYPES, Claim, Records, Schema};

use super::builder::Builder;
use super::drafts::{Draft, Drafts};
use super::formula::NodeId;

/// The texts that a question names for a field.
pub(super) fn named_texts<'a>(draft: &Draft<'a>) -> Vec<&'a str> {
    let compared = draft.tests.iter().filter_map(|test| match test {
        Test::Equals(Operand::Text(pattern)) | Test::NotEquals(Operand::Text(pattern)) => {
            Some(pattern.as_str())
        }
        _ => None,
    });
    compared.chain(draft.texts.iter().copied()).collect()
}

/// Adds the event's source to a question about the type of calls whose names several services log.
pub(super) fn add_source(drafts: &mut Drafts<'_>, schema: &Schema) {
    if !asks_for_type(drafts, schema) {
        return;
    }
    let Some(names) = drafts.find(&Selector::of_keys(["eventName"])) else {
        return;
    };
    let known = schema.known().iter();
    let known = known.filter_map(|(selector, text)| {
        (*selector == drafts.list[names].selector).then_some(&**text)
    });
    let mut named = named_texts(&drafts.list[names]).into_iter().chain(known);
    if named.any(|name| matches!(schema::services_of_call(name), Some((Claim::Among, _)))) {
        drafts.add(&Selector::of_keys(["eventSource"]));
    }
}

/// Whether a question is about the type of CloudTrail's events.
pub(super) fn asks_for_type(drafts: &Drafts<'_>, schema: &Schema) -> bool {
    schema.records() == Records::CloudTrail
        && drafts.find(&Selector::of_keys(["eventType"])).is_some()
}

/// That each named event that is known to be a call of its service is of the type of calls; `None`
/// when the question names no such event or is not about the type.
pub(super) fn are_of_type(builder: &mut Builder<'_>, schema: &Schema) -> Option<NodeId> {
    if schema.records() != Records::CloudTrail {
        return None;
    }
    let names = builder.field(&Selector::of_keys(["eventName"]))?;
    let types = builder.field(&Selector::of_keys(["eventType"]))?;
    let sources = builder.field(&Selector::of_keys(["eventSource"]));
    // Names that the same services log are one condition.
    let mut groups: Vec<(Option<&[&str]>, Vec<&str>)> = Vec::new();
    for name in builder.fields[names].classes.named_texts() {
        let services = match (schema::services_of_call(name), sources) {
            (Some((Claim::Only, _)), _) => None,
            (Some((Claim::Among, services)), Some(_)) => Some(services),
            _ => continue,
        };
        match groups.iter_mut().find(|(known, _)| *known == services) {
            Some((_, group)) => group.push(name),
            None => groups.push((services, vec![name])),
        }
    }
    if groups.is_empty() {
        return None;
    }
    let of_type = builder.text_among(types, &CALL_TYPES);
    let mut each = Vec::with_capacity(groups.len());
    for (services, group) in groups {
        let mut parts = vec![builder.text_not_among(names, &group), of_type];
        if let (Some(services), Some(sources)) = (services, sources) {
            parts.push(builder.text_not_among(sources, services));
        }
        each.push(builder.formula.or(parts));
    }
    Some(builder.formula.and(each))
}
