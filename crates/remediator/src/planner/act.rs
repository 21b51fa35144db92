//! An act: a step or a human step before it has its place in a plan, with what
//! it relies on and what it costs. Search weighs acts; the document numbers them.

use std::collections::BTreeMap;

use orgsweep_controls::{AccountId, Arn, LogGroupArn};

use super::options::Ownership;
use crate::endpoint::Endpoint;
use crate::human::HumanAct;
use crate::steps::{Action, Cost, Precondition};

/// A step or a human step in the making.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Act {
    /// Something that a program can do.
    Step {
        /// What it does.
        action: Action,
        /// What it relies on.
        preconditions: Vec<Precondition>,
        /// What it adds to the monthly bill.
        cost: Cost,
    },
    /// Something that only a person can do.
    Human(HumanAct),
}

/// Acts that belong together: all of them are taken, or none.
pub(super) type Move = Vec<Act>;

/// What acts weigh together. Of those who are told by one topic the lightest counts: every way
/// tells all of them, and one is enough for a verdict.
pub(super) fn weight<'a>(acts: impl Iterator<Item = &'a Act>) -> u32 {
    let mut total = 0;
    let mut told: BTreeMap<&Arn, BTreeMap<&Endpoint, u32>> = BTreeMap::new();
    for act in acts {
        match act.told() {
            Some((topic, endpoint)) => {
                let by_endpoint = told.entry(topic).or_default();
                *by_endpoint.entry(endpoint).or_default() += act.weight();
            }
            None => total += act.weight(),
        }
    }
    let lightest = told.values().filter_map(|all| all.values().min());
    total + lightest.sum::<u32>()
}

impl Act {
    pub(super) fn step(action: Action, preconditions: Vec<Precondition>) -> Self {
        let cost = Cost::of(&action);
        Self::Step {
            action,
            preconditions,
            cost,
        }
    }

    /// The account in which it is done.
    pub(super) fn account(&self) -> AccountId {
        match self {
            Self::Step { action, .. } => action.account(),
            Self::Human(act) => act.place().0,
        }
    }

    /// The topic by which somebody is to be told, and who.
    fn told(&self) -> Option<(&Arn, &Endpoint)> {
        match self {
            Self::Step {
                action: Action::Subscribe { topic, endpoint },
                ..
            }
            | Self::Human(
                HumanAct::ConfirmSubscription { topic, endpoint }
                | HumanAct::AllowDelivery { topic, endpoint },
            ) => Some((topic, endpoint)),
            _ => None,
        }
    }

    /// How much it weighs against other ways: a step counts as one, a person's
    /// time more than two steps, and what costs money a little more than what
    /// does not. Changes to trails weigh the same whoever makes them, so that a
    /// missing permission to plan them never changes the way.
    fn weight(&self) -> u32 {
        match self {
            Self::Step { cost, .. } => 100 + u32::from(*cost > Cost::NONE),
            Self::Human(HumanAct::ChangeTrail { .. }) => 100,
            Self::Human(HumanAct::AllowDelivery { .. }) => 0,
            Self::Human(HumanAct::ChooseSubscriber { .. }) => 600,
            Self::Human(_) => 250,
        }
    }

    /// Turns the step into a person's task when it would change what code defines. What it adds
    /// beside such a thing (a filter, a subscription) stays a step: code does not notice it.
    pub(super) fn leave_to_code(&mut self, ownership: &Ownership) {
        let Self::Step { action, .. } = self else {
            return;
        };
        if action.makes_something() {
            return;
        }
        let resource = action.touches();
        if let Some(because) = resource.and_then(|resource| ownership.forbids(&resource)) {
            let change = Box::new(action.clone());
            *self = Self::Human(HumanAct::ChangeManaged { change, because });
        }
    }

    /// The log group to which a person has to connect a trail, or that a person has to make, first;
    /// and because of which code, where that is why.
    pub(super) fn group_by_hand(&self) -> Option<(&LogGroupArn, Option<&str>)> {
        let Self::Human(act) = self else { return None };
        let because = match act {
            HumanAct::ChangeManaged { because, .. } => Some(because.as_str()),
            _ => None,
        };
        match act.change()? {
            Action::CreateLogGroup { log_group } | Action::ConnectLogGroup { log_group, .. } => {
                Some((log_group, because))
            }
            _ => None,
        }
    }

    /// Turns the step into a person's task when it needs one of these log groups, to which nothing is
    /// delivered before a person was at work.
    pub(super) fn wait_for(&mut self, groups: &BTreeMap<LogGroupArn, Option<String>>) {
        let Self::Step { action, .. } = self else {
            return;
        };
        let (Action::PutMetricFilter { log_group, .. }
        | Action::CreateLogGroup { log_group }
        | Action::CreateDeliveryRole { log_group, .. }) = action
        else {
            return;
        };
        let Some(because) = groups.get(log_group).cloned() else {
            return;
        };
        let change = Box::new(action.clone());
        *self = Self::Human(match because {
            Some(because) => HumanAct::ChangeManaged { change, because },
            None => HumanAct::ChangeTrail { change },
        });
    }

    /// Whether it changes a trail, which every account that sees the trail sees.
    pub(super) fn changes_trail(&self) -> bool {
        match self {
            Self::Step { action, .. } => {
                action.changes_trail() || matches!(action, Action::CreateLogGroup { .. })
            }
            Self::Human(act) => matches!(
                act,
                HumanAct::ChangeTrail { .. }
                    | HumanAct::ChangeManaged { .. }
                    | HumanAct::RepairDelivery { .. }
                    | HumanAct::RecordManagementEvents { .. }
            ),
        }
    }
}
