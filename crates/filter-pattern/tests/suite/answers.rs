//! What answers say about themselves: hints, assumptions with their sources, and
//! the texts that people read.

use filter_pattern::{
    Budget, CoverQuestion, Covers, FilterPattern, Schema, Why, covers, never_matches,
};

fn pattern(text: &str) -> FilterPattern {
    FilterPattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn only_a_no_has_a_witness() {
    let (a, b) = (pattern("{ $.a = x }"), pattern("{ $.a = y }"));
    let schema = Schema::any();
    let yes = covers(&a, &[&a], &schema);
    assert!(yes.is_yes() && yes.witness().is_none());
    let no = covers(&a, &[&b], &schema);
    let witness = no.witness().expect("it escapes");
    assert_eq!(witness.to_json(), r#"{"a":"x"}"#);
    let unknown = covers(
        &pattern("{ $.a != x }"),
        &[&pattern("{ $.a = * }")],
        &schema,
    );
    assert!(!unknown.is_yes() && unknown.witness().is_none());
}

#[test]
fn unknown_answers_say_why_and_what_to_change() {
    let schema = Schema::any();
    let why = |answer: Covers| match answer {
        Covers::Unknown(why) => why,
        other => panic!("not decided: {other:?}"),
    };
    let required = pattern("{ $.a = x || $.b = y }");
    let filter = pattern("{ $.a = x || $.b = z }");
    let filters = [&filter];
    let steps = why(CoverQuestion {
        budget: Budget::steps(0),
        ..CoverQuestion::new(&required, &filters)
    }
    .decide());
    let not_json = why(covers(
        &pattern("[a, b]"),
        &[&pattern("{ $.a = x }")],
        &schema,
    ));
    let open = why(covers(
        &pattern("{ $.a != x }"),
        &[&pattern("{ $.a = * }")],
        &schema,
    ));
    let Why::Undocumented { questions, .. } = &open else {
        panic!("{open}");
    };
    let named: Vec<String> = questions.iter().map(ToString::to_string).collect();
    assert_eq!(
        open.to_string(),
        format!(
            "the answer depends on what AWS does not document: {}",
            named.join(", and ")
        )
    );
    let mut hints: Vec<&str> = Vec::new();
    for (why, word, hint) in [
        (steps, "budget of steps", "fewer wildcards"),
        (not_json, "no JSON patterns", "as JSON patterns"),
        (open, "does not document", "TestMetricFilter"),
    ] {
        assert!(why.to_string().contains(word), "{why}");
        assert!(why.simplify_hint().contains(hint), "{why}");
        hints.push(why.simplify_hint());
    }
    assert_eq!(hints.len(), 3);
}

#[test]
fn several_open_questions_are_listed() {
    // Null in one property and a boolean in the other: only both together let an event escape.
    let required = pattern("{ $.a != x && $.b != x }");
    let filters = [
        "{ $.a = * || $.a IS TRUE || $.a IS FALSE }",
        "{ $.b = * || $.b IS NULL }",
    ];
    let filters = filters.map(pattern);
    let answer = covers(&required, &[&filters[0], &filters[1]], &Schema::any());
    let Covers::Unknown(why @ Why::Undocumented { .. }) = answer else {
        panic!("{answer:?}");
    };
    assert!(!why.to_string().contains(": , and"), "{why}");
    let Why::Undocumented { questions, .. } = &why else {
        panic!("{why}");
    };
    assert!(questions.len() > 1, "{why}");
    let listed = why.to_string().matches(", and ").count();
    assert_eq!(listed, questions.len() - 1, "{why}");
}

#[test]
fn assumptions_have_a_statement_and_a_source() {
    let answer = never_matches(
        &pattern("{ $.awsRegion NOT EXISTS }"),
        &Schema::cloudtrail(),
    );
    let Covers::Yes(proof) = answer else {
        panic!("records have a Region: {answer:?}");
    };
    let named = |name: &str| {
        let mut all = proof.assumptions().iter();
        all.find(|it| it.name() == name)
    };
    let assumption = named("awsRegion-present").unwrap_or_else(|| panic!("{proof:?}"));
    assert_eq!(
        assumption.statement(),
        "every CloudTrail record has `awsRegion`"
    );
    let kind = named("awsRegion-kind").unwrap_or_else(|| panic!("{proof:?}"));
    assert_eq!(
        kind.statement(),
        "`awsRegion` is a text in CloudTrail records"
    );
    assert!(!assumption.source().is_empty());
    assert_eq!(
        assumption.to_string(),
        format!("{} ({})", assumption.statement(), assumption.source())
    );
}

#[test]
fn exclusions_are_part_of_a_question_about_words() {
    let (required, filter, except) = (pattern("a"), pattern("a b"), pattern("a -b"));
    let filters = [&filter];
    let question = CoverQuestion::new(&required, &filters);
    assert!(!question.decide().is_yes());
    let schema = Schema::any();
    let with = CoverQuestion {
        except: &[&except],
        schema: &schema,
        ..question
    };
    let Covers::Yes(proof) = with.decide() else {
        panic!("what lacks b is excused");
    };
    assert!(proof.needs_exclusions());
}

#[test]
fn words_of_characters_that_writers_of_json_escape_are_no_proof() {
    let is_covered = |required: &str, words: &str| {
        covers(&pattern(required), &[&pattern(words)], &Schema::any()).is_yes()
    };
    assert!(is_covered("{ $.a = \"b c\" }", "\"b c\""));
    // Go writes `<` as `\u003c`, Gson `=` as `\u003d`, PHP `/` as `\/`.
    for value in ["<b>", "b&c", "b=c", "b'c", "b/c", "b+c", "b`c"] {
        let (required, words) = (format!("{{ $.a = \"{value}\" }}"), format!("\"{value}\""));
        assert!(!is_covered(&required, &words), "{value}");
    }
    let written_by_go = "{\"a\":\"\\u003cb\\u003e\"}";
    assert!(pattern("{ $.a = \"<b>\" }").test(written_by_go).is_some());
    assert!(pattern("\"<b>\"").test(written_by_go).is_none());
}
