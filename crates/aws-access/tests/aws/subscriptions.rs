//! Whose filter policies are asked for, and until when.

use orgsweep_controls::snapshot::Subscription;
use orgsweep_controls::{AccountSnapshot, UnreadCause};
use serde_json::json;

use crate::fake::{Fake, MEMBER, OWN, REGION, Reply, account};

fn subscribers(rows: &[(&str, &str, &str)]) -> Reply {
    let row = |(id, protocol, owner): &(&str, &str, &str)| {
        json!({
            "SubscriptionArn": format!("arn:aws:sns:{REGION}:{OWN}:alerts:{id}"),
            "Protocol": protocol, "Endpoint": "somebody", "Owner": owner,
        })
    };
    Reply::Result(json!({ "Subscriptions": rows.iter().map(row).collect::<Vec<_>>() }))
}

fn subscriptions(snapshot: &AccountSnapshot) -> &[Subscription] {
    let topic = snapshot.topics.values().next().unwrap().value().unwrap();
    topic.as_ref().unwrap().subscriptions.value().unwrap()
}

#[tokio::test]
async fn filter_policies_are_asked_until_somebody_gets_every_alarm() {
    let asked = async |rows: &[(&str, &str, &str)], policy: &str| {
        let fake = Fake::start().await;
        fake.always("ListSubscriptionsByTopic", subscribers(rows));
        if !policy.is_empty() {
            let entry = json!([["FilterPolicy", policy]]);
            let attributes = json!({ "Attributes": { "entry": entry } });
            fake.always("GetSubscriptionAttributes", Reply::Result(attributes));
        }
        let collected = fake.connect().await.collect(&account(OWN)).await.unwrap();
        let asked = fake.asked().into_iter();
        let asked: Vec<String> = asked
            .filter(|asked| asked.operation == "GetSubscriptionAttributes")
            .map(|asked| {
                asked
                    .parameter("SubscriptionArn")
                    .rsplit(':')
                    .next()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        (asked, collected.snapshot)
    };
    let mixed = [("1", "sqs", OWN), ("2", "email", OWN), ("3", "sms", OWN)];
    let (people_first, snapshot) = asked(&mixed, "").await;
    assert_eq!(people_first, ["2"]);
    let known = subscriptions(&snapshot)
        .iter()
        .filter(|row| row.filter.is_some())
        .count();
    assert_eq!(known, 1);

    let (all, _) = asked(&mixed, r#"{"severity":["high"]}"#).await;
    assert_eq!(all, ["2", "3", "1"]);

    // Only its owner may look at a subscription.
    let (nobody, snapshot) = asked(&[("1", "sqs", MEMBER)], "").await;
    assert_eq!(nobody, [""; 0]);
    let unread = subscriptions(&snapshot)[0]
        .filter
        .as_ref()
        .unwrap()
        .get()
        .unwrap_err();
    assert_eq!(unread.cause, UnreadCause::NotAsked);
}
