//! The policy that goes with each duty: sweeping and repairing, in the accounts
//! and as the caller who assumes their roles.

use std::collections::{BTreeMap, BTreeSet};

use orgsweep_aws_access::{inventory_permissions, requested_permissions, required_permissions};

use super::policy::{Policy, Resource, Statement};
use super::scope::{Scope, scope};
use crate::drill;
use crate::planner::Names;
use crate::steps::StepKind;

/// What somebody is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Duty {
    /// Reads one account: the role that a sweep assumes.
    Scanner,
    /// Lists the organization, assumes the scanner's role, and reads its own account.
    ScannerCaller {
        /// The role's name.
        role: String,
    },
    /// Repairs one account: the role that `remediate` assumes.
    Remediator(Repairing),
    /// Assumes the remediator's role.
    RemediatorCaller {
        /// The role's name.
        role: String,
    },
}

/// What a remediator may repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repairing {
    /// The kinds of steps that it may do.
    pub kinds: BTreeSet<StepKind>,
    /// Whether it may take them back.
    pub undo: bool,
    /// Whether it may ring alarms on purpose.
    pub drill: bool,
    /// What new things are called: it may not touch alarms and roles of other names.
    pub names: Names,
}

impl Repairing {
    /// Every kind of step, trails excepted unless `risky` says so, and drills.
    pub fn all(risky: bool) -> Self {
        let kinds = StepKind::ALL.iter().copied();
        Self {
            kinds: kinds.filter(|kind| risky || !kind.is_risky()).collect(),
            undo: true,
            drill: true,
            names: Names::default(),
        }
    }
}

impl Duty {
    /// The least that it takes.
    pub fn policy(&self) -> Policy {
        let statements = match self {
            Self::Scanner => vec![reading("ReadTheChain")],
            Self::ScannerCaller { role } => vec![
                any("ListTheOrganization", organizations()),
                assuming("AssumeTheReadOnlyRole", role),
                reading("ReadTheChainInTheCallersOwnAccount"),
                any("AskAboutFilterPatterns", owned(requested_permissions())),
            ],
            Self::Remediator(repairing) => repairs(repairing),
            Self::RemediatorCaller { role } => vec![assuming("AssumeTheRepairingRole", role)],
        };
        Policy { statements }
    }
}

fn owned(permissions: &[&str]) -> BTreeSet<String> {
    permissions.iter().map(|name| (*name).to_owned()).collect()
}

fn any(sid: &str, actions: BTreeSet<String>) -> Statement {
    Statement {
        sid: sid.to_owned(),
        actions,
        resource: Resource::Any,
        condition: None,
    }
}

fn reading(sid: &str) -> Statement {
    any(sid, owned(required_permissions()))
}

fn organizations() -> BTreeSet<String> {
    let mut all = owned(inventory_permissions());
    all.retain(|action| action.starts_with("organizations:"));
    all
}

/// A session may be asked to carry a source identity, which is an action of its own.
fn assuming(sid: &str, role: &str) -> Statement {
    Statement {
        resource: Resource::Arn(format!("iam::*:role/{role}")),
        ..any(sid, owned(&["sts:AssumeRole", "sts:SetSourceIdentity"]))
    }
}

