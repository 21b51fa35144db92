//! The filter policies of subscriptions. They are asked one at a time, until a
//! subscription is found that gets the messages of every alarm: that one is
//! enough, and nearly always the first. Only its owner may look at a subscription.

use orgsweep_controls::snapshot::{MessageFilter, Subscription, SubscriptionState};
use orgsweep_controls::{
    AccountId, Arn, Known, Region, Unread, UnreadCause, lets_every_alarm_through,
};

use crate::errors::CallError;
use crate::members::Members;
use crate::operation::Operation;
use crate::session::Session;

const OPERATION: Operation = Operation::GetSubscriptionAttributes;

/// Subscriptions that are asked at most, for one topic.
const MOST: usize = 25;

/// Protocols in the order in which they are asked: people have filter policies
/// less often than machines.
const ORDER: &[&str] = &["email", "email-json", "sms", "https", "http", "application"];

/// Fills in the filter policies of `subscriptions`, as far as they are needed.
pub(super) async fn read(
    session: &Session,
    region: &Region,
    neighbours: &Members,
    subscriptions: &mut [Subscription],
) {
    for (asked, index) in likely_first(session, subscriptions).into_iter().enumerate() {
        let subscription = &mut subscriptions[index];
        if asked == MOST {
            break;
        }
        let SubscriptionState::Confirmed(arn) = &subscription.state else {
            continue;
        };
        let filter = match &subscription.owner {
            Some(owner) if owner != session.account() => {
                of_another(session, region, neighbours, (owner, arn)).await
            }
            _ => one(session, region, arn).await,
        };
        let enough = match &filter {
            Known::Read { value, .. } => lets_every_alarm_through(value),
            // Who may not see one may not see the others.
            Known::Unread(unread) => unread.cause == UnreadCause::Denied,
        };
        subscription.filter = Some(filter);
        if enough {
            break;
        }
    }
}

/// The confirmed ones, by index: the account's own before others', people before machines.
fn likely_first(session: &Session, subscriptions: &[Subscription]) -> Vec<usize> {
    let confirmed =
        |index: &usize| matches!(subscriptions[*index].state, SubscriptionState::Confirmed(_));
    let mut order: Vec<usize> = (0..subscriptions.len()).filter(confirmed).collect();
    order.sort_by_key(|index| {
        let subscription = &subscriptions[*index];
        let place = ORDER.iter().position(|name| *name == subscription.protocol);
        let owner = subscription.owner.as_ref();
        let foreign = owner.is_some_and(|owner| owner != session.account());
        (foreign, place.unwrap_or(ORDER.len()))
    });
    order
}

/// The filter policy of a subscription that belongs to another account: asked
/// there, where that can be entered. Asking from here would be denied, and so
/// would ring the very alarm for denied calls.
async fn of_another(
    session: &Session,
    region: &Region,
    neighbours: &Members,
    (owner, arn): (&AccountId, &Arn),
) -> Known<MessageFilter> {
    if session.pauses().during(neighbours.contain(owner)).await {
        let there = session.in_account(owner);
        if there.sign_in().await.is_ok() {
            return one(&there, region, arn).await;
        }
    }
    Known::Unread(Unread {
        call: OPERATION.call(region),
        cause: UnreadCause::NotAsked,
        message: format!("the subscription belongs to account {owner}"),
    })
}

async fn one(session: &Session, region: &Region, arn: &Arn) -> Known<MessageFilter> {
    let client = session.clients().sns(region);
    let request = client
        .get_subscription_attributes()
        .subscription_arn(arn.as_str());
    let answer = session
        .call(OPERATION, region, || request.clone().send())
        .await;
    let understood = answer.and_then(|answer| {
        let garbled = || CallError::garbled(OPERATION, region, "the answer has no attributes");
        let mut attributes = answer.attributes.ok_or_else(garbled)?;
        let mut take = |name: &str| attributes.remove(name).filter(|text| !text.is_empty());
        let policy = take("FilterPolicy");
        Ok(MessageFilter {
            scope: take("FilterPolicyScope").filter(|_| policy.is_some()),
            policy,
        })
    });
    match understood {
        Ok(filter) => Known::read(filter, OPERATION.call(region)),
        Err(error) => error.into_known(),
    }
}
