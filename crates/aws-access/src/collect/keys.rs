//! The keys that encrypt topics. AWS's own key for SNS is the same everywhere
//! and is not asked about.

use std::collections::BTreeMap;

use futures::future::join_all;
use orgsweep_controls::snapshot::{Key, Topic};
use orgsweep_controls::{AccountSnapshot, Arn, Known, Region, Unread, UnreadCause};

use crate::errors::{CallError, FaultKind};
use crate::operation::Operation;
use crate::session::Session;

/// Alias of AWS's own key for SNS.
const AWS_KEY: &str = "alias/aws/sns";

/// The keys of `topics`, by [`AccountSnapshot::key_label`] in the account of `session`.
pub(super) async fn of_topics(
    session: &Session,
    topics: &BTreeMap<Arn, Known<Option<Topic>>>,
) -> BTreeMap<String, Known<Option<Key>>> {
    let mut wanted: BTreeMap<String, (Region, String)> = BTreeMap::new();
    let mut keys = BTreeMap::new();
    for (arn, topic) in topics {
        let (Some(region), Some(name)) = (arn.region(), name_of(topic)) else {
            continue;
        };
        let Some(label) = AccountSnapshot::key_label(session.account(), arn, name) else {
            continue;
        };
        // A bare id or alias means a key of the topic's account, and KMS would
        // look for it in the account that asks.
        if !name.starts_with("arn:") && arn.account().as_ref() != Some(session.account()) {
            let unread = Unread {
                call: Operation::DescribeKey.call(&region),
                cause: UnreadCause::NotAsked,
                message: "the key is in the topic's account".to_owned(),
            };
            keys.insert(label, Known::Unread(unread));
            continue;
        }
        wanted.insert(label, (region, name.to_owned()));
    }
    let read = wanted
        .into_iter()
        .map(async |(label, (region, name))| (label, one(session, &region, &name).await));
    keys.extend(join_all(read).await);
    keys
}

/// What the topic calls its key, unless that is AWS's own.
pub(super) fn name_of(topic: &Known<Option<Topic>>) -> Option<&str> {
    let topic = topic.value().and_then(Option::as_ref)?;
    topic.kms_key.as_deref().filter(|name| !is_aws_key(name))
}

/// The key of one topic, read with a session of the topic's account; `None` when it has none.
pub(super) async fn of_topic(
    session: &Session,
    region: &Region,
    topic: &Known<Option<Topic>>,
) -> Option<Known<Option<Key>>> {
    Some(one(session, region, name_of(topic)?).await)
}

fn is_aws_key(name: &str) -> bool {
    name == AWS_KEY || name.ends_with(&format!(":{AWS_KEY}"))
}

async fn one(session: &Session, region: &Region, name: &str) -> Known<Option<Key>> {
    const OPERATION: Operation = Operation::DescribeKey;
    let client = session.clients().kms(region);
    let request = client.describe_key().key_id(name);
    let answer = match session
        .call(OPERATION, region, || request.clone().send())
        .await
    {
        Ok(answer) => answer,
        Err(error) if error.kind == FaultKind::NotFound => {
            return Known::read(None, OPERATION.call(region));
        }
        Err(error) => return error.into_known(),
    };
    let described = answer.key_metadata.and_then(|key| {
        let arn: Arn = key.arn?.parse().ok()?;
        let state = key.key_state?.as_str().to_owned();
        let manager = key.key_manager.map_or_else(
            || "CUSTOMER".to_owned(),
            |manager| manager.as_str().to_owned(),
        );
        Some((arn, state, manager))
    });
    let Some((arn, state, manager)) = described else {
        return CallError::garbled(OPERATION, region, "the answer describes no key").into_known();
    };
    // A key of AWS's cannot be changed, so what its policy says does not matter.
    let policy = if manager == "AWS" {
        Known::Unread(Unread {
            call: Operation::GetKeyPolicy.call(region),
            cause: UnreadCause::NotAsked,
            message: String::new(),
        })
    } else {
        policy(session, region, &arn).await
    };
    let key = Key {
        arn,
        state,
        manager,
        policy,
    };
    Known::read(Some(key), OPERATION.call(region))
}

async fn policy(session: &Session, region: &Region, key: &Arn) -> Known<Option<String>> {
    const OPERATION: Operation = Operation::GetKeyPolicy;
    let client = session.clients().kms(region);
    let request = client
        .get_key_policy()
        .key_id(key.as_str())
        .policy_name("default");
    match session
        .call(OPERATION, region, || request.clone().send())
        .await
    {
        Ok(answer) => Known::read(answer.policy, OPERATION.call(region)),
        Err(error) if error.kind == FaultKind::NotFound => {
            Known::read(None, OPERATION.call(region))
        }
        Err(error) => error.into_known(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aws_s_own_key_is_known_by_its_alias() {
        for (own, name) in [
            (true, "alias/aws/sns"),
            (true, "arn:aws:kms:eu-west-1:111122223333:alias/aws/sns"),
            (false, "alias/mine"),
            (false, "11111111-2222-3333-4444-555555555555"),
        ] {
            assert_eq!(is_aws_key(name), own, "{name}");
        }
    }
}
