//! What runs made and no later run took away, from their records: the plans of runs
//! and the rows of their steps, oldest run first.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use orgsweep_store::{ActionRow, ActionState, RunRow};
use serde_json::Value;

use crate::apply::serves_alone;
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
                        control: serves_alone(step),
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

#[cfg(test)]
mod tests {
    use orgsweep_store::RunState;
    use uuid::Uuid;

    use super::*;
    use crate::document::{FORMAT, Purpose, Repair};
    use crate::planner::Strategy;
    use crate::steps::{Cost, Repairs};

    const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:alarms";

    fn create() -> Action {
        Action::CreateTopic {
            topic: TOPIC.parse().unwrap(),
        }
    }

    fn remove() -> Action {
        Action::Remove {
            made: Box::new(create()),
            plan: Uuid::from_u128(1),
            control: None,
            subscribed: Vec::new(),
        }
    }

    /// A run of a plan with this one step, in this state.
    fn record(number: u128, action: Action, state: ActionState) -> Record {
        let at = DateTime::from_timestamp(i64::try_from(number).unwrap(), 0);
        let step = Step {
            number: 1,
            account_id: action.account(),
            region: action.region(),
            resource: action.resource(),
            preconditions: Vec::new(),
            effect: action.effect(),
            inverse: action.inverse(),
            permissions: Vec::new(),
            command: String::new(),
            monthly_cost_usd: Cost::NONE,
            risky: false,
            owner: None,
            repairs: Repairs::default(),
            action,
        };
        let row = ActionRow {
            number: 1,
            account_id: step.account_id.to_string(),
            kind: step.action.kind().to_owned(),
            resource: step.resource.clone(),
            state,
            before: None,
            after: None,
            message: None,
            started_at: at,
            finished_at: at,
        };
        Record {
            run: RunRow {
                run_id: Uuid::from_u128(number),
                plan_id: Uuid::from_u128(1),
                undoes: None,
                author: String::new(),
                caller: None,
                state: RunState::Finished,
                message: None,
                started_at: at.unwrap_or_default(),
                finished_at: at,
                steps: 1,
                done: 1,
                undone: 0,
            },
            plan: Plan {
                format: FORMAT,
                plan_id: Uuid::from_u128(1),
                digest: String::new(),
                created_at: DateTime::UNIX_EPOCH,
                expires_at: DateTime::UNIX_EPOCH,
                author: String::new(),
                reason: String::new(),
                catalog_digest: String::new(),
                strategy: Strategy::default(),
                alternative: None,
                purpose: Purpose::Repair,
                tags: BTreeMap::new(),
                monthly_cost_usd: Cost::NONE,
                repairs: vec![Repair {
                    account_id: step.account_id.clone(),
                    control: "root-usage".parse().unwrap(),
                    reason: orgsweep_controls::Reason::NoFilter,
                    steps: vec![1],
                    human_steps: Vec::new(),
                }],
                steps: vec![step],
                human_steps: Vec::new(),
                left_out: Vec::new(),
            },
            rows: vec![row],
        }
    }

    #[test]
    #[rustfmt::skip]
    fn a_thing_is_a_runs_own_until_it_is_taken_back_or_away() {
        use ActionState::{Done, Drifted, Skipped, Started, Undone};
        for (records, whose) in [
            (vec![record(1, create(), Done)],                               Some(1)),
            (vec![record(1, create(), Undone)],                             None),
            // It was there already: somebody else's.
            (vec![record(1, create(), Skipped)],                            None),
            (vec![record(1, create(), Started)],                            None),
            (vec![record(1, create(), Done), record(2, remove(), Done)],    None),
            (vec![record(1, create(), Done), record(2, remove(), Skipped)], None),
            (vec![record(1, create(), Done), record(2, remove(), Drifted)], Some(1)),
            // Taking it away was taken back.
            (vec![record(1, create(), Done), record(2, remove(), Undone)],  Some(1)),
            (vec![record(1, create(), Done), record(2, remove(), Done), record(3, create(), Done)], Some(3)),
        ] {
            let found = made(&records);
            let run = found.first().map(|(made, _)| made.run);
            assert_eq!(run, whose.map(Uuid::from_u128), "{records:?}");
            assert!(found.iter().all(|(made, _)| made.findings.len() == 1));
        }
    }
}
