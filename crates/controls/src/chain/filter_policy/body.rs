//! The JSON message of an alarm that goes to ALARM, as far as it is known beforehand:
//! CloudWatch documents its keys (*Notify users on alarm changes*), and most values
//! are those of the alarm.

use serde_json::{Number, Value};

use crate::ids::{Arn, Region};
use crate::snapshot::{CompositeAlarm, LogAlarm, MetricAlarm, WatchedMetric};

/// The alarm whose message it is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sender<'a> {
    Metric(&'a MetricAlarm),
    Composite(&'a CompositeAlarm),
    Log(&'a LogAlarm),
}

impl<'a> Sender<'a> {
    pub(crate) fn arn(self) -> &'a Arn {
        match self {
            Self::Metric(alarm) => &alarm.arn,
            Self::Composite(alarm) => &alarm.arn,
            Self::Log(alarm) => &alarm.arn,
        }
    }

    fn name(self) -> &'a str {
        match self {
            Self::Metric(alarm) => &alarm.name,
            Self::Composite(alarm) => &alarm.name,
            Self::Log(alarm) => &alarm.name,
        }
    }
}

/// What a message holds under a key.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Subject {
    Absent,
    /// A text, a number or null.
    Is(Value),
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// The name of this Region, or of any, spelt out as in "US East (Ohio)".
    NameOfRegion(Option<Region>),
    /// There, and a text.
    SomeText,
    List(Vec<Subject>),
    Object(Vec<(&'static str, Subject)>),
    /// Nothing is known of it.
    Unknown,
}

impl Subject {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Is(Value::String(text.into()))
    }

    fn number(number: Option<i32>) -> Self {
        number.map_or(Self::Unknown, |number| Self::Is(number.into()))
    }

    /// What is below it under a key.
    pub(super) fn below(&self, key: &str) -> Self {
        match self {
            Self::Object(keys) => {
                let found = keys.iter().find(|(name, _)| *name == key);
                found.map_or(Self::Absent, |(_, subject)| subject.clone())
            }
            Self::Unknown => Self::Unknown,
            // Nothing is below a text.
            _ => Self::Absent,
        }
    }
}

/// The message of `sender`; without one, that of any alarm.
pub(super) fn message(sender: Option<Sender<'_>>) -> Subject {
    let Some(sender) = sender else {
        return of_any();
    };
    let arn = sender.arn();
    let account = arn.account().map(|id| id.as_str().to_owned());
    let mut keys = vec![
        ("AlarmName", Subject::text(sender.name())),
        ("AlarmArn", Subject::text(arn.as_str())),
        (
            "AWSAccountId",
            account.map_or(Subject::SomeText, Subject::text),
        ),
        ("Region", Subject::NameOfRegion(arn.region())),
        ("NewStateValue", Subject::text("ALARM")),
        ("OldStateValue", before(sender)),
        ("NewStateReason", Subject::SomeText),
        ("StateChangeTime", Subject::SomeText),
    ];
    match sender {
        Sender::Metric(alarm) => {
            let arns =
                |actions: &[String]| Subject::List(actions.iter().map(Subject::text).collect());
            keys.extend([
                ("AlarmActions", arns(&alarm.alarm_actions)),
                ("OKActions", arns(&alarm.ok_actions)),
                (
                    "InsufficientDataActions",
                    arns(&alarm.insufficient_data_actions),
                ),
                ("Trigger", trigger(alarm)),
            ]);
            if alarm.other_kind.is_some() || alarm.metric.is_none() {
                keys.extend([
                    ("AlarmContributorAttributes", Subject::Unknown),
                    ("AlarmContributorId", Subject::Unknown),
                    ("QueryString", Subject::Unknown),
                ]);
            }
        }
        Sender::Composite(alarm) => keys.extend([
            ("AlarmRule", Subject::text(&alarm.rule)),
            ("AlarmActions", Subject::Unknown),
            ("OKActions", Subject::Unknown),
            ("InsufficientDataActions", Subject::Unknown),
            ("ActionsSuppressedBy", Subject::Unknown),
            ("ActionsSuppressedReason", Subject::Unknown),
            ("TriggeringChildren", Subject::Unknown),
        ]),
        // Its message is hardly documented.
        Sender::Log(_) => return of_any(),
    }
    keys.extend([
        ("AlarmDescription", Subject::Unknown),
        ("AlarmConfigurationUpdatedTimestamp", Subject::Unknown),
        ("ActionExecutedAfterMuteWindow", Subject::Unknown),
    ]);
    Subject::Object(keys)
}

