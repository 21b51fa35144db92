//! Alarms that become one of the kinds that verdicts leave undecided: Metrics
//! Insights, PromQL, anomaly detection, log alarms.

use chrono::Utc;
use fastrand::Rng;
use orgsim::{LogAlarm, MetricQuery, RegionState};

use super::{key, one};

/// Lets the alarm `name` be of another kind, or puts one beside it.
pub(crate) fn change(random: &mut Rng, content: &mut RegionState, name: &str) -> Option<String> {
    if random.u8(..4) == 0 {
        return log_alarm(random, content, name);
    }
    let mut alarm = content.metric_alarms.get(name)?.clone();
    let metric = alarm.metric.take()?;
    let query = |id: &str, expression: &str| MetricQuery {
        id: id.to_owned(),
        metric: None,
        expression: Some(expression.to_owned()),
        label: None,
        return_data: true,
        period: Some(metric.period),
        account: None,
    };
    let kind = match random.u8(..4) {
        0 => {
            alarm.prom_ql = Some(format!("{{\"{}\"}} > 0", metric.name));
            "PromQL".to_owned()
        }
        1 => {
            let mut watched = query("m1", "");
            watched.expression = None;
            watched.period = None;
            watched.metric = Some(metric.clone());
            let band = query("ad1", "ANOMALY_DETECTION_BAND(m1, 2)");
            alarm.queries = vec![watched, band];
            alarm.threshold = None;
            alarm.threshold_metric_id = Some("ad1".to_owned());
            "GreaterThanUpperThreshold".clone_into(&mut alarm.comparison);
            "anomaly detection".to_owned()
        }
        _ => {
            let function = *one(random, &["SUM", "MAX", "COUNT", "AVG"]);
            let end = *one(random, &["", "", "", " GROUP BY By"]);
            let (name, namespace) = (&metric.name, &metric.namespace);
            let text = format!("SELECT {function}(\"{name}\") FROM \"{namespace}\"{end}");
            alarm.queries = vec![query("q1", &text)];
            text
        }
    };
    if random.bool() {
        content.metric_alarms.insert(name.to_owned(), alarm);
        return Some(format!("alarm {name} becomes one of {kind}"));
    }
    let other = format!("{name}-other");
    let (from, to) = (format!("alarm:{name}"), format!("alarm:{other}"));
    alarm.arn = alarm.arn.replace(&from, &to);
    content.metric_alarms.insert(other, alarm);
    Some(format!("beside alarm {name} there is one of {kind}"))
}

/// A log alarm on a log group of the Region, in place of the alarm or beside it.
fn log_alarm(random: &mut Rng, content: &mut RegionState, name: &str) -> Option<String> {
    let group = key(random, &content.log_groups)?;
    let alarm = content.metric_alarms.get(name)?.clone();
    let query = "query".to_owned();
    let log = LogAlarm {
        arn: alarm
            .arn
            .replace(&format!("alarm:{name}"), &format!("alarm:{query}")),
        actions_enabled: alarm.actions_enabled,
        alarm_actions: alarm.alarm_actions,
        log_groups: vec![group],
        query: "filter ispresent(eventName) | stats count(*)".to_owned(),
        configured: Utc::now(),
    };
    content.log_alarms.insert(query, log);
    let replaces = random.bool();
    if replaces {
        content.metric_alarms.remove(name);
    }
    let place = if replaces { "in place of" } else { "beside" };
    Some(format!("{place} alarm {name} there is a log alarm"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use orgsim::{Scenario, World};

    use super::*;
    use crate::undecided::is_undecided;

    #[test]
    fn every_kind_that_is_made_is_known_as_undecided() {
        let scenario = "[management]\n[[group]]\nname = \"own\"\n";
        let scenario = Scenario::parse(scenario).unwrap();
        let mut kinds = std::collections::BTreeSet::new();
        for seed in 0..60 {
            let world = Arc::new(World::build(&scenario));
            let account = world.accounts().last().unwrap().to_owned();
            let mut random = Rng::with_seed(seed);
            let (name, before) = {
                let mut state = world.account(&account).unwrap();
                let content = state.region("us-east-1");
                let name = key(&mut random, &content.metric_alarms).unwrap();
                let arn = content.metric_alarms[&name].arn.clone();
                assert!(change(&mut random, content, &name).is_some());
                (name, arn)
            };
            let made = ["", "-other"].map(|end| format!("{before}{end}"));
            let query = before.replace(&format!("alarm:{name}"), "alarm:query");
            let undecided = made
                .iter()
                .chain([&query])
                .filter(|arn| is_undecided(&world, arn));
            assert_eq!(undecided.count(), 1, "seed {seed}");
            let state = world.account(&account).unwrap();
            let content = state.region_content("us-east-1").unwrap();
            let alarms = content.metric_alarms.values();
            kinds.extend(alarms.filter_map(|alarm| alarm.prom_ql.as_ref().map(|_| "PromQL")));
            kinds.extend(content.log_alarms.values().map(|_| "log"));
            let alarms = content.metric_alarms.values();
            let queries = alarms.flat_map(|alarm| &alarm.queries);
            let texts = queries.filter_map(|query| query.expression.as_deref());
            kinds.extend(texts.map(|text| {
                if text.starts_with("SELECT") {
                    "insights"
                } else {
                    "band"
                }
            }));
        }
        assert_eq!(kinds.len(), 4, "{kinds:?}");
    }
}
