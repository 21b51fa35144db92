//! What the benchmark's own audit and Security Hub say about accounts of known
//! truth, and why that differs from ours.

use crate::support::*;
use orgsweep_controls::snapshot::{AdvancedSelector, BasicSelector, EventSelectors, FieldSelector};
use orgsweep_controls::{AccountSnapshot, Finding, OtherVerdict, Verdict};

/// Verdicts of ours, of the audit (with its step) and of Security Hub.
fn verdicts(finding: &Finding) -> (Verdict, OtherVerdict, Option<u8>, OtherVerdict) {
    let cis = finding.evidence.cis_audit.as_ref().unwrap();
    let hub = finding.evidence.security_hub.as_ref().unwrap();
    (finding.verdict, cis.verdict, cis.step, hub.verdict)
}

fn changed(change: impl FnOnce(&mut AccountSnapshot)) -> Finding {
    let mut snapshot = healthy(OWN);
    change(&mut snapshot);
    finding(&snapshot, S3)
}

fn differences(finding: &Finding) -> (Option<&str>, Option<&str>) {
    (
        finding
            .evidence
            .cis_audit
            .as_ref()
            .and_then(|o| o.difference.as_deref()),
        finding
            .evidence
            .security_hub
            .as_ref()
            .and_then(|o| o.difference.as_deref()),
    )
}

#[test]
fn all_agree_on_a_healthy_account() {
    let finding = changed(|_| {});
    assert_eq!(
        verdicts(&finding),
        (Verdict::Pass, OtherVerdict::Pass, None, OtherVerdict::Pass)
    );
    assert_eq!(differences(&finding), (None, None));
}

#[test]
fn a_reordered_pattern_fails_where_texts_are_compared() {
    let finding = changed(|snapshot| {
        of_filter(snapshot, S3).pattern = "{ ($.eventSource = s3.amazonaws.com) && (($.eventName = PutBucketPolicy) || ($.eventName = PutBucketAcl) || ($.eventName = PutBucketCors) || ($.eventName = PutBucketLifecycle) || ($.eventName = PutBucketReplication) || ($.eventName = DeleteBucketPolicy) || ($.eventName = DeleteBucketCors) || ($.eventName = DeleteBucketLifecycle) || ($.eventName = DeleteBucketReplication)) }".to_owned();
    });
    assert_eq!(
        verdicts(&finding),
        (
            Verdict::Pass,
            OtherVerdict::Fail,
            Some(4),
            OtherVerdict::Fail
        )
    );
    let (cis, hub) = differences(&finding);
    assert!(cis.unwrap().contains("as text"), "{cis:?}");
    assert!(hub.unwrap().contains("written another way"), "{hub:?}");
}

#[test]
fn disabled_actions_pass_where_nobody_looks_at_them() {
    let finding = changed(|snapshot| of_alarm(snapshot, S3).actions_enabled = false);
    assert_eq!(
        verdicts(&finding),
        (Verdict::Fail, OtherVerdict::Pass, None, OtherVerdict::Pass)
    );
    let (cis, hub) = differences(&finding);
    assert!(cis.unwrap().contains("actions are enabled"), "{cis:?}");
    assert!(hub.unwrap().contains("actions are enabled"), "{hub:?}");
}

#[test]
fn the_audit_alone_overlooks_the_namespace() {
    let finding = changed(|snapshot| {
        let metric = of_alarm(snapshot, S3).metric.as_mut().unwrap();
        metric.namespace = "Elsewhere".to_owned();
    });
    assert_eq!(
        verdicts(&finding),
        (Verdict::Fail, OtherVerdict::Pass, None, OtherVerdict::Fail)
    );
}

#[test]
fn advanced_selectors_fail_the_audit_alone() {
    let finding = changed(|snapshot| {
        of_trail(snapshot).selectors = known(EventSelectors::Advanced(vec![AdvancedSelector {
            name: None,
            fields: vec![FieldSelector {
                field: "eventCategory".to_owned(),
                equals: vec!["Management".to_owned()],
                ..FieldSelector::default()
            }],
        }]));
    });
    assert_eq!(
        verdicts(&finding),
        (
            Verdict::Pass,
            OtherVerdict::Fail,
            Some(3),
            OtherVerdict::Pass
        )
    );
}

#[test]
fn security_hub_warns_of_a_topic_whose_subscribers_another_account_holds() {
    let topic = topic_arn(OWNER, HOME);
    let finding = changed(|snapshot| {
        of_alarm(snapshot, S3).alarm_actions = vec![topic.to_string()];
    });
    let hub = finding.evidence.security_hub.as_ref().unwrap();
    assert_eq!(hub.verdict, OtherVerdict::Warning, "{}", hub.detail);
    assert!(hub.detail.contains(topic.as_str()), "{}", hub.detail);
    let cis = finding.evidence.cis_audit.as_ref().unwrap();
    assert_eq!((cis.verdict, cis.step), (OtherVerdict::Unknown, Some(7)));
}

