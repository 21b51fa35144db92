//! Tries every read that a sweep makes in an account, so that a missing
//! permission is found before the night. What does not exist is asked for as
//! well: the answer "not found" proves the permission as well as data would.

use aws_sdk_account::types::RegionOptStatus;
use aws_sdk_cloudwatch::types::AlarmType;
use orgsweep_controls::{AccountId, Region};

use crate::errors::{CallError, FaultKind};
use crate::operation::Operation;
use crate::session::Session;

/// A name that nothing real has.
const NOTHING: &str = "orgsweep-access-check";

/// What the role in one account may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessCheck {
    /// The account.
    pub account: AccountId,
    /// Why there is no session in it, if so; nothing else was tried then.
    pub sign_in_failure: Option<String>,
    /// Every permission that a sweep uses.
    pub permissions: Vec<PermissionCheck>,
}

impl AccessCheck {
    /// The permissions that are missing.
    pub fn missing(&self) -> Vec<&str> {
        let missing =
            |check: &&PermissionCheck| matches!(check.outcome, PermissionOutcome::Denied { .. });
        self.permissions
            .iter()
            .filter(missing)
            .map(|check| check.permission.as_str())
            .collect()
    }

    /// Whether a sweep can read everything that it needs.
    pub fn is_sufficient(&self) -> bool {
        self.permissions
            .iter()
            .all(|check| check.outcome == PermissionOutcome::Allowed)
    }
}

/// One permission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermissionCheck {
    /// The IAM action, for example `logs:DescribeMetricFilters`.
    pub permission: String,
    /// What trying it showed.
    pub outcome: PermissionOutcome,
}

/// What trying a permission showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PermissionOutcome {
    /// AWS answered.
    Allowed,
    /// AWS said no.
    Denied {
        /// AWS's words.
        message: String,
    },
    /// It was not tried, or trying it showed nothing.
    NotTried {
        /// Why.
        message: String,
    },
}

/// Tries the reads in the account of `session`.
pub(crate) async fn check(session: &Session) -> AccessCheck {
    let account = session.account().clone();
    if let Err(failure) = session.sign_in().await {
        return AccessCheck {
            account,
            sign_in_failure: Some(failure.message),
            permissions: Vec::new(),
        };
    }
    let region = &session.shared().vantage;
    let (account_reads, trail_reads, log_reads, alarm_reads, topic_reads, key_reads) = tokio::join!(
        account_reads(session),
        trail_reads(session, region),
        log_reads(session, region),
        alarm_reads(session, region),
        topic_reads(session, region),
        key_reads(session, region),
    );
    AccessCheck {
        account,
        sign_in_failure: None,
        permissions: [
            account_reads,
            trail_reads,
            log_reads,
            alarm_reads,
            topic_reads,
            key_reads,
        ]
        .concat(),
    }
}

async fn account_reads(session: &Session) -> Vec<PermissionCheck> {
    let region = &session.shared().regions.account;
    let request = session
        .clients()
        .account(region)
        .list_regions()
        .region_opt_status_contains(RegionOptStatus::EnabledByDefault);
    let regions = session
        .call(Operation::ListRegions, region, || request.clone().send())
        .await;
    vec![shown(Operation::ListRegions, regions)]
}

async fn trail_reads(session: &Session, region: &Region) -> Vec<PermissionCheck> {
    let client = session.clients().cloudtrail(region);
    let (trails, status, selectors) = tokio::join!(
        session.call(Operation::DescribeTrails, region, || client
            .describe_trails()
            .send()),
        session.call(Operation::GetTrailStatus, region, || client
            .get_trail_status()
            .name(NOTHING)
            .send()),
        session.call(Operation::GetEventSelectors, region, || {
            client.get_event_selectors().trail_name(NOTHING).send()
        }),
    );
    vec![
        shown(Operation::DescribeTrails, trails),
        shown(Operation::GetTrailStatus, status),
        shown(Operation::GetEventSelectors, selectors),
    ]
}

async fn log_reads(session: &Session, region: &Region) -> Vec<PermissionCheck> {
    let client = session.clients().logs(region);
    let (groups, filters, streams) = tokio::join!(
        session.call(Operation::DescribeLogGroups, region, || {
            client
                .describe_log_groups()
                .log_group_name_prefix(NOTHING)
                .send()
        }),
        session.call(Operation::DescribeMetricFilters, region, || {
            client
                .describe_metric_filters()
                .log_group_name(NOTHING)
                .send()
        }),
        session.call(Operation::DescribeLogStreams, region, || {
            client.describe_log_streams().log_group_name(NOTHING).send()
        }),
    );
    vec![
        shown(Operation::DescribeLogStreams, streams),
        shown(Operation::DescribeLogGroups, groups),
        shown(Operation::DescribeMetricFilters, filters),
    ]
}

async fn alarm_reads(session: &Session, region: &Region) -> Vec<PermissionCheck> {
    // Composite alarms need the permission on every resource.
    let request = session
        .clients()
        .cloudwatch(region)
        .describe_alarms()
        .alarm_types(AlarmType::MetricAlarm)
        .alarm_types(AlarmType::CompositeAlarm)
        .max_records(1);
    let history = session
        .clients()
        .cloudwatch(region)
        .describe_alarm_history()
        .alarm_types(AlarmType::MetricAlarm)
        .alarm_types(AlarmType::CompositeAlarm)
        .max_records(1);
    let (alarms, history) = tokio::join!(
        session.call(Operation::DescribeAlarms, region, || request.clone().send()),
        session.call(Operation::DescribeAlarmHistory, region, || {
            history.clone().send()
        }),
    );
    let mut shown = vec![
        shown(Operation::DescribeAlarms, alarms),
        shown(Operation::DescribeAlarmHistory, history),
    ];
    shown.extend(mute_rule_reads(session, region).await);
    shown.extend(link_reads(session, region).await);
    shown
}

