//! Changes of alarms: what they watch, when they ring, what they do then.

use chrono::Utc;
use fastrand::Rng;
use orgsim::{
    AccountState, AlarmState, CompositeAlarm, MetricAlarm, MetricQuery, MuteRule, RegionState,
};

use super::{key, kinds, one, region_with};

pub(super) fn change(random: &mut Rng, state: &mut AccountState) -> Option<String> {
    let content = region_with(random, state, |content| !content.metric_alarms.is_empty())?;
    let name = key(random, &content.metric_alarms)?;
    match random.u8(..23) {
        0 => {
            content.metric_alarms.remove(&name);
            Some(format!("alarm {name} is removed"))
        }
        1..12 => {
            let alarm = content.metric_alarms.get_mut(&name)?;
            when(random, alarm);
            Some(format!("alarm {name} becomes {}", shown(alarm)))
        }
        12..14 => {
            let alarm = content.metric_alarms.get_mut(&name)?;
            let text = what_it_does(random, alarm);
            Some(format!("alarm {name} {text}"))
        }
        14..16 => math(random, content.metric_alarms.get_mut(&name)?)
            .map(|text| format!("alarm {name} watches {text}")),
        16 => math_of_two(random, content, &name),
        17..=18 => composite(random, content, &name),
        19 => mute(random, content, &name),
        _ => kinds::change(random, content, &name),
    }
}

fn when(random: &mut Rng, alarm: &mut MetricAlarm) {
    match random.u8(..9) {
        0 => alarm.threshold = Some(*one(random, &[0.0, 0.5, 1.0, 2.0, 5.0])),
        1 => {
            let comparison = *one(
                random,
                &[
                    "GreaterThanThreshold",
                    "GreaterThanOrEqualToThreshold",
                    "LessThanThreshold",
                    "LessThanOrEqualToThreshold",
                ],
            );
            comparison.clone_into(&mut alarm.comparison);
        }
        2 => {
            alarm.treat_missing_data = one(
                random,
                &[
                    None,
                    Some("missing"),
                    Some("notBreaching"),
                    Some("breaching"),
                    Some("ignore"),
                ],
            )
            .map(str::to_owned);
        }
        3 | 4 => {
            alarm.evaluation_periods = i64::from(random.u8(1..6));
            alarm.datapoints_to_alarm = random
                .bool()
                .then(|| i64::from(random.u8(1..=alarm.evaluation_periods as u8)));
        }
        5 => {
            if let Some(metric) = &mut alarm.metric {
                metric.period = *one(random, &[60, 120, 300, 900, 3600, 86_400]);
                if metric.period * alarm.evaluation_periods > 86_400 {
                    alarm.evaluation_periods = 1;
                    alarm.datapoints_to_alarm = None;
                }
            }
        }
        6 => {
            if let Some(metric) = &mut alarm.metric {
                let statistic = *one(
                    random,
                    &["Sum", "SampleCount", "Average", "Maximum", "Minimum"],
                );
                metric.statistic = Some(statistic.to_owned());
                metric.extended_statistic = None;
            }
        }
        7 => {
            if let Some(metric) = &mut alarm.metric {
                metric.unit =
                    one(random, &[Some("Count"), Some("None"), Some("Seconds")]).map(str::to_owned);
            }
        }
        _ => {
            if let Some(metric) = &mut alarm.metric {
                if random.bool() {
                    metric.namespace += "/Other";
                } else {
                    metric.dimensions.insert("By".to_owned(), "x".to_owned());
                }
            }
        }
    }
}

fn shown(alarm: &MetricAlarm) -> String {
    format!(
        "{:?} {} {:?}, {:?} of {}, {:?}",
        alarm.metric,
        alarm.comparison,
        alarm.threshold,
        alarm.datapoints_to_alarm,
        alarm.evaluation_periods,
        alarm.treat_missing_data
    )
}

