//! Who is subscribed to a topic. Of a web address only the host is kept: its
//! path often holds the key with which anybody can post to it.

use aws_sdk_sns::types::Subscription as SdkSubscription;
use orgsweep_controls::snapshot::{Subscription, SubscriptionState};
use orgsweep_controls::{Arn, Known, Region};

use super::filters;
use crate::errors::CallError;
use crate::members::Members;
use crate::operation::Operation;
use crate::paging::Pages;
use crate::session::Session;

const OPERATION: Operation = Operation::ListSubscriptionsByTopic;

/// The subscriptions of `topic`, sorted, with as many of their filter policies as it takes.
pub(super) async fn of(
    session: &Session,
    region: &Region,
    topic: &Arn,
    neighbours: &Members,
) -> Known<Vec<Subscription>> {
    match list(session, region, topic).await {
        Ok(mut subscriptions) => {
            subscriptions.sort();
            filters::read(session, region, neighbours, &mut subscriptions).await;
            Known::read(subscriptions, OPERATION.call(region))
        }
        Err(error) => error.into_known(),
    }
}

async fn list(
    session: &Session,
    region: &Region,
    topic: &Arn,
) -> Result<Vec<Subscription>, CallError> {
    let garbled = |message: &str| CallError::garbled(OPERATION, region, message);
    let client = session.clients().sns(region);
    let mut subscriptions = Vec::new();
    let mut pages = Pages::default();
    let mut token = None;
    loop {
        let request = client
            .list_subscriptions_by_topic()
            .topic_arn(topic.as_str())
            .set_next_token(token);
        let page = session
            .call(OPERATION, region, || request.clone().send())
            .await?;
        for listed in page.subscriptions.unwrap_or_default() {
            subscriptions.push(
                subscription(listed).ok_or_else(|| garbled("a subscription has no valid state"))?,
            );
        }
        token = pages
            .after(page.next_token)
            .map_err(|endless| garbled(endless.message()))?;
        if token.is_none() {
            return Ok(subscriptions);
        }
    }
}

fn subscription(listed: SdkSubscription) -> Option<Subscription> {
    let state = match listed.subscription_arn?.as_str() {
        "PendingConfirmation" => SubscriptionState::Pending,
        "Deleted" => SubscriptionState::Deleted,
        arn => SubscriptionState::Confirmed(arn.parse().ok()?),
    };
    let protocol = listed.protocol.unwrap_or_default();
    let endpoint = listed.endpoint.unwrap_or_default();
    Some(Subscription {
        endpoint: if protocol.starts_with("http") {
            host_only(&endpoint)
        } else {
            endpoint
        },
        protocol,
        owner: listed.owner.and_then(|owner| owner.parse().ok()),
        state,
        filter: None,
    })
}

/// `https://user:key@host/path?key` becomes `https://host/…`.
fn host_only(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return "…".to_owned();
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let more = if rest.len() > authority.len() + 1 {
        "/…"
    } else {
        ""
    };
    format!("{scheme}://{host}{more}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(arn: &str, protocol: &str, endpoint: &str) -> SdkSubscription {
        SdkSubscription::builder()
            .subscription_arn(arn)
            .protocol(protocol)
            .endpoint(endpoint)
            .build()
    }

    #[test]
    fn only_a_subscription_with_an_arn_is_confirmed() {
        let arn = "arn:aws:sns:eu-west-1:111122223333:alerts:11111111-2222";
        let state =
            |text| subscription(listed(text, "email", "a@example.com")).map(|found| found.state);
        assert_eq!(
            state(arn),
            Some(SubscriptionState::Confirmed(arn.parse().unwrap()))
        );
        assert_eq!(
            state("PendingConfirmation"),
            Some(SubscriptionState::Pending)
        );
        assert_eq!(state("Deleted"), Some(SubscriptionState::Deleted));
        assert_eq!(state("nonsense"), None);
    }

    #[test]
    fn keys_in_web_addresses_are_not_kept() {
        for (url, expected) in [
            (
                "https://events.pagerduty.com/integration/s3cr3t/enqueue",
                "https://events.pagerduty.com/…",
            ),
            ("https://user:s3cr3t@example.com", "https://example.com"),
            ("https://example.com?token=s3cr3t", "https://example.com/…"),
            (
                "https://global.sns-api.chatbot.amazonaws.com",
                "https://global.sns-api.chatbot.amazonaws.com",
            ),
            ("s3cr3t", "…"),
        ] {
            let found = subscription(listed("PendingConfirmation", "https", url)).unwrap();
            assert_eq!(found.endpoint, expected);
        }
        let mail = subscription(listed("PendingConfirmation", "email", "a@example.com")).unwrap();
        assert_eq!(mail.endpoint, "a@example.com");
    }
}
