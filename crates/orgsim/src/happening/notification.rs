//! From an alarm's action to the people who are told: topic, policy, key,
//! subscriptions, filter policies, and the message itself (CloudWatch user guide,
//! "Notifying users on alarm changes"; SNS developer guide).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::filter_policy;
use super::queueing;
use super::resource_policy::{self, Question};
use super::trace::{Link, Message, Trace};
use crate::state::{AlarmState, Confirmation, RegionState, World};

/// The service principal of CloudWatch alarms.
const CLOUDWATCH: &str = "cloudwatch.amazonaws.com";

/// An alarm that changes its state.
pub(super) struct Ringing<'a> {
    pub(super) arn: &'a str,
    pub(super) name: &'a str,
    pub(super) description: Option<&'a str>,
    pub(super) before: AlarmState,
    pub(super) after: AlarmState,
    pub(super) reason: &'a str,
    pub(super) at: DateTime<Utc>,
    /// Metric, period and so on, for a metric alarm.
    pub(super) trigger: Option<Value>,
}

impl Ringing<'_> {
    fn part(&self, place: usize) -> &str {
        self.arn.split(':').nth(place).unwrap_or_default()
    }

    fn subject(&self) -> String {
        format!("{}: \"{}\" in {}", self.after, self.name, self.part(3))
    }

    fn body(&self) -> Value {
        let mut body = json!({
            "AlarmName": self.name,
            "AlarmDescription": self.description,
            "AWSAccountId": self.part(4),
            "NewStateValue": self.after.as_str(),
            "NewStateReason": self.reason,
            "StateChangeTime": self.at.format("%Y-%m-%dT%H:%M:%S%.3f%z").to_string(),
            "Region": self.part(3),
            "AlarmArn": self.arn,
            "OldStateValue": self.before.as_str(),
        });
        if let Some(trigger) = &self.trigger {
            body["Trigger"] = trigger.clone();
        }
        body
    }
}

/// Carries out one action: `Ok` when CloudWatch got rid of it, whoever was reached by it.
pub(super) fn carry_out(
    world: &World,
    ringing: &Ringing<'_>,
    action: &str,
    trace: &mut Trace,
) -> Result<(), String> {
    let parts: Vec<&str> = action.split(':').collect();
    let result = match parts[..] {
        [_, partition, "sns", region, account, _] => {
            if partition != world.settings().partition || region != ringing.part(3) {
                Err("the topic is in another Region or partition".to_owned())
            } else {
                return publish(world, ringing, action, (account, region), trace);
            }
        }
        [
            _,
            _,
            service @ ("lambda" | "ssm" | "ssm-incidents" | "aiops"),
            ..,
        ] => {
            trace.pass(Link::Action, action, "carried out");
            trace.messages.push(Message {
                at: ringing.at,
                alarm: ringing.arn.to_owned(),
                state: ringing.after,
                action: action.to_owned(),
                protocol: service.to_owned(),
                endpoint: action.to_owned(),
                subject: ringing.subject(),
                body: ringing.body().to_string(),
            });
            return Ok(());
        }
        [
            _,
            _,
            service @ ("autoscaling" | "ec2" | "automate" | "swf"),
            ..,
        ] => {
            trace.stop(Link::Action, action, format!("{service} tells nobody"));
            return Ok(());
        }
        _ => Err("no such action".to_owned()),
    };
    if let Err(why) = &result {
        trace.stop(Link::Action, action, why.as_str());
    }
    result
}

fn publish(
    world: &World,
    ringing: &Ringing<'_>,
    arn: &str,
    (account, region): (&str, &str),
    trace: &mut Trace,
) -> Result<(), String> {
    let content = world.account(account).and_then(|state| {
        state
            .region_content(region)
            .map(RegionState::alarms_and_topics)
    });
    let accepted = content
        .as_ref()
        .ok_or_else(|| "the topic does not exist".to_owned())
        .and_then(|content| accept(ringing, arn, account, content));
    if let Err(why) = accepted {
        trace.stop(Link::Action, arn, why.as_str());
        return Err(why);
    }
    trace.pass(Link::Action, arn, "the topic accepts the message");
    if let Some(content) = content {
        deliver(world, ringing, arn, &content, trace);
    }
    Ok(())
}

