//! Alarms on metrics of linked accounts (CloudWatch cross-account observability):
//! an alarm of one account reads metrics of another, with a link between the two or without one.

use fastrand::Rng;
use orgsim::{MetricAlarm, MetricQuery, WatchedMetric, World};

use super::{key, one};

/// Lets an alarm of one account read a metric of another; says what was done in which account.
pub(crate) fn change(random: &mut Rng, world: &World) -> Option<(String, String)> {
    let has_alarms = |account: &&str| {
        let state = world.account(account);
        state.is_some_and(|state| state.regions.values().any(|c| !c.metric_alarms.is_empty()))
    };
    let accounts: Vec<String> = world
        .accounts()
        .filter(has_alarms)
        .map(str::to_owned)
        .collect();
    if accounts.is_empty() {
        return None;
    }
    let (source, monitoring) = (one(random, &accounts), one(random, &accounts));
    if source == monitoring {
        return None;
    }
    let (region, seen_name, seen) = some_alarm(random, world, source)?;
    let metric = seen.metric.clone()?;
    let namespace = metric.namespace.clone();
    let text = {
        let mut state = world.account(monitoring)?;
        let content = state.regions.get_mut(&region)?;
        let name = key(random, &content.metric_alarms)?;
        let alarm = content.metric_alarms.get_mut(&name)?;
        match random.u8(..3) {
            0 => {
                let other = format!("of-{source}-{name}");
                let mut new = MetricAlarm {
                    arn: alarm
                        .arn
                        .replace(&format!("alarm:{name}"), &format!("alarm:{other}")),
                    alarm_actions: alarm.alarm_actions.clone(),
                    actions_enabled: true,
                    ..seen
                };
                watch(&mut new, "m1", vec![query("m1", metric, Some(source))]);
                content.metric_alarms.insert(other, new);
                format!("a new alarm beside {name} watches {source}")
            }
            1 => {
                let mut own = alarm.metric.take()?;
                own.period = metric.period;
                let expression = *one(
                    random,
                    &[
                        "m1 + m2",
                        "MAX([m1, m2])",
                        "m1 + 0 * m2",
                        "IF(m2 > 0, 0, m1)",
                    ],
                );
                let read = vec![query("m1", own, None), query("m2", metric, Some(source))];
                watch(alarm, expression, read);
                format!("alarm {name} watches {expression}, m2 of {source}")
            }
            _ => {
                let own = alarm.metric.take()?;
                watch(alarm, "m1", vec![query("m1", own, Some(source))]);
                format!("alarm {name} watches its metric in {source}")
            }
        }
    };
    let filter = shared(random, &namespace);
    let linked =
        random.u8(..4) > 0 && world.link_metrics_where(source, monitoring, &region, &filter);
    let removed = random.bool();
    if removed && let Some(mut state) = world.account(source) {
        state.region(&region).metric_alarms.remove(&seen_name);
    }
    let text = format!(
        "{text} ({}{seen_name} of it{})",
        if linked {
            format!("linked for {filter}, ")
        } else {
            "not linked, ".to_owned()
        },
        if removed { " is removed" } else { " stays" }
    );
    Some((monitoring.clone(), text))
}

/// What a link shares: mostly everything, or the namespace among others; sometimes not that one.
fn shared(random: &mut Rng, namespace: &str) -> String {
    match random.u8(..10) {
        0 => format!("Namespace != '{namespace}'"),
        1 => "Namespace LIKE 'AWS/%'".to_owned(),
        2 => format!("Namespace IN ('AWS/EC2', '{namespace}')"),
        3 => "Namespace NOT LIKE 'AWS/%'".to_owned(),
        4 => format!("Namespace = '{namespace}' OR Namespace = 'A' AND Namespace = 'B'"),
        _ => "*".to_owned(),
    }
}

/// An alarm of the account, with its Region and name.
fn some_alarm(
    random: &mut Rng,
    world: &World,
    account: &str,
) -> Option<(String, String, MetricAlarm)> {
    let state = world.account(account)?;
    let with_alarms = state.regions.iter();
    let mut with_alarms = with_alarms.filter(|(_, content)| !content.metric_alarms.is_empty());
    let (region, content) = with_alarms.next()?;
    let name = key(random, &content.metric_alarms)?;
    let alarm = content.metric_alarms.get(&name)?.clone();
    Some((region.clone(), name, alarm))
}

fn query(id: &str, metric: WatchedMetric, account: Option<&str>) -> MetricQuery {
    MetricQuery {
        id: id.to_owned(),
        metric: Some(metric),
        expression: None,
        label: None,
        return_data: false,
        period: None,
        account: account.map(str::to_owned),
    }
}

/// Lets the alarm watch the expression over these metrics.
fn watch(alarm: &mut MetricAlarm, expression: &str, mut metrics: Vec<MetricQuery>) {
    let period = metrics.first().and_then(|query| query.metric.as_ref());
    let returned = MetricQuery {
        id: "e1".to_owned(),
        expression: Some(expression.to_owned()),
        return_data: true,
        period: period.map(|metric| metric.period),
        metric: None,
        label: None,
        account: None,
    };
    metrics.insert(0, returned);
    alarm.metric = None;
    alarm.queries = metrics;
}
