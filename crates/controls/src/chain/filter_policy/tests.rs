//! Filter policies of known effect on the message of an alarm.

use std::collections::BTreeMap;

use super::Passes::{Always, Maybe, Never};
use super::*;
use crate::ids::Arn;
use crate::snapshot::{CompositeAlarm, MetricAlarm, WatchedMetric};

const ATTRIBUTES: Option<&str> = None;
const BODY: Option<&str> = Some("MessageBody");

fn filter(scope: Option<&str>, policy: &str) -> MessageFilter {
    MessageFilter {
        policy: Some(policy.to_owned()),
        scope: scope.map(str::to_owned),
    }
}

fn arn(region: &str) -> Arn {
    format!("arn:aws:cloudwatch:{region}:111122223333:alarm:cis-root")
        .parse()
        .unwrap()
}

fn alarm(region: &str) -> MetricAlarm {
    MetricAlarm {
        name: "cis-root".to_owned(),
        arn: arn(region),
        actions_enabled: true,
        alarm_actions: vec![format!("arn:aws:sns:{region}:111122223333:alerts")],
        ok_actions: Vec::new(),
        insufficient_data_actions: Vec::new(),
        metric: Some(WatchedMetric {
            namespace: "CIS".to_owned(),
            name: "root".to_owned(),
            dimensions: BTreeMap::from([("Account".to_owned(), "main".to_owned())]),
            statistic: Some("Sum".to_owned()),
            period: Some(300),
            unit: None,
        }),
        queries: Vec::new(),
        threshold_metric_id: None,
        other_kind: None,
        evaluation_periods: Some(1),
        datapoints_to_alarm: Some(1),
        threshold: Some(1.0),
        comparison: Some("GreaterThanOrEqualToThreshold".to_owned()),
        treat_missing_data: Some("missing".to_owned()),
        low_sample_percentile: None,
        wall_clock: false,
        evaluation_error: false,
        warm_up_minutes: None,
    }
}

