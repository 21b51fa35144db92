//! The words, as people read them.

use std::fmt::Write as _;

use super::{events_of, explain};
use crate::schema::Schema;

/// The explanation as one text.
fn told(text: &str) -> String {
    let explanation = explain(text, &Schema::cloudtrail()).unwrap();
    let mut told = format!("{text}\n  {}\n", explanation.summary);
    for alternative in &explanation.alternatives {
        let _ = writeln!(told, "    • {alternative}");
    }
    for remark in &explanation.remarks {
        let _ = writeln!(told, "  {}: {}", remark.kind.name(), remark.text);
    }
    told
}

#[test]
fn the_patterns_of_the_benchmarks_read_like_sentences() {
    let patterns: serde_json::Value =
        serde_json::from_str(include_str!("../../tests/data/control_patterns.json")).unwrap();
    let mut texts: Vec<&str> = Vec::new();
    collect(&patterns, &mut texts);
    let mut seen = std::collections::HashSet::new();
    let all: String = texts
        .into_iter()
        .filter(|text| crate::FilterPattern::parse(text).is_ok_and(|pattern| seen.insert(pattern)))
        .map(told)
        .collect();
    insta::assert_snapshot!(all);
}

fn collect<'a>(value: &'a serde_json::Value, texts: &mut Vec<&'a str>) {
    match value {
        serde_json::Value::String(text) if text.starts_with('{') => texts.push(text),
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        serde_json::Value::Object(items) => items.values().for_each(|item| collect(item, texts)),
        _ => {}
    }
}

#[test]
fn surprises_are_told() {
    let texts = [
        "{ $.eventName = A && $.eventName = B }",
        "{ $.awsRegion = x || $.awsRegion != x }",
        "{ $.errorCode = x || $.eventName != HeadBucket }",
        "{ $.eventName = Put* || $.eventName = PutObject }",
        "{ $.eventName = A || $.eventName = B && $.errorCode NOT EXISTS }",
        "{ $.userIdentity.invokedBy != x }",
        "{ $.userIdentity.invokedBy != x || $.userIdentity.invokedBy NOT EXISTS }",
        "{ $.requestParameters.size = \"12\" && $.responseElements.n >= 4 }",
        "{ $.resources[*].accountId != 111122223333 }",
        "{ $.userIdentity.arn = %role/admin% && $.errorCode = %^Access% }",
        "{ $.eventSource = s3.amazonaws.com && ($.eventName = PutBucketAcl || $.errorCode = *) }",
        "{ $.sourceIPAddress != 10.* && $.eventName != A && $.eventName != B && $.readOnly IS FALSE }",
        "ERROR ?WARN -benign",
        "?ERROR ?WARN",
        "%AUTH%",
        "[ip, user, ..., status = 4* && status != 404, bytes > 1000]",
        "[level = ERROR, message]",
        "",
    ];
    insta::assert_snapshot!(texts.map(told).concat());
}

#[test]
fn what_holds_for_all_alternatives_is_told_before_them() {
    let texts = [
        "{ ($.a = x || $.b = y) && $.c = z }",
        "{ $.c = z && ($.a = x || $.b = y) }",
        "{ $.a = x || $.b = y && $.c = z }",
        "{ ($.a = x || $.b = y) && ($.c = z || $.d = w) && $.e = v }",
        "{ ($.a = x || $.b = y && ($.c = z || $.d = w && $.e = v)) && $.f = u }",
        "{ $.f = u && (($.a = x || $.b = y) && $.c = z || $.d = w) || $.e = v }",
        "{ ($.eventName = A || $.errorCode = *) && $.eventSource = s3.amazonaws.com && $.readOnly IS TRUE }",
        "[level = A || level = B, code = 1 || code > 2 && code < 4, message]",
        "[code = 1 || code > 2 && code < 4]",
    ];
    insta::assert_snapshot!(texts.map(told).concat());
}

#[test]
fn an_alternative_with_alternatives_is_an_entry_of_a_list() {
    let pattern = "{ ($.a = x || $.b = y) && $.c = z || $.d = w }"
        .parse()
        .unwrap();
    assert_eq!(
        events_of(&pattern),
        "events that are one of these: (1) events whose `c` is `z` and that are one of these: \
         (1.1) events whose `a` is `x`; (1.2) events whose `b` is `y`; (2) events whose `d` is `w`"
    );
}

#[test]
fn the_events_of_a_pattern_are_a_phrase() {
    let pattern = "{ $.eventName = StopLogging }".parse().unwrap();
    assert_eq!(events_of(&pattern), "calls of `StopLogging`");
}
