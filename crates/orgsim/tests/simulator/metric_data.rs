//! GetMetricData over HTTP: metrics, metric math, pages, and what AWS refuses.

use orgsim::{Scenario, Server};
use serde_json::{Value, json};

use crate::support::{Call, SMALL, served};

/// 24 November 2026, 09:00 UTC.
const START: i64 = 1_795_510_800;

async fn ask(server: &Server, operation: &str, input: &Value) -> (u16, Value) {
    let call = Call {
        account: "555555555555",
        region: "eu-west-1",
        signing_name: "monitoring",
    };
    let target = format!("GraniteServiceVersion20100801.{operation}");
    let answer = call.json(server, &target, input).await;
    (answer.status, answer.json())
}

/// A server with `calls` (3, 5 and 1 in the minutes 0, 1 and 4) and `errors` (1 in minute 1).
async fn with_metrics() -> Server {
    let server = served(&Scenario::parse(SMALL).unwrap()).await;
    for (name, minute, value) in [
        ("calls", 0, 3),
        ("calls", 1, 5),
        ("calls", 4, 1),
        ("errors", 1, 1),
    ] {
        let datum =
            json!({ "MetricName": name, "Timestamp": START + minute * 60 + 7, "Value": value });
        let input = json!({ "Namespace": "app", "MetricData": [datum] });
        assert_eq!(ask(&server, "PutMetricData", &input).await.0, 200);
    }
    server
}

fn metric(id: &str, name: &str, period: i64) -> Value {
    let metric = json!({ "Namespace": "app", "MetricName": name });
    json!({ "Id": id, "MetricStat": { "Metric": metric, "Period": period, "Stat": "Sum" } })
}

fn expression(id: &str, text: &str) -> Value {
    json!({ "Id": id, "Expression": text })
}

/// A request for five minutes, oldest datapoint first.
fn request(queries: &[Value]) -> Value {
    json!({
        "MetricDataQueries": queries, "StartTime": START, "EndTime": START + 300,
        "ScanBy": "TimestampAscending",
    })
}

/// One line a result: identifier, label, minute and value of each datapoint, and status where it is
/// not complete.
fn shown(answer: &Value) -> Vec<String> {
    let results = answer["MetricDataResults"].as_array().unwrap();
    let lines = results.iter().map(|result| {
        let times = result["Timestamps"].as_array().unwrap();
        let values = result["Values"].as_array().unwrap();
        assert_eq!(times.len(), values.len());
        let points = times.iter().zip(values).map(|(time, value)| {
            let minute = (time.as_f64().unwrap() as i64 - START) / 60;
            format!(" {minute}={}", value.as_f64().unwrap())
        });
        let line = format!(
            "{} {}:{}",
            result["Id"].as_str().unwrap(),
            result["Label"].as_str().unwrap(),
            points.collect::<String>()
        );
        match result["StatusCode"].as_str().unwrap() {
            "Complete" => line,
            status => format!("{line} {status}"),
        }
    });
    lines.collect()
}

async fn results(server: &Server, request: &Value) -> Vec<String> {
    let (status, answer) = ask(server, "GetMetricData", request).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer.get("NextToken"), None);
    shown(&answer)
}

#[tokio::test]
async fn expressions_are_computed_from_metrics_and_from_each_other() {
    let server = with_metrics().await;
    #[rustfmt::skip]
    let rows = [
        ("c - e",                  "x x: 0=3 1=4 4=1"),
        ("100 * e / c",            "x x: 0=0 1=20 4=0"),
        ("FILL(e, 0)",             "x x: 0=0 1=1 2=0 3=0 4=0"),
        ("SUM(METRICS())",         "x x: 0=3 1=6 4=1"),
        ("IF(c > 2, 1, 0) AND e",  "x x: 0=0 1=1 4=0"),
        ("DIFF(c)",                "x x: 1=2 4=-4"),
        ("y * 2",                  "x x: 0=8 1=12 4=4"),
    ];
    for (text, expected) in rows {
        let queries = vec![
            expression("x", text),
            metric("c", "calls", 60),
            metric("e", "errors", 60),
            expression("y", "c + 1"),
        ];
        let found = results(&server, &request(&queries)).await;
        assert_eq!(found[0], expected, "{text}");
        assert_eq!(found[1], "c calls: 0=3 1=5 4=1");
        assert_eq!(found.len(), 4);
    }
}

#[tokio::test]
async fn what_is_not_to_be_returned_is_left_out_and_labels_are_kept() {
    let server = with_metrics().await;
    let mut calls = metric("c", "calls", 300);
    calls["ReturnData"] = false.into();
    calls["Label"] = "all calls".into();
    let mut doubled = expression("double", "c * 2");
    doubled["Label"] = "twice".into();
    doubled["Period"] = 300.into();
    let mut each = expression("each", "[c, e]");
    each["Label"] = "of".into();
    let queries = vec![calls, metric("e", "errors", 300), doubled, each];
    assert_eq!(
        results(&server, &request(&queries)).await,
        [
            "e errors: 0=1",
            "double twice: 0=18",
            "each of all calls: 0=9",
            "each of errors: 0=1",
        ]
    );
}

#[tokio::test]
async fn the_newest_datapoint_comes_first_unless_the_oldest_is_asked_for() {
    let server = with_metrics().await;
    let mut input = request(&[metric("c", "calls", 60), expression("x", "c + 1")]);
    input.as_object_mut().unwrap().remove("ScanBy");
    assert_eq!(
        results(&server, &input).await,
        ["c calls: 4=1 1=5 0=3", "x x: 4=2 1=6 0=4"]
    );
}

