//! The chain that a finding calls its best, as values: which trail, log group,
//! filters, alarms and topics its broken links are. Findings name resources;
//! here they are looked up in the snapshots.

use std::sync::Arc;

use filter_pattern::{Covers, FilterPattern, Schema, covers};
use orgsweep_controls::snapshot::{
    Alarms, CompositeAlarm, MetricAlarm, MetricFilter, Trail, WatchedMetric,
};
use orgsweep_controls::{
    AccountId, AccountSnapshot, Arn, Chain, Control, Finding, Known, LinkKind, LogGroupArn,
    waiting_alarms,
};

use super::options::PlanOptions;
use super::site::Site;
use super::world::World;
use crate::steps::filter_resource;

/// A finding that does not pass, and where to look for its repair.
pub(super) struct Broken<'a> {
    pub(super) world: &'a World<'a>,
    pub(super) account: &'a AccountId,
    pub(super) control: &'a Control,
    pub(super) options: &'a PlanOptions,
    pub(super) site: &'a Site,
    pub(super) finding: &'a Finding,
}

/// An alarm of either kind.
#[derive(Debug, Clone, Copy)]
pub(super) enum Alarm<'a> {
    Metric(&'a MetricAlarm),
    Composite(&'a CompositeAlarm),
}

impl<'a> Alarm<'a> {
    pub(super) fn arn(self) -> &'a Arn {
        match self {
            Self::Metric(alarm) => &alarm.arn,
            Self::Composite(alarm) => &alarm.arn,
        }
    }

    pub(super) fn name(self) -> &'a str {
        match self {
            Self::Metric(alarm) => &alarm.name,
            Self::Composite(alarm) => &alarm.name,
        }
    }

    pub(super) fn actions(self) -> &'a [String] {
        match self {
            Self::Metric(alarm) => &alarm.alarm_actions,
            Self::Composite(alarm) => &alarm.alarm_actions,
        }
    }

    pub(super) fn actions_enabled(self) -> bool {
        match self {
            Self::Metric(alarm) => alarm.actions_enabled,
            Self::Composite(alarm) => alarm.actions_enabled,
        }
    }
}

