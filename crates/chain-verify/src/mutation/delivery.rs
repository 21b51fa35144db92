//! Changes of topics, their policies and keys, and of subscriptions.

use chrono::Utc;
use fastrand::Rng;
use orgsim::{AccountState, Confirmation, Key};
use serde_json::{Value, json};

use super::{key, one, region_with};

pub(super) fn change(random: &mut Rng, state: &mut AccountState) -> Option<String> {
    let account = state.id.clone();
    let content = region_with(random, state, |content| !content.topics.is_empty())?;
    let arn = key(random, &content.topics)?;
    let text = match random.u8(..12) {
        0 => {
            content.topics.remove(&arn);
            "is removed".to_owned()
        }
        1..5 => {
            let policy = policy(random, &arn, &account);
            content.topics.get_mut(&arn)?.policy = Some(policy.clone());
            format!("has the policy {policy}")
        }
        5 | 6 => {
            let topic = content.topics.get_mut(&arn)?;
            if random.u8(..4) == 0 {
                topic.kms_key = Some("alias/aws/sns".to_owned());
                "is encrypted with alias/aws/sns".to_owned()
            } else {
                topic.kms_key = Some("alias/mine".to_owned());
                let made = a_key(random, &arn, &account);
                let text = format!("is encrypted with a key, {}, {}", made.state, made.policy);
                let id = "11112222-3333-4444-5555-666677778888".to_owned();
                content
                    .key_aliases
                    .insert("alias/mine".to_owned(), id.clone());
                content.keys.insert(id, made);
                text
            }
        }
        _ => {
            let of_topic = |s: &&mut orgsim::Subscription| s.topic_arn == arn;
            let subscription = content.subscriptions.iter_mut().find(of_topic)?;
            match random.u8(..6) {
                0 => subscription.confirmation = Confirmation::Pending,
                1 => subscription.confirmation = Confirmation::Deleted,
                2 => content.subscriptions.retain(|s| s.topic_arn != arn),
                _ => {
                    let (scope, policy) = *one(
                        random,
                        &[
                            ("MessageAttributes", "{\"severity\": [\"high\"]}"),
                            ("MessageAttributes", "{\"severity\": [{\"exists\": false}]}"),
                            ("MessageAttributes", "{}"),
                            ("MessageBody", "{\"NewStateValue\": [\"ALARM\"]}"),
                            ("MessageBody", "{\"NewStateValue\": [\"OK\"]}"),
                            ("MessageBody", "{\"AlarmName\": [{\"prefix\": \"cis-\"}]}"),
                            (
                                "MessageBody",
                                "{\"AlarmName\": [{\"prefix\": \"billing\"}]}",
                            ),
                        ],
                    );
                    let attributes = &mut subscription.attributes;
                    attributes.insert("FilterPolicyScope".to_owned(), scope.to_owned());
                    attributes.insert("FilterPolicy".to_owned(), policy.to_owned());
                }
            }
            format!("has the subscriptions {:?}", content.subscriptions)
        }
    };
    Some(format!("topic {arn} {text}"))
}

fn policy(random: &mut Rng, arn: &str, account: &str) -> String {
    let service = json!({ "Service": "cloudwatch.amazonaws.com" });
    let allow = |principal: Value, condition: Value| {
        let mut statement = json!({
            "Sid": "Allow", "Effect": "Allow", "Principal": principal,
            "Action": "SNS:Publish", "Resource": arn
        });
        if !condition.is_null() {
            statement["Condition"] = condition;
        }
        statement
    };
    let deny = |condition: Value| json!({ "Sid": "Deny", "Effect": "Deny", "Principal": "*", "Action": "sns:*", "Resource": arn, "Condition": condition });
    let statements = match random.u8(..14) {
        0 => json!([allow(service, Value::Null)]),
        1 => json!([allow(
            service,
            json!({"StringEquals": {"aws:SourceAccount": account}})
        )]),
        2 => json!([allow(
            service,
            json!({"StringEquals": {"aws:SourceAccount": "999999999999"}})
        )]),
        3 => json!([allow(
            service,
            json!({"ArnLike": {"aws:SourceArn": format!("arn:aws:cloudwatch:*:{account}:alarm:*")}})
        )]),
        4 => json!([allow(
            json!({"AWS": format!("arn:aws:iam::{account}:root")}),
            Value::Null
        )]),
        5 => json!([allow(
            json!({"AWS": "*"}),
            json!({"StringEquals": {"AWS:SourceOwner": account}})
        )]),
        6 => json!([allow(
            json!("*"),
            json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}})
        )]),
        7 => json!([
            allow(service, Value::Null),
            deny(json!({"Bool": {"aws:SecureTransport": "false"}}))
        ]),
        8 => json!([
            allow(service, Value::Null),
            deny(json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}))
        ]),
        9 => json!([
            allow(service, Value::Null),
            deny(
                json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}, "Bool": {"aws:PrincipalIsAWSService": "false"}})
            )
        ]),
        10 => json!([allow(
            json!({"Service": "events.amazonaws.com"}),
            Value::Null
        )]),
        11 => json!([allow(
            service,
            json!({"StringNotEquals": {"aws:SourceAccount": account}})
        )]),
        12 => json!([allow(
            json!("*"),
            json!({"Null": {"aws:PrincipalOrgID": "true"}})
        )]),
        _ => json!([]),
    };
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

fn a_key(random: &mut Rng, arn: &str, account: &str) -> Key {
    let region = arn.split(':').nth(3).unwrap_or_default();
    let root = json!({ "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{account}:root")}, "Action": "kms:*", "Resource": "*" });
    let service = |actions: Value| json!({ "Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": actions, "Resource": "*" });
    let statements = match random.u8(..4) {
        0 => json!([root]),
        1 => json!([
            root,
            service(json!(["kms:Decrypt", "kms:GenerateDataKey*"]))
        ]),
        2 => json!([root, service(json!("kms:Decrypt"))]),
        _ => json!([root, service(json!("kms:*"))]),
    };
    Key {
        arn: format!("arn:aws:kms:{region}:{account}:key/11112222-3333-4444-5555-666677778888"),
        state: (*one(
            random,
            &[
                "Enabled",
                "Enabled",
                "Enabled",
                "Disabled",
                "PendingDeletion",
            ],
        ))
        .to_owned(),
        manager: "CUSTOMER".to_owned(),
        policy: json!({ "Version": "2012-10-17", "Statement": statements }).to_string(),
        created: Utc::now(),
    }
}
