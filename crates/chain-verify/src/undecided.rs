//! Alarms of the kinds that verdicts leave undecided by design: no verdict may pass
//! because of them alone, whatever they do.

use orgsim::{MetricAlarm, World};
use orgsweep_controls::Finding;
use orgsweep_controls::finding::{LinkKind, LinkState};

/// The first alarm of such a kind on which a chain that holds rests.
pub(crate) fn relied_on(world: &World, finding: &Finding) -> Option<String> {
    let holding = finding.evidence.chains.iter();
    let links = holding
        .filter(|chain| chain.state == LinkState::Holds)
        .flat_map(|chain| &chain.links);
    let mut alarms = links.filter(|link| link.kind == LinkKind::Alarm);
    alarms
        .find(|link| is_undecided(world, &link.resource))
        .map(|link| link.resource.clone())
}

/// Whether the alarm is of such a kind.
pub(crate) fn is_undecided(world: &World, arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(7, ':').collect();
    let [_, _, _, region, account, _, name] = parts[..] else {
        return false;
    };
    let Some(state) = world.account(account) else {
        return false;
    };
    state.region_content(region).is_some_and(|content| {
        let metric = content.metric_alarms.get(name);
        content.log_alarms.contains_key(name) || metric.is_some_and(is_of_such_a_kind)
    })
}

fn is_of_such_a_kind(alarm: &MetricAlarm) -> bool {
    let mut expressions = alarm.queries.iter().filter_map(|q| q.expression.as_deref());
    alarm.prom_ql.is_some()
        || alarm.threshold_metric_id.is_some()
        || expressions.any(|text| text.starts_with("SELECT "))
}
