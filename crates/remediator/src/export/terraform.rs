//! A plan as Terraform: one root module per account and Region, so that each has
//! its own state and provider. What was applied already can be adopted: with
//! `adopt` set, the module imports instead of making.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::changes;
use super::units::{ExportedFile, Unit, units};
use crate::document::Plan;
use crate::notation::hcl::{Block, Expression, file};
use crate::steps::{Action, Step, alarm_name};
use crate::write::{Marks, role};

/// The files: `ACCOUNT/REGION/main.tf` and `imports.tf`, and `CHANGES.md` for
/// what exists already.
pub fn terraform(plan: &Plan) -> Vec<ExportedFile> {
    let units = units(plan);
    let mut files = Vec::new();
    for unit in units.iter().filter(|unit| !unit.makes.is_empty()) {
        let module = Module::of(plan, unit);
        let path = |name: &str| format!("{}/{}/{name}", unit.account, unit.region);
        files.push(ExportedFile {
            path: path("main.tf"),
            text: head(plan) + &file(&module.resources),
        });
        files.push(ExportedFile {
            path: path("imports.tf"),
            text: file(&module.imports),
        });
        files.push(ExportedFile {
            path: path("provider.tf"),
            text: file(&provider(unit)),
        });
    }
    files.extend(changes::page(&units).map(|text| ExportedFile {
        path: changes::CHANGES.to_owned(),
        text,
    }));
    files
}

fn head(plan: &Plan) -> String {
    format!(
        "# orgsweep plan {}, digest {}\n# `terraform apply` makes what the plan names; `terraform apply -var adopt=true`\n\
         # takes over what the plan made already.\n\n",
        plan.plan_id, plan.digest
    )
}

/// Settings, provider and variables of one account and Region.
fn provider(unit: &Unit<'_>) -> Vec<Block> {
    let optional = |name: &str, what: &str| {
        Block::new("variable", &[name])
            .with("description", Expression::text(what))
            .with("type", Expression::reference("string"))
            .with("default", Expression::reference("null"))
    };
    vec![
        // Imports with for_each are new in 1.7.
        Block::new("terraform", &[])
            .with("required_version", Expression::text(">= 1.7"))
            .containing(Block::new("required_providers", &[]).with(
                "aws",
                Expression::Object(vec![
                    ("source".to_owned(), Expression::text("hashicorp/aws")),
                    ("version".to_owned(), Expression::text(">= 5.0")),
                ]),
            )),
        optional(
            "role_arn",
            "Role to assume in the account; the caller's own credentials without one",
        ),
        optional("external_id", "The external id that the role asks for")
            .with("sensitive", Expression::Bool(true)),
        Block::new("variable", &["adopt"])
            .with(
                "description",
                Expression::text(
                    "Whether the plan was applied, so that its resources are imported",
                ),
            )
            .with("type", Expression::reference("bool"))
            .with("default", Expression::Bool(false)),
        Block::new("provider", &["aws"])
            .with("region", Expression::text(unit.region.as_str()))
            .with(
                "allowed_account_ids",
                Expression::texts([unit.account.as_str()]),
            )
            .containing(
                Block::new("dynamic", &["assume_role"])
                    .with(
                        "for_each",
                        Expression::reference("var.role_arn == null ? [] : [var.role_arn]"),
                    )
                    .containing(
                        Block::new("content", &[])
                            .with("role_arn", Expression::reference("assume_role.value"))
                            .with("external_id", Expression::reference("var.external_id")),
                    ),
            ),
    ]
}

/// The resources of a unit, with how each is imported.
#[derive(Default)]
struct Module {
    resources: Vec<Block>,
    imports: Vec<Block>,
    /// How to refer to what the module makes: ARN or name → expression.
    made: BTreeMap<String, String>,
    names: BTreeSet<String>,
}

impl Module {
    fn of(plan: &Plan, unit: &Unit<'_>) -> Self {
        let mut module = Self::default();
        for step in &unit.makes {
            module.make(plan, step);
        }
        module
    }

