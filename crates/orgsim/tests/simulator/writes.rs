//! What is put is read back, and what AWS refuses is refused.

use std::sync::Arc;

use orgsim::{Scenario, Server, ServerOptions, World};
use serde_json::{Value, json};

use crate::support::{Answer, Call, SMALL, served};

const NEWCOMER: &str = "555555555555";

async fn small() -> Server {
    served(&Scenario::parse(SMALL).unwrap()).await
}

async fn call(server: &Server, signing_name: &str, target: &str, input: &Value) -> Value {
    let call = Call {
        account: NEWCOMER,
        region: "eu-west-1",
        signing_name,
    };
    call.json(server, target, input).await.json()
}

async fn logs(server: &Server, operation: &str, input: Value) -> Value {
    call(
        server,
        "logs",
        &format!("Logs_20140328.{operation}"),
        &input,
    )
    .await
}

async fn cloudwatch(server: &Server, operation: &str, input: Value) -> Value {
    let target = format!("GraniteServiceVersion20100801.{operation}");
    call(server, "monitoring", &target, &input).await
}

async fn sns(server: &Server, form: &str) -> Answer {
    let call = Call {
        account: NEWCOMER,
        region: "eu-west-1",
        signing_name: "sns",
    };
    call.query(server, form).await
}

/// The text of the first element `name`.
fn element(answer: &Answer, name: &str) -> String {
    let text = answer.text();
    let (_, rest) = text
        .split_once(&format!("<{name}>"))
        .expect("the element is there");
    rest.split('<').next().unwrap_or_default().to_owned()
}

fn filter(name: &str) -> Value {
    json!({
        "logGroupName": "trail",
        "filterName": name,
        "filterPattern": "{ $.eventName = StopLogging }",
        "metricTransformations": [{ "metricName": "m", "metricNamespace": "n", "metricValue": "1" }]
    })
}

#[tokio::test]
async fn metric_filters_are_put_replaced_and_deleted() {
    let server = small().await;
    let missing = logs(&server, "PutMetricFilter", filter("f")).await;
    assert_eq!(missing["__type"], "ResourceNotFoundException");
    let group = json!({ "logGroupName": "trail" });
    logs(&server, "CreateLogGroup", group.clone()).await;
    let again = logs(&server, "CreateLogGroup", group.clone()).await;
    assert_eq!(again["__type"], "ResourceAlreadyExistsException");
    logs(&server, "PutMetricFilter", filter("f")).await;
    let mut changed = filter("f");
    changed["metricTransformations"][0]["defaultValue"] = json!(0);
    logs(&server, "PutMetricFilter", changed.clone()).await;
    let read = logs(&server, "DescribeMetricFilters", group.clone()).await;
    let filters = read["metricFilters"].as_array().unwrap();
    assert_eq!(filters.len(), 1);
    assert_eq!(filters[0]["metricTransformations"][0]["defaultValue"], 0.0);
    changed["metricTransformations"][0]["dimensions"] = json!({ "Region": "$.awsRegion" });
    let both = logs(&server, "PutMetricFilter", changed).await;
    assert_eq!(both["__type"], "InvalidParameterException");
    let name = json!({ "logGroupName": "trail", "filterName": "f" });
    assert_eq!(
        logs(&server, "DeleteMetricFilter", name.clone()).await,
        json!({})
    );
    let gone = logs(&server, "DeleteMetricFilter", name).await;
    assert_eq!(gone["__type"], "ResourceNotFoundException");
}

#[tokio::test]
async fn patterns_are_tested_and_refused_as_the_engine_says() {
    let server = small().await;
    let input = json!({ "filterPattern": "[..., status = 5*, size]",
        "logEventMessages": ["127.0.0.1 frank 200 1534", "127.0.0.1 frank 500 5324"] });
    assert_eq!(
        logs(&server, "TestMetricFilter", input).await,
        json!({ "matches": [{
            "eventNumber": 2,
            "eventMessage": "127.0.0.1 frank 500 5324",
            "extractedValues": { "$1": "127.0.0.1", "$2": "frank", "$status": "500", "$size": "5324" }
        }] })
    );
    let input = json!({ "filterPattern": "{ $.a == 1 }", "logEventMessages": ["{}"] });
    let refused = logs(&server, "TestMetricFilter", input).await;
    assert_eq!(refused["__type"], "InvalidParameterException");
    assert_eq!(refused["message"], "Invalid metric filter pattern");
    let mut unreadable = filter("f");
    unreadable["filterPattern"] = json!("{ eventName = StopLogging }");
    let refused = logs(&server, "PutMetricFilter", unreadable).await;
    assert_eq!(refused["__type"], "InvalidParameterException");
}

