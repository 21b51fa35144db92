//! `orgsweep-remediate iam`: who may do what, as policies and role templates.

use std::collections::BTreeSet;

use clap::{Args, Subcommand, ValueEnum};
use orgsweep_remediator::StepKind;
use orgsweep_remediator::iam::{Duty, Notation, Repairing, Role};
use orgsweep_remediator::planner::Names;

use super::arguments::{Common, Format};
use super::settings::Settings;
use super::{output, usage};

/// Print least-privilege policies and roles, made from what the program really calls.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the policy for a duty: as JSON, YAML or Terraform.
    Policy(Policy),
    /// Print the role for every account: as a CloudFormation template for a StackSet
    /// (YAML or JSON), or for Terraform.
    Stackset(Stackset),
}

#[derive(Debug, Args)]
struct Policy {
    /// For whom.
    #[arg(long = "for", value_name = "DUTY", value_enum)]
    duty: For,

    #[command(flatten)]
    repairing: RepairingArguments,

    /// Name of the role that the caller assumes [default: OrgsweepReadOnly, OrgsweepRemediator].
    #[arg(long, value_name = "NAME")]
    role_name: Option<String>,

    /// The partition of ARNs in JSON and YAML; Terraform asks for it.
    #[arg(long, value_name = "PARTITION", default_value = "aws")]
    partition: String,
}

#[derive(Debug, Args)]
struct Stackset {
    /// For whom.
    #[arg(long = "for", value_name = "DUTY", value_enum, default_value_t = RoleFor::Scanner)]
    duty: RoleFor,

    #[command(flatten)]
    repairing: RepairingArguments,

    /// The role's name [default: OrgsweepReadOnly, OrgsweepRemediator].
    #[arg(long, value_name = "NAME")]
    role_name: Option<String>,

    /// ARN of the only role or user that may assume it; asked for at deployment without one.
    #[arg(long, value_name = "ARN", value_parser = principal)]
    caller: Option<String>,
}

/// What a remediator may do.
#[derive(Debug, Args)]
struct RepairingArguments {
    /// Only these kinds of steps, separated by commas [default: all that change no trail].
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    steps: Vec<StepKind>,

    /// Also the kinds of steps that change trails.
    #[arg(long, conflicts_with = "steps")]
    allow_trail_changes: bool,

    /// Without what `drill` and `heartbeat` need; `--steps` leaves it out as well.
    #[arg(long)]
    no_drills: bool,

    /// Only what `drill` and `heartbeat` need.
    #[arg(long, conflicts_with_all = ["steps", "allow_trail_changes", "no_drills", "no_undo"])]
    only_drills: bool,

    /// Without what `undo` needs.
    #[arg(long)]
    no_undo: bool,
}

/// The duties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum For {
    /// The role that a sweep assumes in each account.
    Scanner,
    /// Who sweeps: lists the organization and assumes that role.
    ScannerCaller,
    /// The role that repairs assume in each account.
    Remediator,
    /// Who repairs: assumes that role.
    RemediatorCaller,
}

/// The duties that have a role in every account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RoleFor {
    /// The role that a sweep assumes in each account.
    Scanner,
    /// The role that repairs assume in each account.
    Remediator,
}

impl RepairingArguments {
    /// `names` are what new things are called.
    fn repairing(&self, names: Names) -> Repairing {
        let all = Repairing::all(self.allow_trail_changes);
        Repairing {
            kinds: if self.only_drills {
                BTreeSet::new()
            } else if self.steps.is_empty() {
                all.kinds
            } else {
                self.steps.iter().copied().collect()
            },
            undo: !self.no_undo,
            drill: self.only_drills || (self.steps.is_empty() && !self.no_drills),
            names,
        }
    }

    /// Refuses what means nothing to who only reads.
    fn must_be_for_repairs(&self, repairs: bool) -> anyhow::Result<()> {
        let said = !self.steps.is_empty()
            || self.allow_trail_changes
            || self.no_undo
            || self.no_drills
            || self.only_drills;
        if repairs || !said {
            return Ok(());
        }
        Err(usage(
            "--steps, --allow-trail-changes, --no-undo, --no-drills and --only-drills go with --for remediator",
        ))
    }
}