fn what_it_does(random: &mut Rng, alarm: &mut MetricAlarm) -> String {
    let parts: Vec<String> = alarm.arn.split(':').map(str::to_owned).collect();
    let (region, account) = (&parts[3], &parts[4]);
    match random.u8(..6) {
        0 => {
            alarm.actions_enabled = false;
            "has its actions disabled".to_owned()
        }
        1 => {
            alarm.ok_actions.append(&mut alarm.alarm_actions);
            "acts on OK alone".to_owned()
        }
        2 => {
            alarm.alarm_actions.clear();
            "does nothing".to_owned()
        }
        3 => {
            alarm.alarm_actions = vec![format!("arn:aws:lambda:{region}:{account}:function:tell")];
            "calls a function".to_owned()
        }
        4 => {
            alarm.alarm_actions = vec![format!("arn:aws:automate:{region}:ec2:stop")];
            "stops an instance".to_owned()
        }
        _ => {
            let missing = format!("arn:aws:sns:{region}:{account}:nowhere");
            alarm.alarm_actions.insert(0, missing);
            "acts on a missing topic first".to_owned()
        }
    }
}

/// A metric-math alarm in place of a plain one.
fn math(random: &mut Rng, alarm: &mut MetricAlarm) -> Option<String> {
    let metric = alarm.metric.take()?;
    let expression = *one(
        random,
        &[
            "m1",
            "m1 * 2",
            "FILL(m1, 0)",
            "SUM(METRICS())",
            "SUM([m1])",
            "MAX([m1])",
            "IF(m1 >= 1, 1, 0)",
            "IF(m1 > 1, 1, 0)",
            "m1 >= 1",
            "m1 - 1",
            "0 - m1",
            "RATE(m1)",
            "FILL(m1, 1)",
            "m1 / PERIOD(m1)",
            "FILL(m1, 0) + 0",
        ],
    );
    let period = metric.period;
    alarm.queries = vec![
        MetricQuery {
            id: "e1".to_owned(),
            metric: None,
            expression: Some(expression.to_owned()),
            label: None,
            return_data: true,
            period: Some(period),
            account: None,
        },
        MetricQuery {
            id: "m1".to_owned(),
            metric: Some(metric),
            expression: None,
            label: None,
            return_data: false,
            period: None,
            account: None,
        },
    ];
    Some(expression.to_owned())
}

/// An expression over the alarm's metric and another alarm's, or one that nobody publishes.
fn math_of_two(random: &mut Rng, content: &mut RegionState, name: &str) -> Option<String> {
    let other = key(random, &content.metric_alarms)?;
    let mut second = content.metric_alarms.get(&other)?.metric.clone()?;
    let foreign = random.bool();
    if foreign {
        second.namespace = "Elsewhere".into();
    }
    let alarm = content.metric_alarms.get_mut(name)?;
    let first = alarm.metric.take()?;
    let expression = *one(
        random,
        &[
            "m1 + m2",
            "SUM([m1, m2])",
            "MAX([m1, m2])",
            "m1 - m2",
            "m1 + 0 * m2",
            "IF(m2 > 0, 0, m1)",
            "m1 + m2 - 1",
        ],
    );
    second.period = first.period;
    let period = first.period;
    let query = |id: &str, metric, expression: Option<&str>| MetricQuery {
        id: id.to_owned(),
        metric,
        return_data: expression.is_some(),
        period: expression.map(|_| period),
        expression: expression.map(str::to_owned),
        label: None,
        account: None,
    };
    alarm.queries = vec![
        query("e1", None, Some(expression)),
        query("m1", Some(first), None),
        query("m2", Some(second), None),
    ];
    let whose = if foreign { "a foreign metric" } else { &other };
    Some(format!("alarm {name} watches {expression}, m2 of {whose}"))
}