    fn make(&mut self, plan: &Plan, step: &Step) {
        match &step.action {
            Action::CreateLogGroup { log_group } => {
                let name = self.resource(
                    "aws_cloudwatch_log_group",
                    log_group.name(),
                    Some(log_group.name()),
                    |block| {
                        block
                            .with("name", Expression::text(log_group.name()))
                            .with("tags", tags_of(plan, step))
                    },
                );
                self.made
                    .insert(log_group.name().to_owned(), format!("{name}.name"));
            }
            Action::CreateDeliveryRole {
                role,
                log_group,
                organization,
            } => {
                let own = role::name(role);
                let name = self.resource("aws_iam_role", own, Some(own), |block| {
                    block
                        .with("name", Expression::text(own))
                        .with("assume_role_policy", json(role::trust()))
                        .with("tags", tags_of(plan, step))
                });
                let policy = role::policy(log_group, organization.as_ref());
                let id = format!("{own}:{}", role::POLICY_NAME);
                self.resource("aws_iam_role_policy", own, Some(&id), |block| {
                    block
                        .with("name", Expression::text(role::POLICY_NAME))
                        .with("role", Expression::reference(format!("{name}.id")))
                        .with("policy", json(policy))
                });
            }
            Action::PutMetricFilter {
                log_group,
                filter,
                pattern,
                metric,
            } => {
                let group = self.named(log_group.name());
                let id = format!("{}:{filter}", log_group.name());
                self.resource(
                    "aws_cloudwatch_log_metric_filter",
                    filter,
                    Some(&id),
                    |block| {
                        block
                            .with("name", Expression::text(filter))
                            .with("log_group_name", group)
                            .with("pattern", Expression::text(pattern))
                            .containing(
                                Block::new("metric_transformation", &[])
                                    .with("namespace", Expression::text(&metric.namespace))
                                    .with("name", Expression::text(&metric.name))
                                    .with("value", Expression::text("1")),
                            )
                    },
                );
            }
            Action::CreateTopic { topic } => {
                let name = self.resource(
                    "aws_sns_topic",
                    topic.resource(),
                    Some(topic.as_str()),
                    |block| {
                        block
                            .with("name", Expression::text(topic.resource()))
                            .with("tags", tags_of(plan, step))
                    },
                );
                self.made.insert(topic.to_string(), format!("{name}.arn"));
            }
            // Not imported: its id is known only once it is confirmed, and
            // subscribing again gives the same subscription.
            Action::Subscribe { topic, endpoint } => {
                let arn = self.named(topic.as_str());
                let label = format!("{}_{}", topic.resource(), endpoint.address);
                self.resource("aws_sns_topic_subscription", &label, None, |block| {
                    block
                        .with("topic_arn", arn)
                        .with("protocol", Expression::text(&endpoint.protocol))
                        .with("endpoint", Expression::text(&endpoint.address))
                });
            }
            Action::PutAlarm {
                alarm,
                metric,
                topic,
                control,
            } => {
                let arn = self.named(topic.as_str());
                let own = alarm_name(alarm);
                self.resource("aws_cloudwatch_metric_alarm", own, Some(own), |block| {
                    block
                        .with("alarm_name", Expression::text(own))
                        .with(
                            "alarm_description",
                            Expression::text(format!("orgsweep: {control}")),
                        )
                        .with("namespace", Expression::text(&metric.namespace))
                        .with("metric_name", Expression::text(&metric.name))
                        .with("statistic", Expression::text("Sum"))
                        .with("period", Expression::Number(300))
                        .with("evaluation_periods", Expression::Number(1))
                        .with("datapoints_to_alarm", Expression::Number(1))
                        .with("threshold", Expression::Number(1))
                        .with(
                            "comparison_operator",
                            Expression::text("GreaterThanOrEqualToThreshold"),
                        )
                        .with("treat_missing_data", Expression::text("notBreaching"))
                        .with("alarm_actions", Expression::List(vec![arn]))
                        .with("tags", tags_of(plan, step))
                });
            }
            // Changes of what exists are on a page of their own.
            Action::StartLogging { .. }
            | Action::MakeTrailMultiRegion { .. }
            | Action::RecordGlobalServiceEvents { .. }
            | Action::ConnectLogGroup { .. }
            | Action::AllowCloudWatch { .. }
            | Action::EnableAlarmActions { .. }
            | Action::AddAlarmAction { .. }
            | Action::Remove { .. } => {}
        }
    }

    /// Adds a resource, and its import when its id is known; its address.
    fn resource(
        &mut self,
        kind: &str,
        called: &str,
        import_id: Option<&str>,
        fill: impl FnOnce(Block) -> Block,
    ) -> String {
        let label = self.free_label(kind, called);
        let address = format!("{kind}.{label}");
        self.resources
            .push(fill(Block::new("resource", &[kind, &label])));
        if let Some(id) = import_id {
            self.imports.push(
                Block::new("import", &[])
                    .with(
                        "for_each",
                        Expression::reference("var.adopt ? toset([\"applied\"]) : toset([])"),
                    )
                    .with("to", Expression::reference(&address))
                    .with("id", Expression::text(id)),
            );
        }
        address
    }

    /// What the module makes by reference, all else by name.
    fn named(&self, name: &str) -> Expression {
        self.made
            .get(name)
            .map_or_else(|| Expression::text(name), Expression::reference)
    }

    fn free_label(&mut self, kind: &str, called: &str) -> String {
        let mut label: String = called
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() {
                    c.to_ascii_lowercase()
                } else {
                    '_'
                }
            })
            .collect();
        let label_starts_well = label.starts_with(|c: char| c.is_ascii_alphabetic());
        if !label_starts_well {
            label.insert_str(0, "x_");
        }
        let mut free = label.clone();
        let mut number = 1;
        while !self.names.insert(format!("{kind}.{free}")) {
            number += 1;
            free = format!("{label}_{number}");
        }
        free
    }
}

fn json(value: Value) -> Expression {
    Expression::Json(Box::new(Expression::from(value)))
}

fn tags_of(plan: &Plan, step: &Step) -> Expression {
    let entries = Marks::of(plan, step).tags().into_iter();
    Expression::Object(
        entries
            .map(|(key, value)| (key, Expression::Text(value)))
            .collect(),
    )
}
