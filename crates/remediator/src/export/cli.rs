//! The AWS CLI commands that do what an action says, for credentials of the
//! action's account. They need `aws` version 2; two kinds also need `jq`.

use std::collections::BTreeMap;

use orgsweep_controls::{Arn, ControlId, LogGroupArn, OrganizationId};
use serde_json::json;

use super::quote::quoted;
use crate::endpoint::Endpoint;
use crate::steps::{Action, Metric, TopicStatement};
use crate::write::role;

/// The commands of `action`, one per line. What they make carries `tags` beside orgsweep's own.
pub fn command(action: &Action, tags: &BTreeMap<String, String>) -> String {
    let region = action.region();
    match action {
        Action::StartLogging { trail } => {
            format!(
                "aws cloudtrail start-logging --region {region} --name {}",
                trail_name(trail)
            )
        }
        Action::MakeTrailMultiRegion { trail } => format!(
            "aws cloudtrail update-trail --region {region} --name {} --is-multi-region-trail \
             --include-global-service-events",
            trail_name(trail)
        ),
        Action::RecordGlobalServiceEvents { trail } => format!(
            "aws cloudtrail update-trail --region {region} --name {} \
             --include-global-service-events",
            trail_name(trail)
        ),
        Action::CreateLogGroup { log_group } => format!(
            "aws logs create-log-group --region {region} --log-group-name {}",
            quoted(log_group.name())
        ),
        Action::CreateDeliveryRole {
            role,
            log_group,
            organization,
        } => create_delivery_role(role, log_group, organization.as_ref(), tags),
        Action::ConnectLogGroup {
            trail,
            log_group,
            role,
        } => format!(
            "aws cloudtrail update-trail --region {region} --name {} \
             --cloud-watch-logs-log-group-arn {} --cloud-watch-logs-role-arn {}",
            trail_name(trail),
            quoted(&format!("{log_group}:*")),
            quoted(role.as_str())
        ),
        Action::PutMetricFilter {
            log_group,
            filter,
            pattern,
            metric,
        } => format!(
            "aws logs put-metric-filter --region {region} --log-group-name {} --filter-name {} \
             --filter-pattern {} --metric-transformations {}",
            quoted(log_group.name()),
            quoted(filter),
            quoted(pattern),
            quoted(&transformation(metric))
        ),
        Action::CreateTopic { topic } => format!(
            "aws sns create-topic --region {region} --name {} --tags {}",
            quoted(topic.resource()),
            marked(None, tags)
        ),
        Action::AllowCloudWatch { topic, statement } => allow_cloud_watch(topic, statement),
        Action::Subscribe { topic, endpoint } => subscribe(topic, endpoint),
        Action::PutAlarm {
            alarm,
            metric,
            topic,
            control,
        } => format!(
            "aws cloudwatch put-metric-alarm --region {region} --alarm-name {} \
             --alarm-description {} --namespace {} --metric-name {} --statistic Sum --period 300 \
             --evaluation-periods 1 --datapoints-to-alarm 1 --threshold 1 \
             --comparison-operator GreaterThanOrEqualToThreshold --treat-missing-data notBreaching \
             --alarm-actions {} --tags {}",
            quoted(crate::steps::alarm_name(alarm)),
            quoted(&format!("orgsweep: {control}")),
            quoted(&metric.namespace),
            quoted(&metric.name),
            quoted(topic.as_str()),
            marked(Some(control), tags),
        ),
        Action::EnableAlarmActions { alarm } => format!(
            "aws cloudwatch enable-alarm-actions --region {region} --alarm-names {}",
            quoted(crate::steps::alarm_name(alarm))
        ),
        Action::AddAlarmAction { alarm, topic } => add_alarm_action(alarm, topic),
        Action::Remove { made, .. } => remove(made),
    }
}

/// Values of `--tags`: that orgsweep made it, for which control, and the user's tags.
fn marked(control: Option<&ControlId>, tags: &BTreeMap<String, String>) -> String {
    let own = [("made-by".to_owned(), "orgsweep".to_owned())];
    let control = control.map(|control| ("orgsweep-control".to_owned(), control.to_string()));
    let all = own.into_iter().chain(control).chain(tags.clone());
    let written: Vec<String> = all
        .map(|(key, value)| quoted(&format!("Key={key},Value={value}")))
        .collect();
    written.join(" ")
}

