//! From chosen acts to numbered steps: in the order in which they build upon
//! each other, each with the findings that need it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use orgsweep_controls::{AccountId, ControlId, Reason, Region};

use super::Authorship;
use super::act::Act;
use super::options::{Ownership, Strategy};
use crate::document::{FORMAT, LeftOut, Plan, Purpose, Repair};
use crate::export::cli::command;
use crate::human::{HumanAct, HumanStep};
use crate::steps::{Action, Repairs, Step, alarm_name};

/// A finding that passes, and the acts that it leans on.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) account: AccountId,
    pub(super) control: ControlId,
    pub(super) reason: Reason,
    pub(super) acts: BTreeSet<usize>,
}

/// What has been chosen so far.
#[derive(Debug)]
pub(super) struct Assembly {
    strategy: Strategy,
    catalog_digest: String,
    acts: Vec<Act>,
    by_account: BTreeMap<AccountId, Vec<usize>>,
    serving: Vec<(BTreeSet<ControlId>, BTreeSet<AccountId>)>,
    repaired: Vec<Chosen>,
    left_out: Vec<LeftOut>,
    /// Tags that new things carry beside orgsweep's own.
    tags: BTreeMap<String, String>,
}

impl Assembly {
    pub(super) fn new(strategy: Strategy, catalog_digest: String) -> Self {
        Self {
            strategy,
            catalog_digest,
            acts: Vec::new(),
            by_account: BTreeMap::new(),
            serving: Vec::new(),
            repaired: Vec::new(),
            left_out: Vec::new(),
            tags: BTreeMap::new(),
        }
    }

    /// The same, where new things carry these tags, too.
    pub(super) fn tagged(self, tags: BTreeMap<String, String>) -> Self {
        Self { tags, ..self }
    }

    /// Adds `act`, unless it is there; where it stands.
    pub(super) fn add(&mut self, act: Act) -> usize {
        let neighbours = self.by_account.entry(act.account()).or_default();
        if let Some(index) = neighbours.iter().find(|index| self.acts[**index] == act) {
            return *index;
        }
        let index = self.acts.len();
        neighbours.push(index);
        self.acts.push(act);
        self.serving.push(Default::default());
        index
    }

    /// Adds what was chosen for other accounts.
    pub(super) fn join(&mut self, others: Self) {
        let first = self.acts.len();
        self.acts.extend(others.acts);
        for (account, acts) in others.by_account {
            let known = self.by_account.entry(account).or_default();
            known.extend(acts.into_iter().map(|index| index + first));
        }
        self.serving.extend(others.serving);
        self.repaired
            .extend(others.repaired.into_iter().map(|chosen| Chosen {
                acts: chosen.acts.into_iter().map(|index| index + first).collect(),
                ..chosen
            }));
        self.left_out.extend(others.left_out);
    }