/// A trail that records every management event but those of KMS, said in both ways.
#[test]
fn security_hub_fails_the_control_of_keys_alone_where_kms_is_excluded() {
    let field = |name: &str, equals: &[&str], not_equals: &[&str]| FieldSelector {
        field: name.to_owned(),
        equals: equals.iter().map(ToString::to_string).collect(),
        not_equals: not_equals.iter().map(ToString::to_string).collect(),
        ..FieldSelector::default()
    };
    let basic = EventSelectors::Basic(vec![BasicSelector {
        read_write_type: "All".to_owned(),
        management_events: true,
        excluded_sources: vec!["kms.amazonaws.com".to_owned()],
    }]);
    let advanced = EventSelectors::Advanced(vec![AdvancedSelector {
        name: None,
        fields: vec![
            field("eventCategory", &["Management"], &[]),
            field("eventSource", &[], &["kms.amazonaws.com"]),
        ],
    }]);
    for selectors in [basic, advanced] {
        let mut snapshot = healthy(OWN);
        of_trail(&mut snapshot).selectors = known(selectors);
        let hub = |control| finding(&snapshot, control).evidence.security_hub.unwrap();
        assert_eq!(hub(S3).verdict, OtherVerdict::Pass);
        let keys = hub("kms-cmk-disable-delete");
        assert_eq!(keys.verdict, OtherVerdict::Fail);
        assert!(
            keys.detail.contains("excludes kms.amazonaws.com"),
            "{}",
            keys.detail
        );
    }
}

#[test]
fn a_member_of_an_organization_trail_is_judged_in_the_owners_account() {
    let member = member(OWN);
    let finding = judge(&member, &relying_on(owner()), S3);
    assert_eq!(
        verdicts(&finding),
        (
            Verdict::Pass,
            OtherVerdict::Fail,
            Some(4),
            OtherVerdict::NoData
        )
    );
    let (cis, hub) = differences(&finding);
    assert!(cis.unwrap().contains(OWNER), "{cis:?}");
    assert!(hub.unwrap().contains(OWNER), "{hub:?}");
}

#[test]
fn each_link_that_the_audit_asks_for_fails_at_its_step() {
    type Change = fn(&mut AccountSnapshot);
    let cases: [(u8, Change); 6] = [
        (1, |s| of_trail(s).multi_region = false),
        (2, |s| of_status(s).logging = false),
        (4, |s| of_filters(s).clear()),
        (5, |s| of_alarms(s).metric.clear()),
        (6, |s| of_alarm(s, S3).alarm_actions.clear()),
        (7, |s| value(&mut of_topic(s).subscriptions).clear()),
    ];
    for (step, change) in cases {
        let finding = changed(change);
        let cis = finding.evidence.cis_audit.as_ref().unwrap();
        assert_eq!(cis.step, Some(step), "{}", cis.detail);
        assert_eq!(cis.verdict, OtherVerdict::Fail, "{}", cis.detail);
    }
}

#[test]
fn the_audit_of_older_benchmarks_wants_their_broken_text() {
    let text = "{ ($.errorCode = \"*UnauthorizedOperation\") || ($.errorCode = \"AccessDenied*\") || ($.sourceIPAddress!=\"delivery.logs.amazonaws.com\") || ($.eventName!=\"HeadBucket\") }";
    let catalog = orgsweep_controls::Catalog::builtin()
        .for_framework("cis-3.0.0")
        .unwrap();
    let mut snapshot = healthy(OWN);
    let control = "unauthorized-api-calls";
    let broken = |snapshot: &AccountSnapshot| {
        let all = orgsweep_controls::evaluate(&catalog, snapshot, &alone());
        let one = all
            .into_iter()
            .find(|f| f.control.as_str() == control)
            .unwrap();
        (one.verdict, one.evidence.cis_audit.unwrap().verdict)
    };
    assert_eq!(broken(&snapshot), (Verdict::Pass, OtherVerdict::Fail));
    of_filter(&mut snapshot, control).pattern = text.to_owned();
    assert_eq!(broken(&snapshot), (Verdict::Pass, OtherVerdict::Pass));
}

#[test]
fn a_control_that_security_hub_does_not_have_has_no_opinion_of_it() {
    let finding = finding(&healthy(OWN), "organizations-changes");
    assert!(finding.evidence.security_hub.is_none());
    assert!(finding.evidence.cis_audit.is_some());
}
