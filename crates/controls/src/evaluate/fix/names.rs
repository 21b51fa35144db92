//! The real names of what a failing chain consists of, and the commands with them.

use std::collections::BTreeSet;

use super::super::blame::looks_like;
use super::super::chains::Shown;
use super::super::judge::tails;
use super::super::routes::{Group, Routes};
use super::other_trails::OtherTrails;
use crate::catalog::{Catalog, Control};
use crate::chain::group::Waiting;
use crate::chain::judged::MutedBy;
use crate::finding::{LinkKind, LinkState};
use crate::ids::{AccountId, Arn, LogGroupArn};
use crate::pattern::Pattern;
use crate::snapshot::Trail;

/// Namespace of new metrics, as the benchmark has it.
const NAMESPACE: &str = "CISBenchmark";
/// Name of a new topic.
const NEW_TOPIC: &str = "security-alarms";

/// The real names of what a failing chain consists of.
pub(in crate::evaluate) struct Names<'a> {
    pub(super) control: &'a Control,
    pub(super) pattern: &'a str,
    pub(super) trail: Option<&'a Trail>,
    pub(super) group: Option<LogGroupArn>,
    /// The metric of the chain that is to blame.
    pub(super) metric: Option<Metric>,
    /// The metric of the control's filter on a group to which no trail delivers.
    pub(super) metric_elsewhere: Option<Metric>,
    /// The metric for which an alarm waits that is called after the control.
    pub(super) waiting: Option<Metric>,
    /// Whether the metric of the chain that is to blame gets 1 for each event and nothing else, so
    /// that a plain alarm on it rings.
    pub(super) counts_events: bool,
    /// Whether the chain that is to blame works for what its filter matches.
    pub(super) works: bool,
    pub(super) alarm: Option<Arn>,
    pub(super) topic: Option<Arn>,
    pub(super) mute_rules: Vec<MutedBy>,
    /// What other trails record beside the one of the chain that is to blame.
    pub(super) other_trails: OtherTrails,
    /// The kind of the link that is broken or not known.
    pub(super) weakest: Option<LinkKind>,
    /// A topic that already tells somebody, for a new alarm.
    pub(super) working_topic: Option<Arn>,
    /// What filters, metrics (with their namespaces) and alarms of the group's Region are called.
    pub(super) taken: BTreeSet<String>,
}

/// Namespace and name of a metric.
type Metric = (String, String);

impl<'a> Names<'a> {
    /// Collects the names from the chain that is to blame.
    pub(in crate::evaluate) fn of(
        control: &'a Control,
        catalog: &Catalog,
        pattern: &'a str,
        blamed: Option<&Shown>,
        routes: &Routes<'a>,
    ) -> Self {
        let route = blamed.map(|blamed| &routes.all[blamed.place.route]);
        let resource = |kind| {
            let link = blamed.and_then(|blamed| blamed.link(kind));
            link.map(|judged| judged.link.resource.clone())
        };
        let arn = |kind| resource(kind).and_then(|text| text.parse::<Arn>().ok());
        let group = route.and_then(|route| route.group.as_ref());
        Self {
            control,
            pattern,
            trail: route.map(|route| route.facts.trail),
            group: group.map(|group| group.arn().clone()),
            metric: resource(LinkKind::Metric).and_then(|text| {
                text.rsplit_once('/')
                    .map(|(namespace, name)| (namespace.to_owned(), name.to_owned()))
            }),
            metric_elsewhere: group.and_then(|group| metric_elsewhere(group, pattern)),
            waiting: waiting(control, catalog, group),
            counts_events: blamed
                .and_then(|blamed| tails(group).get(blamed.place.tail?))
                .is_some_and(|tail| tail.counts_events),
            works: blamed.is_some_and(|blamed| blamed.state() == LinkState::Holds),
            alarm: arn(LinkKind::Alarm).filter(|arn| arn.service() == "cloudwatch"),
            topic: arn(LinkKind::Action).filter(|arn| arn.service() == "sns"),
            mute_rules: blamed
                .and_then(Shown::weakest)
                .map(|judged| judged.muted_by.clone())
                .unwrap_or_default(),
            weakest: blamed
                .and_then(Shown::weakest)
                .map(|judged| judged.link.kind),
            other_trails: blamed
                .map(|blamed| OtherTrails::of(blamed.place.route, routes))
                .unwrap_or_default(),
            working_topic: working_topic(group),
            taken: taken(group),
        }
    }

