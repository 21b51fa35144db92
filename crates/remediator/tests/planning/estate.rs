//! An organization in tests: judged, planned for, and as it is after a plan.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, TimeDelta, Utc};
use orgsweep_controls::{
    AccountId, AccountSnapshot, Catalog, ControlId, Evaluator, Finding, OrganizationId, ReliedOn,
    Verdict,
};
use orgsweep_remediator::planner::{Authorship, Facts, Target};
use orgsweep_remediator::{Plan, PlanOptions, simulate};

use crate::support::{MANAGEMENT, account};

/// Remembers proofs from test to test.
static EVALUATOR: LazyLock<Evaluator> = LazyLock::new(|| Evaluator::new(Catalog::builtin()));

/// Snapshots with the catalog: what is planned from.
#[derive(Debug)]
pub(crate) struct Estate {
    pub(crate) snapshots: BTreeMap<AccountId, Arc<AccountSnapshot>>,
    organization: OrganizationId,
    management_account: AccountId,
}

impl Estate {
    pub(crate) fn of(snapshots: impl IntoIterator<Item = AccountSnapshot>) -> Self {
        Self {
            snapshots: snapshots
                .into_iter()
                .map(|snapshot| (snapshot.account.clone(), Arc::new(snapshot)))
                .collect(),
            organization: "o-a1b2c3d4e5".parse().unwrap(),
            management_account: account(MANAGEMENT),
        }
    }

    pub(crate) fn facts(&self) -> Facts<'_> {
        Facts {
            catalog: Catalog::builtin(),
            evaluator: &EVALUATOR,
            snapshots: &self.snapshots,
            organization: Some(&self.organization),
            management_account: Some(&self.management_account),
        }
    }

    pub(crate) fn findings(&self, id: &AccountId) -> Vec<Finding> {
        let mut relied_on = ReliedOn {
            management_account: Some(self.management_account.clone()),
            ..ReliedOn::default()
        };
        relied_on.snapshots = self.snapshots.clone();
        EVALUATOR.evaluate(&self.snapshots[id], &relied_on)
    }

    pub(crate) fn finding(&self, id: &str, control: &ControlId) -> Finding {
        let findings = self.findings(&account(id));
        findings
            .into_iter()
            .find(|finding| finding.control == *control)
            .unwrap()
    }

    /// Every finding that fails.
    pub(crate) fn failing(&self) -> BTreeSet<Target> {
        let fails = |finding: &Finding| finding.verdict == Verdict::Fail;
        self.snapshots
            .keys()
            .flat_map(|id| self.findings(id))
            .filter(fails)
            .map(|finding| (finding.account, finding.control))
            .collect()
    }

    pub(crate) fn plan(&self, targets: &BTreeSet<Target>, options: &PlanOptions) -> Plan {
        orgsweep_remediator::plan(self.facts(), targets, options, &authorship())
    }

    /// The estate once the plan is done, by program and by people.
    pub(crate) fn after(&self, plan: &Plan) -> Self {
        let snapshots = self.snapshots.values().map(|snapshot| {
            let mut snapshot = AccountSnapshot::clone(snapshot);
            for step in &plan.steps {
                if step.account_id == snapshot.account || step.action.changes_trail() {
                    simulate::apply_action(&mut snapshot, &step.action);
                }
            }
            for human in &plan.human_steps {
                simulate::apply_human_act(&mut snapshot, &human.act);
            }
            snapshot
        });
        Self::of(snapshots)
    }
}

pub(crate) fn authorship() -> Authorship {
    let created_at: DateTime<Utc> = "2026-11-24T06:00:00Z".parse().unwrap();
    Authorship {
        author: "anna".to_owned(),
        reason: "audit finding 17".to_owned(),
        created_at,
        expires_at: created_at + TimeDelta::hours(24),
    }
}

pub(crate) fn target(id: &str, control: &ControlId) -> BTreeSet<Target> {
    BTreeSet::from([(account(id), control.clone())])
}

/// Options with somebody to tell.
pub(crate) fn options() -> PlanOptions {
    PlanOptions {
        endpoints: vec!["email:secops@example.com".parse().unwrap()],
        ..PlanOptions::default()
    }
}

/// The kinds of the plan's steps and human steps, in order.
pub(crate) fn kinds(plan: &Plan) -> (Vec<&'static str>, Vec<&'static str>) {
    (
        plan.steps.iter().map(|step| step.action.kind()).collect(),
        plan.human_steps
            .iter()
            .map(|human| human.act.kind())
            .collect(),
    )
}