    fn of_accounts<'a>(
        &'a self,
        accounts: impl IntoIterator<Item = &'a AccountId>,
    ) -> impl Iterator<Item = usize> {
        let of_account = |account| self.by_account.get(account);
        accounts
            .into_iter()
            .filter_map(of_account)
            .flatten()
            .copied()
    }

    pub(super) fn act(&self, index: usize) -> &Act {
        &self.acts[index]
    }

    pub(super) fn serves(&mut self, index: usize, account: &AccountId, control: &ControlId) {
        let (controls, accounts) = &mut self.serving[index];
        controls.insert(control.clone());
        accounts.insert(account.clone());
    }

    pub(super) fn repaired(&mut self, chosen: Chosen) {
        self.repaired.push(chosen);
    }

    pub(super) fn left_out(&mut self, left_out: LeftOut) {
        self.left_out.push(left_out);
    }

    /// The acts in `accounts` that a finding on `control` may lean on: first
    /// those that are not for another control alone.
    pub(super) fn concerning(
        &self,
        accounts: &BTreeSet<AccountId>,
        control: &ControlId,
    ) -> [Vec<usize>; 2] {
        let mut concerned: Vec<usize> = self.of_accounts(accounts).collect();
        concerned.sort_unstable();
        let for_another = |index: &usize| match &self.acts[*index] {
            Act::Step {
                action: Action::PutMetricFilter { .. } | Action::PutAlarm { .. },
                ..
            } => {
                let controls = &self.serving[*index].0;
                !controls.is_empty() && !controls.contains(control)
            }
            _ => false,
        };
        let likely = concerned
            .iter()
            .copied()
            .filter(|index| !for_another(index))
            .collect();
        [likely, concerned]
    }

    /// `needed` and the human acts that come with its steps: a subscription has
    /// to be confirmed even where another one suffices for the verdict.
    pub(super) fn accompanied(&self, needed: &BTreeSet<usize>) -> BTreeSet<usize> {
        let subscribed: Vec<_> = needed
            .iter()
            .filter_map(|index| match &self.acts[*index] {
                Act::Step {
                    action: Action::Subscribe { topic, .. },
                    ..
                }
                | Act::Human(HumanAct::ConfirmSubscription { topic, .. }) => Some(topic),
                _ => None,
            })
            .collect();
        let goes_along = |index: &usize| match &self.acts[*index] {
            Act::Step {
                action: Action::Subscribe { topic, .. },
                ..
            }
            | Act::Human(
                HumanAct::AllowDelivery { topic, .. } | HumanAct::ConfirmSubscription { topic, .. },
            ) => subscribed.contains(&topic),
            _ => false,
        };
        let accounts: BTreeSet<AccountId> = needed
            .iter()
            .map(|index| self.acts[*index].account())
            .collect();
        let along = self.of_accounts(&accounts).filter(goes_along);
        needed.iter().copied().chain(along).collect()
    }

    /// The document, without alternative and seal.
    pub(super) fn document(mut self, authorship: &Authorship, ownership: &Ownership) -> Plan {
        for act in &mut self.acts {
            act.leave_to_code(ownership);
        }
        let by_hand: BTreeMap<_, _> = (self.acts.iter())
            .filter_map(Act::group_by_hand)
            .map(|(group, because)| (group.clone(), because.map(str::to_owned)))
            .collect();
        for act in &mut self.acts {
            act.wait_for(&by_hand);
        }
        let mut steps = Vec::new();
        let mut human_steps = Vec::new();
        let mut numbers: BTreeMap<usize, u32> = BTreeMap::new();
        for index in self.in_order() {
            let repairs = Repairs {
                controls: self.serving[index].0.iter().cloned().collect(),
                accounts: self.serving[index].1.len(),
            };
            match self.acts[index].clone() {
                Act::Step {
                    action,
                    preconditions,
                    cost,
                } => {
                    numbers.insert(index, steps.len() as u32 + 1);
                    steps.push(Step {
                        number: steps.len() as u32 + 1,
                        account_id: action.account(),
                        region: action.region(),
                        resource: action.resource(),
                        preconditions,
                        effect: action.effect(),
                        inverse: action.inverse(),
                        permissions: action
                            .permissions()
                            .iter()
                            .map(ToString::to_string)
                            .collect(),
                        command: command(&action, &self.tags),
                        monthly_cost_usd: cost,
                        risky: action.changes_trail(),
                        owner: action
                            .touches()
                            .and_then(|resource| ownership.owner(&resource).cloned()),
                        repairs,
                        action,
                    });
                }
                Act::Human(act) => {
                    let (account_id, region) = act.place();
                    numbers.insert(index, human_steps.len() as u32 + 1);
                    human_steps.push(HumanStep {
                        number: human_steps.len() as u32 + 1,
                        account_id,
                        region,
                        resource: act.resource(),
                        text: act.text(),
                        command: act.command(),
                        owner: ownership.owner(&act.resource()).cloned(),
                        repairs,
                        act,
                    });
                }
            }
        }
        let mut repairs: Vec<Repair> = Vec::new();
        for chosen in std::mem::take(&mut self.repaired) {
            let numbered = |human: bool| {
                let mut all: Vec<u32> = chosen
                    .acts
                    .iter()
                    .filter(|index| matches!(self.acts[**index], Act::Human(_)) == human)
                    .map(|index| numbers[index])
                    .collect();
                all.sort_unstable();
                all
            };
            repairs.push(Repair {
                steps: numbered(false),
                human_steps: numbered(true),
                account_id: chosen.account,
                control: chosen.control,
                reason: chosen.reason,
            });
        }
        repairs.sort();
        self.left_out.sort();
        Plan {
            format: FORMAT,
            plan_id: uuid::Uuid::nil(),
            digest: String::new(),
            created_at: whole_seconds(authorship.created_at),
            expires_at: whole_seconds(authorship.expires_at),
            author: authorship.author.clone(),
            reason: authorship.reason.clone(),
            catalog_digest: self.catalog_digest,
            strategy: self.strategy,
            alternative: None,
            purpose: Purpose::Repair,
            tags: self.tags,
            monthly_cost_usd: steps.iter().map(|step: &Step| step.monthly_cost_usd).sum(),
            steps,
            human_steps,
            repairs,
            left_out: self.left_out,
        }
    }

    /// What others build upon first; account by account.
    fn in_order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.acts.len()).collect();
        let key = |index: &usize| -> (AccountId, u8, Region, String, u8) {
            match &self.acts[*index] {
                Act::Step { action, .. } => {
                    let (rank, name) = rank(action);
                    (
                        action.account(),
                        rank,
                        action.region(),
                        name,
                        action.order(),
                    )
                }
                Act::Human(act) => {
                    let (account, region) = act.place();
                    (account, act.order(), region, act.resource(), 0)
                }
            }
        };
        order.sort_by_cached_key(key);
        order
    }
}

/// The place of a step among those of its account and Region, and its name there. A filter and
/// the alarm of the same name stand side by side: they count against quotas of their own, so
/// that neither of these waits until the other one is used up.
fn rank(action: &Action) -> (u8, String) {
    match action {
        Action::PutMetricFilter { filter, .. } => (action.order(), filter.clone()),
        Action::PutAlarm { alarm, .. } => (action.order() - 1, alarm_name(alarm).to_owned()),
        _ => (action.order(), action.resource()),
    }
}

fn whole_seconds(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(at.timestamp(), 0).unwrap_or(at)
}
