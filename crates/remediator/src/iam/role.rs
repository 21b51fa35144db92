//! The role that carries a policy in every account: who may assume it, and how
//! it is deployed. One template serves all accounts, so that a StackSet can.

use super::policy::{Policy, Resource};
use crate::notation::cloudformation::{Node, map, text, texts};
use crate::notation::hcl::{Block, Expression, file};

/// A role for every account of an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its name; people can choose another one when they deploy it.
    pub name: String,
    /// What it is for, in a sentence.
    pub purpose: String,
    /// Name of its inline policy.
    pub policy_name: String,
    /// What it may do.
    pub policy: Policy,
    /// The only principal that may assume it; asked for at deployment without one.
    pub caller: Option<String>,
}

const CALLER: &str = "ARN of the role or user that runs orgsweep (in the audit account)";
const EXTERNAL_ID: &str = "The external_id of orgsweep.toml";
const SHORTEST_EXTERNAL_ID: i64 = 8;
const LONGEST_EXTERNAL_ID: i64 = 1224;
/// Seconds; role chaining allows no more.
const LONGEST_SESSION: i64 = 3600;

impl Role {
    /// The CloudFormation template.
    pub(super) fn template(&self) -> Node {
        let mut caller = vec![
            ("Type".to_owned(), text("String")),
            ("Description".to_owned(), text(CALLER)),
            (
                "AllowedPattern".to_owned(),
                text("^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/.+$"),
            ),
        ];
        caller.extend((self.caller.as_ref()).map(|arn| ("Default".to_owned(), text(arn))));
        let parameters = map([
            ("TrustedPrincipalArn", Node::Map(caller)),
            (
                "ExternalId",
                map([
                    ("Type", text("String")),
                    ("Description", text(EXTERNAL_ID)),
                    ("MinLength", Node::Number(SHORTEST_EXTERNAL_ID)),
                    ("MaxLength", Node::Number(LONGEST_EXTERNAL_ID)),
                    ("NoEcho", Node::Bool(true)),
                ]),
            ),
            (
                "RoleName",
                map([("Type", text("String")), ("Default", text(&self.name))]),
            ),
        ]);
        let trust = map([
            ("Version", text("2012-10-17")),
            (
                "Statement",
                Node::List(vec![
                    map([
                        ("Sid", text("TheCallerWithTheExternalId")),
                        ("Effect", text("Allow")),
                        (
                            "Principal",
                            map([("AWS", Node::Ref("TrustedPrincipalArn".to_owned()))]),
                        ),
                        ("Action", text("sts:AssumeRole")),
                        (
                            "Condition",
                            map([(
                                "StringEquals",
                                map([("sts:ExternalId", Node::Ref("ExternalId".to_owned()))]),
                            )]),
                        ),
                    ]),
                    map([
                        ("Sid", text("TheCallerMayNameItsSource")),
                        ("Effect", text("Allow")),
                        (
                            "Principal",
                            map([("AWS", Node::Ref("TrustedPrincipalArn".to_owned()))]),
                        ),
                        ("Action", text("sts:SetSourceIdentity")),
                    ]),
                ]),
            ),
        ]);
        let role = map([
            ("Type", text("AWS::IAM::Role")),
            (
                "Properties",
                map([
                    ("RoleName", Node::Ref("RoleName".to_owned())),
                    ("Description", text(&self.purpose)),
                    ("MaxSessionDuration", Node::Number(LONGEST_SESSION)),
                    ("AssumeRolePolicyDocument", trust),
                    (
                        "Policies",
                        Node::List(vec![map([
                            ("PolicyName", text(&self.policy_name)),
                            ("PolicyDocument", self.policy_document()),
                        ])]),
                    ),
                ]),
            ),
        ]);
        map([
            ("AWSTemplateFormatVersion", text("2010-09-09")),
            ("Description", text(&self.purpose)),
            ("Parameters", parameters),
            ("Resources", map([("Role", role)])),
            (
                "Outputs",
                map([(
                    "RoleArn",
                    map([("Value", Node::GetAtt("Role".to_owned(), "Arn".to_owned()))]),
                )]),
            ),
        ])
    }

    fn policy_document(&self) -> Node {
        let statements = self.policy.statements.iter().map(|statement| {
            let resource = match &statement.resource {
                Resource::Any => text("*"),
                arn @ Resource::Arn(_) => Node::Sub(arn.with("${AWS::Partition}")),
            };
            let mut entries = vec![
                ("Sid".to_owned(), text(&statement.sid)),
                ("Effect".to_owned(), text("Allow")),
                ("Action".to_owned(), texts(&statement.actions)),
                ("Resource".to_owned(), resource),
            ];
            if let Some(condition) = &statement.condition {
                let equals = Node::Map(vec![(condition.key.to_owned(), text(&condition.value))]);
                entries.push(("Condition".to_owned(), map([("StringEquals", equals)])));
            }
            Node::Map(entries)
        });
        map([
            ("Version", text("2012-10-17")),
            ("Statement", Node::List(statements.collect())),
        ])
    }

