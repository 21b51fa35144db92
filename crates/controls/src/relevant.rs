//! Which alarms and topics of an account can matter to a set of metric filters,
//! so that a snapshot holds those and not the account's whole CloudWatch.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use crate::catalog::{Catalog, Control, Requirement, Scope};
use crate::chain::alarm::other_kind_may_read;
use crate::chain::alarm_rule::AlarmRule;
use crate::ids::Arn;
use crate::snapshot::{Alarms, CompositeAlarm, MetricAlarm, MetricFilter};

/// The alarms that could matter to `filters`, sorted by name: those on a metric
/// of the same name (whatever the namespace and dimensions, so that a near miss
/// can be told), those of metric math or a query that may read one, those of kinds of which too
/// little is known, every composite alarm above them, and composites whose rule cannot be read.
pub fn relevant_alarms(all: Alarms, filters: &[&MetricFilter]) -> Alarms {
    let metrics: BTreeSet<&str> = filters
        .iter()
        .flat_map(|filter| &filter.transformations)
        .map(|transformation| transformation.name.as_str())
        .collect();
    let reading = all
        .metric
        .iter()
        .filter(|alarm| reads_one_of(alarm, &metrics));
    let kept = with_those_above(reading, &all.composite);
    let mut metric: Vec<MetricAlarm> = all.metric;
    let mut composite: Vec<CompositeAlarm> = all.composite;
    metric.retain(|alarm| kept.contains(&alarm.arn));
    composite.retain(|alarm| kept.contains(&alarm.arn));
    metric.sort_by(|a, b| a.name.cmp(&b.name));
    composite.sort_by(|a, b| a.name.cmp(&b.name));
    Alarms {
        metric,
        composite,
        ..all
    }
}

/// Whether one of CIS's controls that concern every account has no filter among these, going by the
/// words in their patterns: its filter may be on another log group then.
pub fn lack_a_controls_filter(filters: &[MetricFilter]) -> bool {
    static WORDS: LazyLock<Vec<Vec<String>>> = LazyLock::new(|| {
        let controls = Catalog::builtin().controls().iter();
        controls
            .filter(|control| control.scope == Scope::EveryAccount)
            .map(words)
            .collect()
    });
    let names_many = |filter: &MetricFilter| {
        let mut named = filter.pattern.split("eventName").skip(1);
        named.any(|rest| {
            let value = rest.trim_start().strip_prefix('=').map(str::trim_start);
            let word = value.and_then(|value| value.split([' ', ')', '}']).next());
            word.is_some_and(|word| word.contains(['*', '%']))
        })
    };
    if filters.iter().any(names_many) {
        return false;
    }
    let mentions = |filter: &MetricFilter, words: &[String]| {
        words.iter().any(|word| filter.pattern.contains(word))
    };
    WORDS
        .iter()
        .any(|words| !filters.iter().any(|filter| mentions(filter, words)))
}

/// The names of a control's events, or what its pattern asks for where it names none.
fn words(control: &Control) -> Vec<String> {
    if !control.events.is_empty() {
        let names = control.events.iter().map(|event| event.name.clone());
        return names.collect();
    }
    let texts = control.requirements.iter().map(Requirement::pattern);
    let quoted = texts.flat_map(|pattern| pattern.split('"').skip(1).step_by(2));
    quoted
        .map(|text| text.trim_matches('*').to_owned())
        .collect()
}

/// The SNS topics that run when one of the alarms goes to ALARM.
pub fn topics_acted_on(alarms: &Alarms) -> BTreeSet<Arn> {
    let metric = alarms.metric.iter().flat_map(|alarm| &alarm.alarm_actions);
    let composite = alarms
        .composite
        .iter()
        .flat_map(|alarm| &alarm.alarm_actions);
    let log = alarms.log.iter().flat_map(|alarm| &alarm.alarm_actions);
    metric
        .chain(composite)
        .chain(log)
        .filter_map(|action| action.parse::<Arn>().ok())
        .filter(|arn| arn.service() == "sns")
        .collect()
}

fn reads_one_of(alarm: &MetricAlarm, metrics: &BTreeSet<&str>) -> bool {
    if alarm.other_kind.is_some() {
        return metrics.iter().any(|name| other_kind_may_read(alarm, name));
    }
    let plain = alarm.metric.as_ref().map(|metric| metric.name.as_str());
    let mut queried = alarm
        .queries
        .iter()
        .filter_map(|query| query.metric.as_ref());
    // A Metrics Insights query names its metric inside the expression.
    let mut expressions = alarm
        .queries
        .iter()
        .filter_map(|query| query.expression.as_deref());
    plain.is_some_and(|name| metrics.contains(name))
        || queried.any(|metric| metrics.contains(metric.name.as_str()))
        || expressions.any(|text| {
            text.to_ascii_uppercase().contains("SELECT")
                && metrics.iter().any(|metric| text.contains(metric))
        })
}

/// The alarms, and every composite above one of them. A rule that cannot be read may mention any
/// alarm, so its composite is among them.
fn with_those_above<'a>(
    alarms: impl Iterator<Item = &'a MetricAlarm>,
    composites: &'a [CompositeAlarm],
) -> BTreeSet<Arn> {
    // By what a rule calls its children: their names, or their ARNs.
    let mut above: HashMap<String, Vec<&CompositeAlarm>> = HashMap::new();
    let mut unreadable = Vec::new();
    for composite in composites {
        let Some(rule) = AlarmRule::parse(&composite.rule) else {
            unreadable.push(composite);
            continue;
        };
        for child in rule.alarms() {
            above.entry(child.to_owned()).or_default().push(composite);
        }
    }
    let called = |composite: &'a CompositeAlarm| (&composite.arn, composite.name.as_str());
    let mut kept = BTreeSet::new();
    let mut next: Vec<(&Arn, &str)> = alarms
        .map(|alarm| (&alarm.arn, alarm.name.as_str()))
        .chain(unreadable.into_iter().map(called))
        .collect();
    while let Some((arn, name)) = next.pop() {
        if kept.insert(arn.clone()) {
            let over = [arn.as_str(), name].into_iter();
            let over = over.filter_map(|called| above.get(called)).flatten();
            next.extend(over.map(|composite| called(composite)));
        }
    }
    kept
}
