//! What an audit of one account looks at, prepared once per account: its trails
//! and the metric filters of its own log groups, with their patterns as text.

use crate::ids::LogGroupArn;
use crate::pattern::Pattern;
use crate::snapshot::{AccountSnapshot, MetricAlarm, SubscriptionState, Trail};

/// An account as an auditor meets it.
pub(crate) struct Material<'a> {
    pub(super) snapshot: &'a AccountSnapshot,
    filters: Vec<Filter<'a>>,
}

/// A metric filter of one of the account's log groups.
pub(super) struct Filter<'a> {
    group: &'a LogGroupArn,
    /// Its pattern without blanks.
    pub(super) squeezed: String,
    /// Its pattern in one spelling, when it can be parsed.
    pub(super) canonical: Option<String>,
    /// Namespace and name of the metrics that it publishes.
    pub(super) metrics: Vec<(&'a str, &'a str)>,
}

/// How far a filter gets on the way to a subscriber.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// No alarm on the metric.
    NoAlarm,
    /// The alarms have no topic as action.
    NoTopic,
    /// No topic has a confirmed subscription.
    NoSubscription(String),
    /// A fact could not be read.
    Unread(String),
    /// The topic belongs to another account and its subscribers are not listed.
    ForeignTopic(String),
    /// Somebody is subscribed.
    Subscribed,
}

impl<'a> Material<'a> {
    pub(crate) fn of(snapshot: &'a AccountSnapshot) -> Self {
        let filters = snapshot
            .log_groups
            .iter()
            .filter_map(|(arn, group)| Some((arn, group.filters.value()?)))
            .flat_map(|(arn, filters)| filters.iter().map(move |filter| (arn, filter)))
            .map(|(group, filter)| Filter {
                group,
                squeezed: squeezed(&filter.pattern),
                canonical: canonical(&filter.pattern),
                metrics: filter
                    .transformations
                    .iter()
                    .map(|to| (to.namespace.as_str(), to.name.as_str()))
                    .collect(),
            })
            .collect();
        Self { snapshot, filters }
    }

    /// The account's trails, shadows of other accounts' included, by ARN.
    pub(super) fn trails(&self) -> Vec<&'a Trail> {
        self.snapshot.distinct_trails().into_values().collect()
    }

    /// Whether an account other than this one owns the trail.
    pub(super) fn is_foreign(&self, trail: &Trail) -> bool {
        trail
            .arn
            .account()
            .is_some_and(|owner| owner != self.snapshot.account)
    }

    /// The metric filters of a log group of the account.
    pub(super) fn filters_of(&self, group: &LogGroupArn) -> Vec<&Filter<'a>> {
        let of_group = |filter: &&Filter<'_>| filter.group == group;
        self.filters.iter().filter(of_group).collect()
    }

    /// How far the alarms on one of the filter's metrics get, by the metric's
    /// name alone or with its namespace.
    pub(super) fn reach(&self, filter: &Filter<'_>, with_namespace: bool) -> Reach {
        let region = filter.group.region();
        let alarms = match self.snapshot.alarms.get(&region).map(|known| known.get()) {
            Some(Ok(alarms)) => alarms,
            Some(Err(unread)) => return Reach::Unread(unread.to_string()),
            None => return Reach::NoAlarm,
        };
        let watches = |alarm: &&MetricAlarm| {
            alarm.metric.as_ref().is_some_and(|watched| {
                filter.metrics.iter().any(|(namespace, name)| {
                    watched.name == *name && (!with_namespace || watched.namespace == *namespace)
                })
            })
        };
        let best = alarms.metric.iter().filter(watches);
        best.map(|alarm| self.told_by(alarm))
            .max()
            .unwrap_or(Reach::NoAlarm)
    }

    fn told_by(&self, alarm: &MetricAlarm) -> Reach {
        let topics = alarm
            .alarm_actions
            .iter()
            .filter_map(|action| action.parse::<crate::ids::Arn>().ok())
            .filter(|arn| arn.service() == "sns");
        let reach = topics.map(|arn| {
            let foreign = arn
                .account()
                .is_some_and(|owner| owner != self.snapshot.account);
            let name = arn.to_string();
            let Some(known) = self.snapshot.topics.get(&arn) else {
                return Reach::ForeignTopic(name);
            };
            match known.get() {
                Ok(None) => Reach::NoSubscription(name),
                Err(_) if foreign => Reach::ForeignTopic(name),
                Err(unread) => Reach::Unread(unread.to_string()),
                Ok(Some(topic)) => match topic.subscriptions.get() {
                    Ok(all)
                        if all
                            .iter()
                            .any(|one| matches!(one.state, SubscriptionState::Confirmed(_))) =>
                    {
                        Reach::Subscribed
                    }
                    Ok(_) => Reach::NoSubscription(name),
                    Err(_) if foreign => Reach::ForeignTopic(name),
                    Err(unread) => Reach::Unread(unread.to_string()),
                },
            }
        });
        reach.max().unwrap_or(Reach::NoTopic)
    }
}

/// A pattern without blanks: what auditors who compare texts overlook.
pub(super) fn squeezed(pattern: &str) -> String {
    pattern.chars().filter(|c| !c.is_whitespace()).collect()
}

/// A pattern in one spelling of blanks and quotes.
pub(super) fn canonical(pattern: &str) -> Option<String> {
    Pattern::parse(pattern)
        .ok()
        .map(|parsed| parsed.text.clone())
}
