//! The links behind a log group for one control: metric filter, alarm, topic,
//! subscription. Healthy ones come in the three spellings that organizations
//! use most: the benchmark's, Security Hub's, and that of common modules.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::breaks::Break;
use super::controls::Control;
use super::topics::{add_topic, topic_arn};
use crate::state::{
    AlarmState, MetricAlarm, MetricFilter, MetricQuery, MetricTransformation, MuteRule,
    RegionState, Settings, WatchedMetric, drawn,
};

/// Where a chain is built.
pub(super) struct Place<'a> {
    pub(super) settings: &'a Settings,
    pub(super) account: &'a str,
    pub(super) region: &'a str,
    pub(super) made: DateTime<Utc>,
}

impl Place<'_> {
    /// ARN of a resource of `service` here.
    pub(super) fn arn(&self, service: &str, resource: &str) -> String {
        format!(
            "arn:{}:{service}:{}:{}:{resource}",
            self.settings.partition, self.region, self.account
        )
    }
}

/// The chain of one control.
pub(super) struct ControlChain<'a> {
    pub(super) control: &'a Control,
    /// Log group that the filter is on.
    pub(super) group: &'a str,
    /// What is wrong, if anything.
    pub(super) broken: Option<Break>,
}

/// A spelling of filters and alarms.
struct Style {
    namespace: &'static str,
    default_value: Option<f64>,
    statistic: &'static str,
    comparison: &'static str,
    threshold: f64,
    period: i64,
    missing_data: Option<&'static str>,
}

#[rustfmt::skip]
const STYLES: [Style; 3] = [
    Style { namespace: "CISBenchmark",    default_value: None,      statistic: "Sum",     comparison: "GreaterThanOrEqualToThreshold", threshold: 1.0, period: 300, missing_data: None },
    Style { namespace: "LogMetrics",      default_value: Some(0.0), statistic: "Sum",     comparison: "GreaterThanOrEqualToThreshold", threshold: 1.0, period: 300, missing_data: Some("notBreaching") },
    Style { namespace: "Security/Events", default_value: None,      statistic: "Maximum", comparison: "GreaterThanThreshold",          threshold: 0.0, period: 60,  missing_data: Some("notBreaching") },
];

fn style(settings: &Settings, account: &str) -> &'static Style {
    let draw = drawn(settings.seed, &format!("style {account}"));
    &STYLES[draw as usize % STYLES.len()]
}

/// Namespace of the metrics that the account's filters publish.
pub(super) fn namespace(settings: &Settings, account: &str) -> &'static str {
    style(settings, account).namespace
}

/// Adds the chain's filter to `region`, where there is the log group.
pub(super) fn add_filter(place: &Place<'_>, chain: &ControlChain<'_>, region: &mut RegionState) {
    let style = style(place.settings, place.account);
    let id = &chain.control.id;
    if let Some(group) = region.log_groups.get_mut(chain.group)
        && group.class == "STANDARD"
        && chain.broken != Some(Break::NoFilter)
    {
        group
            .filters
            .insert(id.clone(), filter(place, chain, style));
    }
}

/// Adds what follows on the filter to `region`: the chain's alarm, with its topic. `source` is the account of
/// the metric, where it is another one.
pub(super) fn add_alarm(
    place: &Place<'_>,
    chain: &ControlChain<'_>,
    source: Option<&str>,
    region: &mut RegionState,
) {
    // Nobody made anything for the control.
    if chain.broken == Some(Break::NoFilter) {
        return;
    }
    let id = &chain.control.id;
    let name = source.map_or_else(
        || format!("cis-{id}"),
        |source| format!("cis-{id}-{source}"),
    );
    if chain.broken == Some(Break::AlarmMuted) {
        mute_for_good(place, name.clone(), region);
    }
    if chain.broken != Some(Break::NoAlarm) {
        let style = style(place.settings, source.unwrap_or(place.account));
        let mut alarm = alarm(place, chain, style, &name);
        if let Some(source) = source {
            watch_from_elsewhere(&mut alarm, source);
        }
        region.metric_alarms.insert(name, alarm);
    }
    add_topic(place, chain.broken, region);
}

/// One mute rule of the account, over every alarm that is to be silent.
fn mute_for_good(place: &Place<'_>, alarm: String, region: &mut RegionState) {
    let rule = region
        .mute_rules
        .entry("migration".to_owned())
        .or_insert_with(|| MuteRule {
            arn: place.arn("cloudwatch", "alarm-mute-rule:migration"),
            expression: "cron(0 0 * * *)".to_owned(),
            duration: "P1D".to_owned(),
            timezone: None,
            alarm_names: Vec::new(),
            status: "ACTIVE".to_owned(),
            updated: place.made,
        });
    rule.alarm_names.push(alarm);
}

