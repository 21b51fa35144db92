//! A plan by account and Region, which is how infrastructure as code is cut:
//! what is made there, and what has to change in things that exist.

use std::collections::BTreeMap;

use orgsweep_controls::{AccountId, Region};

use crate::document::Plan;
use crate::steps::{Action, Step};

/// What a plan does in one account and Region.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Unit<'a> {
    pub(super) account: &'a AccountId,
    pub(super) region: &'a Region,
    pub(super) partition: String,
    /// Steps that make something, in the order in which they build upon each other.
    pub(super) makes: Vec<&'a Step>,
    /// Changes of things that exist, by step or by hand.
    pub(super) changes: Vec<&'a Action>,
}

/// A file of an export: its path in the directory, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedFile {
    /// Path below the directory, with `/`.
    pub path: String,
    /// What is in it.
    pub text: String,
}

/// The units of `plan`, by account and Region.
pub(super) fn units(plan: &Plan) -> Vec<Unit<'_>> {
    let mut units: BTreeMap<(&AccountId, &Region), Unit<'_>> = BTreeMap::new();
    for step in &plan.steps {
        let unit = units
            .entry((&step.account_id, &step.region))
            .or_insert_with(|| Unit::empty(&step.account_id, &step.region, &step.resource));
        if step.action.makes_something() {
            unit.makes.push(step);
        } else {
            unit.changes.push(&step.action);
        }
    }
    for human in &plan.human_steps {
        if let Some(change) = human.act.change() {
            let unit = units
                .entry((&human.account_id, &human.region))
                .or_insert_with(|| Unit::empty(&human.account_id, &human.region, &human.resource));
            unit.changes.push(change);
        }
    }
    units.into_values().collect()
}

impl<'a> Unit<'a> {
    fn empty(account: &'a AccountId, region: &'a Region, resource: &str) -> Self {
        Self {
            account,
            region,
            partition: resource.split(':').nth(1).unwrap_or("aws").to_owned(),
            makes: Vec::new(),
            changes: Vec::new(),
        }
    }
}
