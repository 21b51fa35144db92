//! Recorded decisions: what they leave out or accept, that the finding names them, and that an
//! ended one does not count.

use std::sync::Arc;

use orgsweep_controls::decision::{
    Acceptance, Accepted, DecisionKind, DecisionState, Decisions, Exclusion, Record,
};
use orgsweep_controls::{
    AccountSnapshot, Catalog, Evaluator, Finding, Reason, ReliedOn, UnreadCause, Verdict,
};

use crate::support::*;

use Verdict::{Fail, Pass, Unknown};

const S3: &str = "s3-bucket-policy-changes";
const VPC: &str = "vpc-changes";

fn record(id: &str, state: DecisionState) -> Record {
    Record {
        id: id.to_owned(),
        owner: "platform-team".to_owned(),
        reason: "reviewed elsewhere".to_owned(),
        until: "2026-12-31".parse().unwrap(),
        state,
    }
}

fn excluding(id: &str, control: &str, pattern: &str, state: DecisionState) -> Arc<Exclusion> {
    let controls = vec![control.parse().unwrap()];
    Arc::new(Exclusion::new(record(id, state), controls, pattern).unwrap())
}

pub(crate) fn accepting(id: &str, accepted: Accepted) -> Decisions {
    Decisions {
        acceptances: vec![Arc::new(Acceptance {
            record: record(id, DecisionState::InForce),
            controls: Vec::new(),
            accepted,
        })],
        ..Decisions::default()
    }
}

pub(crate) fn judged(snapshot: &AccountSnapshot, control: &str, decisions: Decisions) -> Finding {
    let relied_on = ReliedOn {
        decisions: Arc::new(decisions),
        ..alone()
    };
    judge(snapshot, &relied_on, control)
}

fn with_exclusions(
    snapshot: &AccountSnapshot,
    control: &str,
    exclusions: Vec<Arc<Exclusion>>,
) -> Finding {
    let decisions = Decisions {
        exclusions,
        ..Decisions::default()
    };
    judged(snapshot, control, decisions)
}

/// An account whose filter leaves out what the role `deployer` does.
fn sparing_the_deployer() -> AccountSnapshot {
    let mut snapshot = healthy(OWN);
    let filter = of_filter(&mut snapshot, VPC);
    let body = filter
        .pattern
        .trim()
        .trim_matches(['{', '}'])
        .trim()
        .to_owned();
    let issuer = "$.userIdentity.sessionContext.sessionIssuer.userName";
    filter.pattern =
        format!("{{ ({body}) && (({issuer} NOT EXISTS) || ({issuer} != \"deployer\")) }}");
    snapshot
}

const DEPLOYER: &str = r#"{ $.userIdentity.sessionContext.sessionIssuer.userName = "deployer" }"#;

#[test]
fn events_that_an_exclusion_excuses_need_not_be_noticed_and_the_finding_names_it() {
    let snapshot = sparing_the_deployer();
    assert_eq!(finding(&snapshot, VPC).verdict, Fail);
    let exclusion = excluding("deploy-role", VPC, DEPLOYER, DecisionState::InForce);
    let unrelated = excluding(
        "other",
        VPC,
        "{ $.eventName = StopLogging }",
        DecisionState::InForce,
    );
    let found = with_exclusions(&snapshot, VPC, vec![unrelated, exclusion]);
    assert_eq!(found.verdict, Pass, "{}", found.summary);
    let [used] = found.evidence.decisions.as_slice() else {
        panic!("{:?}", found.evidence.decisions);
    };
    assert_eq!((used.id.as_str(), used.decides), ("deploy-role", true));
    assert_eq!(used.kind, DecisionKind::Exclusion);
    assert_eq!(used.what, DEPLOYER);
    assert!(
        found
            .summary
            .ends_with("by exclusion `deploy-role` of platform-team until 2026-12-31"),
        "{}",
        found.summary
    );
    let verdicts = found.evidence.verdict_by_framework.values();
    assert!(verdicts.into_iter().all(|verdict| *verdict == Pass));
    let audit = found.evidence.cis_audit.and_then(|audit| audit.difference);
    assert!(audit.unwrap().contains("`deploy-role`"));
}

#[test]
fn an_exclusion_that_is_not_needed_is_not_named() {
    let exclusion = excluding("deploy-role", VPC, DEPLOYER, DecisionState::EndsSoon);
    let found = with_exclusions(&healthy(OWN), VPC, vec![exclusion]);
    assert_eq!(found, finding(&healthy(OWN), VPC));
}