fn filter(place: &Place<'_>, chain: &ControlChain<'_>, style: &Style) -> MetricFilter {
    let control = chain.control;
    let unclosed = control.pattern.trim_end_matches([' ', '}', ')']);
    let silent = matches!(
        chain.broken,
        Some(Break::AlarmNeverFires | Break::AlarmAlwaysFiring | Break::AlarmFiresOnce)
    );
    MetricFilter {
        pattern: match chain.broken {
            Some(Break::FilterDoesNotCover) => control.partial.clone(),
            Some(Break::FilterInvalid) => unclosed.to_owned(),
            _ => control.pattern.clone(),
        },
        transformations: vec![MetricTransformation {
            name: control.id.clone(),
            namespace: style.namespace.to_owned(),
            value: if chain.broken == Some(Break::AlarmNeverFires) {
                "0"
            } else {
                "1"
            }
            .to_owned(),
            default_value: style.default_value.filter(|_| !silent),
            dimensions: BTreeMap::new(),
            unit: None,
        }],
        created: place.made,
        on_transformed_logs: chain.broken == Some(Break::FilterOnTransformedLogs),
        field_selection: match chain.broken {
            Some(Break::FilterFieldSelection) => Some("@aws.account IN [\"999999999999\"]"),
            Some(Break::Undecided) => {
                Some("@aws.account LIKE \"1%\" OR @aws.region NOT LIKE \"%-2\"")
            }
            _ => None,
        }
        .map(str::to_owned),
        system_field_dimensions: Vec::new(),
    }
}

fn alarm(place: &Place<'_>, chain: &ControlChain<'_>, style: &Style, name: &str) -> MetricAlarm {
    let topic = topic_arn(place, chain.broken);
    let mut alarm = MetricAlarm {
        arn: place.arn("cloudwatch", &format!("alarm:{name}")),
        description: Some(format!("Tells the security team about {}", chain.control.id)),
        actions_enabled: true,
        alarm_actions: vec![topic],
        ok_actions: Vec::new(),
        insufficient_data_actions: Vec::new(),
        metric: Some(WatchedMetric {
            namespace: style.namespace.to_owned(),
            name: chain.control.id.clone(),
            statistic: Some(style.statistic.to_owned()),
            period: style.period,
            ..WatchedMetric::default()
        }),
        queries: Vec::new(),
        prom_ql: None,
        threshold_metric_id: None,
        evaluation_periods: 1,
        datapoints_to_alarm: None,
        threshold: Some(style.threshold),
        comparison: style.comparison.to_owned(),
        treat_missing_data: style.missing_data.map(str::to_owned),
        low_sample_percentile: None,
        state: AlarmState::Ok,
        state_reason: "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [NonBreaching].".to_owned(),
        state_updated: place.made,
        configured: place.made,
    };
    break_alarm(&mut alarm, chain.broken, place);
    alarm
}

fn break_alarm(alarm: &mut MetricAlarm, broken: Option<Break>, place: &Place<'_>) {
    match broken {
        Some(Break::AlarmWrongMetric) => {
            if let Some(metric) = &mut alarm.metric {
                metric.namespace.push_str("Old");
            }
        }
        Some(Break::AlarmNeedsMoreEvents) => {
            if let Some(metric) = &mut alarm.metric {
                metric.statistic = Some("Sum".to_owned());
            }
            alarm.threshold = Some(10.0);
        }
        Some(Break::AlarmAlwaysFiring) => {
            alarm.treat_missing_data = Some("breaching".to_owned());
            alarm.state = AlarmState::Alarm;
        }
        Some(Break::AlarmFiresOnce) => alarm.treat_missing_data = Some("ignore".to_owned()),
        Some(Break::AlarmActionsDisabled) => alarm.actions_enabled = false,
        Some(Break::AlarmNoAction) => {
            alarm.ok_actions = std::mem::take(&mut alarm.alarm_actions);
        }
        Some(Break::ActionNotNotifying) => {
            alarm.alarm_actions = vec![format!(
                "arn:{}:automate:{}:ec2:recover",
                place.settings.partition, place.region
            )];
        }
        Some(Break::AlarmUndecided) => watch(alarm, "DIFF(FILL(events, 0))"),
        // Nobody is told at weekends.
        Some(Break::AlarmConditional) => watch(alarm, "IF(DAY(events) < 6, events)"),
        _ => {}
    }
}

/// Lets an alarm watch an expression over its metric.
fn watch(alarm: &mut MetricAlarm, expression: &str) {
    alarm.queries = vec![
        MetricQuery {
            metric: alarm.metric.take(),
            ..query("events")
        },
        MetricQuery {
            expression: Some(expression.to_owned()),
            return_data: true,
            ..query("change")
        },
    ];
}

/// Lets an alarm watch the metric of the account `source`, which only queries can name.
fn watch_from_elsewhere(alarm: &mut MetricAlarm, source: &str) {
    if let Some(metric) = alarm.metric.take() {
        alarm.queries = vec![MetricQuery {
            metric: Some(metric),
            return_data: true,
            ..query("events")
        }];
    }
    let queries = alarm.queries.iter_mut();
    for query in queries.filter(|query| query.metric.is_some()) {
        query.account = Some(source.to_owned());
    }
}

fn query(id: &str) -> MetricQuery {
    MetricQuery {
        id: id.to_owned(),
        metric: None,
        expression: None,
        label: None,
        return_data: false,
        period: None,
        account: None,
    }
}
