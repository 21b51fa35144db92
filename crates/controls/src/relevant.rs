//! Which alarms and topics of an account can matter to a set of metric filters,
//! so that a snapshot holds those and not the account's whole CloudWatch.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::catalog::{Catalog, Control, Requirement, Scope};
use crate::chain::alarm::other_kind_may_read;
use crate::chain::alarm_rule::AlarmRule;
use crate::ids::Arn;
use crate::snapshot::{Alarms, CompositeAlarm, MetricAlarm, MetricFilter};

/// The alarms that could matter to `filters`, sorted by name: those on a metric
/// of the same name (whatever the namespace and dimensions, so that a near miss
/// can be told), those of metric math or a query that may read one, those of kinds of which too
/// little is known, and every
/// composite alarm above them.
pub fn relevant_alarms(all: Alarms, filters: &[&MetricFilter]) -> Alarms {
    let metrics: BTreeSet<&str> = filters
        .iter()
        .flat_map(|filter| &filter.transformations)
        .map(|transformation| transformation.name.as_str())
        .collect();
    let mut kept: BTreeSet<Arn> = all
        .metric
        .iter()
        .filter(|alarm| reads_one_of(alarm, &metrics))
        .map(|alarm| alarm.arn.clone())
        .collect();
    loop {
        let above: Vec<Arn> = all
            .composite
            .iter()
            .filter(|composite| !kept.contains(&composite.arn))
            .filter(|composite| depends_on_one_of(composite, &all, &kept))
            .map(|composite| composite.arn.clone())
            .collect();
        if above.is_empty() {
            break;
        }
        kept.extend(above);
    }
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

fn depends_on_one_of(composite: &CompositeAlarm, all: &Alarms, kept: &BTreeSet<Arn>) -> bool {
    let names: BTreeSet<&str> = all
        .metric
        .iter()
        .map(|alarm| (&alarm.arn, alarm.name.as_str()))
        .chain(
            all.composite
                .iter()
                .map(|alarm| (&alarm.arn, alarm.name.as_str())),
        )
        .filter(|(arn, _)| kept.contains(*arn))
        .flat_map(|(arn, name)| [arn.as_str(), name])
        .collect();
    match AlarmRule::parse(&composite.rule) {
        Some(rule) => rule.alarms().iter().any(|alarm| names.contains(alarm)),
        // A rule that cannot be read may still mention the alarm.
        None => names.iter().any(|name| composite.rule.contains(name)),
    }
}
