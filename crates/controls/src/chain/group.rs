//! A log group with everything behind it: each metric filter, and the chains that begin there
//! (`tail`). The result holds for every control and every account that writes to the group.

use std::collections::{BTreeMap, BTreeSet};

use super::action::Topics;
use super::judged::Judged;
use super::tail::{Reader, Tail};
use super::waiting::waiting_alarms;
use crate::finding::LinkKind;
use crate::ids::LogGroupArn;
use crate::known::{Call, Known, Unread, UnreadCause};
use crate::pattern::{Pattern, PatternSet};
use crate::reason::Reason;
use crate::snapshot::{AccountSnapshot, LogGroup, MetricFilter, Trail};

/// A log group with the chains that start at its filters.
#[derive(Debug, Clone)]
pub(crate) struct GroupChains {
    pub(crate) arn: LogGroupArn,
    /// The group itself.
    pub(crate) group: Judged,
    /// Why its filters are not known; there may be any then.
    pub(crate) filters_unread: Option<Unread>,
    pub(crate) number_of_filters: usize,
    /// Filters whose patterns have regular expressions, which AWS limits by themselves.
    pub(crate) number_with_regex: usize,
    pub(crate) tails: Vec<Tail>,
    /// Filters that are on groups to which no trail delivers.
    pub(crate) elsewhere: Vec<Elsewhere>,
    /// What filters, alarms and metrics (with their namespaces) of the Region are called.
    pub(crate) names: BTreeSet<String>,
    /// Alarms of the Region that watch metrics which no filter publishes.
    pub(crate) waiting: Vec<Waiting>,
    /// Groups of the same Region whose filters are not known; they may publish to the same metrics.
    pub(crate) unread_beside: Vec<LogGroupArn>,
}

/// An alarm on a metric that no filter publishes.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    /// Name of the alarm.
    pub(crate) alarm: String,
    pub(crate) namespace: String,
    /// Name of the metric.
    pub(crate) metric: String,
}

/// Metric filters on another log group than the one that a trail delivers to.
#[derive(Debug, Clone)]
pub(crate) struct Elsewhere {
    /// Name of that group.
    pub(crate) group: String,
    pub(crate) patterns: PatternSet,
    /// Pattern, namespace and name of each filter's metric.
    pub(crate) metrics: Vec<(String, String, String)>,
}

impl Elsewhere {
    fn of((group, filters): (&String, &Vec<MetricFilter>)) -> Self {
        let plain = |filter: &&MetricFilter| {
            !filter.on_transformed_logs && filter.field_selection.is_none()
        };
        let plain: Vec<&MetricFilter> = filters.iter().filter(plain).collect();
        let metrics = plain.iter().flat_map(|filter| {
            filter.transformations.iter().map(|published| {
                let metric = (published.namespace.clone(), published.name.clone());
                (filter.pattern.clone(), metric.0, metric.1)
            })
        });
        Self {
            group: group.clone(),
            metrics: metrics.collect(),
            patterns: plain
                .iter()
                .filter_map(|filter| Pattern::parse(&filter.pattern).ok())
                .collect(),
        }
    }
}

/// How often one event may reach a group in the Region of `arn`: as often as trails deliver to it.
fn most_deliveries(snapshot: &AccountSnapshot, arn: &LogGroupArn) -> usize {
    let trails = snapshot.distinct_trails();
    let may_deliver = |trail: &&Trail| trail.status.value().is_none_or(|status| status.logging);
    let mut to_group: BTreeMap<&LogGroupArn, usize> = BTreeMap::new();
    for trail in trails.into_values().filter(may_deliver) {
        let group = trail.log_group.as_ref();
        if let Some(group) = group.filter(|group| group.region() == arn.region()) {
            *to_group.entry(group).or_default() += 1;
        }
    }
    to_group.into_values().max().unwrap_or_default().max(1)
}

