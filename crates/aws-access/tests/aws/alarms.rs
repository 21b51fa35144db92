//! Alarms that are no plain ones: what is read of them.

use serde_json::{Value, json};

use crate::fake::{Fake, OWN, REGION, Reply, account};

fn alarm(name: &str, more: &Value) -> Value {
    let mut alarm = json!({
        "AlarmName": name, "AlarmArn": format!("arn:aws:cloudwatch:{REGION}:{OWN}:alarm:{name}"),
        "ActionsEnabled": true, "AlarmActions": [],
    });
    let members = more.as_object().unwrap().clone();
    alarm.as_object_mut().unwrap().extend(members);
    alarm
}

#[tokio::test]
async fn the_query_of_a_promql_alarm_and_what_cannot_be_evaluated_are_read() {
    let fake = Fake::start().await;
    let criteria =
        |query: &str| json!({ "EvaluationCriteria": { "PromQLCriteria": { "Query": query } } });
    let on_the_metric = json!({
        "MetricName": "bucket-policy", "Namespace": "CIS", "EvaluationState": "EVALUATION_ERROR",
    });
    let alarms = [
        alarm("a-promql", &criteria("bucket_policy > 0")),
        alarm("b-of-something-else", &criteria("up == 0")),
        alarm("c-in-error", &on_the_metric),
        alarm("d-of-a-later-kind", &json!({})),
    ];
    fake.always(
        "DescribeAlarms",
        Reply::Result(json!({ "MetricAlarms": alarms })),
    );
    let collected = fake.connect().await.collect(&account(OWN)).await.unwrap();
    let alarms = collected.snapshot.alarms.values().next().unwrap();
    let kept = &alarms.value().unwrap().metric;
    let read: Vec<_> = kept
        .iter()
        .map(|alarm| {
            let query = alarm.queries.first();
            let query = query.and_then(|query| query.expression.as_deref());
            let kind = alarm.other_kind.as_deref();
            (&*alarm.name, kind, query, alarm.evaluation_error)
        })
        .collect();
    assert_eq!(
        read,
        [
            ("a-promql", Some("PromQL"), Some("bucket_policy > 0"), false),
            ("c-in-error", None, None, true),
            ("d-of-a-later-kind", Some("unknown"), None, false),
        ]
    );
}
