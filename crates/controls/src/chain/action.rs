//! What an alarm does when it goes to ALARM: whether one of its actions tells
//! somebody. CloudWatch validates none of them, but the alarm's history says what
//! became of them the last time. A failure decides where what was read does not;
//! where CloudWatch may publish now, it is a remark, since somebody may have
//! repaired the topic in the meantime.

use super::filter_policy::Sender;
use super::judged::{Judged, note};
use super::key::{self, KeyDecision};
use super::policy::{self, Decision, Request};
use super::subscription;
use crate::finding::{LinkKind, LinkState};
use crate::ids::Arn;
use crate::known::{Call, Known, Unread, UnreadCause};
use crate::reason::Reason;
use crate::snapshot::{FailedAction, Key, Topic};

/// Where topics and keys are looked up.
pub(crate) trait Topics {
    /// What is known of a topic; `None` when nobody asked.
    fn topic(&self, arn: &Arn) -> Option<&Known<Option<Topic>>>;
    /// What is known of a topic's key, by Region and id.
    fn key(&self, topic: &Arn, id: &str) -> Option<&Known<Option<Key>>>;
}

/// The links from one action of the alarm `sender` on: the action, and for a topic the
/// subscriptions. The last one is broken, or all hold or are unknown. `failed` is how
/// the action went wrong when the alarm last rang.
pub(crate) fn judge(
    action: &str,
    sender: Sender<'_>,
    topics: &dyn Topics,
    failed: Option<&FailedAction>,
) -> Vec<Judged> {
    let mut links = by_facts(action, sender, topics);
    if let (Some(failed), Some(first)) = (failed, links.first_mut()) {
        if let Some(broken) = broken_by(failed, first) {
            return vec![broken];
        }
        if !first.is_broken() {
            first.notes.push(note("action_failed", told(failed)));
        }
    }
    links
}

/// The link as broken, where what was read does not say whether the action works: it did not
/// when the alarm last rang.
fn broken_by(failed: &FailedAction, link: &Judged) -> Option<Judged> {
    let arn = failed.action.parse::<Arn>().ok()?;
    let by_topic = link.link.state == LinkState::Unknown && arn.service() == "sns";
    // Whether CloudWatch may run any other action is in no fact.
    let by_nothing_else = !link.is_broken() && arn.service() != "sns";
    let reason = match failed.error.to_ascii_lowercase() {
        _ if by_nothing_else => Reason::ActionNotNotifying,
        _ if !by_topic => return None,
        error if error.contains("encryption key") || error.contains("kms") => {
            Reason::TopicKeyDenies
        }
        error if error.contains("not authorized") => Reason::TopicPolicyDenies,
        error if error.contains("does not exist") || error.contains("notfound") => {
            Reason::TopicMissing
        }
        _ => return None,
    };
    Some(Judged::broken(
        LinkKind::Action,
        &failed.action,
        reason,
        told(failed),
    ))
}

fn told(failed: &FailedAction) -> String {
    let day = failed.at.format("%Y-%m-%d");
    let why = match failed.error.as_str() {
        "" => String::new(),
        error => format!(": {error}"),
    };
    format!(
        "on {day}, when the alarm last rang, CloudWatch could not run the action{why}; if that was repaired since, a drill shows it"
    )
}

fn by_facts(action: &str, sender: Sender<'_>, topics: &dyn Topics) -> Vec<Judged> {
    let kind = LinkKind::Action;
    let Ok(arn) = action.parse::<Arn>() else {
        let detail = "the action is not an ARN";
        return vec![Judged::broken(
            kind,
            action,
            Reason::ActionNotNotifying,
            detail,
        )];
    };
    let alarm = sender.arn();
    let machines = ["lambda", "ssm", "ssm-incidents", "aiops"];
    if machines.contains(&arn.service()) && arn.partition() != alarm.partition() {
        let detail = format!("the action is in partition {}", arn.partition());
        let reason = Reason::ActionWrongPlace;
        return vec![Judged::broken(kind, action, reason, detail)];
    }
    let tells = match (arn.service(), arn.resource()) {
        ("sns", _) => return topic_links(&arn, sender, topics),
        ("lambda", _) => "a Lambda function",
        ("ssm", resource) if resource.starts_with("opsitem:") => "an OpsItem in Systems Manager",
        ("ssm-incidents", _) => "an incident of Incident Manager",
        ("aiops", resource) if resource.starts_with("investigation-group") => {
            "an investigation of CloudWatch"
        }
        (service, _) => {
            let detail = format!("an action of {service} tells nobody");
            return vec![Judged::broken(
                kind,
                action,
                Reason::ActionNotNotifying,
                detail,
            )];
        }
    };
    if let Some(region) = arn
        .region()
        .filter(|of| Some(of) != alarm.region().as_ref())
    {
        let detail = format!(
            "the action is {tells} in {region}; whether CloudWatch runs actions of another Region is not documented"
        );
        let reason = Reason::AlarmUndecided;
        return vec![Judged::unknown(kind, action, reason, detail)];
    }
    vec![machine(action, tells)]
}

fn machine(action: &str, what: &str) -> Judged {
    let text = format!("the message goes to {what}; who reads it there is not checked");
    Judged::holds(LinkKind::Action, action, what).noting([note("machine_action", text)])
}