/// Nothing where the Region has no links to monitoring accounts.
async fn link_reads(session: &Session, region: &Region) -> Vec<PermissionCheck> {
    if !session.has_links(region).await {
        return Vec::new();
    }
    let client = session.clients().oam(region);
    let link = format!(
        "arn:{}:oam:{region}:{}:link/00000000-0000-4000-8000-000000000000",
        session.partition(),
        session.account()
    );
    let (links, link) = tokio::join!(
        session.call(Operation::ListLinks, region, || {
            client.list_links().max_results(1).send()
        }),
        session.call(Operation::GetLink, region, || {
            client.get_link().identifier(&link).send()
        }),
    );
    vec![
        shown(Operation::ListLinks, links),
        shown(Operation::GetLink, link),
    ]
}

/// Nothing where the Region has no mute rules: no permission is needed for them then.
async fn mute_rule_reads(session: &Session, region: &Region) -> Vec<PermissionCheck> {
    if !session.has_mute_rules(region).await {
        return Vec::new();
    }
    let client = session.clients().cloudwatch(region);
    let (rules, rule) = tokio::join!(
        session.call(Operation::ListAlarmMuteRules, region, || {
            client.list_alarm_mute_rules().max_records(1).send()
        }),
        session.call(Operation::GetAlarmMuteRule, region, || {
            client
                .get_alarm_mute_rule()
                .alarm_mute_rule_name(NOTHING)
                .send()
        }),
    );
    vec![
        shown(Operation::ListAlarmMuteRules, rules),
        shown(Operation::GetAlarmMuteRule, rule),
    ]
}

async fn topic_reads(session: &Session, region: &Region) -> Vec<PermissionCheck> {
    let client = session.clients().sns(region);
    let topic = format!(
        "arn:{}:sns:{region}:{}:{NOTHING}",
        session.partition(),
        session.account()
    );
    let subscription = format!("{topic}:00000000-0000-4000-8000-000000000000");
    let (attributes, subscriptions, filter) = tokio::join!(
        session.call(Operation::GetTopicAttributes, region, || {
            client.get_topic_attributes().topic_arn(&topic).send()
        }),
        session.call(Operation::ListSubscriptionsByTopic, region, || {
            client
                .list_subscriptions_by_topic()
                .topic_arn(&topic)
                .send()
        }),
        session.call(Operation::GetSubscriptionAttributes, region, || {
            client
                .get_subscription_attributes()
                .subscription_arn(&subscription)
                .send()
        }),
    );
    vec![
        shown(Operation::GetTopicAttributes, attributes),
        shown(Operation::ListSubscriptionsByTopic, subscriptions),
        shown(Operation::GetSubscriptionAttributes, filter),
    ]
}

/// KMS decides by the key, so a real one is needed: AWS's own key for SNS, which
/// exists once SNS has used it.
async fn key_reads(session: &Session, region: &Region) -> Vec<PermissionCheck> {
    let client = session.clients().kms(region);
    let described = session
        .call(Operation::DescribeKey, region, || {
            client.describe_key().key_id("alias/aws/sns").send()
        })
        .await;
    let key = described
        .as_ref()
        .ok()
        .and_then(|answer| answer.key_metadata.as_ref())
        .map(|key| key.key_id.clone());
    let policy = match key {
        Some(key) => {
            let request = client.get_key_policy().key_id(key).policy_name("default");
            let policy = session
                .call(Operation::GetKeyPolicy, region, || request.clone().send())
                .await;
            shown(Operation::GetKeyPolicy, policy)
        }
        None => PermissionCheck {
            permission: Operation::GetKeyPolicy.permission(),
            outcome: PermissionOutcome::NotTried {
                message: format!("there is no key to try it on in {region}"),
            },
        },
    };
    vec![shown(Operation::DescribeKey, described), policy]
}

/// What the answer of `operation` shows about its permission.
fn shown<T>(operation: Operation, answer: Result<T, CallError>) -> PermissionCheck {
    let outcome = match answer {
        Ok(_) => PermissionOutcome::Allowed,
        Err(error) => match error.kind {
            FaultKind::NotFound => PermissionOutcome::Allowed,
            FaultKind::Denied | FaultKind::DeniedByServiceControlPolicy => {
                PermissionOutcome::Denied {
                    message: error.words(),
                }
            }
            _ => PermissionOutcome::NotTried {
                message: format!("{} ({})", error.clone().into_unread(), error.words()),
            },
        },
    };
    PermissionCheck {
        permission: operation.permission(),
        outcome,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_exist_proves_the_permission_and_a_throttle_proves_nothing() {
        let region: Region = "eu-west-1".parse().unwrap();
        let outcome = |kind| {
            let error = CallError {
                operation: Operation::GetTrailStatus,
                region: region.clone(),
                kind,
                code: Some("Code".to_owned()),
                status_alone: None,
                message: "words".to_owned(),
            };
            shown(Operation::GetTrailStatus, Err::<(), _>(error)).outcome
        };
        assert_eq!(outcome(FaultKind::NotFound), PermissionOutcome::Allowed);
        assert!(matches!(
            outcome(FaultKind::Denied),
            PermissionOutcome::Denied { .. }
        ));
        assert!(matches!(
            outcome(FaultKind::Throttled),
            PermissionOutcome::NotTried { .. }
        ));
    }
}
