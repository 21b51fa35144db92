//! Organization trails: members are judged by the chain of the account that
//! owns the log group.

use std::collections::BTreeMap;
use std::sync::Arc;

use orgsweep_controls::snapshot::{Arrivals, Delivery};
use orgsweep_controls::{AccountSnapshot, Catalog, Evaluator, ReliedOn, UnreadCause, Verdict};

use crate::support::*;

const AUDIT: &str = "555566667777";

fn member_of(
    owner: orgsweep_controls::AccountSnapshot,
    control: &str,
) -> orgsweep_controls::Finding {
    judge(&member(OWN), &relying_on(owner), control)
}

#[test]
fn a_member_is_covered_by_the_owners_chain() {
    let finding = member_of(owner(), S3);
    assert_eq!(finding.reason.as_str(), "covered_by_organization_trail");
    assert_eq!(finding.evidence.covered_by, Some(account(OWNER)));
    assert_eq!(finding.covered_regions, regions());

    let own = judge(&owner(), &relying_on(owner()), S3);
    assert_eq!(own.reason.as_str(), "covered");
}

#[test]
fn one_broken_organization_chain_is_one_cause_for_all_members() {
    let mut broken = owner();
    of_alarm(&mut broken, S3).actions_enabled = false;
    let relied_on = relying_on(broken);
    let first = judge(&member(OWN), &relied_on, S3);
    let second = judge(&member("444455556666"), &relied_on, S3);
    assert_eq!(first.reason.as_str(), "alarm_actions_disabled");
    assert_eq!(first.cause, second.cause);
    assert!(
        first.cause.contains(alarm_arn(OWNER, HOME, S3).as_str()),
        "{}",
        first.cause
    );
    assert_eq!(first.evidence.covered_by, Some(account(OWNER)));
}

#[test]
fn an_owner_that_was_not_read_leaves_members_unknown() {
    let mut relied_on = ReliedOn {
        management_account: Some(account(OWNER)),
        ..ReliedOn::default()
    };
    let silent = judge(&member(OWN), &relied_on, S3);
    assert_eq!(silent.reason.as_str(), "owner_unread");
    assert_eq!(silent.verdict, Verdict::Unknown);

    let why = unread("sts", "AssumeRole", UnreadCause::Denied);
    relied_on.unread.insert(account(OWNER), why.clone());
    let denied = judge(&member(OWN), &relied_on, S3);
    assert_eq!(denied.reason.as_str(), "owner_unread");
    assert_eq!(denied.evidence.unread, [why]);
    assert_eq!(denied.evidence.missing_permissions, ["sts:AssumeRole"]);
}

#[test]
fn a_members_own_good_chain_passes_whatever_the_owner_does() {
    let mut snapshot = healthy(OWN);
    let shadow = of_trail(&mut member(OWN)).clone();
    value(snapshot.trails.get_mut(&home()).unwrap()).push(shadow);
    let finding = judge(&snapshot, &ReliedOn::default(), S3);
    assert_eq!(finding.reason.as_str(), "covered");
}

#[test]
fn own_and_organization_filters_add_up() {
    let mut owner = owner();
    of_filter(&mut owner, S3).pattern = "{ $.eventName = PutBucket* }".to_owned();
    let mut snapshot = healthy(OWN);
    of_filter(&mut snapshot, S3).pattern = "{ $.eventName = DeleteBucket* }".to_owned();
    let shadow = of_trail(&mut member(OWN)).clone();
    value(snapshot.trails.get_mut(&home()).unwrap()).push(shadow);
    let finding = judge(&snapshot, &relying_on(owner), S3);
    assert_eq!(finding.reason.as_str(), "covered_by_organization_trail");
}

#[test]
fn a_filter_that_is_narrowed_to_accounts_covers_only_those() {
    let mut owner = owner();
    of_filter(&mut owner, S3).pattern =
        prescribed(S3).replace(" }", &format!(" && ($.recipientAccountId = \"{OWN}\") }}"));
    let relied_on = relying_on(owner);
    let inside = judge(&member(OWN), &relied_on, S3);
    assert_eq!(inside.verdict, Verdict::Pass, "{}", inside.summary);
    let outside = judge(&member("444455556666"), &relied_on, S3);
    assert_eq!(outside.reason.as_str(), "filter_does_not_cover");
    let witness = outside.evidence.witness.unwrap();
    assert_eq!(witness["recipientAccountId"], "444455556666");
}