/// Reads the chains of a group from the snapshot of the account that owns it.
pub(crate) fn chains_of(
    snapshot: &AccountSnapshot,
    arn: &LogGroupArn,
    topics: &dyn Topics,
) -> GroupChains {
    let Some(group) = snapshot.log_groups.get(arn) else {
        let unread = not_asked("logs", "DescribeMetricFilters", arn);
        return GroupChains {
            arn: arn.clone(),
            group: Judged::unread(
                LinkKind::LogGroup,
                arn.as_str(),
                &not_asked("logs", "DescribeLogGroups", arn),
            ),
            filters_unread: Some(unread),
            number_of_filters: 0,
            number_with_regex: 0,
            tails: Vec::new(),
            elsewhere: Vec::new(),
            names: BTreeSet::new(),
            waiting: Vec::new(),
            unread_beside: Vec::new(),
        };
    };
    let (filters, filters_unread) = match group.filters.get() {
        Ok(filters) => (filters.as_slice(), None),
        Err(unread) => (&[][..], Some(unread.clone())),
    };
    let others = snapshot
        .log_groups
        .iter()
        .filter(|(other, _)| *other != arn && other.region() == arn.region());
    let (mut filters_elsewhere, mut unread_beside) = (Vec::new(), Vec::new());
    for (other, group) in others {
        match group.filters.value() {
            Some(filters) => filters_elsewhere.extend(filters),
            None => unread_beside.push(other.clone()),
        }
    }
    let reader = Reader {
        group: arn,
        account: arn.account(),
        filters,
        filters_elsewhere: &filters_elsewhere,
        deliveries: most_deliveries(snapshot, arn),
        alarms: snapshot.alarms.get(&arn.region()),
        monitoring: snapshot.monitoring.get(&arn.region()),
        topics,
    };
    let mut tails: Vec<Tail> = filters
        .iter()
        .flat_map(|filter| reader.of_filter(filter))
        .collect();
    tails.extend(reader.of_log_alarms());
    GroupChains {
        arn: arn.clone(),
        group: group_link(arn, group),
        filters_unread,
        number_of_filters: filters.len(),
        number_with_regex: filters
            .iter()
            .filter_map(|filter| Pattern::parse(&filter.pattern).ok())
            .filter(|pattern| pattern.filter.has_regex())
            .count(),
        tails,
        names: names(&reader),
        waiting: waiting(group, &reader),
        elsewhere: group.filters_elsewhere.iter().map(Elsewhere::of).collect(),
        unread_beside,
    }
}

/// The names that something new must not have, since putting it would replace another.
fn names(reader: &Reader<'_>) -> BTreeSet<String> {
    let beside = reader.filters_elsewhere.iter().copied();
    let published = reader.filters.iter().chain(beside);
    let metrics = published.flat_map(|filter| &filter.transformations);
    let metrics = metrics.map(|made| format!("{}/{}", made.namespace, made.name));
    let filters = reader.filters.iter().map(|filter| filter.name.clone());
    let mut names: BTreeSet<String> = metrics.chain(filters).collect();
    if let Some(alarms) = reader.alarms.and_then(Known::value) {
        names.extend(alarms.metric.iter().map(|alarm| alarm.name.clone()));
        names.extend(alarms.composite.iter().map(|alarm| alarm.name.clone()));
        names.extend(alarms.log.iter().map(|alarm| alarm.name.clone()));
    }
    names
}

/// The alarms of the group's Region to which neither its filters nor others publish.
fn waiting(group: &LogGroup, reader: &Reader<'_>) -> Vec<Waiting> {
    let Some(alarms) = reader.alarms.and_then(Known::value) else {
        return Vec::new();
    };
    let here = reader.filters.iter();
    let beside = reader.filters_elsewhere.iter().copied();
    let filters: Vec<&MetricFilter> = here
        .chain(beside)
        .chain(group.filters_elsewhere.values().flatten())
        .collect();
    let waiting = waiting_alarms(alarms, &filters);
    waiting
        .map(|(alarm, metric)| Waiting {
            alarm: alarm.name.clone(),
            namespace: metric.namespace.clone(),
            metric: metric.name.clone(),
        })
        .collect()
}

pub(super) fn not_asked(service: &str, operation: &str, arn: &LogGroupArn) -> Unread {
    Unread {
        call: Call::new(service, operation, Some(arn.region())),
        cause: UnreadCause::NotAsked,
        message: String::new(),
    }
}

fn group_link(arn: &LogGroupArn, group: &LogGroup) -> Judged {
    let kind = LinkKind::LogGroup;
    match group.group.get() {
        Err(unread) => Judged::unread(kind, arn.as_str(), unread),
        Ok(None) => {
            let detail = "the log group does not exist";
            Judged::broken(kind, arn.as_str(), Reason::LogGroupMissing, detail)
        }
        Ok(Some(facts)) if facts.class.is_empty() || facts.class == "STANDARD" => {
            Judged::holds(kind, arn.as_str(), "exists")
        }
        Ok(Some(facts)) => {
            let detail = format!("class {} supports no metric filters", facts.class);
            Judged::broken(kind, arn.as_str(), Reason::LogGroupClass, detail)
        }
    }
}
