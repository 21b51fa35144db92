//! Who owns what: what code defines is left to the code, and everything says whose it is.

use std::collections::BTreeMap;

use orgsweep_remediator::export::table::AccountNames;
use orgsweep_remediator::export::{cloudformation, table, terraform};
use orgsweep_remediator::owner::{Manager, Owner};
use orgsweep_remediator::planner::{Owned, Ownership};
use orgsweep_remediator::{Plan, PlanOptions};

use crate::estate::{Estate, kinds, options, target};
use crate::support::{MEMBER, first_alarm, group_arn, healthy, recorded, s3, trails};

/// An account whose alarm for the S3 control has its actions disabled.
fn disabled() -> Estate {
    let mut snapshot = healthy(MEMBER);
    first_alarm(&mut snapshot).actions_enabled = false;
    Estate::of([snapshot])
}

fn alarm_of(estate: &Estate) -> String {
    let snapshot = estate.snapshots.values().next().unwrap();
    first_alarm(&mut snapshot.as_ref().clone()).arn.to_string()
}

fn planned(estate: &Estate, owned: Owned, include_managed: bool) -> Plan {
    let options = PlanOptions {
        ownership: Ownership {
            owners: BTreeMap::from([(alarm_of(estate), owned)]),
            include_managed,
        },
        ..options()
    };
    estate.plan(&target(MEMBER, &s3()), &options)
}

fn stack() -> Owned {
    Owned::By(Owner {
        manager: Manager::CloudFormation,
        name: "monitoring".to_owned(),
        tag: "aws:cloudformation:stack-name".to_owned(),
        team: None,
    })
}

#[test]
fn what_code_defines_is_changed_there_unless_the_plan_is_told_otherwise() {
    let estate = disabled();
    let people = Owned::By(Owner {
        manager: Manager::People,
        name: "payments".to_owned(),
        tag: "team".to_owned(),
        team: None,
    });
    let unread = || Owned::Unread("cloudwatch:ListTagsForResource was denied".to_owned());
    let step: (&[&str], &[&str]) = (&["enable_alarm_actions"], &[]);
    let by_hand: (&[&str], &[&str]) = (&[], &["change_managed"]);
    for (owned, include_managed, expected) in [
        (Owned::ByNobody, false, step),
        (people, false, step),
        (stack(), false, by_hand),
        (stack(), true, step),
        (unread(), false, by_hand),
        (unread(), true, step),
    ] {
        let plan = planned(&estate, owned.clone(), include_managed);
        let (steps, human_steps) = kinds(&plan);
        assert_eq!((&steps[..], &human_steps[..]), expected, "{owned:?}");
        assert_eq!(plan.repairs.len(), 1, "{owned:?}");
    }
}

#[test]
fn steps_say_whose_the_thing_is_and_exports_where_to_change_it() {
    let estate = disabled();
    let plan = planned(&estate, stack(), false);
    let human = &plan.human_steps[0];
    assert_eq!(
        human.owner.as_ref().map(ToString::to_string).as_deref(),
        Some("CloudFormation stack `monitoring`")
    );
    assert!(
        human
            .text
            .starts_with("CloudFormation stack `monitoring` defines"),
        "{}",
        human.text
    );
    for files in [terraform(&plan), cloudformation(&plan)] {
        let changes = files.iter().find(|file| file.path == "CHANGES.md").unwrap();
        assert!(
            changes.text.contains("ActionsEnabled: true"),
            "{}",
            changes.text
        );
    }
    let applied = planned(&estate, stack(), true);
    assert!(applied.steps[0].owner.is_some());
    assert!(
        table::page(&applied, &AccountNames::default(), false, None).contains("stack `monitoring`")
    );
}

#[test]
fn nothing_is_made_for_a_trail_that_code_connects() {
    let mut unconnected = healthy(MEMBER);
    trails(&mut unconnected)[0].log_group = None;
    let trail = trails(&mut unconnected)[0].arn.to_string();
    let estate = Estate::of([unconnected]);
    for (include_managed, steps) in [(false, 0), (true, 5)] {
        let options = PlanOptions {
            allow_trail_changes: true,
            ownership: Ownership {
                owners: BTreeMap::from([(trail.clone(), stack())]),
                include_managed,
            },
            ..options()
        };
        let plan = estate.plan(&target(MEMBER, &s3()), &options);
        let needs_the_group =
            |kind: &&str| !matches!(*kind, "put_alarm" | "create_topic" | "subscribe");
        let (done, by_hand) = kinds(&plan);
        let made = done.iter().filter(|kind| needs_the_group(kind)).count();
        assert_eq!(made, steps.min(4), "{done:?}");
        let asked = by_hand
            .iter()
            .filter(|kind| **kind == "change_managed")
            .count();
        assert_eq!(asked, 4 - made, "{by_hand:?}");
    }
}

#[test]
fn a_filter_beside_those_of_a_stack_stays_a_step() {
    let estate = Estate::of([recorded(MEMBER)]);
    let options = PlanOptions {
        ownership: Ownership {
            owners: BTreeMap::from([(group_arn(MEMBER).to_string(), stack())]),
            include_managed: false,
        },
        ..options()
    };
    let plan = estate.plan(&target(MEMBER, &s3()), &options);
    let filter = plan
        .steps
        .iter()
        .find(|step| step.action.kind() == "put_metric_filter");
    assert!(filter.unwrap().owner.is_some());
}

#[test]
fn accepted_findings_are_left_out_and_the_decision_is_named() {
    let estate = disabled();
    let decision = "accepted by anna until 2027-01-31: moving to another account";
    let targets = target(MEMBER, &s3());
    let options = PlanOptions {
        accepted: targets
            .iter()
            .map(|one| (one.clone(), decision.to_owned()))
            .collect(),
        ..options()
    };
    let plan = estate.plan(&targets, &options);
    assert!(plan.is_empty());
    assert_eq!(
        (
            plan.left_out[0].why.as_str(),
            plan.left_out[0].text.as_str()
        ),
        ("accepted", decision)
    );
}