#[test]
fn the_log_group_may_be_a_delegated_administrators() {
    // The trail is the management account's by its ARN, the group is the audit account's.
    let mut audit = healthy(AUDIT);
    let mut shadow = of_trail(&mut member(AUDIT)).clone();
    shadow.log_group = Some(group_arn(AUDIT, HOME));
    *of_trail(&mut audit) = shadow.clone();
    let mut management = empty(OWNER);
    let mut own = trail(OWNER, "main", HOME);
    own.organization = true;
    own.log_group = Some(group_arn(AUDIT, HOME));
    management.trails.insert(home(), known(vec![own]));
    let mut snapshot = member(OWN);
    *of_trail(&mut snapshot) = shadow;

    let mut relied_on = ReliedOn {
        management_account: Some(account(OWNER)),
        snapshots: BTreeMap::from([
            (account(OWNER), Arc::new(management)),
            (account(AUDIT), Arc::new(audit)),
        ]),
        ..ReliedOn::default()
    };
    let finding = judge(&snapshot, &relied_on, S3);
    assert_eq!(
        finding.reason.as_str(),
        "covered_by_organization_trail",
        "{}",
        finding.summary
    );
    assert_eq!(finding.evidence.covered_by, Some(account(AUDIT)));

    relied_on.snapshots.remove(&account(OWNER));
    assert_eq!(
        judge(&snapshot, &relied_on, S3).reason.as_str(),
        "owner_unread"
    );
}

#[test]
fn a_member_that_is_not_told_the_log_group_is_judged_by_the_owners_word() {
    let mut snapshot = member(OWN);
    of_trail(&mut snapshot).log_group = None;
    let told = judge(&snapshot, &relying_on(owner()), S3);
    assert_eq!(told.reason.as_str(), "covered_by_organization_trail");

    let untold = judge(&snapshot, &ReliedOn::default(), S3);
    assert_eq!(untold.reason.as_str(), "owner_unread");

    let mut without = owner();
    of_trail(&mut without).log_group = None;
    assert_eq!(
        judge(&snapshot, &relying_on(without), S3).reason.as_str(),
        "no_log_group"
    );
}

#[test]
fn a_topic_in_another_account_is_judged_as_its_owner_sees_it() {
    let shared = topic_arn(OWNER, HOME);
    let mut snapshot = healthy(OWN);
    of_alarm(&mut snapshot, S3).alarm_actions = vec![shared.to_string()];
    snapshot
        .topics
        .insert(shared.clone(), denied("sns", "GetTopicAttributes"));
    let unread = finding(&snapshot, S3);
    assert_eq!(unread.reason.as_str(), "fact_unread");
    assert_eq!(unread.cause, "fact_unread sns:GetTopicAttributes");

    let relied_on = relying_on(owner());
    let default_policy = judge(&snapshot, &relied_on, S3);
    assert_eq!(default_policy.reason.as_str(), "topic_policy_denies");

    let mut owner = owner();
    of_topic(&mut owner).policy = Some(format!(
        r#"{{"Statement":[{{"Effect":"Allow","Principal":{{"Service":"cloudwatch.amazonaws.com"}},"Action":"sns:Publish","Resource":"{shared}","Condition":{{"ArnLike":{{"aws:SourceArn":"arn:aws:cloudwatch:*:{OWN}:alarm:*"}}}}}}]}}"#
    ));
    assert_eq!(
        judge(&snapshot, &relying_on(owner), S3).reason.as_str(),
        "covered"
    );
}

#[test]
fn organization_changes_concern_the_management_account_alone() {
    let control = "organizations-changes";
    let other = judge(&member(OWN), &relying_on(owner()), control);
    assert_eq!(other.verdict, Verdict::NotApplicable);
    assert_eq!(other.reason.as_str(), "management_account_only");
    assert_eq!(
        judge(&owner(), &relying_on(owner()), control).verdict,
        Verdict::Pass
    );

    // Nobody said which account manages the organization: a trail's ARN may.
    let by_trail = judge(&member(OWN), &ReliedOn::default(), control);
    assert_eq!(by_trail.verdict, Verdict::NotApplicable);
    let good = judge(&healthy(OWN), &ReliedOn::default(), control);
    assert_eq!(good.verdict, Verdict::Pass);
    let open = judge(&empty(OWN), &ReliedOn::default(), control);
    assert_eq!(open.reason.as_str(), "fact_unread");
    assert_eq!(
        open.evidence.missing_permissions,
        ["organizations:DescribeOrganization"]
    );
}