/// Another alarm on the alarm's metric, without actions, sometimes with another period.
fn twin(random: &mut Rng, content: &mut RegionState, name: &str) -> Option<String> {
    let mut twin = content.metric_alarms.get(name)?.clone();
    let other = format!("{name}-twin");
    twin.arn = twin
        .arn
        .replace(&format!("alarm:{name}"), &format!("alarm:{other}"));
    twin.alarm_actions.clear();
    if let Some(metric) = &mut twin.metric
        && random.bool()
    {
        metric.period = *one(random, &[60, 300, 900]);
    }
    content.metric_alarms.insert(other.clone(), twin);
    Some(other)
}

/// A composite that takes over the alarm's actions.
fn composite(random: &mut Rng, content: &mut RegionState, name: &str) -> Option<String> {
    let other = if random.bool() {
        key(random, &content.metric_alarms)?
    } else {
        twin(random, content, name)?
    };
    let suppressor = if random.u8(..5) == 0 {
        Some((key(random, &content.metric_alarms)?, 60, 60))
    } else {
        None
    };
    let alarm = content.metric_alarms.get_mut(name)?;
    let rule = one(
        random,
        &[
            "ALARM(\"A\")",
            "ALARM(\"A\") OR ALARM(\"B\")",
            "ALARM(\"A\") AND ALARM(\"B\")",
            "ALARM(\"A\") AND NOT ALARM(\"B\")",
            "NOT OK(\"A\")",
            "OK(\"A\")",
            "ALARM(\"A\") OR TRUE",
            "ALARM(\"A\") AND FALSE",
            "AT_LEAST(1, ALARM, (\"A\", \"B\"))",
            "AT_LEAST(2, ALARM, (\"A\", \"B\"))",
        ],
    )
    .replace("\"A\"", &format!("\"{name}\""))
    .replace("\"B\"", &format!("\"{other}\""));
    let parent = format!("above-{name}");
    let composite = CompositeAlarm {
        arn: alarm
            .arn
            .replace(&format!("alarm:{name}"), &format!("alarm:{parent}")),
        description: None,
        rule: rule.clone(),
        actions_enabled: random.u8(..10) > 0,
        alarm_actions: std::mem::take(&mut alarm.alarm_actions),
        ok_actions: Vec::new(),
        insufficient_data_actions: Vec::new(),
        suppressor: suppressor.clone(),
        state: AlarmState::Ok,
        state_updated: Utc::now(),
        configured: Utc::now(),
    };
    content.composite_alarms.insert(parent, composite);
    Some(format!("alarm {name} acts through {rule}, {suppressor:?}"))
}

fn mute(random: &mut Rng, content: &mut RegionState, name: &str) -> Option<String> {
    let alarm = content.metric_alarms.get_mut(name)?;
    let (expression, duration) = *one(
        random,
        &[
            ("cron(* * * * *)", "PT1M"),
            ("cron(0 0 * * *)", "P1D"),
            ("cron(0 3 * * SUN)", "PT1H"),
            ("cron(0 * * * *)", "PT10M"),
            ("cron(0 12 * * MON-FRI)", "PT1H"),
            ("cron(0 0 1,16 * *)", "P15D"),
            ("cron(0 18 * * FRI)", "P2DT12H"),
            ("at(2019-01-01T00:00)", "PT1H"),
        ],
    );
    // So long that ALARM may outlast the muted time.
    if let Some(metric) = &mut alarm.metric
        && random.bool()
    {
        metric.period = *one(random, &[900, 3600, 21_600, 86_400]);
        alarm.evaluation_periods = 1;
        alarm.datapoints_to_alarm = None;
    }
    let once = expression.starts_with("at");
    let rule = MuteRule {
        arn: alarm
            .arn
            .replace(&format!("alarm:{name}"), "alarm-mute-rule:quiet"),
        expression: expression.to_owned(),
        duration: duration.to_owned(),
        timezone: (random.u8(..4) == 0).then(|| "+05:30".to_owned()),
        alarm_names: vec![name.to_owned()],
        status: if once { "EXPIRED" } else { "ACTIVE" }.to_owned(),
        updated: Utc::now(),
    };
    content.mute_rules.insert("quiet".to_owned(), rule);
    Some(format!("alarm {name} is muted {expression} {duration}"))
}
