//! Actions, topics, keys and subscriptions.

use orgsweep_controls::snapshot::{Key, MessageFilter, SubscriptionState};

use super::*;

#[test]
#[rustfmt::skip]
fn delivery() {
    check(S3, &[
        ("topic in another Region",   |s| s3_alarm(s).alarm_actions = vec![topic_arn(OWN, "us-east-1").to_string()], "action_wrong_place"),
        ("topic in another partition", |s| s3_alarm(s).alarm_actions = vec![format!("arn:aws-cn:sns:eu-west-1:{OWN}:alerts")], "action_wrong_place"),
        ("topic deleted",             |s| { s.topics.insert(topic_arn(OWN, HOME), known(None)); }, "topic_missing"),
        ("topic denied",              |s| { s.topics.insert(topic_arn(OWN, HOME), denied("sns", "GetTopicAttributes")); }, "fact_unread"),
        ("topic not asked",           |s| s.topics.clear(), "fact_unread"),
        ("FIFO topic",                |s| of_topic(s).fifo = true, "action_not_notifying"),
        ("scaling action",            |s| s3_alarm(s).alarm_actions = vec![format!("arn:aws:autoscaling:eu-west-1:{OWN}:scalingPolicy:1:x")], "action_not_notifying"),
        ("EC2 action",                |s| s3_alarm(s).alarm_actions = vec!["arn:aws:automate:eu-west-1:ec2:stop".into()], "action_not_notifying"),
        ("Lambda",                    |s| s3_alarm(s).alarm_actions = vec![format!("arn:aws:lambda:eu-west-1:{OWN}:function:notify")], "covered"),
        ("Lambda in another Region",  |s| s3_alarm(s).alarm_actions = vec![format!("arn:aws:lambda:us-east-1:{OWN}:function:notify")], "alarm_undecided"),
        ("that, and a good topic",    |s| s3_alarm(s).alarm_actions.insert(0, format!("arn:aws:lambda:us-east-1:{OWN}:function:notify")), "covered"),
        ("Lambda in another partition", |s| s3_alarm(s).alarm_actions = vec![format!("arn:aws-cn:lambda:cn-north-1:{OWN}:function:notify")], "action_wrong_place"),
        ("OpsItem",                   |s| s3_alarm(s).alarm_actions = vec![format!("arn:aws:ssm:eu-west-1:{OWN}:opsitem:2")], "covered"),
        ("bad topic, then a good one", |s| s3_alarm(s).alarm_actions.insert(0, format!("arn:aws:sns:us-east-1:{OWN}:other")), "covered"),
        ("policy: owner's root only", |s| of_topic(s).policy = Some(format!(r#"{{"Statement":[{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{OWN}:root"}},"Action":"sns:*","Resource":"*"}}]}}"#)), "topic_policy_denies"),
        ("policy: TLS only",          |s| of_topic(s).policy = Some(r#"{"Statement":[{"Effect":"Deny","Principal":"*","Action":"sns:Publish","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}"#.into()), "topic_policy_denies"),
        ("policy: unclear",           |s| of_topic(s).policy = Some(r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sns:Publish","Resource":"*","Condition":{"StringEquals":{"aws:SourceOrgID":"o-1234567890"}}}]}"#.into()), "policy_undecided"),
        ("AWS's own key",             |s| of_topic(s).kms_key = Some("alias/aws/sns".into()), "topic_key_denies"),
        ("AWS's own key, by ARN",     |s| of_topic(s).kms_key = Some(format!("arn:aws:kms:eu-west-1:{OWN}:alias/aws/sns")), "topic_key_denies"),
        ("good key",                  |s| key(s, "Enabled", r#"{"Statement":[{"Effect":"Allow","Principal":{"Service":"cloudwatch.amazonaws.com"},"Action":["kms:Decrypt","kms:GenerateDataKey*"],"Resource":"*"}]}"#), "covered"),
        ("key: root only",            |s| key(s, "Enabled", r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}]}"#), "topic_key_denies"),
        ("key: disabled",             |s| key(s, "Disabled", r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}]}"#), "topic_key_denies"),
        ("key: denied",               |s| { key(s, "Enabled", "{}"); s.keys.insert("eu-west-1/alias/mine".into(), denied("kms", "DescribeKey")); }, "fact_unread"),
        ("nobody subscribed",         |s| of_topic(s).subscriptions = known(Vec::new()), "no_subscription"),
        ("pending",                   |s| value(&mut of_topic(s).subscriptions)[0].state = SubscriptionState::Pending, "subscription_pending"),
        ("deleted",                   |s| value(&mut of_topic(s).subscriptions)[0].state = SubscriptionState::Deleted, "no_subscription"),
        ("pending, and a confirmed one", |s| { let mut pending = subscription(OWN, HOME, "sms"); pending.state = SubscriptionState::Pending; value(&mut of_topic(s).subscriptions).insert(0, pending); }, "covered"),
        ("filtered",                  |s| filtered(s, None, r#"{"severity":["high"]}"#), "subscription_filtered"),
        ("filtered by scope",         |s| filtered(s, Some("MessageBody"), r#"{"NewStateValue":["OK"]}"#), "subscription_filtered"),
        ("filtered for the better",   |s| filtered(s, Some("MessageBody"), r#"{"NewStateValue":["ALARM"]}"#), "covered"),
        ("filtered, and one that is not", |s| { filtered(s, None, r#"{"severity":["high"]}"#); let all = subscription(OWN, HOME, "sms"); value(&mut of_topic(s).subscriptions).push(all); }, "covered"),
        ("filtered, and one not asked", |s| { filtered(s, None, r#"{"severity":["high"]}"#); let mut other = subscription(OWN, HOME, "sms"); other.filter = None; value(&mut of_topic(s).subscriptions).push(other); }, "fact_unread"),
        ("filtered by the metric",    |s| filtered(s, Some("MessageBody"), r#"{"Trigger":{"Namespace":["CISBenchmark"],"MetricName":[{"prefix":"s3-"}]}}"#), "covered"),
        ("filtered by another metric", |s| filtered(s, Some("MessageBody"), r#"{"Trigger":{"Namespace":["AWS/EC2"]}}"#), "subscription_filtered"),
        ("filtered by a description", |s| filtered(s, Some("MessageBody"), r#"{"AlarmDescription":[{"prefix":"CIS"}]}"#), "policy_undecided"),
        ("filtered by the unknown",   |s| filtered(s, Some("MessageBody"), r#"{"OldStateValue":["OK"]}"#), "policy_undecided"),
        ("filter policy denied",      |s| value(&mut of_topic(s).subscriptions)[0].filter = Some(denied("sns", "GetSubscriptionAttributes")), "fact_unread"),
        ("filter policy not asked",   |s| value(&mut of_topic(s).subscriptions)[0].filter = None, "fact_unread"),
        ("key like AWS's own",        |s| key(s, "Enabled", &format!(r#"{{"Statement":[{{"Effect":"Allow","Principal":{{"AWS":"*"}},"Action":["kms:Decrypt","kms:GenerateDataKey*"],"Resource":"*","Condition":{{"StringEquals":{{"kms:CallerAccount":"{OWN}","kms:ViaService":"sns.{HOME}.amazonaws.com"}}}}}},{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{OWN}:root"}},"Action":"kms:*","Resource":"*"}}]}}"#)), "topic_key_denies"),
        ("a window that is over",     |s| window(s, "2021-06-30T00:00:00Z"), "topic_policy_denies"),
        ("a window that will be over", |s| window(s, "2199-06-30T00:00:00Z"), "policy_undecided"),
        ("subscriptions denied",      |s| of_topic(s).subscriptions = denied("sns", "ListSubscriptionsByTopic"), "fact_unread"),
    ]);
}

fn key(snapshot: &mut AccountSnapshot, state: &str, policy: &str) {
    of_topic(snapshot).kms_key = Some("alias/mine".to_owned());
    snapshot.keys.insert(
        "eu-west-1/alias/mine".to_owned(),
        known(Some(Key {
            arn: format!("arn:aws:kms:eu-west-1:{OWN}:key/1234")
                .parse()
                .unwrap(),
            state: state.to_owned(),
            manager: "CUSTOMER".to_owned(),
            policy: known(Some(policy.to_owned())),
        })),
    );
}

/// Lets everybody publish to the topic, until then.
fn window(snapshot: &mut AccountSnapshot, until: &str) {
    let policy = format!(
        r#"{{"Statement":{{"Effect":"Allow","Principal":"*","Action":"sns:Publish","Resource":"*","Condition":{{"DateLessThan":{{"aws:CurrentTime":"{until}"}}}}}}}}"#
    );
    of_topic(snapshot).policy = Some(policy);
}

fn filtered(snapshot: &mut AccountSnapshot, scope: Option<&str>, policy: &str) {
    let filter = MessageFilter {
        policy: Some(policy.to_owned()),
        scope: scope.map(str::to_owned),
    };
    value(&mut of_topic(snapshot).subscriptions)[0].filter = Some(known(filter));
}
