//! A log group with everything behind it: each metric filter, the alarms on its
//! metric, the composites above them, their actions and who hears of it. The
//! result holds for every control and every account that writes to the group.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::action::Topics;
use super::alarm::{self, Watching};
use super::firing::Lasting;
use super::judged::Judged;
use super::narrowing;
use super::ringing::Ringing;
use crate::finding::{LinkKind, LinkState};
use crate::ids::{AccountId, LogGroupArn};
use crate::known::{Call, Known, Unread, UnreadCause};
use crate::pattern::{Pattern, PatternSet};
use crate::reason::Reason;
use crate::snapshot::{
    AccountSnapshot, Alarms, LogGroup, MetricFilter, MetricTransformation, Trail,
};

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
    /// Groups of the same Region whose filters are not known; they may publish to the same metrics.
    pub(crate) unread_beside: Vec<LogGroupArn>,
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

/// A chain from a filter on: filter, metric, alarm, composites, action, subscription.
#[derive(Debug, Clone)]
pub(crate) struct Tail {
    /// Which events it is about; `None` when that is not known.
    pub(crate) pattern: Option<Arc<Pattern>>,
    /// The filter's pattern as it was put.
    pub(crate) text: String,
    /// Its links; nothing follows a broken one.
    pub(crate) links: Vec<Judged>,
}

impl Tail {
    fn new(pattern: Option<Arc<Pattern>>, filter: &MetricFilter, links: Vec<Judged>) -> Self {
        Self {
            pattern,
            text: filter.pattern.clone(),
            links,
        }
    }

    /// The state of its worst link.
    pub(crate) fn state(&self) -> LinkState {
        let states = self.links.iter().map(|judged| judged.link.state);
        states.max().unwrap_or(LinkState::Broken)
    }

    /// Why it is broken, if it is.
    pub(crate) fn broken_by(&self) -> Option<&Judged> {
        self.links.iter().find(|judged| judged.is_broken())
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
        elsewhere: group.filters_elsewhere.iter().map(Elsewhere::of).collect(),
        unread_beside,
    }
}

fn not_asked(service: &str, operation: &str, arn: &LogGroupArn) -> Unread {
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

struct Reader<'a> {
    group: &'a LogGroupArn,
    account: AccountId,
    filters: &'a [MetricFilter],
    filters_elsewhere: &'a [&'a MetricFilter],
    deliveries: usize,
    alarms: Option<&'a Known<Alarms>>,
    topics: &'a dyn Topics,
}