fn topic_links(arn: &Arn, sender: Sender<'_>, topics: &dyn Topics) -> Vec<Judged> {
    let alarm = sender.arn();
    let kind = LinkKind::Action;
    let name = arn.as_str();
    if arn.region() != alarm.region() || arn.partition() != alarm.partition() {
        let place = |arn: &Arn| {
            let region = arn
                .region()
                .map_or_else(|| "no Region".to_owned(), String::from);
            format!("{region} ({})", arn.partition())
        };
        let detail = format!(
            "the topic is in {}, the alarm in {}",
            place(arn),
            place(alarm)
        );
        return vec![Judged::broken(kind, name, Reason::ActionWrongPlace, detail)];
    }
    let not_asked = || Unread {
        call: Call::new("sns", "GetTopicAttributes", arn.region()),
        cause: UnreadCause::NotAsked,
        message: String::new(),
    };
    let topic = match topics.topic(arn).map(Known::get) {
        Some(Ok(Some(topic))) => topic,
        Some(Ok(None)) => {
            let detail = "the topic does not exist";
            return vec![Judged::broken(kind, name, Reason::TopicMissing, detail)];
        }
        Some(Err(unread)) => return vec![Judged::unread(kind, name, unread)],
        None => return vec![Judged::unread(kind, name, &not_asked())],
    };
    if topic.fifo {
        let detail = "a FIFO topic delivers to queues only";
        return vec![Judged::broken(
            kind,
            name,
            Reason::ActionNotNotifying,
            detail,
        )];
    }
    let published = may_publish(arn, topic, alarm, topics);
    if published.is_broken() {
        return vec![published];
    }
    vec![
        published,
        subscription::judge(arn, &topic.subscriptions, sender),
    ]
}

/// The topic's policy and key, as one link.
fn may_publish(arn: &Arn, topic: &Topic, alarm: &Arn, topics: &dyn Topics) -> Judged {
    let kind = LinkKind::Action;
    let name = arn.as_str();
    let account = alarm.account();
    let account = account.as_ref().map_or("", |account| account.as_str());
    let request = Request::of_alarm("sns:Publish", name, alarm.as_str(), account);
    let by_policy = match &topic.policy {
        Some(policy) => policy::decide(policy, &request),
        None => Decision::Undecided("the topic's policy is not known".to_owned()),
    };
    if let Decision::Denied(why) = by_policy {
        let detail = format!("the topic's policy does not let CloudWatch publish: {why}");
        return Judged::broken(kind, name, Reason::TopicPolicyDenies, detail);
    }
    let by_key = match &topic.kms_key {
        Some(id) => key::judge(id, topics.key(arn, id), alarm, arn),
        None => KeyDecision::Allows,
    };
    match (by_policy, by_key) {
        (_, KeyDecision::Denies(why)) => Judged::broken(kind, name, Reason::TopicKeyDenies, why),
        (_, KeyDecision::Unread(unread)) => Judged::unread(kind, name, &unread),
        (Decision::Undecided(why), _) | (_, KeyDecision::Undecided(why)) => {
            Judged::unknown(kind, name, Reason::PolicyUndecided, why)
        }
        _ => Judged::holds(kind, name, "CloudWatch may publish to the topic"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::CompositeAlarm;

    struct NoTopics;

    impl Topics for NoTopics {
        fn topic(&self, _: &Arn) -> Option<&Known<Option<Topic>>> {
            None
        }

        fn key(&self, _: &Arn, _: &str) -> Option<&Known<Option<Key>>> {
            None
        }
    }

    #[test]
    #[rustfmt::skip]
    fn an_action_counts_when_it_tells_somebody_and_says_so_when_that_is_a_machine() {
        let alarm = CompositeAlarm {
            name: "s3".to_owned(),
            arn: "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:s3".parse().unwrap(),
            rule: "ALARM(x)".to_owned(),
            actions_enabled: true,
            alarm_actions: Vec::new(),
            actions_suppressor: None,
            suppressor_wait: None,
        };
        for (expected, action) in [
            (LinkState::Holds,   "arn:aws:lambda:eu-west-1:111122223333:function:tell:live"),
            (LinkState::Holds,   "arn:aws:ssm:eu-west-1:111122223333:opsitem:2#CATEGORY=Security"),
            (LinkState::Holds,   "arn:aws:ssm-incidents::111122223333:response-plan/on-call"),
            (LinkState::Holds,   "arn:aws:aiops:eu-west-1:111122223333:investigation-group/a1b2"),
            (LinkState::Unknown, "arn:aws:lambda:us-east-1:111122223333:function:tell"),
            (LinkState::Unknown, "arn:aws:ssm:us-east-1:111122223333:opsitem:2"),
            (LinkState::Broken,  "arn:aws-cn:lambda:cn-north-1:111122223333:function:tell"),
            (LinkState::Broken,  "arn:aws:automate:eu-west-1:ec2:recover"),
            (LinkState::Broken,  "arn:aws:autoscaling:eu-west-1:111122223333:scalingPolicy:1"),
            (LinkState::Broken,  "security-alerts"),
            (LinkState::Broken,  "arn:aws:sns:us-east-1:111122223333:alerts"),
            (LinkState::Broken,  "arn:aws-cn:sns:eu-west-1:111122223333:alerts"),
            (LinkState::Unknown, "arn:aws:sns:eu-west-1:111122223333:alerts"),
        ] {
            let links = judge(action, Sender::Composite(&alarm), &NoTopics, None);
            assert_eq!(links[0].link.state, expected, "{action}");
            let noted = links[0].notes.iter().any(|note| note.code == "machine_action");
            assert_eq!(noted, expected == LinkState::Holds, "{action}");
        }
    }
}