/// What steps read before they write, and what they write. Judging an account again is the
/// scanner's, with the scanner's role.
fn repairs(repairing: &Repairing) -> Vec<Statement> {
    let mut writes: BTreeMap<Scope, BTreeSet<String>> = BTreeMap::new();
    let mut reads = any("ReadBeforeWriting", BTreeSet::new());
    let mut allow = |kind: StepKind, action: &str| {
        let scope = scope(kind, action, &repairing.names);
        if scope.0 == "ReadBeforeWriting" {
            reads.actions.insert(action.to_owned());
        } else {
            writes.entry(scope).or_default().insert(action.to_owned());
        }
    };
    for kind in &repairing.kinds {
        let undo = repairing.undo.then(|| kind.undo_permissions());
        let owner = kind.owner_permissions();
        let all = kind.permissions().iter().chain(owner);
        for action in all.chain(undo.into_iter().flatten()) {
            allow(*kind, action);
        }
    }
    if repairing.drill {
        // They ring alarms of any name, as that kind of step switches them.
        for action in drill::PERMISSIONS {
            allow(StepKind::EnableAlarmActions, action);
        }
    }
    // What is allowed on every alarm needs no mention for those of a certain name.
    let everywhere: BTreeSet<String> = (writes.iter())
        .filter(|((sid, ..), _)| *sid == "ChangeAlarms")
        .flat_map(|(_, actions)| actions.clone())
        .collect();
    for ((sid, ..), actions) in &mut writes {
        if *sid == "ChangeOwnAlarms" {
            actions.retain(|action| !everywhere.contains(action));
        }
    }
    let written = writes
        .into_iter()
        .filter(|(_, actions)| !actions.is_empty())
        .map(|((sid, resource, condition), actions)| Statement {
            sid: sid.to_owned(),
            actions,
            resource,
            condition,
        });
    let reads = (!reads.actions.is_empty()).then_some(reads);
    reads.into_iter().chain(written).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy_of(kinds: &[StepKind], undo: bool) -> Policy {
        Duty::Remediator(Repairing {
            kinds: kinds.iter().copied().collect(),
            undo,
            drill: false,
            names: Names::default(),
        })
        .policy()
    }

    #[test]
    fn every_action_of_every_kind_is_allowed_and_no_other_write() {
        let policy = Duty::Remediator(Repairing::all(true)).policy();
        let declared: BTreeSet<&str> = StepKind::ALL
            .iter()
            .flat_map(|kind| {
                [
                    kind.permissions(),
                    kind.undo_permissions(),
                    kind.owner_permissions(),
                ]
            })
            .flatten()
            .chain(drill::PERMISSIONS)
            .copied()
            .collect();
        assert_eq!(policy.actions(), declared);
    }

    #[test]
    fn fewer_kinds_of_steps_need_fewer_actions() {
        let actions = |policy: &Policy| -> Vec<String> {
            policy.actions().into_iter().map(str::to_owned).collect()
        };
        let filters = [StepKind::PutMetricFilter];
        assert_eq!(
            actions(&policy_of(&filters, false)),
            [
                "logs:DescribeMetricFilters",
                "logs:ListTagsForResource",
                "logs:PutMetricFilter"
            ]
        );
        assert_eq!(
            actions(&policy_of(&filters, true)),
            [
                // Whether others came to watch what the filter publishes.
                "cloudwatch:DescribeAlarms",
                "logs:DeleteMetricFilter",
                "logs:DescribeMetricFilters",
                "logs:ListTagsForResource",
                "logs:PutMetricFilter"
            ]
        );
        assert!(actions(&policy_of(&[], true)).is_empty());
        assert!(
            !Repairing::all(false)
                .kinds
                .contains(&StepKind::StartLogging)
        );
    }

    #[test]
    fn alarms_of_other_names_are_out_of_reach_unless_a_kind_changes_them() {
        let resource = |kinds: &[StepKind]| {
            policy_of(kinds, true)
                .statements
                .into_iter()
                .find(|statement| statement.actions.contains("cloudwatch:PutMetricAlarm"))
                .map(|statement| statement.resource.in_partition("aws-cn"))
        };
        assert_eq!(
            resource(&[StepKind::PutAlarm]).as_deref(),
            Some("arn:aws-cn:cloudwatch:*:*:alarm:orgsweep-*")
        );
        assert_eq!(
            resource(&[StepKind::PutAlarm, StepKind::AddAlarmAction]).as_deref(),
            Some("arn:aws-cn:cloudwatch:*:*:alarm:*")
        );
    }
}
