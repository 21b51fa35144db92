//! Laws of planning, on accounts that are broken in several ways at once: what a
//! plan says passes does pass, and nothing is planned twice.

use std::collections::BTreeSet;

use orgsweep_controls::snapshot::SubscriptionState;
use orgsweep_controls::{AccountSnapshot, Verdict};
use orgsweep_remediator::PlanOptions;
use proptest::prelude::*;
use proptest::sample::subsequence;

use crate::estate::{Estate, options};
use crate::support::{
    MANAGEMENT, MEMBER, OTHER, alarms, filter, filters, first_alarm, first_topic, healthy,
    management, member_of_organization, recorded, status, subscriptions, trails,
};

/// What can be wrong together with anything else of this list.
const DAMAGES: [fn(&mut AccountSnapshot); 12] = [
    |a| status(a).logging = false,
    |a| status(a).delivery_error = Some("Access denied".to_owned()),
    |a| trails(a)[0].global_service_events = false,
    |a| filters(a)[0].on_transformed_logs = true,
    |a| filters(a)[0] = filter("s3", "{ $.eventName = PutBucketPolicy }"),
    |a| filters(a).push(filter("orgsweep-root-usage", "{ $.eventName = Nothing }")),
    |a| first_alarm(a).threshold = Some(3.0),
    |a| first_alarm(a).actions_enabled = false,
    |a| first_alarm(a).alarm_actions.clear(),
    |a| first_topic(a).policy = Some(r#"{"Statement":[]}"#.to_owned()),
    |a| subscriptions(a).clear(),
    |a| {
        for subscription in subscriptions(a) {
            subscription.state = SubscriptionState::Pending;
        }
    },
];

fn damaged(owner: &'static str) -> impl Strategy<Value = AccountSnapshot> {
    subsequence(DAMAGES.to_vec(), 0..=DAMAGES.len()).prop_map(move |damages| {
        let mut snapshot = healthy(owner);
        for damage in damages {
            damage(&mut snapshot);
        }
        snapshot
    })
}

fn estate() -> impl Strategy<Value = Estate> {
    (damaged(MEMBER), damaged(MANAGEMENT), any::<bool>()).prop_map(|(own, central, bare)| {
        let central = if bare { recorded(MANAGEMENT) } else { central };
        Estate::of([own, management(central), member_of_organization(OTHER)])
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn what_a_plan_repairs_passes_and_is_not_planned_again(
        estate in estate(),
        allow_trail_changes in any::<bool>(),
    ) {
        let options = PlanOptions { allow_trail_changes, ..options() };
        let failing = estate.failing();
        let plan = estate.plan(&failing, &options);
        let after = estate.after(&plan);
        for repair in &plan.repairs {
            let finding = after.finding(repair.account_id.as_str(), &repair.control);
            prop_assert_eq!(finding.verdict, Verdict::Pass, "{}", finding.summary);
        }
        prop_assert_eq!(plan.repairs.len() + plan.left_out.len(), failing.len());
        prop_assert!(plan.left_out.is_empty(), "{:?}", plan.left_out);
        prop_assert!(after.plan(&failing, &options).is_empty());
    }

    #[test]
    fn no_resource_is_made_twice_and_none_that_exists(estate in estate()) {
        let plan = estate.plan(&estate.failing(), &options());
        let made: Vec<&str> = plan
            .steps
            .iter()
            .filter(|step| step.action.kind().starts_with("put_") || step.action.kind().starts_with("create_"))
            .map(|step| step.resource.as_str())
            .collect();
        let distinct: BTreeSet<&str> = made.iter().copied().collect();
        prop_assert_eq!(made.len(), distinct.len());
        for snapshot in estate.snapshots.values() {
            let mut snapshot = AccountSnapshot::clone(snapshot);
            let owner = snapshot.account.clone();
            if owner.as_str() == OTHER {
                continue;
            }
            for existing in &alarms(&mut snapshot).metric {
                prop_assert!(!distinct.contains(existing.arn.as_str()));
            }
            for topic in snapshot.topics.keys() {
                prop_assert!(!distinct.contains(topic.as_str()));
            }
        }
    }
}
