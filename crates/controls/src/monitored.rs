//! Alarms of one monitoring account, which many accounts are linked to: each finds those on its own
//! metrics without looking at the others'.

use std::collections::{BTreeSet, HashMap};

use crate::ids::AccountId;
use crate::known::Known;
use crate::relevant::{Parents, finds_by_name, reads_one_of};
use crate::snapshot::{Alarms, MetricFilter};

/// Alarms of a monitoring account, by the accounts whose metrics they read.
#[derive(Debug)]
pub struct AlarmsOnOthers {
    all: Alarms,
    /// Places in the list of metric alarms, by the account that a query names.
    by_account: HashMap<String, Vec<usize>>,
    /// Places of those that find their metrics by name, in whichever account they are.
    by_name: Vec<usize>,
    parents: Parents,
    rung: BTreeSet<String>,
}

impl AlarmsOnOthers {
    /// Indexes the alarms; those named in `rung` have changed their state lately.
    pub fn of(all: Alarms, rung: BTreeSet<String>) -> Self {
        let mut by_account: HashMap<String, Vec<usize>> = HashMap::new();
        let mut by_name = Vec::new();
        for (place, alarm) in all.metric.iter().enumerate() {
            if finds_by_name(alarm) {
                by_name.push(place);
            }
            let named: BTreeSet<&str> = alarm
                .queries
                .iter()
                .filter_map(|query| query.account.as_deref())
                .collect();
            for account in named {
                by_account
                    .entry(account.to_owned())
                    .or_default()
                    .push(place);
            }
        }
        Self {
            parents: Parents::of(&all.composite),
            all,
            by_account,
            by_name,
            rung,
        }
    }

    /// Those that may read a metric of `source`'s `filters`, every composite alarm above them, and
    /// what is known of these besides.
    pub fn on_metrics_of(&self, source: &AccountId, filters: &[&MetricFilter]) -> Alarms {
        let metrics: BTreeSet<&str> = filters
            .iter()
            .flat_map(|filter| &filter.transformations)
            .map(|transformation| transformation.name.as_str())
            .collect();
        let of_source = self.by_account.get(source.as_str()).into_iter().flatten();
        let places: BTreeSet<usize> = of_source.chain(&self.by_name).copied().collect();
        let kept: Vec<_> = places
            .into_iter()
            .map(|place| &self.all.metric[place])
            .filter(|alarm| reads_one_of(alarm, &metrics))
            .collect();
        if kept.is_empty() {
            return Alarms::default();
        }
        let above = self.parents.above(&kept, &self.all.composite);
        let mut alarms = Alarms {
            metric: kept.into_iter().cloned().collect(),
            composite: above
                .into_iter()
                .map(|place| self.all.composite[place].clone())
                .collect(),
            ..Alarms::default()
        };
        let metric = alarms.metric.iter().map(|alarm| alarm.name.as_str());
        let composite = alarms.composite.iter().map(|alarm| alarm.name.as_str());
        let names: BTreeSet<&str> = metric.chain(composite).collect();
        let mute_rules = self.all.mute_rules.clone().map(|rules| {
            rules.map(|mut rules| {
                for rule in &mut rules {
                    rule.alarm_names
                        .retain(|name| names.contains(name.as_str()));
                }
                rules.retain(|rule| !rule.alarm_names.is_empty());
                rules
            })
        });
        let failed_actions = match &self.all.failed_actions {
            Some(Known::Read { value, call }) => {
                let of_these = value
                    .iter()
                    .filter(|one| names.contains(one.alarm.as_str()));
                let of_these: Vec<_> = of_these.cloned().collect();
                (!of_these.is_empty()).then(|| Known::read(of_these, call.clone()))
            }
            // It tells nothing of alarms that have not rung.
            unread => unread
                .clone()
                .filter(|_| names.iter().any(|name| self.rung.contains(*name))),
        };
        (alarms.mute_rules, alarms.failed_actions) = (mute_rules, failed_actions);
        alarms
    }
}