#[test]
fn an_exclusion_of_another_control_or_of_less_does_not_help() {
    let snapshot = sparing_the_deployer();
    let state = DecisionState::InForce;
    for exclusion in [
        excluding("deploy-role", S3, DEPLOYER, state),
        excluding(
            "deploy-role",
            VPC,
            &DEPLOYER.replace("deployer", "depl0yer"),
            state,
        ),
        excluding(
            "deploy-role",
            VPC,
            r#"{ $.userIdentity.sessionContext.sessionIssuer.userName = "deployer" && $.eventName = CreateVpc }"#,
            state,
        ),
    ] {
        let text = exclusion.text.clone();
        let found = with_exclusions(&snapshot, VPC, vec![exclusion]);
        assert_eq!(found.verdict, Fail, "{text}");
        assert!(found.evidence.decisions.iter().all(|used| !used.decides));
    }
}

#[test]
fn missing_events_and_witness_are_those_that_no_exclusion_excuses() {
    let mut snapshot = healthy(OWN);
    of_filter(&mut snapshot, VPC).pattern = "{ $.eventName = CreateVpc }".to_owned();
    let exclusion = excluding(
        "classic-link",
        VPC,
        "{ $.eventName = *ClassicLink* }",
        DecisionState::InForce,
    );
    let found = with_exclusions(&snapshot, VPC, vec![exclusion]);
    assert_eq!(found.verdict, Fail);
    let missing = found.evidence.missing_events;
    assert!(missing.contains(&"DeleteVpc".to_owned()), "{missing:?}");
    assert!(missing.iter().all(|name| !name.contains("ClassicLink")));
    assert_eq!(found.evidence.decisions[0].id, "classic-link");
    assert!(!found.evidence.decisions[0].decides);
}

#[test]
fn an_ended_exclusion_does_not_count_and_one_that_ends_soon_warns() {
    let snapshot = sparing_the_deployer();
    let with = |state| {
        let exclusion = excluding("deploy-role", VPC, DEPLOYER, state);
        let found = with_exclusions(&snapshot, VPC, vec![exclusion]);
        let codes: Vec<String> = found
            .evidence
            .notes
            .iter()
            .map(|n| n.code.clone())
            .collect();
        (found.verdict, codes)
    };
    let has = |codes: &[String], code: &str| codes.iter().any(|c| c == code);
    let (verdict, codes) = with(DecisionState::EndsSoon);
    assert!(
        verdict == Pass && has(&codes, "decision_ends_soon"),
        "{codes:?}"
    );
    let (verdict, codes) = with(DecisionState::Ended);
    assert!(
        verdict == Fail && has(&codes, "decision_ended"),
        "{codes:?}"
    );
}

/// Accepting `events` within `within` seconds.
pub(crate) fn several(events: u32, within_seconds: u32) -> Decisions {
    accepting(
        "probing",
        Accepted::SeveralEvents {
            events,
            within_seconds,
        },
    )
}

#[test]
fn an_alarm_may_wait_for_several_events_where_a_decision_accepts_no_less() {
    let mut snapshot = healthy(OWN);
    of_alarm(&mut snapshot, VPC).threshold = Some(5.0);
    assert_eq!(finding(&snapshot, VPC).reason, Reason::AlarmNeedsMoreEvents);
    #[rustfmt::skip]
    let cases = [
        (5,  300, Pass),
        (9,  60,  Pass),
        (4,  300, Fail), // The alarm waits for more events.
        (5,  900, Fail), // The alarm wants them in less time.
    ];
    for (events, within, expected) in cases {
        let found = judged(&snapshot, VPC, several(events, within));
        assert_eq!(
            found.verdict, expected,
            "{events} within {within}: {}",
            found.summary
        );
        let decides = found.evidence.decisions.iter().any(|used| used.decides);
        assert_eq!(decides, expected == Pass);
        assert_eq!(
            found.evidence.events_needed.map(|needed| needed.events),
            Some(5)
        );
    }
}

