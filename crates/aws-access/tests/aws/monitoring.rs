//! Alarms of monitoring accounts, to which an account's metrics are linked.

use std::collections::BTreeMap;

use orgsweep_aws_access::{Collected, Members};
use orgsweep_controls::snapshot::MonitoringAccount;
use orgsweep_controls::{AccountId, Known, Unread, UnreadCause};
use serde_json::{Value, json};

use crate::fake::{AUDIT, Fake, MANAGEMENT, OWN, REGION, Reply, account};

const STRANGER: &str = "123456789012";

fn link(to: &str, shares: &str) -> Value {
    json!({
        "Arn": format!("arn:aws:oam:{REGION}:{OWN}:link/of-{to}"), "Id": "of", "Label": "own",
        "ResourceTypes": [shares], "SinkArn": format!("arn:aws:oam:{REGION}:{to}:sink/1"),
    })
}

fn metrics_to(to: &[&str]) -> Reply {
    let links: Vec<Value> = to
        .iter()
        .map(|to| link(to, "AWS::CloudWatch::Metric"))
        .collect();
    Reply::Result(json!({ "Items": links }))
}

/// An alarm of `owner` on a metric of `of`.
fn alarm(owner: &str, name: &str, metric: &str, of: &str) -> Value {
    json!({
        "AlarmName": name, "AlarmArn": format!("arn:aws:cloudwatch:{REGION}:{owner}:alarm:{name}"),
        "Metrics": [{ "Id": "m1", "AccountId": of, "ReturnData": true, "MetricStat": {
            "Metric": { "Namespace": "CIS", "MetricName": metric }, "Stat": "Sum", "Period": 300,
        } }],
        "EvaluationPeriods": 1, "Threshold": 1.0, "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "ActionsEnabled": true, "AlarmActions": [format!("arn:aws:sns:{REGION}:{owner}:alerts")],
    })
}

fn answered_for(account: &str) -> Reply {
    Reply::Result(json!({ "Credentials": {
        "AccessKeyId": format!("ASIA{account}"), "SecretAccessKey": "s3cr3t-role", "SessionToken": "s3cr3t-token",
        "Expiration": "2099-01-01T00:00:00Z",
    } }))
}

async fn collected(fake: &Fake) -> Collected {
    let everybody: Members = [OWN, AUDIT, MANAGEMENT].map(account).into_iter().collect();
    let access = fake.connect().await;
    access
        .collect_among(&account(OWN), &everybody)
        .await
        .unwrap()
}

fn only_region(collected: &Collected) -> &Known<BTreeMap<AccountId, MonitoringAccount>> {
    let monitoring = &collected.snapshot.monitoring;
    assert_eq!(monitoring.len(), 1);
    &monitoring[&REGION.parse().unwrap()]
}

fn why<T: std::fmt::Debug>(known: &Known<T>) -> (String, UnreadCause) {
    let Unread { call, cause, .. } = known.get().unwrap_err();
    (format!("{}:{}", call.service, call.operation), *cause)
}

#[tokio::test]
async fn alarms_on_the_accounts_metrics_are_kept_with_their_topic_and_what_the_link_shares() {
    let fake = Fake::start().await;
    let alarms = json!({ "MetricAlarms": [
        alarm(AUDIT, "of-own", "bucket-policy", OWN),
        alarm(AUDIT, "of-own-else", "CPUUtilization", OWN),
        alarm(AUDIT, "of-another", "bucket-policy", MANAGEMENT),
        alarm(AUDIT, "of-itself", "bucket-policy", AUDIT),
    ], "CompositeAlarms": [
        { "AlarmName": "above", "AlarmArn": format!("arn:aws:cloudwatch:{REGION}:{AUDIT}:alarm:above"), "AlarmRule": "ALARM(of-own)" },
        { "AlarmName": "beside", "AlarmArn": format!("arn:aws:cloudwatch:{REGION}:{AUDIT}:alarm:beside"), "AlarmRule": "ALARM(of-another)" },
    ] });
    fake.always("ListLinks", metrics_to(&[AUDIT]))
        .always_in(AUDIT, "DescribeAlarms", Reply::Result(alarms))
        .always(
            "GetLink",
            Reply::Result(json!({ "LinkConfiguration": { "MetricConfiguration": { "Filter": "Namespace = 'CIS'" } } })),
        );
    let collected = collected(&fake).await;
    let accounts = only_region(&collected).value().unwrap();
    let (account, found) = accounts.first_key_value().unwrap();
    assert_eq!((accounts.len(), account.as_str()), (1, AUDIT));
    assert_eq!(
        found.metric_filter.value().unwrap().as_deref(),
        Some("Namespace = 'CIS'")
    );
    let alarms = found.alarms.value().unwrap();
    let metric = alarms.metric.iter().map(|alarm| alarm.name.as_str());
    let composite = alarms.composite.iter().map(|alarm| alarm.name.as_str());
    let names: Vec<&str> = metric.chain(composite).collect();
    assert_eq!(names, ["of-own", "above"]);
    assert!(
        alarms.mute_rules.is_some(),
        "whether they are muted was asked"
    );
    let topic = format!("arn:aws:sns:{REGION}:{AUDIT}:alerts")
        .parse()
        .unwrap();
    assert!(collected.snapshot.topics[&topic].value().is_some());
}