#[test]
#[rustfmt::skip]
fn policies_let_the_message_of_an_alarm_through_or_not() {
    let alarm = alarm("eu-west-1");
    for (scope,   policy,                                                    expected) in [
        (ATTRIBUTES, "",                                                      Always),
        (ATTRIBUTES, "{}",                                                    Always),
        (ATTRIBUTES, r#"{"severity":["high"]}"#,                              Never),
        (Some("MessageAttributes"), r#"{"NewStateValue":["ALARM"]}"#,         Never),
        (ATTRIBUTES, r#"{"severity":[{"anything-but":["low"]}]}"#,            Never),
        (ATTRIBUTES, r#"{"severity":[{"exists":true}]}"#,                     Never),
        (ATTRIBUTES, r#"{"severity":[{"exists":false}]}"#,                    Always),
        (ATTRIBUTES, r#"{"severity":["high",{"exists":false}]}"#,             Always),
        (ATTRIBUTES, r#"{"a":[{"exists":false}],"b":["x"]}"#,                 Never),
        (ATTRIBUTES, r#"{"$or":[{"a":[{"exists":false}]},{"b":["x"]}]}"#,     Always),
        (ATTRIBUTES, r#"{"AlarmName":["cis-root"]}"#,                         Never),
        (ATTRIBUTES, "no JSON",                                               Maybe),
        (Some("Body"), r#"{"a":["x"]}"#,                                      Maybe),
        (BODY, r#"{"NewStateValue":["ALARM"]}"#,                              Always),
        (BODY, r#"{"NewStateValue":["OK"]}"#,                                 Never),
        (BODY, r#"{"NewStateValue":[{"anything-but":"ALARM"}]}"#,             Never),
        (BODY, r#"{"NewStateValue":[{"anything-but":["OK"]}]}"#,              Always),
        (BODY, r#"{"AlarmName":[{"prefix":"cis-"}]}"#,                        Always),
        (BODY, r#"{"AlarmName":[{"suffix":"-user"}]}"#,                       Never),
        (BODY, r#"{"AlarmName":[{"equals-ignore-case":"CIS-Root"}]}"#,        Always),
        (BODY, r#"{"AlarmName":[{"anything-but":{"prefix":"cis-"}}]}"#,       Never),
        (BODY, r#"{"AlarmName":[{"anything-but":{"prefix":["a","cis-"]}}]}"#, Never),
        (BODY, r#"{"AlarmName":[{"anything-but":{"suffix":"-test"}}]}"#,      Always),
        (BODY, r#"{"AlarmName":[{"wildcard":"cis-*"}]}"#,                     Always),
        (BODY, r#"{"AlarmName":[{"wildcard":"*-user"}]}"#,                    Never),
        (BODY, r#"{"AlarmName":[{"wildcard":"cis-roo?"}]}"#,                  Maybe),
        (BODY, r#"{"AlarmArn":[{"prefix":"arn:aws:cloudwatch:eu-west-1:111122223333:"}]}"#, Always),
        (BODY, r#"{"AWSAccountId":["111122223333"]}"#,                        Always),
        (BODY, r#"{"AWSAccountId":["444455556666"]}"#,                        Never),
        (BODY, r#"{"AWSAccountId":[111122223333]}"#,                          Never),
        (BODY, r#"{"Region":["eu-west-1"]}"#,                                 Never),
        (BODY, r#"{"Region":["EU (Ireland)"]}"#,                              Maybe),
        (BODY, r#"{"Region":["US East (N. Virginia)"]}"#,                     Never),
        (BODY, r#"{"Region":[{"anything-but":["US East (Ohio)"]}]}"#,         Always),
        (BODY, r#"{"Region":[{"prefix":"EU"}]}"#,                             Maybe),
        (BODY, r#"{"Region":[{"prefix":"E"}]}"#,                              Always),
        (BODY, r#"{"Region":[{"prefix":"US "}]}"#,                            Never),
        (BODY, r#"{"Region":[{"prefix":"eu-"}]}"#,                            Never),
        (BODY, r#"{"Region":[{"suffix":"(Ireland)"}]}"#,                      Maybe),
        (BODY, r#"{"Region":[{"wildcard":"*Ireland*"}]}"#,                    Always),
        (BODY, r#"{"Region":[{"wildcard":"*(Ohio)"}]}"#,                      Never),
        (BODY, r#"{"Region":[{"anything-but":{"prefix":"US"}}]}"#,            Always),
        (BODY, r#"{"Region":[{"anything-but":{"wildcard":"*Ireland*"}}]}"#,   Never),
        (BODY, r#"{"Region":[{"equals-ignore-case":"eu (ireland)"}]}"#,       Maybe),
        (BODY, r#"{"Region":[{"equals-ignore-case":"us east (ohio)"}]}"#,     Never),
        (BODY, r#"{"Region":[{"prefix":1}]}"#,                                Maybe),
        (BODY, r#"{"OldStateValue":["OK"]}"#,                                 Maybe),
        (BODY, r#"{"OldStateValue":["OK","INSUFFICIENT_DATA"]}"#,             Always),
        (BODY, r#"{"OldStateValue":["ALARM"]}"#,                              Never),
        (BODY, r#"{"OldStateValue":[{"anything-but":["ALARM"]}]}"#,           Always),
        (BODY, r#"{"OldStateValue":[{"anything-but":["OK","INSUFFICIENT_DATA"]}]}"#, Never),
        (BODY, r#"{"OldStateValue":[{"anything-but":"OK"}]}"#,                Maybe),
        (BODY, r#"{"OldStateValue":[{"exists":true}]}"#,                      Always),
        (BODY, r#"{"AlarmDescription":[{"exists":true}]}"#,                   Maybe),
        (BODY, r#"{"AlarmDescription":[{"prefix":"CIS"}]}"#,                  Maybe),
        (BODY, r#"{"AlarmRule":[{"exists":true}]}"#,                          Never),
        (BODY, r#"{"AlarmActions":["arn:aws:sns:eu-west-1:111122223333:alerts"]}"#, Always),
        (BODY, r#"{"AlarmActions":[{"suffix":":other"}]}"#,                   Never),
        (BODY, r#"{"AlarmActions":[{"anything-but":["x"]}]}"#,                Maybe),
        (BODY, r#"{"OKActions":[{"exists":true}]}"#,                          Maybe),
        (BODY, r#"{"Trigger":{"MetricName":["root"]}}"#,                      Always),
        (BODY, r#"{"Trigger":{"MetricName":[{"prefix":"s3"}]}}"#,             Never),
        (BODY, r#"{"Trigger":{"Namespace":["CIS"],"MetricName":["root"]}}"#,  Always),
        (BODY, r#"{"Trigger":{"Namespace":["AWS/EC2"],"MetricName":["root"]}}"#, Never),
        (BODY, r#"{"Trigger":{"$or":[{"Namespace":["CIS"]},{"Namespace":["LogMetrics"]}]}}"#, Always),
        (BODY, r#"{"Trigger":{"Statistic":["SUM"],"StatisticType":["Statistic"]}}"#, Always),
        (BODY, r#"{"Trigger":{"Statistic":["Sum"]}}"#,                        Never),
        (BODY, r#"{"Trigger":{"Threshold":[1]}}"#,                            Always),
        (BODY, r#"{"Trigger":{"Threshold":["1"]}}"#,                          Never),
        (BODY, r#"{"Trigger":{"Threshold":[{"numeric":[">=",1,"<",10]}]}}"#,  Always),
        (BODY, r#"{"Trigger":{"Threshold":[{"numeric":[">",5]}]}}"#,          Never),
        (BODY, r#"{"Trigger":{"Threshold":[{"numeric":[">"]}]}}"#,            Maybe),
        (BODY, r#"{"Trigger":{"Period":[{"numeric":["=",300]}]}}"#,           Always),
        (BODY, r#"{"Trigger":{"Period":[{"anything-but":[60]}]}}"#,           Always),
        (BODY, r#"{"Trigger":{"Period":[{"prefix":"3"}]}}"#,                  Never),
        (BODY, r#"{"Trigger":{"EvaluationPeriods":[1],"DatapointsToAlarm":[1]}}"#, Always),
        (BODY, r#"{"Trigger":{"ComparisonOperator":[{"prefix":"GreaterThan"}]}}"#, Always),
        (BODY, r#"{"Trigger":{"TreatMissingData":["missing"]}}"#,             Maybe),
        (BODY, r#"{"Trigger":{"Unit":[null]}}"#,                              Always),
        (BODY, r#"{"Trigger":{"Unit":["Count"]}}"#,                           Never),
        (BODY, r#"{"Trigger":{"Unit":[{"exists":true}]}}"#,                   Maybe),
        (BODY, r#"{"Trigger":{"Dimensions":{"name":["Account"],"value":["main"]}}}"#, Always),
        (BODY, r#"{"Trigger":{"Dimensions":{"value":["other"]}}}"#,           Never),
        (BODY, r#"{"Trigger":{"Dimensions":["main"]}}"#,                      Maybe),
        (BODY, r#"{"Trigger":["x"]}"#,                                        Maybe),
        (BODY, r#"{"Trigger":[{"exists":true}]}"#,                            Always),
        (BODY, r#"{"Trigger":{"Severity":["high"]}}"#,                        Never),
        (BODY, r#"{"AlarmName":{"x":["y"]}}"#,                                Never),
        (BODY, r#"{"detail":{"severity":["high"]}}"#,                         Never),
        (BODY, r#"{"severity":[{"exists":false}]}"#,                          Always),
        (BODY, r#"{"AlarmName":["x"],"NewStateValue":["OK"]}"#,               Never),
        (BODY, r#"{"AlarmName":["x"],"OldStateValue":["OK"]}"#,               Never),
        (BODY, r#"{"$or":[{"AlarmName":["x"]},{"NewStateValue":["ALARM"]}]}"#, Always),
    ] {
        let filter = filter(scope, policy);
        assert_eq!(passes(&filter, Some(Sender::Metric(&alarm))), expected, "{policy}");
        // Without the alarm nothing is known that would not be known with it.
        let of_any = passes(&filter, None);
        assert!(of_any == Maybe || of_any == expected, "{policy}");
        assert_eq!(lets_every_alarm_through(&filter), of_any == Always);
    }
    assert_eq!(passes(&MessageFilter::default(), None), Always);
}

#[test]
#[rustfmt::skip]
fn the_name_of_a_region_is_tested_where_it_is_known() {
    for (region, prefix, expected) in [
        ("us-west-2",    "US West (O", Always),
        ("us-west-2",    "US East",    Never),
        ("ca-central-1", "Canada",     Always),
        ("eu-north-1",   "EU",         Maybe),
        ("eu-north-1",   "Asia",       Never),
        ("me-south-1",   "Middle",     Maybe),
        ("mx-central-1", "Mexico",     Maybe),
    ] {
        let alarm = alarm(region);
        let policy = format!(r#"{{"Region":[{{"prefix":"{prefix}"}}]}}"#);
        let told = passes(&filter(BODY, &policy), Some(Sender::Metric(&alarm)));
        assert_eq!(told, expected, "{region} {prefix}");
    }
}

#[test]
#[rustfmt::skip]
fn what_a_message_holds_depends_on_the_kind_of_its_alarm() {
    let plain = alarm("us-east-1");
    let settling = MetricAlarm { treat_missing_data: Some("notBreaching".to_owned()), ..alarm("us-east-1") };
    let math = MetricAlarm { metric: None, datapoints_to_alarm: None, ..alarm("us-east-1") };
    let composite = CompositeAlarm {
        name: "any".to_owned(),
        arn: arn("us-east-1"),
        rule: "ALARM(cis-root)".to_owned(),
        actions_enabled: true,
        alarm_actions: Vec::new(),
        actions_suppressor: None,
        suppressor_wait: None,
    };
    for (policy, of_plain, of_settling, of_math, of_composite) in [
        (r#"{"Region":["US East (N. Virginia)"]}"#,         Always, Always, Always, Always),
        (r#"{"Region":["us-east-1"]}"#,                     Never,  Never,  Never,  Never),
        (r#"{"Region":[{"prefix":"US East"}]}"#,            Always, Always, Always, Always),
        (r#"{"Region":[{"suffix":"Virginia)"}]}"#,          Always, Always, Always, Always),
        (r#"{"Region":[{"prefix":"US West"}]}"#,            Never,  Never,  Never,  Never),
        (r#"{"Region":[{"equals-ignore-case":"us east (n. virginia)"}]}"#, Always, Always, Always, Always),
        (r#"{"OldStateValue":["OK"]}"#,                     Maybe,  Always, Maybe,  Always),
        (r#"{"OldStateValue":["INSUFFICIENT_DATA"]}"#,      Maybe,  Never,  Maybe,  Never),
        (r#"{"Trigger":{"MetricName":["root"]}}"#,          Always, Always, Maybe,  Never),
        (r#"{"Trigger":{"Threshold":[1]}}"#,                Always, Always, Always, Never),
        (r#"{"Trigger":{"DatapointsToAlarm":[1]}}"#,        Always, Always, Maybe,  Never),
        (r#"{"Trigger":[{"exists":false}]}"#,               Never,  Never,  Never,  Always),
        (r#"{"AlarmRule":[{"prefix":"ALARM("}]}"#,          Never,  Never,  Never,  Always),
        (r#"{"AlarmName":["any"]}"#,                        Never,  Never,  Never,  Always),
        (r#"{"TriggeringChildren":{"Arn":["x"]}}"#,         Never,  Never,  Never,  Maybe),
        (r#"{"AlarmContributorId":[{"exists":false}]}"#,    Always, Always, Maybe,  Always),
    ] {
        let filter = filter(BODY, policy);
        let told = [
            Sender::Metric(&plain),
            Sender::Metric(&settling),
            Sender::Metric(&math),
            Sender::Composite(&composite),
        ];
        let told = told.map(|sender| passes(&filter, Some(sender)));
        assert_eq!(told, [of_plain, of_settling, of_math, of_composite], "{policy}");
    }
}