    /// The Terraform module.
    pub(super) fn module(&self) -> String {
        let requirement = Block::new("terraform", &[])
            .with("required_version", Expression::text(">= 1.3"))
            .containing(Block::new("required_providers", &[]).with(
                "aws",
                Expression::Object(vec![
                    ("source".to_owned(), Expression::text("hashicorp/aws")),
                    ("version".to_owned(), Expression::text(">= 5.0")),
                ]),
            ));
        let mut caller = Block::new("variable", &["trusted_principal_arn"])
            .with("description", Expression::text(CALLER))
            .with("type", Expression::reference("string"));
        if let Some(arn) = &self.caller {
            caller = caller.with("default", Expression::text(arn));
        }
        let external_id = Block::new("variable", &["external_id"])
            .with("description", Expression::text(EXTERNAL_ID))
            .with("type", Expression::reference("string"))
            .with("sensitive", Expression::Bool(true))
            .containing(
                Block::new("validation", &[])
                    .with(
                        "condition",
                        Expression::reference(format!(
                            "length(var.external_id) >= {SHORTEST_EXTERNAL_ID}"
                        )),
                    )
                    .with(
                        "error_message",
                        Expression::text(format!(
                            "The external id must have at least {SHORTEST_EXTERNAL_ID} characters."
                        )),
                    ),
            );
        let name = Block::new("variable", &["role_name"])
            .with("description", Expression::text("The role's name"))
            .with("type", Expression::reference("string"))
            .with("default", Expression::text(&self.name));
        let principal = || {
            Block::new("principals", &[])
                .with("type", Expression::text("AWS"))
                .with(
                    "identifiers",
                    Expression::List(vec![Expression::reference("var.trusted_principal_arn")]),
                )
        };
        let trust = Block::new("data", &["aws_iam_policy_document", "trust"])
            .containing(
                Block::new("statement", &[])
                    .with("sid", Expression::text("TheCallerWithTheExternalId"))
                    .with("actions", Expression::texts(["sts:AssumeRole"]))
                    .containing(principal())
                    .containing(
                        Block::new("condition", &[])
                            .with("test", Expression::text("StringEquals"))
                            .with("variable", Expression::text("sts:ExternalId"))
                            .with(
                                "values",
                                Expression::List(vec![Expression::reference("var.external_id")]),
                            ),
                    ),
            )
            .containing(
                Block::new("statement", &[])
                    .with("sid", Expression::text("TheCallerMayNameItsSource"))
                    .with("actions", Expression::texts(["sts:SetSourceIdentity"]))
                    .containing(principal()),
            );
        let role = Block::new("resource", &["aws_iam_role", "orgsweep"])
            .with("name", Expression::reference("var.role_name"))
            .with("description", Expression::text(&self.purpose))
            .with(
                "assume_role_policy",
                Expression::reference("data.aws_iam_policy_document.trust.json"),
            )
            .with("max_session_duration", Expression::Number(LONGEST_SESSION));
        let attached = Block::new("resource", &["aws_iam_role_policy", "orgsweep"])
            .with("name", Expression::text(&self.policy_name))
            .with("role", Expression::reference("aws_iam_role.orgsweep.id"))
            .with(
                "policy",
                Expression::reference("data.aws_iam_policy_document.orgsweep.json"),
            );
        let output = Block::new("output", &["role_arn"])
            .with("value", Expression::reference("aws_iam_role.orgsweep.arn"));
        let mut blocks = vec![requirement, caller, external_id, name, trust];
        blocks.extend(policy_blocks(&self.policy));
        blocks.extend([role, attached, output]);
        file(&blocks)
    }
}

/// The policy as Terraform's data source, with that of the partition where an ARN needs it.
pub(super) fn policy_blocks(policy: &Policy) -> Vec<Block> {
    let mut document = Block::new("data", &["aws_iam_policy_document", "orgsweep"]);
    let mut needs_partition = false;
    for statement in &policy.statements {
        let resource = match &statement.resource {
            Resource::Any => Expression::text("*"),
            arn @ Resource::Arn(_) => {
                needs_partition = true;
                Expression::Template(arn.with("${data.aws_partition.current.partition}"))
            }
        };
        let mut block = Block::new("statement", &[])
            .with("sid", Expression::text(&statement.sid))
            .with("resources", Expression::List(vec![resource]))
            .gap()
            .with("actions", Expression::texts(&statement.actions));
        if let Some(condition) = &statement.condition {
            block = block.containing(
                Block::new("condition", &[])
                    .with("test", Expression::text("StringEquals"))
                    .with("variable", Expression::text(condition.key))
                    .with("values", Expression::texts([&condition.value])),
            );
        }
        document = document.containing(block);
    }
    let partition = needs_partition.then(|| Block::new("data", &["aws_partition", "current"]));
    partition.into_iter().chain([document]).collect()
}