impl<'a> Broken<'a> {
    /// The chains that break for the finding's reason, best first; all of them
    /// when each holds and only together they are not enough.
    fn chains(&self) -> Vec<&'a Chain> {
        let all = &self.finding.evidence.chains;
        let reason = Some(self.finding.reason);
        let broken: Vec<&Chain> = all.iter().filter(|chain| chain.reason == reason).collect();
        if broken.is_empty() {
            all.iter().collect()
        } else {
            broken
        }
    }

    /// The names at the links of `kind` in those chains, each once.
    fn named(&self, kind: LinkKind) -> Vec<&'a str> {
        let mut names = Vec::new();
        for chain in self.chains() {
            let link = chain.links.iter().rev().find(|link| link.kind == kind);
            if let Some(link) = link
                && !names.contains(&link.resource.as_str())
            {
                names.push(link.resource.as_str());
            }
        }
        names
    }

    /// The trail whose chain is broken, as its owner sees it, else as the account does.
    pub(super) fn trail(&self) -> Option<&'a Trail> {
        let arn = self
            .named(LinkKind::Trail)
            .into_iter()
            .find_map(|name| self.site.trails.iter().find(|arn| arn.as_str() == name))
            .or_else(|| self.site.trails.first())?;
        let seen_by = |account: &AccountId| {
            let snapshot = self.world.snapshot(account)?;
            snapshot.distinct_trails().get(arn).copied()
        };
        arn.account()
            .and_then(|owner| seen_by(&owner))
            .or_else(|| seen_by(self.account))
    }

    /// The log group of the broken chain.
    pub(super) fn log_group(&self) -> Option<LogGroupArn> {
        self.named(LinkKind::LogGroup)
            .into_iter()
            .find_map(|name| name.parse().ok())
            .or_else(|| self.trail()?.log_group.clone())
    }

    /// Whether the log group is known not to exist.
    pub(super) fn log_group_is_missing(&self) -> bool {
        let group = || self.owner()?.log_groups.get(&self.log_group()?);
        group().is_some_and(|group| matches!(group.group.value(), Some(None)))
    }

    /// The snapshot of the account that owns the log group.
    pub(super) fn owner(&self) -> Option<&'a Arc<AccountSnapshot>> {
        self.world.snapshot(&self.log_group()?.account())
    }

    /// All filters of the log group, when they are known.
    pub(super) fn all_filters(&self) -> Option<&'a [MetricFilter]> {
        let group = self.owner()?.log_groups.get(&self.log_group()?)?;
        group.filters.value().map(Vec::as_slice)
    }

    /// The filters of the broken chains.
    pub(super) fn filters(&self) -> Vec<&'a MetricFilter> {
        self.filters_among(&self.named(LinkKind::Filter))
    }

    /// The filters of all the finding's chains that match nothing but events of
    /// the control: what they publish is about the control alone.
    pub(super) fn own_filters(&self, required: &str) -> Vec<&'a MetricFilter> {
        let Ok(required) = FilterPattern::parse(required) else {
            return Vec::new();
        };
        let chains = self.finding.evidence.chains.iter();
        let links = chains.flat_map(|chain| &chain.links);
        let names: Vec<&str> = links.map(|link| link.resource.as_str()).collect();
        let mut filters = self.filters_among(&names);
        filters.retain(|filter| {
            // One that cannot be parsed is in a chain because it looks as if it were for the control.
            FilterPattern::parse(&filter.pattern)
                .map_or(true, |pattern| all_of_it_is_matched_by(&pattern, &required))
        });
        filters
    }

    /// Filters for the control that stand on groups to which no trail delivers any more, as
    /// Control Tower leaves them when it renames its group.
    pub(super) fn abandoned_filters(&self, required: &str) -> Vec<&'a MetricFilter> {
        let group = || self.owner()?.log_groups.get(&self.log_group()?);
        let (Some(group), Ok(required)) = (group(), FilterPattern::parse(required)) else {
            return Vec::new();
        };
        group
            .filters_elsewhere
            .values()
            .flatten()
            .filter(|filter| {
                FilterPattern::parse(&filter.pattern).is_ok_and(|pattern| {
                    all_of_it_is_matched_by(&pattern, &required)
                        || all_of_it_is_matched_by(&required, &pattern)
                })
            })
            .collect()
    }

    fn filters_among(&self, names: &[&str]) -> Vec<&'a MetricFilter> {
        let (Some(group), Some(all)) = (self.log_group(), self.all_filters()) else {
            return Vec::new();
        };
        all.iter()
            .filter(|filter| {
                let resource = filter_resource(&group, &filter.name);
                names.contains(&resource.as_str())
            })
            .collect()
    }

    /// All alarms of the log group's Region, when they are known.
    pub(super) fn all_alarms(&self) -> Option<&'a Alarms> {
        let region = self.log_group()?.region();
        self.owner()?.alarms.get(&region).and_then(Known::value)
    }

    /// The alarms that are called after the control and wait for a metric that no filter publishes,
    /// and that no alarm waits for which is not.
    pub(super) fn waiting_alarms(&self) -> Vec<(&'a MetricAlarm, &'a WatchedMetric)> {
        let (Some(owner), Some(alarms)) = (self.owner(), self.all_alarms()) else {
            return Vec::new();
        };
        let groups = owner.log_groups.values();
        let filters: Vec<&MetricFilter> = groups
            .flat_map(|group| {
                let known = group.filters.value().into_iter().flatten();
                known.chain(group.filters_elsewhere.values().flatten())
            })
            .collect();
        let catalog = self.world.facts().catalog;
        let is_its = |name: &str, metric: &str| catalog.is_for(&self.control.id, [name, metric]);
        let waiting: Vec<_> = waiting_alarms(alarms, &filters).collect();
        let for_all = |metric: &WatchedMetric| {
            let mut same = waiting.iter().filter(|(_, other)| {
                (&other.namespace, &other.name) == (&metric.namespace, &metric.name)
            });
            same.all(|(alarm, other)| is_its(&alarm.name, &other.name))
        };
        let its = waiting.iter().filter(|(_, metric)| for_all(metric));
        its.copied().collect()
    }

    /// The alarms of the broken chains.
    pub(super) fn alarms(&self) -> Vec<Alarm<'a>> {
        let Some(all) = self.all_alarms() else {
            return Vec::new();
        };
        let metric = all.metric.iter().map(Alarm::Metric);
        let every: Vec<Alarm<'a>> = metric
            .chain(all.composite.iter().map(Alarm::Composite))
            .collect();
        self.named(LinkKind::Alarm)
            .into_iter()
            .filter_map(|name| {
                let named =
                    |alarm: &&Alarm<'a>| alarm.arn().as_str() == name || alarm.name() == name;
                every.iter().find(named).copied()
            })
            .collect()
    }

    /// The topics of the broken chains.
    pub(super) fn topics(&self) -> Vec<Arn> {
        self.named(LinkKind::Action)
            .into_iter()
            .filter_map(|name| name.parse::<Arn>().ok())
            .filter(|arn| arn.service() == "sns")
            .collect()
    }
}

/// Whether `wider` matches every event that `pattern` matches.
fn all_of_it_is_matched_by(pattern: &FilterPattern, wider: &FilterPattern) -> bool {
    matches!(
        covers(pattern, &[wider], &Schema::cloudtrail()),
        Covers::Yes(_)
    )
}