const READING_ROLE: &str = "OrgsweepReadOnly";
const REPAIRING_ROLE: &str = "OrgsweepRemediator";

pub(crate) fn run(arguments: &Arguments, common: &Common) -> anyhow::Result<()> {
    let names = Settings::read(common)?.making().names.clone();
    let text = match &arguments.command {
        Command::Policy(policy) => policy.printed(notation(common, Notation::Json)?, names)?,
        Command::Stackset(stackset) => {
            stackset.printed(notation(common, Notation::Yaml)?, names)?
        }
    };
    Ok(output::print(&text)?)
}

impl Policy {
    fn printed(&self, notation: Notation, names: Names) -> anyhow::Result<String> {
        self.repairing
            .must_be_for_repairs(self.duty == For::Remediator)?;
        let role = |usual: &str| self.role_name.clone().unwrap_or_else(|| usual.to_owned());
        let duty = match self.duty {
            For::Scanner => Duty::Scanner,
            For::ScannerCaller => Duty::ScannerCaller {
                role: role(READING_ROLE),
            },
            For::Remediator => Duty::Remediator(self.repairing.repairing(names)),
            For::RemediatorCaller => Duty::RemediatorCaller {
                role: role(REPAIRING_ROLE),
            },
        };
        Ok(duty.policy().printed(notation, &self.partition))
    }
}

impl Stackset {
    fn printed(&self, notation: Notation, names: Names) -> anyhow::Result<String> {
        self.repairing
            .must_be_for_repairs(self.duty == RoleFor::Remediator)?;
        let (usual, purpose, policy_name, duty) = match self.duty {
            RoleFor::Scanner => (
                READING_ROLE,
                "Reads trails, log groups, filters, alarms and topics for orgsweep",
                "orgsweep-read",
                Duty::Scanner,
            ),
            RoleFor::Remediator => (
                REPAIRING_ROLE,
                "Repairs filters, alarms and topics for orgsweep",
                "orgsweep-repair",
                Duty::Remediator(self.repairing.repairing(names)),
            ),
        };
        let role = Role {
            name: self.role_name.clone().unwrap_or_else(|| usual.to_owned()),
            purpose: purpose.to_owned(),
            policy_name: policy_name.to_owned(),
            policy: duty.policy(),
            caller: self.caller.clone(),
        };
        Ok(role.printed(notation))
    }
}

fn notation(common: &Common, usual: Notation) -> anyhow::Result<Notation> {
    match common.format {
        None => Ok(usual),
        Some(Format::Json) => Ok(Notation::Json),
        Some(Format::Yaml) => Ok(Notation::Yaml),
        Some(Format::Terraform) => Ok(Notation::Terraform),
        Some(_) => Err(usage("a policy is printed as json, yaml or terraform")),
    }
}

fn principal(text: &str) -> Result<String, String> {
    let arn: Result<orgsweep_controls::Arn, _> = text.parse();
    let names_one = arn.is_ok_and(|arn| {
        arn.service() == "iam"
            && arn.account().is_some()
            && ["role/", "user/"]
                .iter()
                .any(|kind| arn.resource().starts_with(kind))
    });
    if names_one && !text.contains('*') {
        Ok(text.to_owned())
    } else {
        Err(
            "write the ARN of one role or user, like `arn:aws:iam::111122223333:role/audit`"
                .to_owned(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caller_is_one_principal() {
        for (text, accepted) in [
            ("arn:aws:iam::111122223333:role/audit/orgsweep", true),
            ("arn:aws-cn:iam::111122223333:user/anna", true),
            ("arn:aws:iam::111122223333:root", false),
            ("arn:aws:iam::111122223333:role/*", false),
            ("arn:aws:iam::*:role/audit", false),
            ("*", false),
        ] {
            assert_eq!(principal(text).is_ok(), accepted, "{text}");
        }
    }
}