#[tokio::test]
async fn pages_of_metrics_hold_every_datapoint_once() {
    let server = with_metrics().await;
    let mut input = request(&[metric("c", "calls", 60), metric("e", "errors", 60)]);
    input["MaxDatapoints"] = 3.into();
    let (_, first) = ask(&server, "GetMetricData", &input).await;
    assert_eq!(
        shown(&first),
        ["c calls: 0=3 1=5 PartialData", "e errors: 1=1"]
    );
    input["NextToken"] = first["NextToken"].clone();
    assert_eq!(
        results(&server, &input).await,
        ["c calls: 4=1", "e errors:"]
    );
    input["NextToken"] = "of somebody else".into();
    let (status, refused) = ask(&server, "GetMetricData", &input).await;
    assert_eq!(status, 400);
    assert!(
        refused["__type"]
            .as_str()
            .unwrap()
            .contains("InvalidNextToken"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_request_with_math_has_one_page() {
    let server = with_metrics().await;
    let mut input = request(&[metric("c", "calls", 60), expression("x", "c * 2")]);
    input["MaxDatapoints"] = 3.into();
    assert_eq!(
        results(&server, &input).await,
        ["c calls: 0=3 1=5 PartialData", "x x: 0=6 PartialData"]
    );
}

#[tokio::test]
async fn what_aws_refuses_is_refused_in_its_words() {
    let server = with_metrics().await;
    let calls = || metric("c", "calls", 60);
    let mut both = calls();
    both["Expression"] = "c".into();
    let many = (0..501).map(|number| metric(&format!("m{number}"), "calls", 60));
    let of_period = |period: i64| {
        vec![
            calls(),
            metric("e", "errors", period),
            expression("x", "c + e"),
        ]
    };
    #[rustfmt::skip]
    let rows: [(Vec<Value>, &str); 14] = [
        (vec![metric("5xx", "calls", 60)],  "The value 5xx for parameter MetricDataQueries.member.1.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$."),
        (vec![calls(), metric("C", "calls", 60)], "The value C for parameter MetricDataQueries.member.2.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$."),
        (vec![calls(), calls()],            "The values for parameter id in MetricDataQueries are not unique."),
        (many.collect(),                    "The collection MetricDataQueries must not have a size greater than 500."),
        (vec![both],                        "The parameters MetricDataQueries.member.1.Expression and MetricDataQueries.member.1.MetricStat are mutually exclusive and you have specified both."),
        (vec![json!({ "Id": "x" })],        "The parameter MetricDataQueries.member.1.MetricStat is required.\n"),
        (vec![metric("c", "calls", 90)],    "The value 90 for parameter MetricDataQueries.member.1.MetricStat.Period must be 1, 5, 10, 20, 30 or a multiple of 60."),
        (vec![calls(), expression("x", "c + d")], "Error in expression 'x': ID 'd' not found"),
        (vec![expression("x", "y"), expression("y", "x + 1")], "Error in expression 'x': it builds on itself"),
        (vec![calls(), expression("x", "c +")], "Error in expression 'x': `` is not simulated"),
        (vec![expression("x", "1 + 1")],    "Error in expression 'x': it gives no time series"),
        (vec![calls(), expression("x", "STDDEV(c)")], "Error in expression 'x': `STDDEV` is not simulated in this form"),
        (vec![expression("x", "SELECT SUM(calls) FROM app")], "Error in expression 'x': Metrics Insights is not simulated"),
        (of_period(300),                    "Error in expression 'x': several periods are not simulated"),
    ];
    for (queries, expected) in rows {
        let (status, answer) = ask(&server, "GetMetricData", &request(&queries)).await;
        assert_eq!(status, 400, "{expected}");
        let kind = answer["__type"].as_str().unwrap();
        assert!(kind.contains("ValidationError"), "{answer}");
        let message = answer.get("message").or_else(|| answer.get("Message"));
        assert_eq!(message.and_then(Value::as_str), Some(expected));
    }
    for (end, expected) in [
        (
            START,
            "The parameter StartTime must not equal parameter EndTime.",
        ),
        (
            START - 60,
            "The parameter EndTime must be greater than StartTime.",
        ),
    ] {
        let mut input = request(&[calls()]);
        input["EndTime"] = end.into();
        let (status, answer) = ask(&server, "GetMetricData", &input).await;
        assert_eq!(status, 400);
        assert!(answer.to_string().contains(expected), "{answer}");
    }
}

#[tokio::test]
async fn metrics_of_another_account_are_read_where_it_is_linked() {
    let server = with_metrics().await;
    let source = "333333333333";
    let call = Call {
        account: source,
        region: "eu-west-1",
        signing_name: "monitoring",
    };
    let datum = json!({ "MetricName": "calls", "Timestamp": START + 60, "Value": 8 });
    let input = json!({ "Namespace": "app", "MetricData": [datum] });
    let target = "GraniteServiceVersion20100801.PutMetricData";
    assert_eq!(call.json(&server, target, &input).await.status, 200);
    let mut theirs = metric("t", "calls", 60);
    theirs["AccountId"] = source.into();
    let queries = vec![
        theirs,
        metric("c", "calls", 60),
        expression("both", "t + c"),
        expression("own", "c * 2"),
    ];
    let own = ["c calls: 0=3 1=5 4=1", "own own: 0=6 1=10 4=2"];
    assert_eq!(
        results(&server, &request(&queries)).await,
        ["t calls: Forbidden", own[0], "both both: Forbidden", own[1]]
    );
    assert!(
        server
            .world()
            .link_metrics(source, "555555555555", "eu-west-1")
    );
    assert_eq!(
        results(&server, &request(&queries)).await,
        ["t calls: 1=8", own[0], "both both: 0=3 1=13 4=1", own[1]]
    );
}