    /// The account that owns the log group, or else the trail.
    pub(super) fn owner(&self) -> Option<AccountId> {
        let of_group = self.group.as_ref().map(LogGroupArn::account);
        of_group.or_else(|| self.trail?.arn.account())
    }

    pub(super) fn trail_arguments(&self) -> String {
        self.trail.map_or_else(
            || "--name security-trail".to_owned(),
            |trail| {
                let arn = trail.arn.to_string();
                format!("--name {} --region {}", quoted(&arn), trail.home_region)
            },
        )
    }

    pub(super) fn region(&self) -> String {
        match (&self.group, self.trail) {
            (Some(group), _) => group.region().to_string(),
            (None, Some(trail)) => trail.home_region.to_string(),
            (None, None) => "us-east-1".to_owned(),
        }
    }

    /// The name of the alarm that is to blame.
    pub(super) fn blamed_alarm(&self) -> String {
        let of_arn = |arn: &Arn| arn.resource().strip_prefix("alarm:").map(str::to_owned);
        let name = self.alarm.as_ref().and_then(of_arn);
        name.unwrap_or_else(|| self.control.id.to_string())
    }

    /// Whether the topic belongs to another account than the log group.
    pub(super) fn topic_is_foreign(&self) -> bool {
        let of_topic = self.topic.as_ref().and_then(Arn::account);
        let of_group = self.group.as_ref().map(LogGroupArn::account);
        of_topic.is_some() && of_group.is_some() && of_topic != of_group
    }

    /// The control's id, or with a number behind it, as a name that nothing has.
    fn free_name(&self) -> String {
        let id = self.control.id.as_str();
        let metric = |name: &str| format!("{NAMESPACE}/{name}");
        let is_free =
            |name: &String| !self.taken.contains(name) && !self.taken.contains(&metric(name));
        let numbered = (2..).map(|number| format!("{id}-{number}"));
        let mut names = std::iter::once(id.to_owned()).chain(numbered);
        names.find(is_free).unwrap_or_else(|| id.to_owned())
    }

    fn topic(&self) -> String {
        let known = self.topic.as_ref().or(self.working_topic.as_ref());
        known.map_or_else(|| "TOPIC_ARN".to_owned(), |arn| quoted(arn.as_str()))
    }

    /// A filter, and an alarm on a metric of its own.
    pub(super) fn chain_beside(&self) -> Vec<String> {
        let metric = (NAMESPACE.to_owned(), self.free_name());
        let mut commands = vec![self.put_filter(&metric)];
        commands.extend(self.put_alarm(&metric));
        commands
    }

    /// A filter that publishes to the metric for which an alarm waits, or a chain of its own.
    pub(super) fn filter_for_waiting(&self) -> Vec<String> {
        match &self.waiting {
            Some(metric) => vec![self.put_filter(metric)],
            None => self.chain_beside(),
        }
    }

    /// A filter that publishes to the metric of a chain that works, or one with a chain of its own.
    pub(super) fn filter_beside(&self) -> Vec<String> {
        match &self.metric {
            Some(metric) if self.works && self.counts_events => vec![self.put_filter(metric)],
            _ => self.chain_beside(),
        }
    }

    /// A filter that publishes to the metric of the one on another group.
    pub(super) fn filter_again(&self) -> Vec<String> {
        match &self.metric_elsewhere {
            Some(metric) => vec![self.put_filter(metric)],
            None => self.chain_beside(),
        }
    }

    /// An alarm on the metric of the chain that is to blame, where that counts events; else on one
    /// of its own.
    pub(super) fn alarm_beside(&self) -> Vec<String> {
        match &self.metric {
            Some(metric) if self.counts_events => self.put_alarm(metric),
            _ => self.chain_beside(),
        }
    }

    fn put_filter(&self, (namespace, name): &Metric) -> String {
        let group = self.group.as_ref().map_or("LOG_GROUP", LogGroupArn::name);
        format!(
            "aws logs put-metric-filter --region {} --log-group-name {} --filter-name {} --metric-transformations metricName={},metricNamespace={},metricValue=1 --filter-pattern {}",
            self.region(),
            quoted(group),
            quoted(&self.free_name()),
            quoted(&shorthand(name)),
            quoted(&shorthand(namespace)),
            quoted(self.pattern),
        )
    }

