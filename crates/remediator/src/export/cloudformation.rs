//! A plan as CloudFormation: accounts and Regions that need the same share one
//! template, which names no account and no Region, so that a StackSet deploys it
//! to all of them. What differs (the log group's name) is a parameter.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use orgsweep_controls::{AccountId, Arn, Region};
use serde_json::Value;

use super::changes;
use super::quote::quoted;
use super::units::{ExportedFile, Unit, units};
use crate::document::Plan;
use crate::notation::cloudformation::{Node, map, text};
use crate::steps::{Action, Step, alarm_name};
use crate::write::{Marks, role};

/// The files: a template per kind of account, `DEPLOY.md` with the commands, and
/// `CHANGES.md` for what exists already.
pub fn cloudformation(plan: &Plan) -> Vec<ExportedFile> {
    let units = units(plan);
    let mut templates: Vec<Template<'_>> = Vec::new();
    for unit in units.iter().filter(|unit| !unit.makes.is_empty()) {
        let stack = Stack::of(plan, unit);
        let body = stack.template().to_yaml();
        let template = match templates.iter_mut().find(|known| known.body == body) {
            Some(known) => known,
            None => templates.push_mut(Template {
                body,
                needs_iam: unit
                    .makes
                    .iter()
                    .any(|step| matches!(step.action, Action::CreateDeliveryRole { .. })),
                targets: BTreeMap::new(),
            }),
        };
        let regions = template.targets.entry(stack.arguments).or_default();
        regions.entry(unit.region).or_default().insert(unit.account);
    }
    let mut files = Vec::new();
    let deploy = deploy(plan, &templates);
    for (number, template) in templates.into_iter().enumerate() {
        files.push(ExportedFile {
            path: template_name(number),
            text: template.body,
        });
    }
    if !files.is_empty() {
        files.push(ExportedFile {
            path: "DEPLOY.md".to_owned(),
            text: deploy,
        });
    }
    files.extend(changes::page(&units).map(|text| ExportedFile {
        path: changes::CHANGES.to_owned(),
        text,
    }));
    files
}

/// Values of a template's parameters.
type Arguments = Vec<(String, String)>;

/// Region → accounts.
type Places<'a> = BTreeMap<&'a Region, BTreeSet<&'a AccountId>>;

/// A template and where it is deployed.
struct Template<'a> {
    body: String,
    needs_iam: bool,
    targets: BTreeMap<Arguments, Places<'a>>,
}

fn template_name(number: usize) -> String {
    format!("orgsweep-{}.template.yaml", number + 1)
}

/// How the templates are deployed, as commands.
fn deploy(plan: &Plan, templates: &[Template<'_>]) -> String {
    let mut page = format!(
        "# Deploying plan {}\n\nDigest {}. Each template is one StackSet; it names no account and no Region.\n",
        plan.plan_id, plan.digest
    );
    for (number, template) in templates.iter().enumerate() {
        let name = format!("orgsweep-{}-{}", plan.plan_id, number + 1);
        let capability = if template.needs_iam {
            " \\\n  --capabilities CAPABILITY_NAMED_IAM"
        } else {
            ""
        };
        let _ = write!(
            page,
            "\n## {file}\n\n```sh\naws cloudformation create-stack-set --stack-set-name {name} \\\n  \
             --template-body file://{file}{capability}\n",
            file = template_name(number),
        );
        // A StackSet has values of its own for its parameters; each place has its own again.
        if let Some(arguments) = template.targets.keys().next() {
            let last = page.trim_end().len();
            page.insert_str(last, &parameters("--parameters", arguments));
        }
        for (arguments, regions) in &template.targets {
            for (region, accounts) in regions {
                let accounts: Vec<&str> = accounts.iter().map(|account| account.as_str()).collect();
                let _ = write!(
                    page,
                    "aws cloudformation create-stack-instances --stack-set-name {name} \\\n  \
                     --regions {region} --accounts {}",
                    accounts.join(" ")
                );
                page.push_str(&parameters("--parameter-overrides", arguments));
                page.push('\n');
            }
        }
        page.push_str("```\n");
    }
    page
}

/// The flag that gives values to parameters; nothing where there are none.
fn parameters(flag: &str, arguments: &Arguments) -> String {
    if arguments.is_empty() {
        return String::new();
    }
    let pairs = arguments
        .iter()
        .map(|(key, value)| quoted(&format!("ParameterKey={key},ParameterValue={value}")));
    let pairs: Vec<String> = pairs.collect();
    format!(" \\\n  {flag} {}", pairs.join(" "))
}

/// The resources of a unit.
struct Stack<'a> {
    plan: &'a Plan,
    unit: &'a Unit<'a>,
    resources: Vec<(String, Node)>,
    /// Names and ARNs that the stack makes → logical id.
    made: BTreeMap<String, String>,
    /// Names of log groups that exist → the parameter that stands for them.
    groups: BTreeMap<String, String>,
    /// The values of the parameters.
    arguments: Arguments,
}