impl Reader<'_> {
    fn of_filter(&self, filter: &MetricFilter) -> Vec<Tail> {
        let kind = LinkKind::Filter;
        let name = format!("{}:metric-filter:{}", self.group, filter.name);
        let tail = |pattern, links| Tail::new(pattern, filter, links);
        let pattern = match Pattern::parse(&filter.pattern) {
            Ok(pattern) => pattern,
            Err(error) => {
                let detail = format!("its pattern cannot be parsed: {error}");
                let broken = Judged::broken(kind, &name, Reason::FilterInvalid, detail);
                return vec![tail(None, vec![broken])];
            }
        };
        if filter.on_transformed_logs {
            let detail = "it sees transformed logs, not CloudTrail's events";
            let broken = Judged::broken(kind, &name, Reason::FilterOnTransformedLogs, detail);
            return vec![tail(Some(pattern), vec![broken])];
        }
        if filter.transformations.is_empty() {
            let broken = Judged::broken(kind, &name, Reason::NoAlarm, "it publishes no metric");
            return vec![tail(Some(pattern), vec![broken])];
        }
        let link = Judged::holds(kind, &name, filter.pattern.clone());
        let of_metrics = |link: &Judged, pattern: Option<&Arc<Pattern>>, conditions: &[String]| {
            let metrics = filter.transformations.iter();
            metrics
                .flat_map(|published| self.of_metric(filter, published, link, pattern, conditions))
                .collect::<Vec<Tail>>()
        };
        let criteria = filter.field_selection.as_deref().unwrap_or_default();
        match narrowing::of_criteria(criteria) {
            Some(conditions) if conditions.is_empty() => of_metrics(&link, Some(&pattern), &[]),
            Some(conditions) => {
                let detail = format!("field selection narrows it: {criteria}");
                let broken = Judged::broken(kind, &name, Reason::FilterFieldSelection, detail);
                let mut tails = vec![tail(Some(Arc::clone(&pattern)), vec![broken])];
                tails.extend(of_metrics(&link, Some(&pattern), &conditions));
                tails
            }
            None => {
                let detail = format!("its field selection is not decided: {criteria}");
                let link = Judged::unknown(kind, &name, Reason::Undecided, detail);
                of_metrics(&link, None, &[])
            }
        }
    }

    /// Log alarms query the group themselves, without filter and metric. Which events
    /// they find is not decided, so those that would tell somebody leave it open.
    fn of_log_alarms(&self) -> Vec<Tail> {
        let Some(alarms) = self.alarms.and_then(Known::value) else {
            return Vec::new();
        };
        let ringing = self.ringing(alarms);
        let here = alarms.log.iter().filter(|alarm| alarm.queries(self.group));
        let mut tails = Vec::new();
        for alarm in here {
            let kind = LinkKind::Alarm;
            let detail = "it is a log alarm: which events its query finds is not decided";
            let resource = alarm.arn.as_str();
            let link = Judged::unknown(kind, resource, Reason::AlarmUndecided, detail);
            let rests = ringing.after_log_alarm(alarm, &link).into_iter();
            let open = rests.filter(|rest| !rest.iter().any(Judged::is_broken));
            tails.extend(open.map(|links| Tail {
                pattern: None,
                text: alarm.query.clone(),
                links,
            }));
        }
        tails
    }

    fn ringing<'a>(&'a self, alarms: &'a Alarms) -> Ringing<'a> {
        Ringing {
            alarms,
            account: &self.account,
            filters: self.filters,
            filters_elsewhere: self.filters_elsewhere,
            deliveries: self.deliveries,
            topics: self.topics,
        }
    }

    /// The tails of one filter's metric. `pattern` is `None` when what the filter
    /// matches is not known.
    fn of_metric(
        &self,
        filter: &MetricFilter,
        published: &MetricTransformation,
        filter_link: &Judged,
        pattern: Option<&Arc<Pattern>>,
        conditions: &[String],
    ) -> Vec<Tail> {
        let metric = format!("{}/{}", published.namespace, published.name);
        let metric_link = Judged::holds(
            LinkKind::Metric,
            &metric,
            format!("value {}", published.value),
        );
        let start = vec![filter_link.clone(), metric_link];
        let tail = |dimensions: &[(String, String)], rest: Vec<Judged>| {
            let mut links = start.clone();
            links.extend(rest);
            let narrowed = narrow(filter, pattern, conditions, dimensions);
            if narrowed.is_none() && pattern.is_some() {
                let detail = "what narrows it cannot be written as a pattern";
                let name = filter_link.link.resource.clone();
                links[0] = Judged::unknown(LinkKind::Filter, &name, Reason::Undecided, detail);
            }
            Tail::new(narrowed, filter, links)
        };
        let alarms = match self.alarms.map(Known::get) {
            Some(Ok(alarms)) => alarms,
            Some(Err(unread)) => {
                return vec![tail(
                    &[],
                    vec![Judged::unread(LinkKind::Alarm, &metric, unread)],
                )];
            }
            None => {
                let unread = not_asked("cloudwatch", "DescribeAlarms", self.group);
                return vec![tail(
                    &[],
                    vec![Judged::unread(LinkKind::Alarm, &metric, &unread)],
                )];
            }
        };
        let ringing = self.ringing(alarms);
        let mut tails = Vec::new();
        let mut astray = Vec::new();
        for alarm in &alarms.metric {
            let resource = alarm.arn.as_str();
            match alarm::watching(filter, published, alarm, &self.account) {
                Watching::No => {}
                Watching::Astray(why) => astray.push(tail(
                    &[],
                    vec![Judged::broken(
                        LinkKind::Alarm,
                        resource,
                        Reason::AlarmWrongMetric,
                        why,
                    )],
                )),
                Watching::Undecided(why) => {
                    let link =
                        Judged::unknown(LinkKind::Alarm, resource, Reason::AlarmUndecided, why);
                    let after = ringing.after_alarm(alarm, &link, Lasting::ANY);
                    tails.extend(after.into_iter().map(|rest| tail(&[], rest)));
                }
                Watching::Yes(dimensions) => {
                    if !dimensions.is_empty() {
                        let detail = "it sees only events with its own dimension values";
                        let broken = Judged::broken(
                            LinkKind::Alarm,
                            resource,
                            Reason::AlarmWrongMetric,
                            detail,
                        );
                        astray.push(tail(&[], vec![broken]));
                    }
                    let rests = ringing.of_alarm(filter, published, alarm);
                    tails.extend(rests.into_iter().map(|rest| tail(&dimensions, rest)));
                }
            }
        }
        let narrowed_only = tails.is_empty() || !astray.is_empty();
        if narrowed_only {
            tails.extend(astray);
        }
        if tails.is_empty() {
            let detail = "no alarm watches the metric";
            let broken = Judged::broken(LinkKind::Alarm, &metric, Reason::NoAlarm, detail);
            tails.push(tail(&[], vec![broken]));
        }
        tails
    }
}

fn narrow(
    filter: &MetricFilter,
    pattern: Option<&Arc<Pattern>>,
    conditions: &[String],
    dimensions: &[(String, String)],
) -> Option<Arc<Pattern>> {
    let pattern = pattern?;
    let mut all = conditions.to_vec();
    for (selector, value) in dimensions {
        all.push(narrowing::equals(selector, value)?);
    }
    if all.is_empty() {
        return Some(Arc::clone(pattern));
    }
    let text = narrowing::narrowed(&filter.pattern, &all)?;
    Pattern::parse(&text).ok()
}