    /// An alarm that acts on a topic that tells somebody, or on one that is made for it.
    fn put_alarm(&self, (namespace, name): &Metric) -> Vec<String> {
        let region = self.region();
        let (mut commands, topic) = match (&self.working_topic, &self.group) {
            (Some(topic), _) => (Vec::new(), quoted(topic.as_str())),
            (None, Some(group)) => {
                let partition = group.as_arn().partition();
                let topic = format!(
                    "arn:{partition}:sns:{region}:{}:{NEW_TOPIC}",
                    group.account()
                );
                let create = format!("aws sns create-topic --region {region} --name {NEW_TOPIC}");
                (vec![create, subscribe(&region, &topic)], topic)
            }
            (None, None) => (Vec::new(), "TOPIC_ARN".to_owned()),
        };
        commands.push(format!(
            "aws cloudwatch put-metric-alarm --region {region} --alarm-name {} --metric-name {} --namespace {} --statistic Sum --period 300 --evaluation-periods 1 --threshold 1 --comparison-operator GreaterThanOrEqualToThreshold --treat-missing-data notBreaching --alarm-actions {topic}",
            quoted(&self.free_name()),
            quoted(name),
            quoted(namespace),
        ));
        commands
    }

    /// Whether each mute rule is about this alarm alone.
    pub(super) fn may_delete_mute_rules(&self) -> bool {
        !self.mute_rules.iter().any(|muted_by| muted_by.mutes_others)
    }

    pub(super) fn delete_mute_rules(&self) -> Vec<String> {
        let delete = |muted_by: &MutedBy| {
            format!(
                "aws cloudwatch delete-alarm-mute-rule --region {} --alarm-mute-rule-name {}",
                self.region(),
                quoted(&muted_by.rule)
            )
        };
        self.mute_rules.iter().map(delete).collect()
    }

    /// Shows the policy and the key, which a change has to start from.
    pub(super) fn topic_attributes(&self) -> String {
        format!(
            "aws sns get-topic-attributes --region {} --topic-arn {}",
            self.region(),
            self.topic(),
        )
    }

    pub(super) fn subscribe(&self) -> String {
        subscribe(&self.region(), &self.topic())
    }
}

/// The metric of the control's filter on a group to which no trail delivers: its
/// alarm is there already.
fn metric_elsewhere(group: &Group, pattern: &str) -> Option<(String, String)> {
    let Group::Chains(chains) = group else {
        return None;
    };
    let required = Pattern::parse(pattern).ok()?;
    let mut metrics = chains.elsewhere.iter().flat_map(|group| &group.metrics);
    metrics
        .find(|(text, ..)| looks_like(&required, text))
        .map(|(_, namespace, name)| (namespace.clone(), name.clone()))
}

/// The metric for which an alarm waits that is called after the control.
fn waiting(control: &Control, catalog: &Catalog, group: Option<&Group>) -> Option<Metric> {
    let Some(Group::Chains(chains)) = group else {
        return None;
    };
    let of_control =
        |waiting: &Waiting| catalog.is_for(&control.id, [&waiting.alarm, &waiting.metric]);
    // Others that wait for the same metric would ring, too.
    let for_all = |waiting: &&Waiting| {
        let mut same = (chains.waiting.iter()).filter(|other| {
            (&other.namespace, &other.metric) == (&waiting.namespace, &waiting.metric)
        });
        same.all(of_control)
    };
    let waiting = chains.waiting.iter().find(for_all)?;
    Some((waiting.namespace.clone(), waiting.metric.clone()))
}

/// The first topic of the group's chains that hold.
fn working_topic(group: Option<&Group>) -> Option<Arn> {
    let topics: BTreeSet<&str> = tails(group)
        .iter()
        .filter(|tail| tail.state() == LinkState::Holds)
        .flat_map(|tail| &tail.links)
        .filter(|judged| judged.link.kind == LinkKind::Action)
        .map(|judged| judged.link.resource.as_str())
        .filter(|resource| resource.contains(":sns:"))
        .collect();
    topics.first()?.parse().ok()
}

/// What filters, metrics and alarms of the group's Region are called.
fn taken(group: Option<&Group>) -> BTreeSet<String> {
    match group {
        Some(Group::Chains(chains)) => chains.names.clone(),
        _ => BTreeSet::new(),
    }
}

fn subscribe(region: &str, topic: &str) -> String {
    format!(
        "aws sns subscribe --region {region} --topic-arn {topic} --protocol email --notification-endpoint ADDRESS"
    )
}

/// Quotes a word for a POSIX shell.
pub(super) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// A value in the AWS CLI's shorthand syntax, in which commas and brackets mean something.
fn shorthand(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@ ".contains(c);
    if text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("\"{}\"", text.replace('\\', r"\\").replace('"', r#"\""#))
    }
}
