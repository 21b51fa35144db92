//! Subscriptions of topics.

use std::collections::BTreeMap;

use orgsweep_aws_access::{CallFailure, FaultKind};
use orgsweep_controls::{Arn, Region};
use serde::{Deserialize, Serialize};

use super::operation::{LIST_SUBSCRIPTIONS_BY_TOPIC, SUBSCRIBE, UNSUBSCRIBE};
use super::{Writer, found, gone};
use crate::endpoint::Endpoint;

/// What SNS lists instead of an ARN while nobody has confirmed.
const PENDING: &str = "PendingConfirmation";
/// What it lists for some time after the end.
const DELETED: &str = "Deleted";

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Its ARN. Lists show it only when it is confirmed.
    pub arn: Option<String>,
    /// Whether its messages go out.
    pub confirmed: bool,
}

/// How ending a subscription ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It is gone.
    Gone,
    /// AWS does not let anybody end one that was never confirmed; it goes by itself within
    /// three days.
    GoesByItself,
}

/// The subscriptions of those endpoints to a topic, each with `None` where there is none.
pub async fn read(
    writer: &Writer,
    topic: &Arn,
    region: &Region,
    endpoints: Vec<Endpoint>,
) -> Result<BTreeMap<Endpoint, Option<Subscription>>, CallFailure> {
    let all = list(writer, topic, region).await?.unwrap_or_default();
    let of = |endpoint: &Endpoint| {
        let same = all.iter().find(|(found, _)| found == endpoint);
        same.map(|(_, subscription)| subscription.clone())
    };
    Ok(endpoints
        .into_iter()
        .map(|endpoint| {
            let subscription = of(&endpoint);
            (endpoint, subscription)
        })
        .collect())
}

/// The subscriptions of a topic that have not ended; `None` when there is no such topic.
pub async fn list(
    writer: &Writer,
    topic: &Arn,
    region: &Region,
) -> Result<Option<Vec<(Endpoint, Subscription)>>, CallFailure> {
    let client = writer.sns(region);
    let mut subscriptions = Vec::new();
    let mut token = None;
    loop {
        let request = client
            .list_subscriptions_by_topic()
            .topic_arn(topic.as_str())
            .set_next_token(token);
        let answer = writer
            .call(LIST_SUBSCRIPTIONS_BY_TOPIC, region, || {
                request.clone().send()
            })
            .await;
        let Some(page) = found(answer)? else {
            return Ok(None);
        };
        for listed in page.subscriptions.unwrap_or_default() {
            let endpoint = Endpoint {
                protocol: listed.protocol.unwrap_or_default(),
                address: listed.endpoint.unwrap_or_default(),
            };
            let subscription = match listed.subscription_arn.as_deref() {
                Some(DELETED) => continue,
                None | Some(PENDING) => Subscription {
                    arn: None,
                    confirmed: false,
                },
                Some(arn) => Subscription {
                    arn: Some(arn.to_owned()),
                    confirmed: true,
                },
            };
            subscriptions.push((endpoint, subscription));
        }
        token = page.next_token;
        if token.is_none() {
            return Ok(Some(subscriptions));
        }
    }
}

/// Subscribes `endpoint`; the subscription's ARN. One that is there stays as it is.
pub async fn subscribe(
    writer: &Writer,
    topic: &Arn,
    region: &Region,
    endpoint: &Endpoint,
) -> Result<Option<String>, CallFailure> {
    let request = writer
        .sns(region)
        .subscribe()
        .topic_arn(topic.as_str())
        .protocol(&endpoint.protocol)
        .endpoint(&endpoint.address)
        .return_subscription_arn(true);
    let answer = writer.call(SUBSCRIBE, region, || request.clone().send());
    Ok(answer.await?.subscription_arn)
}

/// Ends a subscription; one that is gone already is no error.
pub async fn unsubscribe(
    writer: &Writer,
    arn: &str,
    region: &Region,
) -> Result<Ended, CallFailure> {
    let request = writer.sns(region).unsubscribe().subscription_arn(arn);
    let answer = writer.call(UNSUBSCRIBE, region, || request.clone().send());
    match gone(answer.await.map(drop)) {
        Ok(()) => Ok(Ended::Gone),
        Err(failure)
            if failure.kind == FaultKind::Invalid
                && failure.words.contains("pending confirmation") =>
        {
            Ok(Ended::GoesByItself)
        }
        Err(failure) => Err(failure),
    }
}
