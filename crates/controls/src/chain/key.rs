//! The key that encrypts a topic: whether it lets CloudWatch publish. AWS's own
//! key for SNS never does, because its policy does not name the service.

use super::policy::{self, Decision, Request};
use crate::ids::Arn;
use crate::known::{Known, Unread};
use crate::snapshot::Key;

/// What a key says to a message of an alarm.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum KeyDecision {
    Allows,
    Denies(String),
    Undecided(String),
    Unread(Unread),
}

/// What CloudWatch needs to publish to a topic that is encrypted with a key.
const ACTIONS: [&str; 2] = ["kms:Decrypt", "kms:GenerateDataKey"];

/// Judges the key that `id` (the `KmsMasterKeyId` of `topic`) names.
pub(crate) fn judge(
    id: &str,
    key: Option<&Known<Option<Key>>>,
    alarm: &Arn,
    topic: &Arn,
) -> KeyDecision {
    if id.rsplit(':').next() == Some("alias/aws/sns") {
        return KeyDecision::Denies(
            "`alias/aws/sns` does not let CloudWatch publish: use a customer managed key"
                .to_owned(),
        );
    }
    let key = match key.map(Known::get) {
        Some(Ok(Some(key))) => key,
        Some(Ok(None)) => return KeyDecision::Denies(format!("the key `{id}` does not exist")),
        Some(Err(unread)) => return KeyDecision::Unread(unread.clone()),
        None => return KeyDecision::Undecided(format!("the key `{id}` was not read")),
    };
    if key.state != "Enabled" {
        return KeyDecision::Denies(format!("the key {} is {}", key.arn, key.state));
    }
    if key.manager == "AWS" {
        return KeyDecision::Denies(format!(
            "{} is a key of AWS's own, which does not let CloudWatch publish",
            key.arn
        ));
    }
    let policy = match key.policy.get() {
        Ok(Some(policy)) => policy,
        Ok(None) => {
            return KeyDecision::Undecided(format!("the policy of {} is not known", key.arn));
        }
        Err(unread) => return KeyDecision::Unread(unread.clone()),
    };
    let account = alarm.account();
    let account = account.as_ref().map_or("", |account| account.as_str());
    let mut undecided = None;
    for action in ACTIONS {
        let request = Request::of_alarm(action, key.arn.as_str(), alarm.as_str(), account)
            .about_key_of(topic);
        match policy::decide(policy, &request) {
            Decision::Allowed => {}
            Decision::Denied(why) => {
                return KeyDecision::Denies(format!("{} does not allow {action}: {why}", key.arn));
            }
            Decision::Undecided(why) => {
                undecided = Some(format!("{action} on {}: {why}", key.arn));
            }
        }
    }
    undecided.map_or(KeyDecision::Allows, KeyDecision::Undecided)
}
