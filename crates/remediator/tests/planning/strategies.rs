//! Where chains stand: behind the organization's trail, or in each account, and which accounts are
//! planned without each other.

use std::collections::BTreeSet;

use orgsweep_controls::Verdict;
use orgsweep_remediator::{PlanOptions, Strategy};

use crate::estate::{Estate, kinds, options, target};
use crate::support::{
    MANAGEMENT, MEMBER, OTHER, account, management, member_of_organization, recorded, s3, trails,
};

#[test]
fn behind_an_organization_trail_one_chain_repairs_every_member() {
    let estate = Estate::of([
        management(recorded(MANAGEMENT)),
        member_of_organization(MEMBER),
        member_of_organization(OTHER),
    ]);
    let targets: BTreeSet<_> = [MEMBER, OTHER].map(|id| (account(id), s3())).into();
    let plan = estate.plan(&targets, &options());
    let steps = [
        "create_topic",
        "subscribe",
        "put_metric_filter",
        "put_alarm",
    ];
    assert_eq!(kinds(&plan).0, steps);
    assert!(
        plan.steps
            .iter()
            .all(|step| step.account_id == account(MANAGEMENT))
    );
    assert!(plan.steps.iter().all(|step| step.repairs.accounts == 2));
    assert_eq!(plan.repairs.len(), 2);
    let after = estate.after(&plan);
    for id in [MEMBER, OTHER] {
        assert_eq!(after.finding(id, &s3()).verdict, Verdict::Pass);
    }
}

#[test]
fn the_strategy_decides_where_the_chain_stands() {
    let mut member = recorded(MEMBER);
    let mut seen = member_of_organization(MEMBER);
    trails(&mut member).append(trails(&mut seen));
    let estate = Estate::of([management(recorded(MANAGEMENT)), member]);
    for (strategy, stands_in) in [
        (Strategy::Auto, MANAGEMENT),
        (Strategy::Central, MANAGEMENT),
        (Strategy::Local, MEMBER),
    ] {
        let chosen = PlanOptions {
            strategy,
            ..options()
        };
        let plan = estate.plan(&target(MEMBER, &s3()), &chosen);
        assert!(!plan.steps.is_empty());
        assert!(
            plan.steps
                .iter()
                .all(|step| step.account_id == account(stands_in)),
            "{strategy}"
        );
        let other = plan.alternative.unwrap();
        assert_eq!((other.steps, other.repairs), (4, 1), "{strategy}");
    }
}

#[test]
fn local_chains_stand_in_each_account_whatever_the_organizations_trail_is_given() {
    // Accounts before and after the management account, whose own chain would serve them, too.
    let after = "999988887777";
    let with_own_trail = |id| {
        let (mut member, mut seen) = (recorded(id), member_of_organization(id));
        trails(&mut member).append(trails(&mut seen));
        member
    };
    let estate = Estate::of([
        management(recorded(MANAGEMENT)),
        with_own_trail(MEMBER),
        with_own_trail(after),
        member_of_organization(OTHER),
    ]);
    let targets = [MANAGEMENT, MEMBER, OTHER, after].map(|id| (account(id), s3()));
    for (strategy, stands_in, other) in [
        (Strategy::Central, &[MANAGEMENT][..], 12),
        (Strategy::Local, &[MEMBER, MANAGEMENT, after][..], 4),
    ] {
        let chosen = PlanOptions {
            strategy,
            ..options()
        };
        let plan = estate.plan(&targets.clone().into(), &chosen);
        let changed: BTreeSet<_> = plan.steps.iter().map(|step| &step.account_id).collect();
        let stands_in: Vec<_> = stands_in.iter().map(|id| account(id)).collect();
        assert_eq!(changed, stands_in.iter().collect(), "{strategy}");
        assert_eq!(plan.steps.len(), 4 * stands_in.len());
        assert_eq!(plan.repairs.len(), 4, "{strategy}");
        assert_eq!(plan.alternative.unwrap().steps, other, "{strategy}");
    }
}

#[test]
fn accounts_that_do_not_concern_each_other_are_planned_as_if_they_were_alone() {
    let whole = Estate::of([recorded(MEMBER), recorded(OTHER)]);
    let plan = whole.plan(&whole.failing(), &options());
    let mut actions = Vec::new();
    for id in [MEMBER, OTHER] {
        let alone = Estate::of([recorded(id)]);
        let steps = alone.plan(&alone.failing(), &options()).steps;
        assert!(steps.len() >= 30);
        actions.extend(steps.into_iter().map(|step| (step.action, step.repairs)));
    }
    let steps = plan.steps.iter();
    let planned: Vec<_> = steps
        .map(|step| (step.action.clone(), step.repairs.clone()))
        .collect();
    assert_eq!(planned, actions);
    for repair in &plan.repairs {
        let of_account = |number: &u32| {
            let step = &plan.steps[*number as usize - 1];
            step.account_id == repair.account_id
        };
        assert!(repair.steps.iter().all(of_account), "{repair:?}");
    }
}