#[tokio::test]
async fn what_is_not_known_of_a_monitoring_account_is_said() {
    let fake = Fake::start().await;
    fake.always("ListLinks", metrics_to(&[AUDIT, MANAGEMENT, STRANGER]))
        .always_in(AUDIT, "DescribeAlarms", Reply::error("AccessDenied", ""))
        .always("GetLink", Reply::error("AccessDeniedException", ""))
        // Only the account itself can be entered.
        .next(1, "AssumeRole", answered_for(OWN))
        .always("AssumeRole", Reply::error("AccessDenied", ""));
    let collected = collected(&fake).await;
    let accounts = only_region(&collected).value().unwrap();
    let expected = [
        (AUDIT, "cloudwatch:DescribeAlarms", UnreadCause::Denied),
        (MANAGEMENT, "sts:AssumeRole", UnreadCause::Denied),
        (STRANGER, "cloudwatch:DescribeAlarms", UnreadCause::NotAsked),
    ];
    assert_eq!(accounts.len(), expected.len());
    for (monitoring, operation, cause) in expected {
        let found = &accounts[&account(monitoring)];
        assert_eq!(why(&found.alarms), (operation.to_owned(), cause));
        let of_link = ("oam:GetLink".to_owned(), UnreadCause::Denied);
        assert_eq!(why(&found.metric_filter), of_link);
    }
}

#[tokio::test]
async fn nobody_is_asked_where_links_share_no_metrics_or_lead_to_no_alarm() {
    for links in [
        json!({ "Items": [] }),
        json!({ "Items": [link(AUDIT, "AWS::Logs::LogGroup")] }),
        json!({ "Items": [link(AUDIT, "AWS::CloudWatch::Metric")] }),
    ] {
        let fake = Fake::start().await;
        fake.always("ListLinks", Reply::Result(links.clone()));
        let collected = collected(&fake).await;
        assert!(collected.snapshot.monitoring.is_empty(), "{links}");
        let asked = fake.asked();
        assert!(asked.iter().all(|asked| asked.operation != "GetLink"));
    }
}

#[tokio::test]
async fn a_denied_list_of_links_is_a_fact_that_is_not_known() {
    let fake = Fake::start().await;
    fake.always_in(OWN, "ListLinks", Reply::error("AccessDeniedException", ""));
    let collected = collected(&fake).await;
    let expected = ("oam:ListLinks".to_owned(), UnreadCause::Denied);
    assert_eq!(why(only_region(&collected)), expected);
}

#[tokio::test]
async fn an_emulator_without_links_is_asked_once_for_all() {
    let fake = Fake::start().await;
    fake.always("ListLinks", Reply::Bare(404));
    let access = fake.connect().await;
    for _ in 0..2 {
        let collected = access.collect(&account(OWN)).await.unwrap();
        assert!(collected.snapshot.monitoring.is_empty());
    }
    let asked = fake.asked().into_iter();
    let accounts: Vec<String> = asked
        .filter(|asked| asked.operation == "ListLinks")
        .map(|asked| asked.account)
        .collect();
    assert_eq!(accounts, [OWN]);
}