/// Keys that CloudWatch documents for some alarm or other.
const OF_SOME: [&str; 15] = [
    "ActionExecutedAfterMuteWindow",
    "ActionsSuppressedBy",
    "ActionsSuppressedReason",
    "AlarmActions",
    "AlarmConfigurationUpdatedTimestamp",
    "AlarmContributorAttributes",
    "AlarmContributorId",
    "AlarmDescription",
    "AlarmRule",
    "InsufficientDataActions",
    "LogGroups",
    "OKActions",
    "QueryString",
    "Trigger",
    "TriggeringChildren",
];

fn of_any() -> Subject {
    let mut keys = vec![
        ("NewStateValue", Subject::text("ALARM")),
        ("OldStateValue", Subject::OneOf(&NOT_ALARM)),
        ("Region", Subject::NameOfRegion(None)),
    ];
    let texts = [
        "AlarmName",
        "AlarmArn",
        "AWSAccountId",
        "NewStateReason",
        "StateChangeTime",
    ];
    keys.extend(texts.map(|key| (key, Subject::SomeText)));
    keys.extend(OF_SOME.map(|key| (key, Subject::Unknown)));
    Subject::Object(keys)
}

const NOT_ALARM: [&str; 2] = ["OK", "INSUFFICIENT_DATA"];

/// The state before: an alarm for which missing data is no breach has one only before its first
/// evaluation, and so has a composite.
fn before(sender: Sender<'_>) -> Subject {
    let settles = match sender {
        Sender::Metric(alarm) => alarm.treat_missing_data.as_deref() == Some("notBreaching"),
        Sender::Composite(_) => true,
        Sender::Log(_) => false,
    };
    if settles {
        Subject::text("OK")
    } else {
        Subject::OneOf(&NOT_ALARM)
    }
}

fn trigger(alarm: &MetricAlarm) -> Subject {
    if alarm.other_kind.is_some() || alarm.threshold_metric_id.is_some() {
        return Subject::Unknown;
    }
    let number = |number: Option<f64>| match number.and_then(Number::from_f64) {
        Some(number) => Subject::Is(Value::Number(number)),
        None => Subject::Unknown,
    };
    let needed = match alarm.datapoints_to_alarm {
        Some(needed) => Subject::number(Some(needed)),
        // It is there only where the alarm has it, or so it was seen.
        None => Subject::Unknown,
    };
    let comparison = alarm.comparison.as_ref();
    let mut keys = vec![
        (
            "EvaluationPeriods",
            Subject::number(alarm.evaluation_periods),
        ),
        ("DatapointsToAlarm", needed),
        (
            "ComparisonOperator",
            comparison.map_or(Subject::Unknown, Subject::text),
        ),
        ("Threshold", number(alarm.threshold)),
        // Messages were seen with the value, and with more around it.
        ("TreatMissingData", Subject::SomeText),
        ("EvaluateLowSampleCountPercentile", Subject::SomeText),
    ];
    if let Some(metric) = &alarm.metric {
        keys.extend(of_metric(metric));
    } else {
        // Of an expression, the queries stand there in a form that is not documented.
        let others = [
            "MetricName",
            "Namespace",
            "StatisticType",
            "Statistic",
            "ExtendedStatistic",
            "Unit",
            "Dimensions",
            "Period",
            "Metrics",
        ];
        keys.extend(others.map(|key| (key, Subject::Unknown)));
    }
    Subject::Object(keys)
}

fn of_metric(metric: &WatchedMetric) -> Vec<(&'static str, Subject)> {
    let dimension = |(name, value): (&String, &String)| {
        Subject::Object(vec![
            ("name", Subject::text(name)),
            ("value", Subject::text(value)),
        ])
    };
    let statistic = match metric.statistic.as_deref() {
        Some("Sum") => Subject::text("SUM"),
        Some("Average") => Subject::text("AVERAGE"),
        Some("Maximum") => Subject::text("MAXIMUM"),
        Some("Minimum") => Subject::text("MINIMUM"),
        _ => Subject::Unknown,
    };
    let extended = match &statistic {
        Subject::Is(_) => Subject::Absent,
        _ => Subject::Unknown,
    };
    let kind = match &statistic {
        Subject::Is(_) => Subject::text("Statistic"),
        _ => Subject::SomeText,
    };
    vec![
        ("MetricName", Subject::text(&metric.name)),
        ("Namespace", Subject::text(&metric.namespace)),
        ("StatisticType", kind),
        ("Statistic", statistic),
        ("ExtendedStatistic", extended),
        (
            "Unit",
            Subject::Is(metric.unit.clone().map_or(Value::Null, Value::String)),
        ),
        (
            "Dimensions",
            Subject::List(metric.dimensions.iter().map(dimension).collect()),
        ),
        ("Period", Subject::number(metric.period)),
    ]
}
