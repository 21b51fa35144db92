//! Fields of CloudTrail records that go together, with conditions of each form in front:
//! the search knows what the check on its witnesses knows.

use filter_pattern::{CoverQuestion, Covers, FilterPattern, Schema, covers, never_matches};

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

const BY_PASSWORD: &str = "{ ($.eventName = ConsoleLogin) && ($.additionalEventData.MFAUsed != Yes) && \
                           ($.userIdentity.type = IAMUser) && ($.responseElements.ConsoleLogin = Success) }";
const FAILED: &str =
    "{ ($.eventName = ConsoleLogin) && ($.errorMessage = \"Failed authentication\") }";

#[test]
fn a_sign_in_is_of_the_type_of_sign_ins_and_a_call_is_not() {
    let either = "($.eventType = AwsConsoleSignIn || $.eventType = AwsConsoleSignin)";
    #[rustfmt::skip]
    let table = [
        (BY_PASSWORD, "{ $.eventType = AwsConsoleSignIn && $.eventName = ConsoleLogin && $.additionalEventData.MFAUsed != Yes }", "successful-sign-in-type"),
        (FAILED, "{ $.eventType = AwsConsoleSignIn && $.errorMessage = \"Failed authentication\" }", "failed-sign-in-type"),
        (FAILED, "{ $.eventType = \"AwsConsoleSignIn\" && $.eventName = ConsoleLogin && $.errorMessage = \"Failed auth*\" }", "failed-sign-in-type"),
        ("{ $.eventName = ConsoleLogin }", &format!("{{ {either} && $.eventName = Console* }}"), "sign-in-type"),
        ("{ $.eventName = ConsoleLogin }", "{ $.eventName = ConsoleLogin && $.eventType != AwsApiCall }", "sign-in-type"),
        ("{ $.eventName = StopLogging }", "{ $.eventName = StopLogging && $.eventType != AwsConsoleSignIn }", "StopLogging-call"),
        ("{ $.eventName = DescribeInstances }", "{ $.eventName = DescribeInstances && $.eventType != AwsConsoleSignIn }", "DescribeInstances-call"),
        ("{ $.eventType = AwsConsoleSignIn }", "{ $.eventSource = signin.amazonaws.com }", "sign-in-source"),
        ("{ $.eventSource = ec2.amazonaws.com && $.eventName = RunScheduledInstances }",
            "{ $.eventSource = ec2.amazonaws.com && $.eventName = RunScheduledInstances && $.eventType != AwsConsoleSignIn }", "sign-in-source"),
    ];
    for (required, filter, needed) in table {
        let answer = covers(
            &pattern(required),
            &[&pattern(filter)],
            &Schema::cloudtrail(),
        );
        let Covers::Yes(proof) = answer else {
            panic!("{filter}: {answer:?}");
        };
        let mut assumptions = proof.assumptions().iter();
        assert!(
            assumptions.any(|it| it.name() == needed),
            "{filter}: {proof:?}"
        );
    }
}

#[test]
fn other_events_of_the_sign_in_service_are_found_as_witnesses() {
    let root = "{ $.userIdentity.type = Root && $.userIdentity.invokedBy NOT EXISTS && $.eventType != AwsServiceEvent }";
    #[rustfmt::skip]
    let table: [(&str, &[&str], &[&str], &str); 6] = [
        ("{ $.eventSource = signin.amazonaws.com }", &["{ $.eventName = ConsoleLogin }"], &[], "CheckMfa"),
        (root, &["{ $.userIdentity.type = Root && $.eventType != AwsConsoleSignIn }",
                 "{ $.userIdentity.type = Root && $.eventName = ConsoleLogin }"], &[], "CheckMfa"),
        ("{ $.eventName = * }", &["{ $.eventType = AwsApiCall || $.eventName = ConsoleLogin }"], &[], ""),
        ("{ $.eventName = CreateRoute && $.eventSource = signin.amazonaws.com }",
         &["{ $.eventSource = ec2.amazonaws.com }"], &[], "CreateRoute"),
        (root, &["{ $.userIdentity.type = Root && $.userIdentity.invokedBy NOT EXISTS && $.eventType = AwsApiCall }"],
         &["{ $.eventName = ConsoleLogin }"], ""),
        ("{ $.eventSource = signin.amazonaws.com && $.eventType = AwsConsoleAction }",
         &["{ $.eventName = ConsoleLogin }"], &[], "AuthorizeOAuth2Access"),
    ];
    let schema = Schema::cloudtrail();
    for (required, filters, except, name) in table {
        let required = pattern(required);
        let read = |texts: &[&str]| -> Vec<FilterPattern> {
            texts.iter().map(|text| pattern(text)).collect()
        };
        let (filters, except) = (read(filters), read(except));
        let (filters, except): (Vec<_>, Vec<_>) =
            (filters.iter().collect(), except.iter().collect());
        let question = CoverQuestion {
            except: &except,
            schema: &schema,
            ..CoverQuestion::new(&required, &filters)
        };
        let Covers::No(witness) = question.decide() else {
            panic!("{required}: {:?}", question.decide());
        };
        if !name.is_empty() {
            assert_eq!(witness.event()["eventName"], name, "{required}");
        }
    }
}

#[test]
fn what_is_not_said_of_the_type_hides_no_event() {
    #[rustfmt::skip]
    let table = [
        // A sample of a user name that does not exist spells the type otherwise.
        ("{ $.eventName = ConsoleLogin && $.responseElements.ConsoleLogin = Failure }", "{ $.eventName = ConsoleLogin && $.eventType = AwsConsoleSignIn }", "AwsConsoleSignin"),
        (FAILED, "{ $.eventName = ConsoleLogin && $.eventType = AwsConsoleSignin }", "AwsConsoleSignIn"),
        (FAILED, "{ $.eventName = ConsoleLogin && $.eventType = AwsApiCall }", "AwsConsoleSignIn"),
        // The sign-in service logs calls as well.
        ("{ $.eventSource = signin.amazonaws.com }", "{ $.eventType = AwsConsoleSign* }", "AwsApiCall"),
        ("{ $.eventName = StopLogging }", "{ $.eventName = StopLogging && $.eventType = AwsConsoleSignIn }", "AwsApiCall"),
        ("{ $.eventName = StopLogging }", "{ $.eventName = StopLogging && $.eventType = AwsServiceEvent }", "AwsApiCall"),
        ("{ $.userIdentity.type = Root && $.eventType = AwsConsole* }", "{ $.eventType = AwsConsoleAction }", "AwsConsoleSignIn"),
        ("{ $.userIdentity.type = Root && $.eventType = *in }", "{ $.eventType = AwsApiCall }", "AwsConsoleSignin"),
    ];
    for (required, filter, event_type) in table {
        let answer = covers(
            &pattern(required),
            &[&pattern(filter)],
            &Schema::cloudtrail(),
        );
        let Covers::No(witness) = answer else {
            panic!("{filter}: {answer:?}");
        };
        assert_eq!(witness.event()["eventType"], event_type, "{filter}");
    }
}
