//! What would repair a failing control: in words, and as the benchmark's own
//! AWS CLI commands with the real names filled in. Putting a filter or an alarm replaces one of the
//! same name with all that it has and all that it does for other controls, so that commands put new
//! ones beside those that are there.

mod names;
mod other_trails;

use std::collections::BTreeSet;

use super::doubts::Doubt;
use crate::finding::LinkKind;
use crate::ids::{Arn, LogGroupArn};
use crate::reason::Reason;
pub(super) use names::Names;
use names::quoted;

/// A repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Repair {
    pub(super) words: String,
    pub(super) commands: Vec<String>,
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
            vec![
                "aws cloudtrail create-trail --name security-trail --s3-bucket-name BUCKET --is-multi-region-trail --cloud-watch-logs-log-group-arn LOG_GROUP_ARN --cloud-watch-logs-role-arn ROLE_ARN".to_owned(),
                "aws cloudtrail start-logging --name security-trail".to_owned(),
            ],
        ),
        Reason::NoLogGroup => (
            "let the trail deliver to a CloudWatch Logs log group".to_owned(),
            vec![format!("aws cloudtrail update-trail {trail} --cloud-watch-logs-log-group-arn LOG_GROUP_ARN --cloud-watch-logs-role-arn ROLE_ARN")],
        ),
        Reason::TrailNotMultiRegion => (
            every_region(names.other_trails.of_single_regions),
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
        Reason::TrailNoGlobalEvents if names.other_trails.record_the_other_regions => (
            "let the trail record global service events, beside those of its own Region".to_owned(),
            vec![format!("aws cloudtrail update-trail {trail} --include-global-service-events")],
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

/// Trails of single Regions go on to record, beside the one that then records every Region.
fn every_region(of_single_regions: usize) -> String {
    let words = "make the trail record every Region";
    let others = match of_single_regions {
        0 => return words.to_owned(),
        1 => "the trail of a single Region that has a working chain then records its events"
            .to_owned(),
        many => {
            format!(
                "the {many} trails of single Regions that have working chains then record their events"
            )
        }
    };
    let them = if of_single_regions == 1 { "it" } else { "them" };
    format!(
        "{words}; {others} a second time, which is told and paid for twice until you switch {them} off. \
         Or put a trail with a chain of its own in each Region that has none"
    )
}

fn of_filters_and_later(reason: Reason, names: &Names<'_>, doubts: &[Doubt]) -> Repair {
    let (words, commands): (&str, Vec<String>) = match reason {
        Reason::NoFilter if names.waiting.is_some() => (
            "put a metric filter with the required pattern, which publishes to the metric for which an alarm waits",
            names.filter_for_waiting(),
        ),
        Reason::NoFilter => (
            "put a metric filter with the required pattern, and an alarm on its metric",
            names.filter_for_waiting(),
        ),
        Reason::FilterDoesNotCover
        | Reason::FilterInvalid
        | Reason::FilterOnTransformedLogs
        | Reason::FilterFieldSelection => (
            "put a metric filter with the whole required pattern, on CloudTrail's own events of every account, beside those that are there",
            names.filter_beside(),
        ),
        Reason::NoAlarm => ("put an alarm on the filter's metric", names.alarm_beside()),
        Reason::AlarmWrongMetric => (
            "put an alarm beside it that watches exactly the metric that a filter publishes for all of the control's events: namespace, name, no dimensions, no unit",
            names.alarm_beside(),
        ),
        // The filter's own value or default value may be what keeps the alarm from it.
        Reason::AlarmNeverFires | Reason::AlarmAlwaysFiring => (
            "let a filter publish 1 per event and no default value, and an alarm beside this one go to ALARM on one event and back: Sum >= 1 over one period, missing data not breaching",
            names.alarm_beside(),
        ),
        Reason::AlarmNeedsMoreEvents | Reason::AlarmFiresOnce | Reason::AlarmConditional => (
            "put an alarm beside it that goes to ALARM on one event and back: Sum >= 1 over one period, missing data not breaching",
            names.alarm_beside(),
        ),
        Reason::AlarmActionsDisabled => (
            "enable the alarm's actions",
            vec![format!(
                "aws cloudwatch enable-alarm-actions --region {} --alarm-names {}",
                names.region(),
                quoted(&names.blamed_alarm())
            )],
        ),
        Reason::AlarmNoAction | Reason::ActionNotNotifying | Reason::ActionWrongPlace => (
            "give the alarm a topic in its own Region as action for the ALARM state (`put-metric-alarm` replaces all that it has), or put an alarm beside it that has one",
            names.alarm_beside(),
        ),
        Reason::AlarmMuted if names.mute_rules.is_empty() => (
            "take the suppressor off the composite alarm, or see to it that it is not in ALARM when the composite is, or put an alarm beside it that nothing suppresses",
            names.alarm_beside(),
        ),
        Reason::AlarmMuted if names.may_delete_mute_rules() => (
            "delete the mute rule or take the alarm out of it, or put an alarm beside it that no rule mutes",
            names.delete_mute_rules(),
        ),
        Reason::AlarmMuted => (
            "take the alarm out of the mute rule, which mutes other alarms, too, or put an alarm beside it that no rule mutes",
            names.alarm_beside(),
        ),
        Reason::TopicMissing if names.topic_is_foreign() => (
            "ask the account of the topic to create it again and to subscribe somebody, or give the alarm another one",
            Vec::new(),
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
            "write the filters as plain JSON patterns, closer to the required one, or put one beside them",
            names.filter_beside(),
        ),
        Reason::AlarmUndecided => (
            "let a plain alarm beside it watch the metric: Sum >= 1 over one period",
            names.alarm_beside(),
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
            names.filter_again(),
        ),
        Reason::OrganizationTrailOwnerOnly => (
            "let the trail's role write for members as well: in its policy, allow `logs:CreateLogStream` and `logs:PutLogEvents` on `…:log-stream:o-<organization>_*` beside `…:log-stream:<owner>_CloudTrail_<Region>*`",
            vec![format!(
                "aws cloudtrail get-trail-status {}",
                names.trail_arguments()
            )],
        ),
        Reason::RegionDeniedByPolicy => (
            "exempt the scanner's role from the service control policy that denies the call, or, where it denies the whole Region, record the decision that nothing can happen there",
            Vec::new(),
        ),
        Reason::OwnerUnread => return of_owner(names, doubts),
        _ => return of_unread(doubts),
    };
    Repair {
        words: words.to_owned(),
        commands,
    }
}

/// The account to mend is the one that could not be read, not the one that is judged.
fn of_owner(names: &Names<'_>, doubts: &[Doubt]) -> Repair {
    let Some(owner) = names.owner() else {
        return of_unread(doubts);
    };
    Repair {
        words: format!(
            "let the sweep read account {owner}, which owns the trail or its log group: the scanner's \
             role has to be there, and the caller to be allowed to assume it (`orgsweep check-access \
             --accounts {owner}` tries it)"
        ),
        commands: Vec::new(),
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