#[tokio::test]
async fn a_log_group_takes_a_hundred_filters() {
    let server = small().await;
    logs(
        &server,
        "CreateLogGroup",
        json!({ "logGroupName": "trail" }),
    )
    .await;
    for number in 0..100 {
        logs(&server, "PutMetricFilter", filter(&format!("f{number:03}"))).await;
    }
    let one_more = logs(&server, "PutMetricFilter", filter("f100")).await;
    assert_eq!(one_more["__type"], "LimitExceededException");
    assert_eq!(
        logs(&server, "PutMetricFilter", filter("f007")).await,
        json!({})
    );
    let input = json!({ "logGroupName": "trail" });
    let first = logs(&server, "DescribeMetricFilters", input).await;
    assert_eq!(first["metricFilters"].as_array().unwrap().len(), 50);
    let input = json!({ "logGroupName": "trail", "nextToken": first["nextToken"] });
    let second = logs(&server, "DescribeMetricFilters", input).await;
    assert_eq!(second["metricFilters"][49]["filterName"], "f099");
    assert_eq!(second.get("nextToken"), None);
}

fn alarm(name: &str, action: &str) -> Value {
    json!({
        "AlarmName": name, "MetricName": "m", "Namespace": "n", "Statistic": "Sum", "Period": 300,
        "EvaluationPeriods": 1, "Threshold": 1, "AlarmActions": [action],
        "ComparisonOperator": "GreaterThanOrEqualToThreshold"
    })
}

#[tokio::test]
async fn alarms_show_what_was_put_and_nothing_else() {
    let server = small().await;
    let topic = "arn:aws:sns:eu-west-1:555555555555:none";
    cloudwatch(&server, "PutMetricAlarm", alarm("a", topic)).await;
    let read = cloudwatch(&server, "DescribeAlarms", json!({ "AlarmNames": ["a"] })).await;
    let read = &read["MetricAlarms"][0];
    assert_eq!(read["StateValue"], "INSUFFICIENT_DATA");
    assert_eq!(read["StateReason"], "Unchecked: Initial alarm creation");
    assert_eq!(read["AlarmActions"], json!([topic]));
    assert_eq!(read["OKActions"], json!([]));
    for absent in ["TreatMissingData", "DatapointsToAlarm", "Unit", "Metrics"] {
        assert_eq!(read.get(absent), None, "{absent}");
    }
    let history = cloudwatch(&server, "DescribeAlarmHistory", json!({ "AlarmName": "a" })).await;
    assert_eq!(
        history["AlarmHistoryItems"][0]["HistoryItemType"],
        "ConfigurationUpdate"
    );
}

#[tokio::test]
async fn actions_elsewhere_are_refused() {
    let server = small().await;
    #[rustfmt::skip]
    let cases = [
        ("arn:aws:sns:us-east-1:555555555555:t",        "Invalid region us-east-1 specified. Only eu-west-1 is supported."),
        ("arn:aws-us-gov:sns:eu-west-1:555555555555:t", "Invalid partition aws-us-gov specified. Only aws is supported."),
    ];
    for (topic, message) in cases {
        let refused = cloudwatch(&server, "PutMetricAlarm", alarm("a", topic)).await;
        assert_eq!(refused["__type"], "ValidationError");
        assert_eq!(refused["message"], message);
    }
}

