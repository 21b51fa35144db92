//! What runs made and no later run took away, from their records: the plans of runs
//! and the rows of their steps, oldest run first.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use orgsweep_store::{ActionRow, ActionState, RunRow};
use serde_json::Value;

use crate::apply::marks;
use crate::document::Plan;
use crate::planner::{Made, Target, can_be_removed};
use crate::steps::{Action, Step};

/// A run with its plan and the rows of its steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The run.
    pub run: RunRow,
    /// Its plan.
    pub plan: Plan,
    /// Its steps.
    pub rows: Vec<ActionRow>,
}

/// What the runs made and is theirs still, each with when it was made. `records` are in the
/// order in which the runs started; those that undo others need not be among them: the steps
/// that were taken back say so themselves.
pub fn made(records: &[Record]) -> Vec<(Made, Option<DateTime<Utc>>)> {
    let mut known: BTreeMap<String, (Made, Option<DateTime<Utc>>)> = BTreeMap::new();
    for record in records.iter().filter(|record| record.run.undoes.is_none()) {
        let steps: BTreeMap<u32, &Step> = record
            .plan
            .steps
            .iter()
            .map(|step| (step.number, step))
            .collect();
        for row in &record.rows {
            let Some(step) = steps.get(&row.number) else {
                continue;
            };
            match (&step.action, row.state) {
                (Action::Remove { made, .. }, ActionState::Done | ActionState::Skipped) => {
                    known.remove(&key(made));
                }
                (action, ActionState::Done) if can_be_removed(action) => {
                    let left = row.after.clone().unwrap_or(Value::Null);
                    let made = Made {
                        action: action.clone(),
                        plan: record.plan.plan_id,
                        control: marks(record.plan.plan_id, step).control,
                        run: record.run.run_id,
                        left,
                        findings: served(&record.plan, step.number),
                    };
                    known.insert(key(action), (made, row.finished_at));
                }
                _ => {}
            }
        }
    }
    known.into_values().collect()
}

/// What stands for the thing that an action makes.
fn key(action: &Action) -> String {
    match action {
        Action::Subscribe { endpoint, .. } => format!("{} {endpoint}", action.resource()),
        _ => action.resource(),
    }
}

/// The findings for which a step was planned.
fn served(plan: &Plan, step: u32) -> BTreeSet<Target> {
    plan.repairs
        .iter()
        .filter(|repair| repair.steps.contains(&step))
        .map(|repair| (repair.account_id.clone(), repair.control.clone()))
        .collect()
}
