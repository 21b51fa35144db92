//! The chains that begin at the filters of a log group: the metric that a filter publishes, the
//! alarms on it, in the group's account and in monitoring accounts, the composites above them,
//! their actions and who hears of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::action::Topics;
use super::alarm::{self, Watching};
use super::firing::Lasting;
use super::group::not_asked;
use super::judged::{Judged, note};
use super::ringing::Ringing;
use super::{narrowing, shared_namespaces};
use crate::finding::{LinkKind, LinkState};
use crate::ids::{AccountId, LogGroupArn};
use crate::known::{Known, Unread};
use crate::pattern::Pattern;
use crate::reason::Reason;
use crate::snapshot::{Alarms, MetricFilter, MetricTransformation, MonitoringAccount};

/// A chain from a filter on: filter, metric, alarm, composites, action, subscription.
#[derive(Debug, Clone)]
pub(crate) struct Tail {
    /// Which events it is about; `None` when that is not known.
    pub(crate) pattern: Option<Arc<Pattern>>,
    /// The filter's pattern as it was put.
    pub(crate) text: String,
    /// Whether the filter publishes 1 for each event and nothing else, so that a plain alarm rings.
    pub(crate) counts_events: bool,
    /// Whether it is about some of the filter's events only: those with an alarm's dimension values.
    pub(crate) partial: bool,
    /// Its links; nothing follows a broken one.
    pub(crate) links: Vec<Judged>,
}

