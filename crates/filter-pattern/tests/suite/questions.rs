//! The questions beside plain coverage: exclusions, known facts, missing names,
//! equivalence, overlap, contradiction; and what answers say about themselves.

use filter_pattern::{
    Budget, CoverQuestion, Covers, Event, FilterPattern, Schema, Why, covers, equivalent,
    missing_values, never_matches, overlap,
};

fn pattern(text: &str) -> FilterPattern {
    FilterPattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn assumed(answer: &Covers) -> Vec<String> {
    match answer {
        Covers::Yes(proof) => proof
            .assumptions()
            .iter()
            .map(|it| it.name().to_owned())
            .collect(),
        other => panic!("a proof, not {other:?}"),
    }
}

#[test]
fn a_proof_names_the_statements_that_it_needs_and_no_others() {
    let schema = Schema::cloudtrail();
    #[rustfmt::skip]
    let table: &[(&str, &[&str], &[&str])] = &[
        ("{ $.eventName = A && $.awsRegion = x }", &["{ $.eventName = A }"], &[]),
        ("{ $.eventName = A }",
         &["{ $.eventName = A && $.awsRegion = x }", "{ $.eventName = A && $.awsRegion != x }"],
         &["awsRegion-present", "awsRegion-kind"]),
        ("{ $.eventName = StopLogging }",
         &["{ $.eventSource = cloudtrail.amazonaws.com && $.eventName = StopLogging }"],
         &["StopLogging-source", "eventSource-present", "eventSource-kind"]),
        ("{ $.additionalEventData.MFAUsed != Yes }", &["{ $.additionalEventData.MFAUsed = No }"],
         &["additionalEventData.MFAUsed-kind", "additionalEventData.MFAUsed-values"]),
        ("{ $.userIdentity.type = Root && $.userIdentity.arn = * }", &["{ $.userIdentity.arn = arn:* }"],
         &["root-arn"]),
        ("{ $.a = \"*ab\" }", &["{ $.a = %b$% }"], &["leftmost-wildcards"]),
        ("{ $.a = \"12\" }", &["{ $.a = 12 }"], &["numbers-as-texts"]),
        ("{ $.a = \"12\" && $.a != 12 }", &[], &["numbers-as-texts"]),
        ("{ $.a = 12 && $.b = x }", &["{ $.a = 12 }"], &[]),
        ("{ $.a = 1* }", &["{ $.a != 2 }"], &[]),
        ("{ $.a != 12 }", &["{ $.a != 12 && $.a = 1* }", "{ $.a != 1* }"], &[]),
        ("{ $.recipientAccountId = 123456789012 }", &["{ $.recipientAccountId = \"123456789012\" }"],
         &["recipientAccountId-kind"]),
        ("{ $.recipientAccountId = * }", &["{ $.recipientAccountId = 1 }", "{ $.recipientAccountId != 1 }"], &[]),
    ];
    for (required, filters, expected) in table {
        let filters: Vec<FilterPattern> = filters.iter().map(|text| pattern(text)).collect();
        let filters: Vec<&FilterPattern> = filters.iter().collect();
        let mut names = assumed(&covers(&pattern(required), &filters, &schema));
        let mut expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
        // The presence of a source follows from the relation between names and sources.
        names.retain(|name| {
            expected.contains(name) || name != "eventSource-present" && name != "eventSource-kind"
        });
        expected.retain(|name| {
            names.contains(name) || name != "eventSource-present" && name != "eventSource-kind"
        });
        names.sort_unstable();
        expected.sort_unstable();
        assert_eq!(names, expected, "{required}");
    }
}

#[test]
fn facts_about_the_account_count() {
    let required = pattern("{ $.eventName = StopLogging }");
    let filter = pattern("{ $.eventName = StopLogging && $.recipientAccountId = 111122223333 }");
    let own = Schema::cloudtrail().with_fact("recipientAccountId", "111122223333");
    let other = Schema::cloudtrail().with_fact("recipientAccountId", "444455556666");
    assert_eq!(
        assumed(&covers(&required, &[&filter], &own)),
        ["recipientAccountId-known", "numbers-as-texts"]
    );
    let quoted =
        pattern("{ $.eventName = StopLogging && $.recipientAccountId = \"111122223333\" }");
    assert_eq!(
        assumed(&covers(&required, &[&quoted], &own)),
        ["recipientAccountId-known"]
    );
    let Covers::No(witness) = covers(&required, &[&filter], &other) else {
        panic!("the other account's events escape");
    };
    assert_eq!(witness.event()["recipientAccountId"], "444455556666");
    assert_eq!(witness.event()["userIdentity"]["accountId"], "444455556666");
    assert!(
        Schema::any().try_with_fact("a[*]", "x").is_err()
            && Schema::any().try_with_fact("a b", "x").is_err()
    );
}

#[test]
fn what_was_last_said_of_a_field_is_known() {
    let schema = Schema::cloudtrail()
        .with_fact("awsRegion", "us-east-1")
        .with_fact("recipientAccountId", "444455556666")
        .with_fact("recipientAccountId", "111122223333");
    let required = pattern("{ $.eventName = StopLogging }");
    let covered = |clause: &str| {
        let filter = pattern(&format!("{{ $.eventName = StopLogging && {clause} }}"));
        covers(&required, &[&filter], &schema).is_yes()
    };
    assert!(covered("$.recipientAccountId = 111122223333"));
    assert!(covered("$.awsRegion = us-east-1"));
    assert!(!covered("$.recipientAccountId = 444455556666"));
}

#[test]
fn management_events_say_so() {
    let required = pattern("{ $.eventName = PutBucketPolicy }");
    let management = Schema::cloudtrail().with_fact("eventCategory", "Management");
    let narrowed =
        |clause: &str| pattern(&format!("{{ $.eventName = PutBucketPolicy && {clause} }}"));
    for (clause, assumption) in [
        ("$.managementEvent IS TRUE", "management-event"),
        ("$.eventCategory = Management", "eventCategory-known"),
        ("$.eventCategory != Data", "eventCategory-known"),
    ] {
        let filter = narrowed(clause);
        let answer = covers(&required, &[&filter], &management);
        assert!(
            assumed(&answer).contains(&assumption.to_owned()),
            "{clause}: {answer:?}"
        );
        // Among all records there are events of other kinds.
        let answer = covers(&required, &[&filter], &Schema::cloudtrail());
        let Covers::No(witness) = answer else {
            panic!("{clause}: {answer:?}");
        };
        assert!(Schema::cloudtrail().admits(witness.as_event()), "{clause}");
    }
    // What speaks against it stands beside it.
    let filter = narrowed("$.managementEvent IS TRUE");
    let Covers::Yes(proof) = covers(&required, &[&filter], &management) else {
        panic!("proved above");
    };
    let mut sources = proof
        .assumptions()
        .iter()
        .map(filter_pattern::Assumption::source);
    let has_samples = |source: &str| {
        ["1.08", "`ScheduleKeyDeletion`", "`RotateKey`"]
            .iter()
            .all(|part| source.contains(part))
    };
    assert!(sources.any(has_samples), "{proof:?}");
    for clause in ["$.managementEvent IS FALSE", "$.eventCategory = Data"] {
        let answer = covers(&required, &[&narrowed(clause)], &management);
        assert!(matches!(answer, Covers::No(_)), "{clause}: {answer:?}");
    }
}

#[test]
fn exclusions_excuse_events_and_the_proof_says_so() {
    let required = pattern("{ $.eventName = StopLogging }");
    let filter =
        pattern("{ $.eventName = StopLogging && $.userIdentity.arn != \"*:role/deploy\" }");
    let absent = pattern("{ $.userIdentity.arn NOT EXISTS }");
    let deploy = pattern("{ $.userIdentity.arn = \"*:role/deploy\" }");
    let filters = [&filter];
    let question = CoverQuestion::new(&required, &filters);
    assert!(matches!(question.decide(), Covers::No(_)));
    let Covers::Yes(proof) = (CoverQuestion {
        except: &[&deploy, &absent],
        ..question
    })
    .decide() else {
        panic!("modulo the exclusions it covers");
    };
    assert!(proof.needs_exclusions());
    let both = [&filter, &deploy, &absent];
    let Covers::Yes(proof) = (CoverQuestion {
        except: &[&deploy],
        ..CoverQuestion::new(&required, &both)
    })
    .decide() else {
        panic!("the filters cover by themselves");
    };
    assert!(!proof.needs_exclusions());
}

#[test]
fn missing_values_are_the_names_that_escape() {
    let schema = Schema::cloudtrail();
    let required = pattern("{ $.eventName = A || $.eventName = B || $.eventName = C }");
    let all = pattern("{ $.eventName = C || $.eventName = A }");
    let part = pattern("{ $.eventName = B && $.awsRegion = x }");
    assert_eq!(
        missing_values(&required, &[&all], "eventName", &schema),
        ["B"]
    );
    assert_eq!(
        missing_values(&required, &[&all, &part], "$.eventName", &schema),
        ["B"]
    );
    assert_eq!(
        missing_values(&required, &[], "eventName", &schema),
        ["A", "B", "C"]
    );
    assert_eq!(
        missing_values(&required, &[&required], "eventName", &schema),
        [""; 0]
    );
    assert_eq!(
        missing_values(&required, &[], "awsRegion", &schema),
        [""; 0]
    );
    assert_eq!(
        missing_values(&required, &[], "no selector", &schema),
        [""; 0]
    );
}

#[test]
fn equivalence_overlap_and_contradiction_are_decided() {
    let schema = Schema::any();
    let (left, right) = (
        pattern("{ $.a = x && ($.b = 1 || $.c = 2) }"),
        pattern("{ $.a = x && $.c = 2 || $.b = 1 && $.a = x }"),
    );
    assert!(equivalent(&left, &right, &schema).is_yes());
    let wider = pattern("{ $.a = x }");
    for (one, other) in [(&left, &wider), (&wider, &left)] {
        let Covers::No(witness) = equivalent(one, other, &schema) else {
            panic!("one is wider");
        };
        let event = Event::parse(&witness.to_json()).expect("an event");
        assert!(wider.matches(&event) && !left.matches(&event));
    }
    assert!(overlap(&pattern("{ $.a = x }"), &pattern("{ $.a = y }"), &schema).is_yes());
    let Covers::No(shared) = overlap(&pattern("{ $.a = x* }"), &pattern("{ $.a = *y }"), &schema)
    else {
        panic!("they share events");
    };
    assert_eq!(shared.to_json(), r#"{"a":"xy"}"#);
    assert!(never_matches(&pattern("{ $.a > 5 && $.a < 5.0 }"), &schema).is_yes());
    assert!(never_matches(&pattern("{ $.a = \"x*\" && $.a = \"y*\" }"), &schema).is_yes());
    assert!(
        never_matches(
            &pattern("{ $.awsRegion NOT EXISTS }"),
            &Schema::cloudtrail()
        )
        .is_yes()
    );
    assert!(!never_matches(&pattern("{ $.awsRegion NOT EXISTS }"), &schema).is_yes());
    // Everything is covered by a tautology over records, not over all objects.
    let all = [
        pattern("{ $.awsRegion = x }"),
        pattern("{ $.awsRegion != x }"),
    ];
    assert!(covers(&pattern(""), &[&all[0], &all[1]], &Schema::cloudtrail()).is_yes());
    assert!(matches!(
        covers(&pattern(""), &[&all[0], &all[1]], &schema),
        Covers::No(_)
    ));
}

#[test]
fn number_texts_in_witnesses_are_exact() {
    let schema = Schema::any();
    let (required, filter) = (
        pattern("{ $.a = 12 && $.b = 1 }"),
        pattern("{ $.a = \"12\" }"),
    );
    let Covers::No(witness) = covers(&required, &[&filter], &schema) else {
        panic!("the number 12.0 escapes");
    };
    assert_eq!(witness.to_json(), r#"{"a":12.0,"b":1}"#);
    assert!(witness.assumptions().is_empty());
    let as_text = pattern("{ $.a = 12 }");
    let quoted = pattern("{ $.a = \"*\" && $.a > -1 }");
    let Covers::No(witness) = covers(&as_text, &[&quoted], &schema) else {
        panic!("the text escapes");
    };
    assert_eq!(witness.to_json(), r#"{"a":"12"}"#);
    let names: Vec<_> = witness
        .assumptions()
        .iter()
        .map(filter_pattern::Assumption::name)
        .collect();
    assert_eq!(names, ["numbers-as-texts"]);
    let huge = pattern("{ $.a > 1e400 }");
    let Covers::No(witness) = covers(&huge, &[], &schema) else {
        panic!("there are such numbers");
    };
    assert!(huge.matches(&Event::parse(&witness.to_json()).expect("an event")));
}

#[test]
fn what_depends_on_an_open_question_is_unknown_and_shows_the_event() {
    let answer = covers(
        &pattern("{ $.a != x }"),
        &[&pattern("{ $.a = * }")],
        &Schema::any(),
    );
    let Covers::Unknown(why @ Why::Undocumented { .. }) = answer else {
        panic!("null may escape: {answer:?}");
    };
    assert!(why.to_string().contains("does not document"), "{why}");
    assert!(!why.simplify_hint().is_empty());
    let Why::Undocumented { questions, witness } = why else {
        unreachable!("matched above")
    };
    assert!(!questions.is_empty() && !witness.assumptions().is_empty());
}

#[test]
fn without_steps_nothing_is_decided() {
    let (required, filter) = (
        pattern("{ $.a = x || $.b = y }"),
        pattern("{ $.a = x || $.b = z }"),
    );
    let filters = [&filter];
    let question = CoverQuestion {
        budget: Budget::steps(0),
        ..CoverQuestion::new(&required, &filters)
    };
    assert!(matches!(
        question.decide(),
        Covers::Unknown(Why::TooManySteps)
    ));
}

#[test]
fn witnesses_are_plausible_records() {
    type Places = [(&'static str, &'static str)];
    #[rustfmt::skip]
    let table: &[(&str, &[&str], &Places)] = &[
        ("{ $.eventName = CreatePolicy }", &["{ $.eventSource = iam.amazonaws.com }"],
         &[("/eventSource", "organizations.amazonaws.com")]),
        ("{ $.eventName = CreateRoute }", &["{ $.eventSource = ec2.amazonaws.com }"],
         &[("/eventSource", "apigateway.amazonaws.com")]),
        ("{ $.eventName = ConsoleLogin }", &[],
         &[("/eventSource", "signin.amazonaws.com"), ("/eventType", "AwsConsoleSignIn")]),
        ("{ $.errorCode = \"AccessDenied*\" }", &[],
         &[("/errorCode", "AccessDenied"), ("/eventSource", "s3.amazonaws.com"), ("/eventName", "ListBuckets")]),
        ("{ $.errorCode = \"*UnauthorizedOperation\" }", &[],
         &[("/errorCode", "Client.UnauthorizedOperation"), ("/eventSource", "ec2.amazonaws.com")]),
        ("{ $.errorCode = \"*UnauthorizedOperation\" && $.eventName = PutBucketAcl }", &[],
         &[("/errorCode", "UnauthorizedOperation"), ("/eventSource", "s3.amazonaws.com")]),
        ("{ $.userIdentity.type = Root }", &[],
         &[("/userIdentity/arn", "arn:aws:iam::111122223333:root")]),
        ("{ $.userIdentity.arn = \"*:assumed-role/*\" }", &[],
         &[("/userIdentity/type", "AssumedRole")]),
        ("{ $.eventSource = kms.amazonaws.com }", &[], &[("/eventName", "ListKeys")]),
    ];
    for (required, filters, expected) in table {
        let filters: Vec<FilterPattern> = filters.iter().map(|text| pattern(text)).collect();
        let filters: Vec<&FilterPattern> = filters.iter().collect();
        let Covers::No(witness) = covers(&pattern(required), &filters, &Schema::cloudtrail())
        else {
            panic!("{required} has events");
        };
        assert!(Schema::cloudtrail().admits(witness.as_event()));
        for (place, value) in *expected {
            let found = witness
                .event()
                .pointer(place)
                .and_then(|value| value.as_str());
            assert_eq!(found, Some(*value), "{required} at {place}");
        }
    }
}

const SIGN_IN: &str = "{ ($.eventName = ConsoleLogin) && ($.additionalEventData.MFAUsed != Yes) && \
                       ($.userIdentity.type = IAMUser) && ($.responseElements.ConsoleLogin = Success) }";

#[test]
fn what_never_goes_together_hides_no_event() {
    let acl = "{ $.eventName = PutBucketAcl }";
    let refused = "{ $.errorCode = \"*UnauthorizedOperation\" }";
    let failed = "{ ($.eventName = ConsoleLogin) && ($.errorMessage = \"Failed authentication\") }";
    #[rustfmt::skip]
    let table = [
        (acl, "{ ($.eventName = PutBucketAcl) && (($.readOnly IS FALSE) || ($.readOnly NOT EXISTS)) }", "PutBucketAcl-writes"),
        (SIGN_IN, "{ ($.eventName = ConsoleLogin) && ($.additionalEventData.MFAUsed != Yes) && ($.additionalEventData.SamlProviderArn NOT EXISTS) }", "saml-sign-in"),
        (SIGN_IN, "{ ($.additionalEventData.MFAUsed != Yes) && ($.userIdentity.sessionContext.sessionIssuer.userName NOT EXISTS) }", "issuer-of-user"),
        (SIGN_IN, "{ ($.additionalEventData.MFAUsed != Yes) && ($.userIdentity.sessionContext.sessionIssuer.arn NOT EXISTS) }", "arn-of-issuer-of-user"),
        (SIGN_IN, "{ ($.additionalEventData.MFAUsed != Yes) && ($.errorMessage NOT EXISTS) }", "successful-sign-in"),
        (failed, "{ ($.eventName = ConsoleLogin) && ($.responseElements.ConsoleLogin = \"Failure\") }", "failed-sign-in"),
        (refused, "{ ($.errorCode = \"*UnauthorizedOperation\") && ($.eventName != \"HeadBucket\") }", "head-bucket-errors"),
    ];
    for (required, filter, needed) in table {
        let answer = covers(
            &pattern(required),
            &[&pattern(filter)],
            &Schema::cloudtrail(),
        );
        assert!(answer.is_yes(), "{filter}: {answer:?}");
        assert!(
            assumed(&answer).iter().any(|name| name == needed),
            "{filter}: {answer:?}"
        );
    }
}

#[test]
fn a_write_event_that_does_not_say_so_escapes_what_asks_for_it() {
    let only_written = pattern("{ ($.eventName = PutBucketAcl) && ($.readOnly IS FALSE) }");
    let acl = pattern("{ $.eventName = PutBucketAcl }");
    let answer = covers(&acl, &[&only_written], &Schema::cloudtrail());
    let Covers::No(witness) = answer else {
        panic!("{answer:?}");
    };
    assert!(witness.event().get("readOnly").is_none(), "{witness:?}");
    // What only reads may say so.
    let reads = pattern("{ $.eventName = HeadBucket }");
    let none_that_reads = pattern("{ ($.eventName = HeadBucket) && ($.readOnly != true) }");
    let answer = covers(&reads, &[&none_that_reads], &Schema::cloudtrail());
    assert!(matches!(answer, Covers::No(_)), "{answer:?}");
}

#[test]
fn a_caller_who_is_not_the_usual_one_is_found_among_management_events() {
    let sign_in =
        pattern("{ ($.eventName = ConsoleLogin) && ($.additionalEventData.MFAUsed != Yes) }");
    let of_users = pattern(
        "{ ($.eventName = ConsoleLogin) && ($.additionalEventData.MFAUsed != Yes) && ($.userIdentity.arn != *assumed-role*) }",
    );
    let schema = Schema::cloudtrail().with_fact("eventCategory", "Management");
    let answer = covers(&sign_in, &[&of_users], &schema);
    let Covers::No(witness) = answer else {
        panic!("{answer:?}");
    };
    let arn = &witness.event()["userIdentity"]["arn"];
    assert!(
        arn.as_str().is_some_and(|arn| arn.contains("assumed-role")),
        "{arn}"
    );
}

#[test]
fn too_many_elements_are_not_said_to_be_no_json() {
    let required: FilterPattern = "{ $.i[4000].a = 1 }".parse().unwrap();
    let filter: FilterPattern = "{ $.i[*].a = 1 }".parse().unwrap();
    let Covers::Unknown(why) = covers(&required, &[&filter], &Schema::any()) else {
        panic!("4,001 elements are too many for a proof");
    };
    assert!(matches!(why, Why::Unconfirmed), "{why}");
    assert!(why.simplify_hint().contains("array indices"));
}

#[test]
fn missing_names_share_the_budget_and_a_small_one_lists_fewer() {
    let names: Vec<String> = (0..40)
        .map(|number| format!("$.eventName = N{number}"))
        .collect();
    let required = pattern(&format!("{{ ({}) && $.a = *x* }}", names.join(" || ")));
    let filter = pattern("{ $.eventName = N1* && $.a = x }");
    let filters = [&filter];
    let missing = |steps: u64| {
        CoverQuestion {
            budget: Budget::steps(steps),
            ..CoverQuestion::new(&required, &filters)
        }
        .missing_values("eventName")
    };
    let all = missing(Budget::default().remaining());
    assert_eq!(all.len(), 40);
    let counts = [0, 10, 20, 40, 80, 160, 320].map(|steps| {
        let few = missing(steps);
        assert!(all.starts_with(&few), "{few:?} with {steps} steps");
        few.len()
    });
    assert!(counts.is_sorted() && counts[0] == 0, "{counts:?}");
    assert!(
        counts.iter().any(|count| (1..40).contains(count)),
        "{counts:?}"
    );
}