/// The command that takes away what `made` makes.
fn remove(made: &Action) -> String {
    let region = made.region();
    match made {
        Action::PutAlarm { alarm, .. } => format!(
            "aws cloudwatch delete-alarms --region {region} --alarm-names {}",
            quoted(crate::steps::alarm_name(alarm))
        ),
        Action::PutMetricFilter {
            log_group, filter, ..
        } => format!(
            "aws logs delete-metric-filter --region {region} --log-group-name {} --filter-name {}",
            quoted(log_group.name()),
            quoted(filter)
        ),
        Action::CreateTopic { topic } => format!(
            "aws sns delete-topic --region {region} --topic-arn {}",
            quoted(topic.as_str())
        ),
        Action::Subscribe { topic, endpoint } => format!(
            "aws sns unsubscribe --region {region} --subscription-arn \"$(aws sns \
             list-subscriptions-by-topic --region {region} --topic-arn {} --output json \
             | jq -r --arg protocol {} --arg endpoint {} '.Subscriptions[] \
             | select(.Protocol == $protocol and .Endpoint == $endpoint) | .SubscriptionArn')\"",
            quoted(topic.as_str()),
            quoted(&endpoint.protocol),
            quoted(&endpoint.address)
        ),
        // Nothing else is taken away (`can_be_removed`).
        _ => String::new(),
    }
}

/// The command that subscribes `endpoint`, also for sending a confirmation again.
pub(crate) fn subscribe(topic: &Arn, endpoint: &Endpoint) -> String {
    format!(
        "aws sns subscribe --region {} --topic-arn {} --protocol {} --notification-endpoint {} \
         --return-subscription-arn",
        region_of(topic),
        quoted(topic.as_str()),
        quoted(&endpoint.protocol),
        quoted(&endpoint.address)
    )
}

/// A trail's name serves in its own account and Region, where it is changed.
fn trail_name(trail: &Arn) -> String {
    quoted(trail.resource().trim_start_matches("trail/"))
}

/// JSON rather than shorthand: names may hold commas and equals signs.
fn transformation(metric: &Metric) -> String {
    json!([{
        "metricName": metric.name,
        "metricNamespace": metric.namespace,
        "metricValue": "1",
    }])
    .to_string()
}

/// The policy is read, extended and put back: SetTopicAttributes replaces it whole.
fn allow_cloud_watch(topic: &Arn, statement: &TopicStatement) -> String {
    let region = region_of(topic);
    let arn = quoted(topic.as_str());
    format!(
        "policy=$(aws sns get-topic-attributes --region {region} --topic-arn {arn} \
         --query Attributes.Policy --output text \
         | jq -c --argjson statement {} \
         '.Statement = ([.Statement] | flatten(1) | map(select(.Sid != $statement.Sid))) + [$statement]')\n\
         aws sns set-topic-attributes --region {region} --topic-arn {arn} \
         --attribute-name Policy --attribute-value \"$policy\"",
        quoted(&statement.to_json(topic).to_string())
    )
}

/// The alarm is read, extended and put back: PutMetricAlarm replaces it whole.
fn add_alarm_action(alarm: &Arn, topic: &Arn) -> String {
    let region = region_of(alarm);
    format!(
        "alarm=$(aws cloudwatch describe-alarms --region {region} --alarm-names {} \
         --alarm-types MetricAlarm --output json \
         | jq -c --arg topic {} '.MetricAlarms[0] | {{AlarmName, AlarmDescription, ActionsEnabled, \
         OKActions, AlarmActions, InsufficientDataActions, MetricName, Namespace, Statistic, \
         ExtendedStatistic, Dimensions, Period, Unit, EvaluationPeriods, DatapointsToAlarm, \
         Threshold, ComparisonOperator, TreatMissingData, EvaluateLowSampleCountPercentile, \
         Metrics, ThresholdMetricId}} | .AlarmActions = ((.AlarmActions // []) + [$topic] | unique) \
         | with_entries(select(.value != null and .value != []))')\n\
         aws cloudwatch put-metric-alarm --region {region} --cli-input-json \"$alarm\"",
        quoted(crate::steps::alarm_name(alarm)),
        quoted(topic.as_str())
    )
}

fn create_delivery_role(
    role_arn: &Arn,
    log_group: &LogGroupArn,
    organization: Option<&OrganizationId>,
    tags: &BTreeMap<String, String>,
) -> String {
    let trust = role::trust();
    let policy = role::policy(log_group, organization);
    let name = quoted(role::name(role_arn));
    format!(
        "aws iam create-role --role-name {name} --assume-role-policy-document {} \
         --tags {}\n\
         aws iam put-role-policy --role-name {name} --policy-name deliver --policy-document {}",
        quoted(&trust.to_string()),
        marked(None, tags),
        quoted(&policy.to_string())
    )
}

fn region_of(arn: &Arn) -> String {
    arn.region().map(String::from).unwrap_or_default()
}
