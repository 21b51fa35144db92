//! A step: one change in one account and Region, with everything a person or
//! a program must know before doing it. What a step does to a snapshot is in
//! `simulate`; which steps are needed is the planner's.

mod action;
mod cost;
mod kind;
mod permissions;
mod precondition;
mod words;

pub use action::{Action, Metric, TopicStatement};
pub(crate) use action::{alarm_name, filter_resource};
pub use cost::Cost;
pub use kind::{StepKind, StepKindError};
pub use precondition::Precondition;

use orgsweep_controls::{AccountId, ControlId, Region};
use serde::{Deserialize, Serialize};

use crate::owner::Owner;

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its place in the plan, from 1.
    pub number: u32,
    /// The account that it changes.
    pub account_id: AccountId,
    /// The Region in which the call is made.
    pub region: Region,
    /// What it does: `kind` and the values of that kind.
    #[serde(flatten)]
    pub action: Action,
    /// ARN of what it makes or changes.
    pub resource: String,
    /// What must still be so when it is done.
    pub preconditions: Vec<Precondition>,
    /// What is true afterwards, in words.
    pub effect: String,
    /// What takes it back, in words.
    pub inverse: String,
    /// IAM actions that it needs.
    pub permissions: Vec<String>,
    /// The AWS CLI commands that do it.
    pub command: String,
    /// What it adds to the bill per month, in US dollars.
    pub monthly_cost_usd: Cost,
    /// Whether it is of a kind that the plan had to be allowed to hold.
    pub risky: bool,
    /// Who looks after what it changes or adds to, if tags say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    /// The findings that need it.
    pub repairs: Repairs,
}

/// The findings that a step serves: each control with the number of accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repairs {
    /// The controls, sorted.
    pub controls: Vec<ControlId>,
    /// In how many accounts.
    pub accounts: usize,
}
