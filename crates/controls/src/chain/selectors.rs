//! Event selectors of a trail: which management events it records. Selectors are
//! alternatives; the fields of an advanced one must all match.

use std::collections::BTreeSet;

use crate::catalog::EventClass;
use crate::snapshot::{AdvancedSelector, BasicSelector, EventSelectors, FieldSelector};

/// Whether selectors let events through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Admits {
    No,
    /// A field is used whose effect on management events AWS does not document.
    Undecided,
    Yes,
}

/// Whether management events of that class and source are recorded.
pub(crate) fn admits(selectors: &EventSelectors, class: EventClass, source: &str) -> Admits {
    let best = match selectors {
        EventSelectors::Basic(basic) => basic
            .iter()
            .map(|selector| basic_admits(selector, class, source))
            .max(),
        EventSelectors::Advanced(advanced) => advanced
            .iter()
            .map(|selector| advanced_admits(selector, class, source))
            .max(),
    };
    best.unwrap_or(Admits::No)
}

/// Event sources that the selectors tell apart: those they name, and one for
/// each prefix and suffix.
pub(crate) fn sources_told_apart(selectors: &EventSelectors) -> BTreeSet<String> {
    let mut sources = BTreeSet::new();
    match selectors {
        EventSelectors::Basic(basic) => {
            sources.extend(
                basic
                    .iter()
                    .flat_map(|s| s.excluded_sources.iter().cloned()),
            );
        }
        EventSelectors::Advanced(advanced) => {
            let fields = advanced.iter().flat_map(|selector| &selector.fields);
            for field in fields.filter(|field| field.field == "eventSource") {
                sources.extend(field.equals.iter().chain(&field.not_equals).cloned());
                let starts = field.starts_with.iter().chain(&field.not_starts_with);
                sources.extend(starts.map(|start| format!("{start}x.amazonaws.com")));
                let ends = field.ends_with.iter().chain(&field.not_ends_with);
                sources.extend(ends.map(|end| format!("x{end}")));
            }
        }
    }
    sources
}

fn basic_admits(selector: &BasicSelector, class: EventClass, source: &str) -> Admits {
    let class_matches = match selector.read_write_type.as_str() {
        "ReadOnly" => class == EventClass::Read,
        "WriteOnly" => class == EventClass::Write,
        _ => true,
    };
    let excluded = selector
        .excluded_sources
        .iter()
        .any(|other| other == source);
    if selector.management_events && class_matches && !excluded {
        Admits::Yes
    } else {
        Admits::No
    }
}

fn advanced_admits(selector: &AdvancedSelector, class: EventClass, source: &str) -> Admits {
    // `eventCategory` is required; selectors of data events never admit.
    let category = selector
        .fields
        .iter()
        .any(|field| field.field == "eventCategory");
    let of_fields = selector
        .fields
        .iter()
        .map(|field| match field.field.as_str() {
            "eventCategory" => field_admits(field, "Management"),
            "readOnly" => field_admits(
                field,
                match class {
                    EventClass::Read => "true",
                    EventClass::Write => "false",
                },
            ),
            "eventSource" => field_admits(field, source),
            // On trails these filter data events only, as far as is documented.
            _ => Admits::Undecided,
        });
    let all = of_fields.min().unwrap_or(Admits::No);
    if category { all } else { Admits::No }
}

fn field_admits(field: &FieldSelector, value: &str) -> Admits {
    let any = |list: &[String], test: &dyn Fn(&str) -> bool| {
        list.is_empty() || list.iter().any(|item| test(item))
    };
    let none = |list: &[String], test: &dyn Fn(&str) -> bool| !list.iter().any(|item| test(item));
    let matches = any(&field.equals, &|item| item == value)
        && any(&field.starts_with, &|item| value.starts_with(item))
        && any(&field.ends_with, &|item| value.ends_with(item))
        && none(&field.not_equals, &|item| item == value)
        && none(&field.not_starts_with, &|item| value.starts_with(item))
        && none(&field.not_ends_with, &|item| value.ends_with(item));
    if matches { Admits::Yes } else { Admits::No }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, set: impl FnOnce(&mut FieldSelector)) -> FieldSelector {
        let mut field = FieldSelector {
            field: name.to_owned(),
            ..FieldSelector::default()
        };
        set(&mut field);
        field
    }

    fn advanced(fields: Vec<FieldSelector>) -> EventSelectors {
        EventSelectors::Advanced(vec![AdvancedSelector { name: None, fields }])
    }

    fn texts(list: &[&str]) -> Vec<String> {
        list.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn advanced_selectors_decide_by_every_field_and_operator() {
        let management = || field("eventCategory", |f| f.equals = texts(&["Management"]));
        let kms = "kms.amazonaws.com";
        let cases: Vec<(Admits, Vec<FieldSelector>)> = vec![
            (Admits::Yes, vec![management()]),
            (
                Admits::No,
                vec![field("eventCategory", |f| f.equals = texts(&["Data"]))],
            ),
            (
                Admits::No,
                vec![field("readOnly", |f| f.equals = texts(&["false"]))],
            ),
            (
                Admits::Yes,
                vec![
                    management(),
                    field("readOnly", |f| f.equals = texts(&["false"])),
                ],
            ),
            (
                Admits::No,
                vec![
                    management(),
                    field("readOnly", |f| f.equals = texts(&["true"])),
                ],
            ),
            (
                Admits::No,
                vec![
                    management(),
                    field("eventSource", |f| {
                        f.not_equals = texts(&["rdsdata.amazonaws.com", kms]);
                    }),
                ],
            ),
            (
                Admits::Yes,
                vec![
                    management(),
                    field("eventSource", |f| {
                        f.not_equals = texts(&["rdsdata.amazonaws.com"]);
                    }),
                ],
            ),
            (
                Admits::No,
                vec![
                    management(),
                    field("eventSource", |f| f.not_starts_with = texts(&["kms."])),
                ],
            ),
            (
                Admits::Yes,
                vec![
                    management(),
                    field("eventSource", |f| f.starts_with = texts(&["s3", "kms"])),
                ],
            ),
            (
                Admits::No,
                vec![
                    management(),
                    field("eventSource", |f| f.ends_with = texts(&["aws"])),
                ],
            ),
            (
                Admits::No,
                vec![
                    management(),
                    field("eventSource", |f| {
                        f.not_ends_with = texts(&[".amazonaws.com"]);
                    }),
                ],
            ),
            (
                Admits::Undecided,
                vec![
                    management(),
                    field("eventName", |f| f.not_equals = texts(&["Decrypt"])),
                ],
            ),
        ];
        for (expected, fields) in cases {
            let text = format!("{fields:?}");
            assert_eq!(
                admits(&advanced(fields), EventClass::Write, kms),
                expected,
                "{text}"
            );
        }
    }
}
