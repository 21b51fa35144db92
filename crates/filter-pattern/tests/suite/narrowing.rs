//! Why an event escapes, and what filters match beyond.

use filter_pattern::{
    Covers, Event, FilterPattern, Schema, beyond, covers, missing_values, narrowing_clauses, noise,
};

fn pattern(text: &str) -> FilterPattern {
    FilterPattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn the_clause_that_narrows_the_closest_filter_comes_first() {
    type Row = (
        &'static str,
        &'static [&'static str],
        &'static str,
        Option<&'static str>,
        bool,
    );
    #[rustfmt::skip]
    let table: &[Row] = &[
        ("{ $.eventName = A || $.eventName = B }",
         &["{ $.eventName = C && $.awsRegion = x }", "{ ($.eventName = A || $.eventName = B) && $.awsRegion = us-east-1 }"],
         "$.awsRegion = \"us-east-1\"", Some("eu-west-1"), true),
        ("{ $.eventName = A }", &["{ $.eventName = A && $.errorCode = * }"], "$.errorCode = \"*\"", None, true),
        ("{ $.eventName = A || $.eventName = B }", &["{ $.eventName = A }"], "$.eventName = \"A\"", Some("B"), false),
    ];
    let schema = Schema::cloudtrail();
    for (required, filters, clause, value, decides) in table {
        let filters: Vec<FilterPattern> = filters.iter().map(|text| pattern(text)).collect();
        let filters: Vec<&FilterPattern> = filters.iter().collect();
        let required = pattern(required);
        let Covers::No(witness) = covers(&required, &filters, &schema) else {
            panic!("{required} has a hole");
        };
        let clauses = narrowing_clauses(&required, &filters, witness.as_event(), &schema);
        assert_eq!(clauses[0].to_string(), *clause, "{required}");
        assert_eq!(clauses[0].value.as_deref(), *value, "{required}");
        assert_eq!(clauses[0].decides, *decides, "{required}");
    }
}

#[test]
fn a_clause_decides_only_where_the_rest_of_the_filter_covers() {
    let required = pattern("{ $.a = 1 }");
    let event = Event::parse(r#"{"a":1,"b":2,"c":3}"#).expect("an event");
    #[rustfmt::skip]
    let table: [(&str, &[(&str, bool)]); 5] = [
        ("{ $.a = 1 && $.b = 3 }",                        &[("$.b = 3", true)]),
        ("{ $.a = 1 && $.b = 3 && $.c = 3 }",             &[("$.b = 3", false)]),
        ("{ $.a = 1 && $.b = 3 && $.c = 4 }",             &[("$.b = 3", false), ("$.c = 4", false)]),
        ("{ $.b = 3 }",                                   &[("$.b = 3", false)]),
        ("{ $.a = 1 && $.b = 3 && ($.a = 1 || $.c = 3) }", &[("$.b = 3", true)]),
    ];
    for (filter, expected) in table {
        let filter = pattern(filter);
        let clauses = narrowing_clauses(&required, &[&filter], &event, &Schema::any());
        let found: Vec<_> = clauses
            .iter()
            .map(|it| (it.to_string(), it.decides))
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(text, it)| ((*text).to_owned(), *it))
            .collect();
        assert_eq!(found, expected, "{filter}");
    }
}

#[test]
fn a_clause_decides_over_the_schema_that_is_asked_about() {
    let required = pattern("{ $.eventName = StopLogging }");
    let source = "$.eventSource = cloudtrail.amazonaws.com";
    let filter = pattern(&format!(
        "{{ $.eventName = StopLogging && {source} && $.awsRegion = x }}"
    ));
    let event = r#"{"eventName":"StopLogging","eventSource":"cloudtrail.amazonaws.com"}"#;
    let event = Event::parse(event).expect("an event");
    for (schema, decides) in [(Schema::cloudtrail(), true), (Schema::any(), false)] {
        let clauses = narrowing_clauses(&required, &[&filter], &event, &schema);
        assert_eq!(clauses[0].to_string(), "$.awsRegion = \"x\"");
        assert_eq!(clauses[0].decides, decides, "{schema:?}");
        let without = pattern(&format!("{{ $.eventName = StopLogging && {source} }}"));
        let missing = missing_values(&required, &[&without], "eventName", &schema);
        assert_eq!(missing.is_empty(), decides, "{schema:?}");
    }
}

#[test]
fn noise_is_the_share_of_matched_events_that_nobody_asked_for() {
    let required = pattern("{ $.eventName = A }");
    let wide = pattern("{ $.eventName = A || $.eventName = B }");
    let events = ["A", "B", "B", "C"]
        .map(|name| Event::parse(&format!(r#"{{"eventName":"{name}"}}"#)).expect("an event"));
    let counted = noise(&required, &[&wide], &events);
    assert_eq!((counted.events, counted.matched, counted.beyond), (4, 3, 2));
    assert!((counted.share() - 2.0 / 3.0).abs() < 1e-9);
    assert!(noise(&required, &[], &events).share().abs() < f64::EPSILON);
    let answers = beyond(&required, &[&required, &wide], &Schema::cloudtrail());
    assert!(answers[0].is_yes());
    assert_eq!(
        answers[1]
            .witness()
            .map(|it| it.event()["eventName"].clone()),
        Some("B".into())
    );
}
