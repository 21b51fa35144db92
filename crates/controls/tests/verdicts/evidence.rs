//! What a finding tells beside its verdict.

use orgsweep_controls::{Finding, LinkKind, LinkState, Verdict};

use crate::support::*;

fn one_event_missing() -> Finding {
    let mut snapshot = healthy(OWN);
    of_filter(&mut snapshot, S3).pattern =
        prescribed(S3).replace(" || ($.eventName = DeleteBucketReplication)", "");
    of_filter(&mut snapshot, S3).transformations[0].namespace = "Own".into();
    of_alarm(&mut snapshot, S3)
        .metric
        .as_mut()
        .unwrap()
        .namespace = "Own".into();
    finding(&snapshot, S3)
}

#[test]
fn a_filter_with_a_gap_names_the_event_and_shows_one() {
    let finding = one_event_missing();
    assert_eq!(finding.evidence.missing_events, ["DeleteBucketReplication"]);
    assert_eq!(finding.evidence.events_total, 9);
    let witness = finding.evidence.witness.unwrap();
    assert_eq!(witness["eventName"], "DeleteBucketReplication");
    assert_eq!(witness["eventSource"], "s3.amazonaws.com");
    assert_eq!(witness["recipientAccountId"], OWN);
    assert!(
        finding.summary.contains("1 of 9 events"),
        "{}",
        finding.summary
    );
    assert!(finding.evidence.commands[0].contains("put-metric-filter"));
    assert!(finding.evidence.commands[0].contains("metricNamespace=Own,"));
    assert!(finding.evidence.commands[0].contains("--filter-pattern '{ ($.eventSource"));
}

#[test]
fn a_filter_of_another_control_that_asks_for_an_account_leaves_the_witness_its_own() {
    for clause in [
        "$.recipientAccountId = 444455556666",
        "$.recipientAccountId = *",
    ] {
        let mut snapshot = healthy(OWN);
        of_filter(&mut snapshot, "cloudtrail-config-changes").pattern =
            format!("{{ $.eventName = StopLogging && {clause} }}");
        of_filter(&mut snapshot, S3).pattern = "{ $.eventName = PutBucketPolicy }".to_owned();
        let finding = finding(&snapshot, S3);
        assert_eq!(finding.verdict, Verdict::Fail);
        assert_eq!(finding.evidence.witness.unwrap()["recipientAccountId"], OWN);
    }
}

#[test]
fn a_pass_by_field_selection_criteria_says_what_these_are_taken_to_ask_for() {
    let mut snapshot = healthy(OWN);
    let assumed = |snapshot: &_| {
        let finding = finding(snapshot, S3);
        assert_eq!(finding.verdict, Verdict::Pass, "{}", finding.summary);
        let mut all = finding.evidence.assumptions.into_iter();
        all.any(|it| it == orgsweep_controls::CRITERIA_ASSUME)
    };
    assert!(!assumed(&snapshot));
    of_filter(&mut snapshot, S3).field_selection = Some(format!("@aws.account = \"{OWN}\""));
    assert!(assumed(&snapshot));
}

#[test]
fn the_witness_is_of_a_region_whose_trails_were_read() {
    // No trail of another Region was asked about: one there may record what this one does not.
    let finding = one_event_missing();
    assert_eq!(
        finding.evidence.witness.unwrap()["awsRegion"],
        home().as_str()
    );
}

#[test]
fn verdicts_under_the_other_versions_stand_beside() {
    let control = "security-group-changes";
    let mut snapshot = healthy(OWN);
    let before = prescribed(control).replace(" || ($.eventName = ModifySecurityGroupRules)", "");
    of_filter(&mut snapshot, control).pattern = before;
    let finding = finding(&snapshot, control);
    let under = &finding.evidence.verdict_by_framework;
    assert_eq!(finding.verdict, Verdict::Fail);
    assert_eq!(
        finding.evidence.missing_events,
        ["ModifySecurityGroupRules"]
    );
    assert_eq!(under["cis-4.0.1"], Verdict::Pass);
    assert_eq!(under["cis-5.0.0"], Verdict::Fail);
    assert_eq!(under["security-hub"], Verdict::Pass);
}

#[test]
fn the_first_chain_ends_at_the_broken_link() {
    let mut snapshot = healthy(OWN);
    of_alarm(&mut snapshot, S3).threshold = Some(10.0);
    let finding = finding(&snapshot, S3);
    let chain = &finding.evidence.chains[0];
    let kinds: Vec<LinkKind> = chain.links.iter().map(|link| link.kind).collect();
    assert_eq!(
        kinds,
        [
            LinkKind::Trail,
            LinkKind::LogGroup,
            LinkKind::Filter,
            LinkKind::Metric,
            LinkKind::Alarm
        ]
    );
    assert_eq!(chain.state, LinkState::Broken);
    assert_eq!(chain.reason, Some(finding.reason));
    assert!(
        chain.links[4].detail.contains("10 events"),
        "{}",
        chain.links[4].detail
    );
    assert_eq!(
        finding.cause,
        format!("alarm_needs_more_events {}", alarm_arn(OWN, HOME, S3))
    );
    assert!(
        finding.evidence.chains.len() == 1,
        "chains of other controls do not show"
    );
}

#[test]
fn a_passing_chain_reaches_the_subscription() {
    let finding = finding(&healthy(OWN), S3);
    let chain = &finding.evidence.chains[0];
    assert_eq!(chain.links.last().unwrap().kind, LinkKind::Subscription);
    assert!(
        chain
            .links
            .iter()
            .all(|link| link.state == LinkState::Holds)
    );
    assert_eq!(finding.evidence.witness, None);
    assert!(finding.evidence.missing_events.is_empty());
    assert!(
        !serde_json::to_string(&finding)
            .unwrap()
            .contains("example.com"),
        "no address of a person"
    );
}

#[test]
fn remarks_are_made_and_turn_no_verdict() {
    let with_note = |change: fn(&mut orgsweep_controls::AccountSnapshot), code: &str| {
        let mut snapshot = healthy(OWN);
        change(&mut snapshot);
        let finding = finding(&snapshot, S3);
        assert_eq!(finding.verdict, Verdict::Pass, "{code}");
        let codes: Vec<&str> = finding
            .evidence
            .notes
            .iter()
            .map(|n| n.code.as_str())
            .collect();
        assert!(codes.contains(&code), "{code}: {codes:?}");
    };
    with_note(|s| of_filter(s, S3).pattern = String::new(), "noise");
    with_note(
        |s| of_alarm(s, S3).metric.as_mut().unwrap().period = Some(3600),
        "long_period",
    );
    with_note(|s| of_alarm(s, S3).evaluation_periods = Some(2), "delayed");
    with_note(
        |s| of_topic(s).subscriptions = known(vec![subscription(OWN, HOME, "sqs")]),
        "machine_subscriber",
    );
    with_note(
        |s| of_status(s).delivery = orgsweep_controls::snapshot::Delivery::NotReported,
        "delivery_not_reported",
    );
}

#[test]
fn a_denied_call_is_named_with_its_permission() {
    let mut snapshot = healthy(OWN);
    of_group(&mut snapshot).filters = denied("logs", "DescribeMetricFilters");
    let finding = finding(&snapshot, S3);
    assert_eq!(
        finding.evidence.missing_permissions,
        ["logs:DescribeMetricFilters"]
    );
    assert!(
        finding
            .evidence
            .fix
            .unwrap()
            .contains("`logs:DescribeMetricFilters`")
    );
    assert!(
        finding.summary.contains("logs:DescribeMetricFilters"),
        "{}",
        finding.summary
    );
}
