//! Which alarms and topics of an account can matter to a set of metric filters,
//! so that a snapshot holds those and not the account's whole CloudWatch.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use crate::catalog::{Catalog, Control, Requirement, Scope};
use crate::chain::alarm::other_kind_may_read;
use crate::chain::alarm_rule::AlarmRule;
use crate::ids::{AccountId, Arn};
use crate::snapshot::{Alarms, CompositeAlarm, MetricAlarm, MetricFilter};

/// The alarms that could matter to `filters`, sorted by name: those on a metric
/// of the same name (whatever the namespace and dimensions, so that a near miss
/// can be told), those of metric math or a query that may read one, those of kinds of which too
/// little is known, every composite alarm above them, and composites whose rule cannot be read. Those
/// that are called after a control, too: they may wait for a filter, or have the name that a new one would get.
pub fn relevant_alarms(all: Alarms, filters: &[&MetricFilter]) -> Alarms {
    let metrics: BTreeSet<&str> = filters
        .iter()
        .flat_map(|filter| &filter.transformations)
        .map(|transformation| transformation.name.as_str())
        .collect();
    let called = |alarm: &MetricAlarm| {
        let metric = alarm.metric.as_ref();
        let of_aws = metric.is_some_and(|metric| metric.namespace.starts_with("AWS/"));
        let name = metric.map_or("", |metric| metric.name.as_str());
        !of_aws && Catalog::builtin().is_called_after([&alarm.name, name])
    };
    let matter = all
        .metric
        .iter()
        .filter(|alarm| reads_one_of(alarm, &metrics) || called(alarm));
    let kept = with_those_above(matter, &all.composite);
    only(all, &kept)
}

/// The alarms of `account` that may read metrics of other accounts, which are linked to it: those
/// of metric math or a query that names one, those that find metrics by their names, and every
/// composite alarm above them.
pub fn alarms_on_other_accounts(all: Alarms, account: &AccountId) -> Alarms {
    let reads_others = |alarm: &&MetricAlarm| {
        let mut named = alarm.queries.iter().filter_map(|q| q.account.as_deref());
        finds_by_name(alarm) || named.any(|named| named != account.as_str())
    };
    let kept = with_those_above(all.metric.iter().filter(reads_others), &all.composite);
    Alarms {
        log: Vec::new(),
        ..only(all, &kept)
    }
}

/// Whether it finds its metrics by their names, in whichever of the linked accounts they are.
pub(crate) fn finds_by_name(alarm: &MetricAlarm) -> bool {
    let mut expressions = alarm.queries.iter().filter_map(|q| q.expression.as_deref());
    alarm.other_kind.is_some()
        || expressions.any(|text| text.to_ascii_uppercase().contains("SELECT"))
}

/// The alarms of these ARNs, sorted by name.
fn only(all: Alarms, kept: &BTreeSet<Arn>) -> Alarms {
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

pub(crate) fn reads_one_of(alarm: &MetricAlarm, metrics: &BTreeSet<&str>) -> bool {
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

/// The alarms, every composite above one of them, and the composites whose states decide what those
/// do: their suppressors and other children.
fn with_those_above<'a>(
    alarms: impl Iterator<Item = &'a MetricAlarm>,
    composites: &[CompositeAlarm],
) -> BTreeSet<Arn> {
    let alarms: Vec<&MetricAlarm> = alarms.collect();
    let above = Parents::of(composites).above(&alarms, composites);
    let composites = with_those_asked(above, composites)
        .into_iter()
        .map(|place| &composites[place].arn);
    let metric = alarms.into_iter().map(|alarm| &alarm.arn);
    metric.chain(composites).cloned().collect()
}

/// The composites at these places, and those that their rules or suppressors name.
fn with_those_asked(places: BTreeSet<usize>, composites: &[CompositeAlarm]) -> BTreeSet<usize> {
    let mut kept = places.clone();
    if places.is_empty() {
        return kept;
    }
    let mut by_name: HashMap<&str, usize> = HashMap::new();
    for (place, composite) in composites.iter().enumerate() {
        by_name.insert(&composite.name, place);
        by_name.insert(composite.arn.as_str(), place);
    }
    let mut next: Vec<usize> = places.into_iter().collect();
    while let Some(place) = next.pop() {
        let composite = &composites[place];
        let rule = AlarmRule::parse(&composite.rule);
        let children = rule.iter().flat_map(AlarmRule::alarms);
        let named = children.chain(composite.actions_suppressor.as_deref());
        for asked in named.filter_map(|name| by_name.get(name)) {
            if kept.insert(*asked) {
                next.push(*asked);
            }
        }
    }
    kept
}

/// Composite alarms, by the alarms that their rules name. They are meant by their places in a list.
#[derive(Debug, Default)]
pub(crate) struct Parents {
    /// By what a rule calls its children: their names, or their ARNs.
    by_child: HashMap<String, Vec<usize>>,
    /// Those whose rules cannot be read, and so may name any alarm.
    unreadable: Vec<usize>,
}

impl Parents {
    pub(crate) fn of(composites: &[CompositeAlarm]) -> Self {
        let mut parents = Self::default();
        for (place, composite) in composites.iter().enumerate() {
            let Some(rule) = AlarmRule::parse(&composite.rule) else {
                parents.unreadable.push(place);
                continue;
            };
            for child in rule.alarms() {
                let of_child = parents.by_child.entry(child.to_owned());
                of_child.or_default().push(place);
            }
        }
        parents
    }

    /// Every composite above one of the alarms, those whose rules cannot be read among them.
    pub(crate) fn above(
        &self,
        alarms: &[&MetricAlarm],
        composites: &[CompositeAlarm],
    ) -> BTreeSet<usize> {
        let mut above = BTreeSet::new();
        let mut next = self.unreadable.clone();
        for alarm in alarms {
            next.extend(self.naming(&alarm.arn, &alarm.name));
        }
        while let Some(place) = next.pop() {
            if above.insert(place) {
                let composite = &composites[place];
                next.extend(self.naming(&composite.arn, &composite.name));
            }
        }
        above
    }

    fn naming<'a>(&'a self, arn: &'a Arn, name: &'a str) -> impl Iterator<Item = usize> + 'a {
        let called = [arn.as_str(), name].into_iter();
        let naming = called.filter_map(|called| self.by_child.get(called));
        naming.flatten().copied()
    }
}
