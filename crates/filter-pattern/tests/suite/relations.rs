//! Fields of CloudTrail records that go together, with conditions of each form in front:
//! the search knows what the check on its witnesses knows.

use filter_pattern::{Covers, FilterPattern, Schema, covers, never_matches};

fn pattern(text: &str) -> FilterPattern {
    FilterPattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn an_event_without_a_category_may_be_a_management_event() {
    let schema = Schema::cloudtrail();
    for required in [
        "{ $.managementEvent IS TRUE }",
        "{ $.managementEvent IS TRUE && $.eventName = StopLogging }",
    ] {
        let category = pattern("{ $.eventCategory = Management }");
        let answer = covers(&pattern(required), &[&category], &schema);
        let Covers::No(witness) = answer else {
            panic!("{required}: {answer:?}");
        };
        assert_eq!(witness.event()["managementEvent"], true);
        assert!(
            witness.event().get("eventCategory").is_none(),
            "{witness:?}"
        );
        let any = pattern("{ $.eventCategory = Management || $.eventCategory NOT EXISTS }");
        let answer = covers(&pattern(required), &[&any], &schema);
        let Covers::Yes(proof) = answer else {
            panic!("{required}: {answer:?}");
        };
        let mut needed = proof.assumptions().iter();
        assert!(
            needed.any(|it| it.name() == "category-of-management-event"),
            "{proof:?}"
        );
    }
}

#[test]
fn no_management_event_is_of_another_category() {
    let schema = Schema::cloudtrail();
    #[rustfmt::skip]
    let table = [
        ("{ $.managementEvent IS TRUE && $.eventCategory = Data }",        true),
        ("{ $.managementEvent IS TRUE && $.eventCategory != Management }", true),
        ("{ $.managementEvent IS TRUE && $.eventCategory = Management }",  false),
        ("{ $.managementEvent IS TRUE && $.eventCategory NOT EXISTS }",    false),
        ("{ $.managementEvent IS FALSE && $.eventCategory = Data }",       false),
        ("{ $.managementEvent NOT EXISTS && $.eventCategory = Data }",     false),
    ];
    for (text, never) in table {
        let answer = never_matches(&pattern(text), &schema);
        assert!(!matches!(answer, Covers::Unknown(_)), "{text}: {answer:?}");
        assert_eq!(answer.is_yes(), never, "{text}: {answer:?}");
    }
}