#[test]
fn an_alarm_may_wait_for_several_events_where_the_control_says_so() {
    let mut snapshot = healthy(OWN);
    of_alarm(&mut snapshot, VPC).threshold = Some(5.0);
    let pattern = prescribed(VPC);
    #[rustfmt::skip]
    let rows = [
        ("alarm = { events = 5, within_seconds = 300 }", Pass),
        ("alarm = { events = 4, within_seconds = 300 }", Fail),
        ("alarm = { events = 5, within_seconds = 900 }", Fail),
        ("",                                             Fail),
    ];
    for (rule, expected) in rows {
        let own = format!(
            "[[control]]\nid = \"own\"\nnumber = 101\ntitle = \"VPCs\"\n{rule}\n\
             [[control.requirement]]\npattern = '{pattern}'\n"
        );
        let catalog = Catalog::builtin_extended_by(&own).unwrap();
        let found = Evaluator::new(&catalog).evaluate(&snapshot, &alone());
        let of = |control: &str| {
            let mut found = found.iter();
            found
                .find(|finding| finding.control.as_str() == control)
                .unwrap()
        };
        assert_eq!(of("own").verdict, expected, "{rule}: {}", of("own").summary);
        assert_eq!(
            of(VPC).verdict,
            Fail,
            "the built-in control asks for one event"
        );
        if expected == Pass {
            assert!(
                of("own").evidence.chains[0]
                    .links
                    .iter()
                    .any(|link| link.detail.contains("enough for this control"))
            );
        }
    }
}

#[test]
fn what_is_broken_behind_an_accepted_alarm_still_fails_and_what_is_unknown_stays_so() {
    type Break = fn(&mut AccountSnapshot);
    let breaks: [(Break, Reason); 3] = [
        (
            |s| of_alarm(s, VPC).alarm_actions.clear(),
            Reason::AlarmNoAction,
        ),
        (
            |s| of_alarm(s, VPC).actions_enabled = false,
            Reason::AlarmActionsDisabled,
        ),
        (
            |s| of_topic(s).subscriptions = known(Vec::new()),
            Reason::NoSubscription,
        ),
    ];
    for (broken, reason) in breaks {
        let mut snapshot = healthy(OWN);
        of_alarm(&mut snapshot, VPC).threshold = Some(5.0);
        broken(&mut snapshot);
        let found = judged(&snapshot, VPC, several(5, 300));
        assert_eq!(
            (found.verdict, found.reason),
            (Fail, reason),
            "{}",
            found.summary
        );
    }
    let mut snapshot = healthy(OWN);
    of_alarm(&mut snapshot, VPC).threshold = Some(5.0);
    for topic in snapshot.topics.values_mut() {
        *topic = denied("sns", "GetTopicAttributes");
    }
    let found = judged(&snapshot, VPC, several(5, 300));
    assert_eq!(found.verdict, Unknown, "{}", found.summary);
}

/// An account with a trail in its home Region alone, whose other Regions answer nothing.
fn closed_elsewhere(cause: UnreadCause) -> AccountSnapshot {
    let mut snapshot = healthy(OWN);
    of_trail(&mut snapshot).multi_region = false;
    for other in regions().into_iter().filter(|other| *other != home()) {
        let denied =
            orgsweep_controls::Known::Unread(unread("cloudtrail", "DescribeTrails", cause));
        snapshot.trails.insert(other, denied);
    }
    snapshot
}

#[test]
fn a_region_that_is_denied_to_everyone_needs_no_chain_where_a_decision_accepts_that() {
    let snapshot = closed_elsewhere(UnreadCause::DeniedByServiceControlPolicy);
    let accepted = |regions| accepting("closed", Accepted::DeniedRegions { regions });
    assert_eq!(finding(&snapshot, VPC).verdict, Unknown);
    let found = judged(&snapshot, VPC, accepted(Vec::new()));
    assert_eq!(found.verdict, Pass, "{}", found.summary);
    assert_eq!(
        found.evidence.decisions[0].kind,
        DecisionKind::DeniedRegions
    );
    assert!(found.evidence.decisions[0].decides);
    // What needs no chain is not called covered.
    assert_eq!(found.covered_regions, [home()]);
    let one = accepted(vec![regions().remove(1)]);
    assert_eq!(judged(&snapshot, VPC, one).verdict, Unknown);

    // The role's own lack of permission is not accepted.
    let snapshot = closed_elsewhere(UnreadCause::Denied);
    assert_eq!(
        judged(&snapshot, VPC, accepted(Vec::new())).verdict,
        Unknown
    );
}
