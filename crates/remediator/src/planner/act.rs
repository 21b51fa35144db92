//! An act: a step or a human step before it has its place in a plan, with what
//! it relies on and what it costs. Search weighs acts; the document numbers them.

use std::collections::BTreeSet;

use orgsweep_controls::{AccountId, LogGroupArn};

use super::options::Ownership;
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

    /// How much it weighs against other ways: a step counts as one, a person's
    /// time more than two steps, and what costs money a little more than what
    /// does not. Changes to trails weigh the same whoever makes them, so that a
    /// missing permission to plan them never changes the way.
    pub(super) fn weight(&self) -> u32 {
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

    /// The log group that a person has to make first.
    pub(super) fn group_to_be_made(&self) -> Option<&LogGroupArn> {
        match self {
            Self::Human(act) => match act.change() {
                Some(Action::CreateLogGroup { log_group }) => Some(log_group),
                _ => None,
            },
            Self::Step { .. } => None,
        }
    }

    /// Turns the step into a person's task when it needs a log group that a person has to make first.
    pub(super) fn wait_for(&mut self, groups: &BTreeSet<LogGroupArn>) {
        if let Self::Step { action, .. } = self
            && let Action::PutMetricFilter { log_group, .. } = action
            && groups.contains(log_group)
        {
            let change = Box::new(action.clone());
            *self = Self::Human(HumanAct::ChangeTrail { change });
        }
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
