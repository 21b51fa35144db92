//! What would repair a failing control: in words, and as the benchmark's own
//! AWS CLI commands with the real names filled in.

use std::collections::BTreeSet;

use super::blame::looks_like;
use super::chains::Shown;
use super::doubts::Doubt;
use super::routes::{Group, Routes};
use crate::catalog::Control;
use crate::finding::{LinkKind, LinkState};
use crate::ids::{Arn, LogGroupArn};
use crate::pattern::Pattern;
use crate::reason::Reason;
use crate::snapshot::Trail;

/// A repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Repair {
    pub(super) words: String,
    pub(super) commands: Vec<String>,
}

/// The real names of what a failing chain consists of.
pub(super) struct Names<'a> {
    control: &'a Control,
    pattern: &'a str,
    trail: Option<&'a Trail>,
    group: Option<LogGroupArn>,
    filter: Option<String>,
    metric: Option<(String, String)>,
    alarm: Option<Arn>,
    topic: Option<Arn>,
    mute_rules: Vec<String>,
    /// The kind of the link that is broken or not known.
    weakest: Option<LinkKind>,
    /// A topic that already tells somebody, for a new alarm.
    working_topic: Option<Arn>,
}

impl<'a> Names<'a> {
    /// Collects the names from the chain that is to blame.
    pub(super) fn of(
        control: &'a Control,
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
            filter: resource(LinkKind::Filter).and_then(|text| {
                text.split_once(":metric-filter:")
                    .map(|(_, name)| name.to_owned())
            }),
            metric: resource(LinkKind::Metric)
                .and_then(|text| {
                    text.rsplit_once('/')
                        .map(|(a, b)| (a.to_owned(), b.to_owned()))
                })
                .or_else(|| metric_elsewhere(group?, pattern)),
            alarm: arn(LinkKind::Alarm).filter(|arn| arn.service() == "cloudwatch"),
            topic: arn(LinkKind::Action).filter(|arn| arn.service() == "sns"),
            mute_rules: blamed
                .and_then(Shown::weakest)
                .map(|judged| judged.muted_by.clone())
                .unwrap_or_default(),
            weakest: blamed
                .and_then(Shown::weakest)
                .map(|judged| judged.link.kind),
            working_topic: group.and_then(working_topic),
        }
    }

    fn trail_arguments(&self) -> String {
        self.trail.map_or_else(
            || "--name security-trail".to_owned(),
            |trail| {
                let arn = trail.arn.to_string();
                format!("--name {} --region {}", quoted(&arn), trail.home_region)
            },
        )
    }

    fn region(&self) -> String {
        match (&self.group, self.trail) {
            (Some(group), _) => group.region().to_string(),
            (None, Some(trail)) => trail.home_region.to_string(),
            (None, None) => "us-east-1".to_owned(),
        }
    }

    fn metric(&self) -> (String, String) {
        let own = || ("CISBenchmark".to_owned(), self.control.id.to_string());
        self.metric.clone().unwrap_or_else(own)
    }

    fn alarm_name(&self) -> String {
        let of_arn = |arn: &Arn| arn.resource().strip_prefix("alarm:").map(str::to_owned);
        let name = self.alarm.as_ref().and_then(of_arn);
        name.unwrap_or_else(|| self.control.id.to_string())
    }

    fn topic(&self) -> String {
        let known = self.topic.as_ref().or(self.working_topic.as_ref());
        known.map_or_else(|| "TOPIC_ARN".to_owned(), |arn| quoted(arn.as_str()))
    }

    fn put_filter(&self) -> String {
        let group = self.group.as_ref().map_or("LOG_GROUP", LogGroupArn::name);
        let filter = self
            .filter
            .clone()
            .unwrap_or_else(|| self.control.id.to_string());
        let (namespace, name) = self.metric();
        format!(
            "aws logs put-metric-filter --region {} --log-group-name {} --filter-name {} --metric-transformations metricName={},metricNamespace={},metricValue=1 --filter-pattern {}",
            self.region(),
            quoted(group),
            quoted(&filter),
            quoted(&shorthand(&name)),
            quoted(&shorthand(&namespace)),
            quoted(self.pattern),
        )
    }

    fn put_alarm(&self) -> String {
        let (namespace, name) = self.metric();
        format!(
            "aws cloudwatch put-metric-alarm --region {} --alarm-name {} --metric-name {} --namespace {} --statistic Sum --period 300 --evaluation-periods 1 --threshold 1 --comparison-operator GreaterThanOrEqualToThreshold --treat-missing-data notBreaching --alarm-actions {}",
            self.region(),
            quoted(&self.alarm_name()),
            quoted(&name),
            quoted(&namespace),
            self.topic(),
        )
    }

    fn delete_mute_rules(&self) -> Vec<String> {
        let delete = |name: &String| {
            format!(
                "aws cloudwatch delete-alarm-mute-rule --region {} --alarm-mute-rule-name {}",
                self.region(),
                quoted(name)
            )
        };
        self.mute_rules.iter().map(delete).collect()
    }

    /// Shows the policy and the key, which a change has to start from.
    fn topic_attributes(&self) -> String {
        format!(
            "aws sns get-topic-attributes --region {} --topic-arn {}",
            self.region(),
            self.topic(),
        )
    }

    fn subscribe(&self) -> String {
        format!(
            "aws sns subscribe --region {} --topic-arn {} --protocol email --notification-endpoint ADDRESS",
            self.region(),
            self.topic(),
        )
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

/// The first topic of the group's chains that hold.
fn working_topic(group: &Group) -> Option<Arn> {
    let Group::Chains(chains) = group else {
        return None;
    };
    let topics: BTreeSet<&str> = chains
        .tails
        .iter()
        .filter(|tail| tail.state() == LinkState::Holds)
        .flat_map(|tail| &tail.links)
        .filter(|judged| judged.link.kind == LinkKind::Action)
        .map(|judged| judged.link.resource.as_str())
        .filter(|resource| resource.contains(":sns:"))
        .collect();
    topics.first()?.parse().ok()
}

/// Quotes a word for a POSIX shell.
fn quoted(text: &str) -> String {
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

/// What would repair a control that fails, or is unknown, for that reason.
pub(super) fn repair(reason: Reason, names: &Names<'_>, doubts: &[Doubt]) -> Repair {
    let trail = names.trail_arguments();
    let (words, commands): (String, Vec<String>) = match reason {
        Reason::Covered | Reason::CoveredByOrganizationTrail | Reason::ManagementAccountOnly => {
            ("nothing to do".to_owned(), Vec::new())
        }
        Reason::NoTrail => (
            "let an organization trail record the account, or create a multi-Region trail that delivers to a log group".to_owned(),
            vec!["aws cloudtrail create-trail --name security-trail --s3-bucket-name BUCKET --is-multi-region-trail --cloud-watch-logs-log-group-arn LOG_GROUP_ARN --cloud-watch-logs-role-arn ROLE_ARN".to_owned()],
        ),
        Reason::NoLogGroup => (
            "let the trail deliver to a CloudWatch Logs log group".to_owned(),
            vec![format!("aws cloudtrail update-trail {trail} --cloud-watch-logs-log-group-arn LOG_GROUP_ARN --cloud-watch-logs-role-arn ROLE_ARN")],
        ),
        Reason::TrailNotMultiRegion => (
            "make the trail record every Region".to_owned(),
            vec![format!("aws cloudtrail update-trail {trail} --is-multi-region-trail")],
        ),
        Reason::TrailNotLogging => (
            "switch the trail on".to_owned(),
            vec![format!("aws cloudtrail start-logging {trail}")],
        ),
        Reason::TrailDeliveryFails => (
            "mend the delivery to the log group: its role must exist and allow `logs:CreateLogStream` and `logs:PutLogEvents` there".to_owned(),
            vec![format!("aws cloudtrail get-trail-status {trail}")],
        ),
        Reason::TrailSelectorsExclude => (
            "let the trail record all management events: add a selector for them to those that the trail has (`put-event-selectors` replaces all of them)".to_owned(),
            vec![format!("aws cloudtrail get-event-selectors {}", trail.replacen("--name", "--trail-name", 1))],
        ),
        Reason::TrailNoGlobalEvents => (
            "let the trail record global service events".to_owned(),
            vec![format!("aws cloudtrail update-trail {trail} --include-global-service-events --is-multi-region-trail")],
        ),
        Reason::LogGroupMissing => (
            "create the log group again, or let the trail deliver to another; then its filters".to_owned(),
            vec![format!(
                "aws logs create-log-group --region {} --log-group-name {}",
                names.region(),
                quoted(names.group.as_ref().map_or("LOG_GROUP", LogGroupArn::name))
            )],
        ),
        Reason::LogGroupClass => (
            "let the trail deliver to a log group of the standard class; a class cannot be changed".to_owned(),
            vec![format!("aws cloudtrail update-trail {trail} --cloud-watch-logs-log-group-arn LOG_GROUP_ARN --cloud-watch-logs-role-arn ROLE_ARN")],
        ),
        _ => return of_filters_and_later(reason, names, doubts),
    };
    Repair { words, commands }
}

fn of_filters_and_later(reason: Reason, names: &Names<'_>, doubts: &[Doubt]) -> Repair {
    let (words, commands): (&str, Vec<String>) = match reason {
        Reason::NoFilter => (
            "put a metric filter with the required pattern, and an alarm on its metric",
            vec![names.put_filter(), names.put_alarm()],
        ),
        Reason::FilterDoesNotCover
        | Reason::FilterInvalid
        | Reason::FilterOnTransformedLogs
        | Reason::FilterFieldSelection => (
            "put a metric filter with the whole required pattern, on CloudTrail's own events of every account",
            vec![names.put_filter()],
        ),
        Reason::NoAlarm => (
            "put an alarm on the filter's metric",
            vec![names.put_alarm()],
        ),
        Reason::AlarmWrongMetric => (
            "let the alarm watch exactly the metric that the filter publishes: namespace, name, dimensions, no unit",
            vec![names.put_alarm()],
        ),
        // The filter's own value or default value may be what keeps the alarm from it.
        Reason::AlarmNeverFires | Reason::AlarmAlwaysFiring => (
            "let the filter publish 1 per event and no default value, and the alarm go to ALARM on one event and back: Sum >= 1 over one period, missing data not breaching",
            vec![names.put_filter(), names.put_alarm()],
        ),
        Reason::AlarmNeedsMoreEvents | Reason::AlarmFiresOnce | Reason::AlarmConditional => (
            "let the alarm go to ALARM on one event and back: Sum >= 1 over one period, missing data not breaching",
            vec![names.put_alarm()],
        ),
        Reason::AlarmActionsDisabled => (
            "enable the alarm's actions",
            vec![format!(
                "aws cloudwatch enable-alarm-actions --region {} --alarm-names {}",
                names.region(),
                quoted(&names.alarm_name())
            )],
        ),
        Reason::AlarmNoAction | Reason::ActionNotNotifying | Reason::ActionWrongPlace => (
            "give the alarm a topic in its own Region as action for the ALARM state",
            vec![names.put_alarm()],
        ),
        Reason::AlarmMuted => (
            "delete the mute rule or take the alarm out of it, or put an alarm beside it that no rule mutes",
            names.delete_mute_rules(),
        ),
        Reason::TopicMissing => (
            "create the topic again and subscribe somebody",
            vec![
                format!(
                    "aws sns create-topic --region {} --name {}",
                    names.region(),
                    quoted(
                        names
                            .topic
                            .as_ref()
                            .map_or("security-alarms", Arn::resource)
                    )
                ),
                names.subscribe(),
            ],
        ),
        Reason::TopicPolicyDenies => (
            "let `cloudwatch.amazonaws.com` publish: add an Allow of `sns:Publish` for that service principal to the topic's policy, and exempt AWS services from its Deny statements (`set-topic-attributes` replaces the whole policy)",
            vec![names.topic_attributes()],
        ),
        Reason::TopicKeyDenies => (
            "encrypt the topic with an enabled customer managed key whose policy allows `cloudwatch.amazonaws.com` `kms:Decrypt` and `kms:GenerateDataKey*`; add that to the policy of the key that it has, where that is one",
            vec![names.topic_attributes()],
        ),
        Reason::NoSubscription => ("subscribe somebody to the topic", vec![names.subscribe()]),
        Reason::SubscriptionPending => (
            "let the subscriber confirm; an unconfirmed subscription is removed after three days and must be made again",
            Vec::new(),
        ),
        Reason::SubscriptionFiltered => (
            "subscribe somebody without a filter policy, or take the policy off the subscription (`{}` lets every message through)",
            vec![names.subscribe()],
        ),
        Reason::Undecided => (
            "write the filters as plain JSON patterns, closer to the required one",
            vec![names.put_filter()],
        ),
        Reason::AlarmUndecided => (
            "let a plain alarm watch the metric: Sum >= 1 over one period",
            vec![names.put_alarm()],
        ),
        Reason::PolicyUndecided if names.weakest == Some(LinkKind::Subscription) => (
            "let the filter policy ask for nothing but what every message of the alarm has (`NewStateValue`, `AlarmName`, `AWSAccountId`), or subscribe somebody without one",
            vec![names.subscribe()],
        ),
        Reason::PolicyUndecided => (
            "allow `cloudwatch.amazonaws.com` in the policy by conditions on `aws:SourceAccount` or `aws:SourceArn` only",
            Vec::new(),
        ),
        Reason::FilterOnAbandonedGroup => (
            "put the filters of the abandoned log group on the one to which the trail delivers, with the same metrics, so that their alarms ring again",
            vec![names.put_filter()],
        ),
        Reason::OrganizationTrailOwnerOnly => (
            "let the trail's role write for members as well: in its policy, allow `logs:CreateLogStream` and `logs:PutLogEvents` on `…:log-stream:o-<organization>_*` beside `…:log-stream:<owner>_CloudTrail_<Region>*`",
            vec![format!(
                "aws cloudtrail get-trail-status {}",
                names.trail_arguments()
            )],
        ),
        Reason::RegionDeniedByPolicy => (
            "exempt the scanner's role from the service control policy that denies the Region, or record the decision that nothing can happen there",
            Vec::new(),
        ),
        _ => return of_unread(doubts),
    };
    Repair {
        words: words.to_owned(),
        commands,
    }
}

/// What could not be read: the permission, or the account.
fn of_unread(doubts: &[Doubt]) -> Repair {
    let unread = || doubts.iter().flat_map(|doubt| &doubt.unread);
    let permissions: BTreeSet<String> = unread()
        .filter_map(crate::known::Unread::missing_permission)
        .collect();
    let words = if permissions.is_empty() {
        match unread().next() {
            Some(unread) => format!(
                "sweep again; if it stays so, see to it that {} can be called",
                unread.call
            ),
            None => "sweep again".to_owned(),
        }
    } else {
        let list: Vec<String> = permissions.iter().map(|name| format!("`{name}`")).collect();
        format!("allow the scanner's role {}", list.join(", "))
    };
    Repair {
        words,
        commands: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