/// Whether the topic takes CloudWatch's message; the error is what the alarm's history says.
fn accept(
    ringing: &Ringing<'_>,
    arn: &str,
    account: &str,
    content: &RegionState,
) -> Result<(), String> {
    let topic = content.topics.get(arn).ok_or("the topic does not exist")?;
    let context = context(ringing);
    let publish = Question {
        action: "sns:Publish",
        resource: arn,
        service: CLOUDWATCH,
        context: context.clone(),
    };
    if !resource_policy::allows(&topic.effective_policy(arn, account), &publish) {
        return Err(format!(
            "CloudWatch Alarms is not authorized to perform: SNS:Publish on resource: {arn}"
        ));
    }
    let Some(key) = &topic.kms_key else {
        return Ok(());
    };
    let denied =
        "CloudWatch Alarms does not have authorization to access the SNS topic encryption key.";
    let id = key.rsplit("key/").next().unwrap_or(key);
    let alias = key
        .rsplit_once("alias/")
        .map(|(_, name)| format!("alias/{name}"));
    if alias.as_deref() == Some("alias/aws/sns") {
        return Err(denied.to_owned());
    }
    let id = alias
        .and_then(|alias| content.key_aliases.get(&alias))
        .map_or(id, String::as_str);
    let key = content.keys.get(id).ok_or(denied)?;
    let may = |action| {
        let question = Question {
            action,
            resource: &key.arn,
            service: CLOUDWATCH,
            context: context.clone(),
        };
        resource_policy::allows(&key.policy, &question)
    };
    let usable = key.state == "Enabled" && key.manager == "CUSTOMER";
    if usable && may("kms:Decrypt") && may("kms:GenerateDataKey") {
        return Ok(());
    }
    Err(denied.to_owned())
}

/// The condition keys that CloudWatch's calls carry.
fn context(ringing: &Ringing<'_>) -> BTreeMap<String, String> {
    let account = ringing.part(4);
    [
        ("aws:sourcearn", ringing.arn),
        ("aws:sourceaccount", account),
        ("aws:sourceowner", account),
        ("aws:securetransport", "true"),
        ("aws:principalisawsservice", "true"),
        ("aws:principalservicename", CLOUDWATCH),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .collect()
}

fn deliver(
    world: &World,
    ringing: &Ringing<'_>,
    arn: &str,
    content: &RegionState,
    trace: &mut Trace,
) {
    let is_fifo = content.topics.get(arn).is_some_and(|topic| topic.fifo);
    let body = ringing.body();
    let mut any = false;
    for subscription in content.subscriptions.iter().filter(|s| s.topic_arn == arn) {
        any = true;
        let who = format!("{} {}", subscription.protocol, subscription.endpoint);
        let attribute = |name: &str| subscription.attributes.get(name).map(String::as_str);
        let why = match subscription.confirmation {
            Confirmation::Pending => Some("nobody has confirmed it"),
            Confirmation::Deleted => Some("it was removed"),
            Confirmation::Confirmed if is_fifo && subscription.protocol != "sqs" => {
                Some("a FIFO topic delivers to queues alone")
            }
            Confirmation::Confirmed => {
                let policy = attribute("FilterPolicy");
                let passes = filter_policy::passes(policy, attribute("FilterPolicyScope"), &body);
                (!passes).then_some("its filter policy drops the message")
            }
        };
        if let Some(why) = why {
            trace.stop(Link::Subscription, &who, why);
            continue;
        }
        let envelope = queueing::Envelope {
            topic: arn,
            subject: Some(&ringing.subject()),
            message: &body.to_string(),
            at: ringing.at,
        };
        if let Err(why) = queueing::deliver(world, subscription, &envelope) {
            trace.stop(Link::Subscription, &who, why);
            continue;
        }
        trace.pass(Link::Subscription, &who, "the message goes out");
        trace.messages.push(Message {
            at: ringing.at,
            alarm: ringing.arn.to_owned(),
            state: ringing.after,
            action: arn.to_owned(),
            protocol: subscription.protocol.clone(),
            endpoint: subscription.endpoint.clone(),
            subject: ringing.subject(),
            body: body.to_string(),
        });
    }
    if !any {
        trace.stop(Link::Subscription, arn, "the topic has no subscription");
    }
}