#[test]
fn what_was_judged_before_changes_nothing() {
    let evaluator = Evaluator::new(&Catalog::builtin().only(&[S3.parse().unwrap()]));
    let good = relying_on(owner());
    let before = evaluator.evaluate(&member(OWN), &good);
    let mut broken = owner();
    of_filters(&mut broken).clear();
    let other = evaluator.evaluate(&member(OWN), &relying_on(broken));
    assert_eq!(other[0].reason.as_str(), "no_filter");
    assert_eq!(evaluator.evaluate(&member(OWN), &good), before);
}

fn with_streams_of(accounts: &[(&str, Delivery)], complete: bool) -> AccountSnapshot {
    let mut owner = owner();
    let arrivals = Arrivals {
        accounts: accounts
            .iter()
            .map(|(id, delivery)| (account(id), delivery.clone()))
            .collect(),
        complete,
        settled: true,
    };
    of_group(&mut owner).arrivals = Some(known(arrivals));
    owner
}

#[test]
#[rustfmt::skip]
fn log_streams_tell_whose_events_arrive() {
    const OTHER: &str = "444455556666";
    let fresh = Delivery::Fresh;
    let only_owner = [(OWNER, fresh.clone())];
    for (accounts,                                            complete, expected) in [
        (&only_owner[..],                                      true,  "organization_trail_owner_only"),
        (&only_owner,                                          false, "covered_by_organization_trail"),
        (&[],                                                  true,  "covered_by_organization_trail"),
        (&[(OWNER, fresh.clone()), (OTHER, fresh.clone())],    true,  "covered_by_organization_trail"),
        (&[(OWNER, fresh.clone()), (OWN, fresh.clone())],      true,  "covered_by_organization_trail"),
        (&[(OWN, Delivery::NotReported)],                      true,  "covered_by_organization_trail"),
    ] {
        let owner = with_streams_of(accounts, complete);
        let finding = member_of(owner.clone(), S3);
        assert_eq!(finding.reason.as_str(), expected, "{accounts:?}");
        let shown = accounts.iter().any(|(id, _)| *id == OWN);
        let assumed = finding.evidence.assumptions.iter().any(|text| text.contains("log stream"));
        assert_eq!(assumed, !shown && finding.verdict == Verdict::Pass, "{accounts:?}");
        // The owner's own events arrive in any case.
        let own = judge(&owner, &relying_on(owner.clone()), S3);
        assert_eq!(own.reason.as_str(), "covered", "{accounts:?}");
    }
}

#[test]
fn a_pass_that_rests_on_an_old_event_says_so() {
    let last = "2026-08-21T09:30:00Z".parse().unwrap();
    let assumed = |delivery: Delivery| {
        let finding = member_of(with_streams_of(&[(OWN, delivery)], true), S3);
        assert_eq!(finding.reason.as_str(), "covered_by_organization_trail");
        finding.evidence.assumptions.join("; ")
    };
    let old = assumed(Delivery::Stale { last });
    assert!(
        old.contains("still arrive") && old.contains("2026-08-21"),
        "{old}"
    );
    assert!(!assumed(Delivery::Fresh).contains("still arrive"));
}

#[test]
fn a_group_whose_first_stream_is_young_tells_nothing_yet() {
    let mut owner = with_streams_of(&[(OWNER, Delivery::Fresh)], true);
    let arrivals = of_group(&mut owner).arrivals.as_mut().unwrap();
    value(arrivals).settled = false;
    let finding = member_of(owner, S3);
    assert_eq!(finding.reason.as_str(), "covered_by_organization_trail");
}

#[test]
fn streams_that_cannot_be_read_leave_members_unknown() {
    let mut owner = owner();
    of_group(&mut owner).arrivals = Some(denied("logs", "DescribeLogStreams"));
    let finding = member_of(owner.clone(), S3);
    assert_eq!(finding.reason.as_str(), "fact_unread");
    assert_eq!(
        finding.evidence.missing_permissions,
        ["logs:DescribeLogStreams"]
    );
    let own = judge(&owner, &relying_on(owner.clone()), S3);
    assert_eq!(own.reason.as_str(), "covered");
}