impl<'a> Stack<'a> {
    fn of(plan: &'a Plan, unit: &'a Unit<'a>) -> Self {
        let mut stack = Self {
            plan,
            unit,
            resources: Vec::new(),
            made: BTreeMap::new(),
            groups: BTreeMap::new(),
            arguments: Vec::new(),
        };
        for step in &unit.makes {
            stack.make(step);
        }
        stack
    }

    fn template(&self) -> Node {
        let mut sections = vec![
            ("AWSTemplateFormatVersion".to_owned(), text("2010-09-09")),
            (
                "Description".to_owned(),
                text(format!("orgsweep plan {}", self.plan.plan_id)),
            ),
        ];
        if !self.arguments.is_empty() {
            let parameters = self.arguments.iter().map(|(key, _)| {
                let parameter = map([
                    ("Type", text("String")),
                    (
                        "Description",
                        text("Name of the log group that a trail delivers to"),
                    ),
                ]);
                (key.clone(), parameter)
            });
            sections.push(("Parameters".to_owned(), Node::Map(parameters.collect())));
        }
        sections.push(("Resources".to_owned(), Node::Map(self.resources.clone())));
        Node::Map(sections)
    }

    fn make(&mut self, step: &Step) {
        match &step.action {
            Action::CreateLogGroup { log_group } => {
                let id = self.add(
                    "LogGroup",
                    "",
                    "AWS::Logs::LogGroup",
                    vec![
                        ("LogGroupName", text(log_group.name())),
                        ("Tags", tags_of(self.plan, step)),
                    ],
                );
                self.keep(&id);
                self.made.insert(log_group.name().to_owned(), id);
            }
            Action::CreateDeliveryRole {
                role,
                log_group,
                organization,
            } => {
                let name = role::name(role);
                let policy = role::policy(log_group, organization.as_ref());
                self.add(
                    "DeliveryRole",
                    "",
                    "AWS::IAM::Role",
                    vec![
                        ("RoleName", text(name)),
                        ("AssumeRolePolicyDocument", self.localized(role::trust())),
                        (
                            "Policies",
                            Node::List(vec![map([
                                ("PolicyName", text(role::POLICY_NAME)),
                                ("PolicyDocument", self.localized(policy)),
                            ])]),
                        ),
                        ("Tags", tags_of(self.plan, step)),
                    ],
                );
            }
            Action::PutMetricFilter {
                log_group,
                filter,
                pattern,
                metric,
            } => {
                let group = self.log_group(log_group.name());
                self.add(
                    "Filter",
                    filter,
                    "AWS::Logs::MetricFilter",
                    vec![
                        ("LogGroupName", group),
                        ("FilterName", text(filter)),
                        ("FilterPattern", text(pattern)),
                        (
                            "MetricTransformations",
                            Node::List(vec![map([
                                ("MetricNamespace", text(&metric.namespace)),
                                ("MetricName", text(&metric.name)),
                                ("MetricValue", text("1")),
                            ])]),
                        ),
                    ],
                );
            }
            Action::CreateTopic { topic } => {
                let id = self.add(
                    "Topic",
                    "",
                    "AWS::SNS::Topic",
                    vec![
                        ("TopicName", text(topic.resource())),
                        ("Tags", tags_of(self.plan, step)),
                    ],
                );
                self.made.insert(topic.to_string(), id);
            }
            Action::Subscribe { topic, endpoint } => {
                let topic = self.topic(topic);
                self.add(
                    "Subscription",
                    "",
                    "AWS::SNS::Subscription",
                    vec![
                        ("TopicArn", topic),
                        ("Protocol", text(&endpoint.protocol)),
                        (
                            "Endpoint",
                            self.localized(Value::String(endpoint.address.clone())),
                        ),
                    ],
                );
            }
            Action::PutAlarm {
                alarm,
                metric,
                topic,
                control,
            } => {
                let topic = self.topic(topic);
                self.add(
                    "Alarm",
                    alarm_name(alarm),
                    "AWS::CloudWatch::Alarm",
                    vec![
                        ("AlarmName", text(alarm_name(alarm))),
                        ("AlarmDescription", text(format!("orgsweep: {control}"))),
                        ("Namespace", text(&metric.namespace)),
                        ("MetricName", text(&metric.name)),
                        ("Statistic", text("Sum")),
                        ("Period", Node::Number(300)),
                        ("EvaluationPeriods", Node::Number(1)),
                        ("DatapointsToAlarm", Node::Number(1)),
                        ("Threshold", Node::Number(1)),
                        ("ComparisonOperator", text("GreaterThanOrEqualToThreshold")),
                        ("TreatMissingData", text("notBreaching")),
                        ("AlarmActions", Node::List(vec![topic])),
                        ("Tags", tags_of(self.plan, step)),
                    ],
                );
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

    /// Adds a resource under a free logical id made of `prefix` and `name`; the id.
    fn add(
        &mut self,
        prefix: &str,
        name: &str,
        kind: &str,
        properties: Vec<(&str, Node)>,
    ) -> String {
        let base = format!("{prefix}{}", in_one_word(name));
        let mut id = base.clone();
        let mut number = 1;
        while self.resources.iter().any(|(known, _)| *known == id) {
            number += 1;
            id = format!("{base}{number}");
        }
        let properties = properties
            .into_iter()
            .map(|(key, node)| (key.to_owned(), node))
            .collect();
        let resource = map([("Type", text(kind)), ("Properties", Node::Map(properties))]);
        self.resources.push((id.clone(), resource));
        id
    }

    /// A group's events outlive the stack.
    fn keep(&mut self, id: &str) {
        let resource = self.resources.iter_mut().find(|(known, _)| known == id);
        if let Some((_, Node::Map(entries))) = resource {
            for (place, policy) in ["DeletionPolicy", "UpdateReplacePolicy"].iter().enumerate() {
                entries.insert(1 + place, ((*policy).to_owned(), text("Retain")));
            }
        }
    }

    /// A log group of the stack, or the parameter that stands for one that exists.
    fn log_group(&mut self, name: &str) -> Node {
        if let Some(id) = self.made.get(name) {
            return Node::Ref(id.clone());
        }
        if let Some(parameter) = self.groups.get(name) {
            return Node::Ref(parameter.clone());
        }
        let parameter = match self.groups.len() {
            0 => "LogGroupName".to_owned(),
            others => format!("LogGroupName{}", others + 1),
        };
        self.groups.insert(name.to_owned(), parameter.clone());
        self.arguments.push((parameter.clone(), name.to_owned()));
        Node::Ref(parameter)
    }

    fn topic(&self, topic: &Arn) -> Node {
        match self.made.get(topic.as_str()) {
            Some(id) => Node::Ref(id.clone()),
            None => self.localized(Value::String(topic.to_string())),
        }
    }

    /// The value with the unit's own account, Region and partition left open.
    fn localized(&self, value: Value) -> Node {
        match value {
            Value::String(text) => self.localized_text(text),
            Value::Array(all) => {
                Node::List(all.into_iter().map(|value| self.localized(value)).collect())
            }
            Value::Object(entries) => Node::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| (key, self.localized(value)))
                    .collect(),
            ),
            other => Node::from(other),
        }
    }

    fn localized_text(&self, value: String) -> Node {
        let here = format!("{}:{}", self.unit.region, self.unit.account);
        let is_here = value.starts_with("arn:") && value.contains(&here) && !value.contains("${");
        if !is_here {
            return Node::Text(value);
        }
        let open = value
            .replacen(
                &format!("arn:{}:", self.unit.partition),
                "arn:${AWS::Partition}:",
                1,
            )
            .replace(self.unit.region.as_str(), "${AWS::Region}")
            .replace(self.unit.account.as_str(), "${AWS::AccountId}");
        Node::Sub(open)
    }
}

/// `s3-bucket-policy` as `S3BucketPolicy`.
fn in_one_word(name: &str) -> String {
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .map(|part| {
            let mut letters = part.chars();
            letters.next().map_or_else(String::new, |first| {
                first.to_uppercase().chain(letters).collect()
            })
        })
        .collect()
}

fn tags_of(plan: &Plan, step: &Step) -> Node {
    let all = Marks::of(plan, step).tags().into_iter();
    Node::List(
        all.map(|(key, value)| map([("Key", text(key)), ("Value", text(value))]))
            .collect(),
    )
}