#[tokio::test]
async fn an_alarm_that_a_composite_needs_stays() {
    let server = small().await;
    cloudwatch(
        &server,
        "PutMetricAlarm",
        alarm("child", "arn:aws:sns:eu-west-1:5:t"),
    )
    .await;
    let composite = json!({ "AlarmName": "parent", "AlarmRule": "ALARM(\"child\") OR FALSE" });
    cloudwatch(&server, "PutCompositeAlarm", composite).await;
    let refused = cloudwatch(&server, "DeleteAlarms", json!({ "AlarmNames": ["child"] })).await;
    assert_eq!(
        refused["message"],
        "Cannot delete child as there are composite alarm(s) depending on it."
    );
    let kinds =
        |types: Value| cloudwatch(&server, "DescribeAlarms", json!({ "AlarmTypes": types }));
    assert_eq!(kinds(json!([])).await["CompositeAlarms"], json!([]));
    let composites = kinds(json!(["CompositeAlarm"])).await;
    assert_eq!(composites["MetricAlarms"], json!([]));
    assert_eq!(
        composites["CompositeAlarms"][0]["AlarmRule"],
        "ALARM(\"child\") OR FALSE"
    );
    let both = json!({ "AlarmNames": ["child", "parent"] });
    cloudwatch(&server, "DeleteAlarms", both).await;
    let left = kinds(json!(["MetricAlarm", "CompositeAlarm"])).await;
    assert_eq!(
        (&left["MetricAlarms"], &left["CompositeAlarms"]),
        (&json!([]), &json!([]))
    );
}

#[tokio::test]
async fn a_subscription_waits_for_its_confirmation() {
    let server = small().await;
    let topic = element(
        &sns(&server, "Action=CreateTopic&Name=alerts").await,
        "TopicArn",
    );
    assert_eq!(topic, "arn:aws:sns:eu-west-1:555555555555:alerts");
    let again = sns(&server, "Action=CreateTopic&Name=alerts").await;
    assert_eq!(element(&again, "TopicArn"), topic);
    let form = format!("Action=Subscribe&TopicArn={topic}&Protocol=email&Endpoint=a%40example.com");
    let shown = sns(&server, &form).await;
    assert_eq!(element(&shown, "SubscriptionArn"), "pending confirmation");
    let arn = element(
        &sns(&server, &format!("{form}&ReturnSubscriptionArn=true")).await,
        "SubscriptionArn",
    );
    let list = format!("Action=ListSubscriptionsByTopic&TopicArn={topic}");
    assert_eq!(
        element(&sns(&server, &list).await, "SubscriptionArn"),
        "PendingConfirmation"
    );
    sns(
        &server,
        &format!("Action=ConfirmSubscription&TopicArn={topic}&Token={arn}"),
    )
    .await;
    assert_eq!(element(&sns(&server, &list).await, "SubscriptionArn"), arn);
    sns(
        &server,
        &format!("Action=Unsubscribe&SubscriptionArn={arn}"),
    )
    .await;
    assert!(!sns(&server, &list).await.text().contains("SubscriptionArn"));
}

#[tokio::test]
async fn a_subscription_keeps_its_filter_policy() {
    let server = small().await;
    let topic = element(
        &sns(&server, "Action=CreateTopic&Name=alerts").await,
        "TopicArn",
    );
    let form = format!("Action=Subscribe&TopicArn={topic}&Protocol=sms&Endpoint=%2B15550100");
    let arn = element(&sns(&server, &form).await, "SubscriptionArn");
    let get = format!("Action=GetSubscriptionAttributes&SubscriptionArn={arn}");
    assert!(!sns(&server, &get).await.text().contains("FilterPolicy"));
    let set = |policy: &str| {
        format!(
            "Action=SetSubscriptionAttributes&SubscriptionArn={arn}&AttributeName=FilterPolicy&AttributeValue={policy}"
        )
    };
    assert_eq!(sns(&server, &set("nonsense")).await.status, 400);
    assert_eq!(
        sns(&server, &set("%7B%22a%22%3A%5B1%5D%7D")).await.status,
        200
    );
    let shown = sns(&server, &get).await.text();
    assert!(shown.contains("MessageAttributes"), "{shown}");
}