impl Tail {
    fn new(pattern: Option<Arc<Pattern>>, filter: &MetricFilter, links: Vec<Judged>) -> Self {
        Self {
            pattern,
            text: filter.pattern.clone(),
            counts_events: counts_events(filter),
            partial: false,
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

fn counts_events(filter: &MetricFilter) -> bool {
    let plain = |published: &MetricTransformation| {
        let zero = |default: f64| default == 0.0;
        published.value == "1"
            && published.default_value.is_none_or(zero)
            && published.dimensions.is_empty()
            && published.unit.as_deref().is_none_or(|unit| unit == "None")
    };
    filter.system_field_dimensions.is_empty() && filter.transformations.iter().all(plain)
}

/// Reads the chains of a log group.
pub(super) struct Reader<'a> {
    pub(super) group: &'a LogGroupArn,
    pub(super) account: AccountId,
    pub(super) filters: &'a [MetricFilter],
    pub(super) filters_elsewhere: &'a [&'a MetricFilter],
    pub(super) deliveries: usize,
    pub(super) alarms: Option<&'a Known<Alarms>>,
    pub(super) monitoring: Option<&'a Known<BTreeMap<AccountId, MonitoringAccount>>>,
    pub(super) topics: &'a dyn Topics,
}

impl Reader<'_> {
    /// The chains that begin at the filter.
    pub(super) fn of_filter(&self, filter: &MetricFilter) -> Vec<Tail> {
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
                let narrowed = Judged {
                    assumes: Some(narrowing::CRITERIA_ASSUME),
                    ..link
                };
                tails.extend(of_metrics(&narrowed, Some(&pattern), &conditions));
                tails
            }
            None => {
                let detail = format!("its field selection is not decided: {criteria}");
                let link = Judged::unknown(kind, &name, Reason::Undecided, detail);
                of_metrics(&link, None, &[])
            }
        }
    }

    /// Log alarms query the group themselves, without filter and metric, those of monitoring accounts by its ARN. Which events
    /// they find is not decided, so those that would tell somebody leave it open.
    pub(super) fn of_log_alarms(&self) -> Vec<Tail> {
        let own = self.alarms.and_then(Known::value).into_iter();
        let own = own.flat_map(|alarms| alarms.log.iter().map(move |alarm| (alarms, alarm)));
        let accounts = self.monitoring.and_then(Known::value).into_iter().flatten();
        let theirs = accounts.filter_map(|(_, monitoring)| monitoring.alarms.value());
        let theirs = theirs.flat_map(|alarms| alarms.log.iter().map(move |alarm| (alarms, alarm)));
        let here = own.filter(|(_, alarm)| alarm.queries(self.group));
        let there = theirs.filter(|(_, alarm)| alarm.queries_by_arn(self.group));
        let mut tails = Vec::new();
        for (alarms, alarm) in here.chain(there) {
            let ringing = self.ringing(alarms);
            let kind = LinkKind::Alarm;
            let detail = "it is a log alarm: which events its query finds is not decided";
            let resource = alarm.arn.as_str();
            let link = Judged::unknown(kind, resource, Reason::AlarmUndecided, detail);
            let rests = ringing.after_log_alarm(alarm, &link).into_iter();
            let open = rests.filter(|rest| !rest.iter().any(Judged::is_broken));
            tails.extend(open.map(|links| Tail {
                pattern: None,
                text: alarm.query.clone(),
                counts_events: false,
                partial: false,
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
        let watched = Watched {
            filter,
            published,
            pattern,
            conditions,
            filter_link,
            metric_link: Judged::holds(
                LinkKind::Metric,
                &metric,
                format!("value {}", published.value),
            ),
        };
        let unread = |unread: &Unread| watched.unread(unread);
        let (mut tails, mut astray) = (Vec::new(), Vec::new());
        match self.alarms.map(Known::get) {
            Some(Ok(alarms)) => {
                (tails, astray) = self.behind(&watched, alarms);
            }
            Some(Err(reason)) => tails.push(unread(reason)),
            None => tails.push(unread(&not_asked(
                "cloudwatch",
                "DescribeAlarms",
                self.group,
            ))),
        }
        match self.monitoring.map(Known::get) {
            Some(Ok(accounts)) => {
                for (account, monitoring) in accounts {
                    let linked = watched.linked(account, monitoring);
                    let Some(linked) = linked else {
                        continue;
                    };
                    match monitoring.alarms.get() {
                        Ok(alarms) => {
                            let (more, more_astray) = self.behind(&linked, alarms);
                            tails.extend(more);
                            astray.extend(more_astray);
                        }
                        Err(reason) => {
                            let mut tail = linked.unread(reason);
                            if let Some(last) = tail.links.last_mut() {
                                let of_account = format!("monitoring account {account}: ");
                                last.link.detail.insert_str(0, &of_account);
                            }
                            tails.push(tail);
                        }
                    }
                }
            }
            Some(Err(reason)) => tails.push(unread(reason)),
            None => {}
        }
        tails.extend(astray);
        if tails.is_empty() {
            let detail = "no alarm watches the metric";
            let broken = Judged::broken(LinkKind::Alarm, &metric, Reason::NoAlarm, detail);
            tails.push(watched.tail(&[], vec![broken]));
        }
        tails
    }

    /// What is behind the metric among these alarms of one account: the tails of those that
    /// watch it, and of those that seem to but do not.
    fn behind(&self, watched: &Watched<'_>, alarms: &Alarms) -> (Vec<Tail>, Vec<Tail>) {
        let Watched {
            filter, published, ..
        } = *watched;
        let ringing = self.ringing(alarms);
        let (mut tails, mut astray) = (Vec::new(), Vec::new());
        for alarm in &alarms.metric {
            let resource = alarm.arn.as_str();
            let wrong_metric = |why: &str| {
                let reason = Reason::AlarmWrongMetric;
                let broken = Judged::broken(LinkKind::Alarm, resource, reason, why);
                watched.tail(&[], vec![broken])
            };
            match alarm::watching(filter, published, alarm, &self.account) {
                Watching::No => {}
                Watching::Astray(why) => astray.push(wrong_metric(&why)),
                Watching::Undecided(why) => {
                    let link =
                        Judged::unknown(LinkKind::Alarm, resource, Reason::AlarmUndecided, why);
                    let after = ringing.after_alarm(alarm, &link, Lasting::ANY);
                    tails.extend(after.into_iter().map(|rest| watched.tail(&[], rest)));
                }
                Watching::Yes(seen) => {
                    if seen.iter().any(|dimensions| !dimensions.is_empty()) {
                        let why = "it sees only events with its own dimension values";
                        astray.push(wrong_metric(why));
                    }
                    let rests = seen.iter().flat_map(|dimensions| {
                        let rests = ringing.of_alarm(filter, published, dimensions, alarm);
                        rests.into_iter().map(move |rest| (dimensions, rest))
                    });
                    let (never, some): (Vec<_>, Vec<_>) =
                        rests.partition(|(_, rest)| never_fires(rest));
                    // An expression may leave out some of its values; that it never fires is said where
                    // it leaves out them all.
                    let rests = if some.is_empty() { never } else { some };
                    let rests = rests.into_iter();
                    tails.extend(rests.map(|(values, rest)| watched.tail(values, rest)));
                }
            }
        }
        (tails, astray)
    }
}

fn never_fires(rest: &[Judged]) -> bool {
    let alarm = rest.first();
    alarm.is_some_and(|alarm| alarm.reason == Some(Reason::AlarmNeverFires))
}

/// The metric of a filter, from which alarms go on.
#[derive(Clone)]
struct Watched<'a> {
    filter: &'a MetricFilter,
    published: &'a MetricTransformation,
    /// `None` when what the filter matches is not known.
    pattern: Option<&'a Arc<Pattern>>,
    /// What narrows it besides.
    conditions: &'a [String],
    filter_link: &'a Judged,
    metric_link: Judged,
}

impl Watched<'_> {
    /// The metric as alarms of a monitoring account see it; `None` where the link does not share it.
    fn linked(&self, account: &AccountId, monitoring: &MonitoringAccount) -> Option<Self> {
        let namespace = &self.published.namespace;
        let metric = &self.metric_link.link.resource;
        let metric_link = match monitoring.metric_filter.get() {
            Err(unread) => Judged::unread(LinkKind::Metric, metric, unread),
            Ok(filter) => {
                let filter = filter.as_deref().unwrap_or("*");
                match shared_namespaces::share(filter, namespace) {
                    Some(false) => return None,
                    Some(true) => self.metric_link.clone(),
                    None => {
                        let detail = format!(
                            "whether the link to account {account} shares it is not decided: {filter}"
                        );
                        Judged::unknown(LinkKind::Metric, metric, Reason::Undecided, detail)
                    }
                }
            }
        };
        let text = format!("an alarm of monitoring account {account} watches metric `{metric}`");
        Some(Self {
            metric_link: metric_link.noting([note("monitoring_account", text)]),
            ..self.clone()
        })
    }

    /// The chain that ends where the alarms on the metric are not known.
    fn unread(&self, unread: &Unread) -> Tail {
        let metric = &self.metric_link.link.resource;
        self.tail(&[], vec![Judged::unread(LinkKind::Alarm, metric, unread)])
    }

    /// The chain that goes on with `rest`, for events with these dimension values.
    fn tail(&self, dimensions: &[(String, String)], rest: Vec<Judged>) -> Tail {
        let mut links = vec![self.filter_link.clone(), self.metric_link.clone()];
        links.extend(rest);
        let narrowed = narrow(self.filter, self.pattern, self.conditions, dimensions);
        if narrowed.is_none() && self.pattern.is_some() {
            let detail = "what narrows it cannot be written as a pattern";
            let name = &self.filter_link.link.resource;
            links[0] = Judged::unknown(LinkKind::Filter, name, Reason::Undecided, detail);
        }
        Tail {
            partial: !dimensions.is_empty(),
            ..Tail::new(narrowed, self.filter, links)
        }
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
