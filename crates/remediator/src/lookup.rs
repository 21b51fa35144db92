//! Asks, before a plan is final, whose the things are that it would change or add
//! to: their tags, and nothing else. No sweep does this; only what a plan
//! touches is asked about.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt as _;
use orgsweep_aws_access::CallFailure;
use orgsweep_controls::{AccountId, Arn, LogGroupArn};

use crate::document::Plan;
use crate::owner::{Owner, OwnerTags};
use crate::planner::Owned;
use crate::steps::Action;
use crate::write::{Writer, Writers, alarm, log_group, topic, trail};

/// Accounts that are asked at once.
const AT_ONCE: usize = 16;

/// What a plan changes or asks people about, by account, as far as it exists before. What a
/// step merely adds beside others (a filter on a log group) is nobody's concern.
pub fn touched(plan: &Plan) -> BTreeMap<AccountId, BTreeSet<String>> {
    let made: BTreeSet<&str> = plan
        .steps
        .iter()
        .filter(|step| step.action.makes_something() && step.action.touches().is_none())
        .map(|step| step.resource.as_str())
        .collect();
    let steps = plan
        .steps
        .iter()
        .filter(|step| !matches!(step.action, Action::PutMetricFilter { .. }))
        .filter_map(|step| Some((&step.account_id, step.action.touches()?)));
    let humans = plan
        .human_steps
        .iter()
        .map(|human| (&human.account_id, human.resource.clone()));
    let mut touched: BTreeMap<AccountId, BTreeSet<String>> = BTreeMap::new();
    for (account, resource) in steps.chain(humans) {
        let is_asked_about = !made.contains(resource.as_str()) && can_have_owner(&resource);
        if is_asked_about {
            touched.entry(account.clone()).or_default().insert(resource);
        }
    }
    touched
}

/// Whether it is of a kind whose tags are read: no role, no key, no account as a whole.
fn can_have_owner(resource: &str) -> bool {
    resource.parse::<LogGroupArn>().is_ok()
        || resource.parse::<Arn>().is_ok_and(|arn| {
            arn.region().is_some() && ["cloudwatch", "sns", "cloudtrail"].contains(&arn.service())
        })
}

/// Whose these things are. What cannot be read stays unread, with the reason.
pub async fn owners(
    writers: &Writers,
    things: BTreeMap<AccountId, BTreeSet<String>>,
    rules: &OwnerTags,
) -> BTreeMap<String, Owned> {
    futures::stream::iter(things)
        .map(|(account, resources)| of_account(writers, account, resources, rules))
        .buffer_unordered(AT_ONCE)
        .flat_map(futures::stream::iter)
        .collect()
        .await
}

async fn of_account(
    writers: &Writers,
    account: AccountId,
    resources: BTreeSet<String>,
    rules: &OwnerTags,
) -> BTreeMap<String, Owned> {
    let writer = match writers.account(&account).await {
        Ok(writer) => writer,
        Err(error) => {
            let unread = |resource| (resource, Owned::Unread(error.message.clone()));
            return resources.into_iter().map(unread).collect();
        }
    };
    let mut owned = BTreeMap::new();
    for resource in resources {
        let found = match tags(&writer, &resource).await {
            // Nobody is asked about things without tags: roles, keys, whole accounts.
            None => continue,
            Some(Ok(tags)) => Owner::of(&tags, rules).map_or(Owned::ByNobody, Owned::By),
            Some(Err(failure)) => Owned::Unread(failure.to_string()),
        };
        owned.insert(resource, found);
    }
    owned
}

/// The tags of a thing, if it is of a kind that is asked about.
async fn tags(
    writer: &Writer,
    resource: &str,
) -> Option<Result<BTreeMap<String, String>, CallFailure>> {
    if let Ok(group) = resource.parse::<LogGroupArn>() {
        return Some(log_group::tags(writer, &group).await);
    }
    let arn: Arn = resource.parse().ok()?;
    let region = arn.region()?;
    Some(match arn.service() {
        "cloudwatch" => alarm::tags(writer, &arn, &region).await,
        "sns" => topic::tags(writer, &arn, &region).await,
        "cloudtrail" => trail::tags(writer, &arn, &region).await,
        _ => return None,
    })
}