#[tokio::test]
async fn topics_of_others_and_topics_that_are_gone_are_told_apart() {
    let server = small().await;
    let own = element(
        &sns(&server, "Action=CreateTopic&Name=alerts").await,
        "TopicArn",
    );
    sns(&server, &format!("Action=DeleteTopic&TopicArn={own}")).await;
    #[rustfmt::skip]
    let cases = [
        (own.clone(),                                   404, "NotFound"),
        (own.replace("555555555555", "444444444444"),   403, "AuthorizationError"),
        (own.replace("eu-west-1", "us-east-1"),         400, "InvalidParameter"),
        ("alerts".to_owned(),                           400, "InvalidParameter"),
    ];
    for (arn, status, code) in cases {
        let answer = sns(
            &server,
            &format!("Action=GetTopicAttributes&TopicArn={arn}"),
        )
        .await;
        assert_eq!(
            (answer.status, element(&answer, "Code").as_str()),
            (status, code),
            "{arn}"
        );
    }
}

#[tokio::test]
async fn quotas_are_enforced_on_request() {
    let world = Arc::new(World::build(&Scenario::parse(SMALL).unwrap()));
    let options = ServerOptions {
        quota_share: Some(0.001),
        ..ServerOptions::default()
    };
    let server = Server::start(world, options).await.unwrap();
    let first = sns(&server, "Action=ListTopics").await;
    let second = sns(&server, "Action=ListTopics").await;
    assert_eq!((first.status, second.status), (200, 429));
    assert_eq!(element(&second, "Code"), "Throttled");
    let other = cloudwatch(&server, "DescribeAlarms", json!({})).await;
    assert_eq!(other["MetricAlarms"], json!([]));
}

#[tokio::test]
async fn alarms_of_other_kinds_and_those_that_cannot_be_evaluated_are_listed() {
    let server = small().await;
    let mut put = alarm("a", "arn:aws:sns:eu-west-1:555555555555:x");
    cloudwatch(&server, "PutMetricAlarm", put.clone()).await;
    let metric = json!({ "Namespace": "n", "MetricName": "m" });
    put["AlarmName"] = "elsewhere".into();
    for name in ["MetricName", "Namespace", "Statistic", "Period"] {
        put.as_object_mut().unwrap().remove(name);
    }
    put["Metrics"] = json!([{
        "Id": "m1", "AccountId": "333333333333",
        "MetricStat": { "Metric": metric, "Period": 60, "Stat": "Sum" },
    }]);
    cloudwatch(&server, "PutMetricAlarm", put).await;
    {
        let mut state = server.world().account(NEWCOMER).unwrap();
        let content = state.region("eu-west-1");
        let mut prom_ql = content.metric_alarms["a"].clone();
        prom_ql.metric = None;
        prom_ql.prom_ql = Some("up == 0".to_owned());
        content.metric_alarms.insert("p".to_owned(), prom_ql);
        let log = orgsim::LogAlarm {
            arn: "arn:aws:cloudwatch:eu-west-1:555555555555:alarm:query".to_owned(),
            actions_enabled: true,
            alarm_actions: Vec::new(),
            log_groups: vec!["trail".to_owned()],
            query: "stats count(*)".to_owned(),
            configured: chrono::Utc::now(),
        };
        content.log_alarms.insert("query".to_owned(), log);
    }
    let input = json!({ "AlarmTypes": ["MetricAlarm", "LogAlarm"] });
    let answer = cloudwatch(&server, "DescribeAlarms", input).await;
    let state = |place: usize| &answer["MetricAlarms"][place]["EvaluationState"];
    assert_eq!(
        (state(0), state(1)),
        (&Value::Null, &"EVALUATION_ERROR".into())
    );
    let criteria = &answer["MetricAlarms"][2]["EvaluationCriteria"];
    assert_eq!(criteria["PromQLCriteria"]["Query"], "up == 0");
    let query = &answer["LogAlarms"][0]["ScheduledQueryConfiguration"];
    assert_eq!(query["LogGroupIdentifiers"], json!(["trail"]));
    assert!(
        server
            .world()
            .link_metrics("333333333333", NEWCOMER, "eu-west-1")
    );
    let answer = cloudwatch(&server, "DescribeAlarms", json!({})).await;
    assert_eq!(answer["MetricAlarms"][1].get("EvaluationState"), None);
    assert_eq!(answer.get("LogAlarms"), None);
}
