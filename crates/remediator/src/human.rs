//! What only a person can do: agreeing to receive mail, opening a key, deciding
//! about a trail. Each with the command that helps, and with what a snapshot
//! looks like once it is done (in `simulate`), so that planning can go on.

use std::collections::BTreeMap;

use orgsweep_controls::{AccountId, Arn, LogGroupArn, Region};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::endpoint::Endpoint;
use crate::export::{cli, quoted};
use crate::owner::Owner;
use crate::steps::{Action, Repairs};

/// One thing that a person has to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HumanStep {
    /// Its place among the human steps, from 1.
    pub number: u32,
    /// The account that it concerns.
    pub account_id: AccountId,
    /// The Region that it concerns.
    pub region: Region,
    /// What it is: `kind` and the values of that kind.
    #[serde(flatten)]
    pub act: HumanAct,
    /// ARN of what it is about.
    pub resource: String,
    /// What to do, in words.
    pub text: String,
    /// The command that does or helps it, where there is one.
    pub command: Option<String>,
    /// Who looks after the resource, if its tags say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    /// The findings that need it.
    pub repairs: Repairs,
}

/// The kinds of things that a person has to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum HumanAct {
    /// Agree to receive a topic's messages.
    ConfirmSubscription {
        /// The topic.
        topic: Arn,
        /// Who has to agree.
        endpoint: Endpoint,
    },
    /// Choose who is told by a topic.
    ChooseSubscriber {
        /// The topic.
        topic: Arn,
    },
    /// Let the topic deliver to a queue or function.
    AllowDelivery {
        /// The topic.
        topic: Arn,
        /// The queue or function.
        endpoint: Endpoint,
    },
    /// Let CloudWatch use the key of an encrypted topic.
    AllowCloudWatchInKey {
        /// The topic.
        topic: Arn,
        /// The topic's `KmsMasterKeyId`.
        key: String,
    },
    /// Ask the owner of a topic in another account to let alarms publish, or to
    /// subscribe somebody.
    AskTopicOwner {
        /// The topic.
        topic: Arn,
        /// What is missing there, in words.
        missing: String,
    },
    /// Find out why CloudTrail cannot write to the log group.
    RepairDelivery {
        /// The trail.
        trail: Arn,
        /// The group.
        log_group: LogGroupArn,
    },
    /// Let the trail record all management events.
    RecordManagementEvents {
        /// The trail.
        trail: Arn,
    },
    /// Make a trail, best one for the whole organization.
    CreateTrail {
        /// Where it is missing.
        account: AccountId,
        /// Region in which it is best made.
        home_region: Region,
    },
    /// Delete a metric filter that nobody needs: the group has no room.
    MakeRoomForFilter {
        /// The group.
        log_group: LogGroupArn,
    },
    /// A change to a trail that the plan was not allowed to hold, or what builds upon one.
    ChangeTrail {
        /// The change.
        change: Box<Action>,
    },
    /// A change to something that code defines, or of which it is not known.
    ChangeManaged {
        /// The change.
        change: Box<Action>,
        /// Why no step makes it, in words.
        because: String,
    },
}

impl HumanAct {
    /// The stable name of the kind, as it stands in JSON.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ConfirmSubscription { .. } => "confirm_subscription",
            Self::ChooseSubscriber { .. } => "choose_subscriber",
            Self::AllowDelivery { .. } => "allow_delivery",
            Self::AllowCloudWatchInKey { .. } => "allow_cloud_watch_in_key",
            Self::AskTopicOwner { .. } => "ask_topic_owner",
            Self::RepairDelivery { .. } => "repair_delivery",
            Self::RecordManagementEvents { .. } => "record_management_events",
            Self::CreateTrail { .. } => "create_trail",
            Self::MakeRoomForFilter { .. } => "make_room_for_filter",
            Self::ChangeTrail { .. } => "change_trail",
            Self::ChangeManaged { .. } => "change_managed",
        }
    }

    /// The account and Region that it concerns.
    ///
    /// # Panics
    /// Never: the planner makes acts from ARNs that name both.
    pub fn place(&self) -> (AccountId, Region) {
        let of = |arn: &Arn| {
            (
                arn.account().expect("acts name their account"),
                arn.region().expect("acts name their Region"),
            )
        };
        match self {
            Self::ConfirmSubscription { topic, .. }
            | Self::ChooseSubscriber { topic }
            | Self::AllowDelivery { topic, .. }
            | Self::AllowCloudWatchInKey { topic, .. }
            | Self::AskTopicOwner { topic, .. } => of(topic),
            Self::RepairDelivery { trail, .. } | Self::RecordManagementEvents { trail } => {
                of(trail)
            }
            Self::CreateTrail {
                account,
                home_region,
            } => (account.clone(), home_region.clone()),
            Self::MakeRoomForFilter { log_group } => (log_group.account(), log_group.region()),
            Self::ChangeTrail { change } | Self::ChangeManaged { change, .. } => {
                (change.account(), change.region())
            }
        }
    }

    /// The change that a person is asked to make, where it is one that a step could make.
    pub fn change(&self) -> Option<&Action> {
        match self {
            Self::ChangeTrail { change } | Self::ChangeManaged { change, .. } => Some(change),
            _ => None,
        }
    }

    /// ARN of what it is about.
    pub fn resource(&self) -> String {
        match self {
            Self::ConfirmSubscription { topic, .. }
            | Self::ChooseSubscriber { topic }
            | Self::AllowDelivery { topic, .. }
            | Self::AskTopicOwner { topic, .. } => topic.to_string(),
            Self::AllowCloudWatchInKey { key, .. } => key.clone(),
            Self::RepairDelivery { trail, .. } | Self::RecordManagementEvents { trail } => {
                trail.to_string()
            }
            Self::CreateTrail { account, .. } => account.to_string(),
            Self::MakeRoomForFilter { log_group } => log_group.to_string(),
            Self::ChangeTrail { change } | Self::ChangeManaged { change, .. } => change.resource(),
        }
    }

    /// What to do, in words.
    pub fn text(&self) -> String {
        match self {
            Self::ConfirmSubscription { topic, endpoint }
                if endpoint.protocol.starts_with("email") =>
            {
                format!(
                    "open the mail that SNS sent to {} and confirm the subscription to topic `{}`; \
                     the link is valid for two days, the command sends it again",
                    endpoint.address,
                    topic.resource()
                )
            }
            Self::ConfirmSubscription { topic, endpoint } => format!(
                "let {endpoint} confirm its subscription to topic `{}`; the command sends the \
                 request again",
                topic.resource()
            ),
            Self::ChooseSubscriber { topic } => format!(
                "choose who is told by topic `{}`: plan again with `--subscribe email:ADDRESS`, or \
                 run the command",
                topic.resource()
            ),
            Self::AllowDelivery { topic, endpoint } => format!(
                "check that {endpoint} lets topic `{}` deliver: SNS takes the subscription either \
                 way and drops what it may not deliver",
                topic.resource()
            ),
            Self::AllowCloudWatchInKey { topic, .. } => format!(
                "add a statement to the policy of the key that encrypts topic `{}`, so that \
                 CloudWatch may use it: {}",
                topic.resource(),
                json!({
                    "Sid": "AllowCloudWatchAlarms",
                    "Effect": "Allow",
                    "Principal": {"Service": "cloudwatch.amazonaws.com"},
                    "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
                    "Resource": "*",
                })
            ),
            Self::AskTopicOwner { topic, missing } => format!(
                "ask the owner of topic `{}` in account {} for what is missing there: {missing}",
                topic.resource(),
                topic.account().map(String::from).unwrap_or_default()
            ),
            Self::RepairDelivery { log_group, .. } => format!(
                "find out why CloudTrail cannot write to log group `{}`: the role's trust and \
                 policy (for an organization trail also the streams that start with the \
                 organization's id), and the group's key; the command shows the error",
                log_group.name()
            ),
            Self::RecordManagementEvents { .. } => {
                "let the trail record all management events, reads and writes, from all sources; \
                 the command shows the selectors that it has now: putting them replaces all of \
                 them, so keep those for data events"
                    .to_owned()
            }
            Self::CreateTrail { account, .. } => format!(
                "nothing records account {account}: make a multi-Region trail with a log group, \
                 best one for the whole organization in its management account"
            ),
            Self::MakeRoomForFilter { log_group } => format!(
                "log group `{}` has no room for one more metric filter (100 are the most, those that this \
                 plan puts included): delete one that nobody needs",
                log_group.name()
            ),
            Self::ChangeTrail { change } if matches!(**change, Action::PutMetricFilter { .. }) => {
                format!(
                    "once the log group is there, see to it that {} (`--allow-trail-changes` makes \
                     all of this steps of the plan)",
                    change.effect()
                )
            }
            Self::ChangeTrail { change } => format!(
                "change the trail so that {} (`--allow-trail-changes` makes this a step of the \
                 plan)",
                change.effect()
            ),
            Self::ChangeManaged { change, because } => format!(
                "{because}: change it where it is defined, so that {} (`--format terraform` or `cloudformation` says \
                 what to write; `--include-managed` makes this a step of the plan)",
                change.effect()
            ),
        }
    }

    /// The command that does or helps it.
    pub fn command(&self) -> Option<String> {
        let (_, region) = self.place();
        match self {
            Self::ConfirmSubscription { topic, endpoint } => Some(cli::subscribe(topic, endpoint)),
            Self::ChooseSubscriber { topic } => Some(format!(
                "aws sns subscribe --region {region} --topic-arn {} --protocol email \
                 --notification-endpoint ADDRESS",
                quoted(topic.as_str())
            )),
            Self::AllowDelivery { topic, endpoint } if endpoint.protocol == "lambda" => {
                Some(format!(
                    "aws lambda add-permission --region {region} --function-name {} \
                     --statement-id orgsweep-alarms --action lambda:InvokeFunction \
                     --principal sns.amazonaws.com --source-arn {}",
                    quoted(&endpoint.address),
                    quoted(topic.as_str())
                ))
            }
            // Run by hand, it would be taken back by the code that defines the thing.
            Self::ChangeManaged { .. }
            | Self::AllowDelivery { .. }
            | Self::AskTopicOwner { .. }
            | Self::CreateTrail { .. } => None,
            Self::AllowCloudWatchInKey { key, .. } => Some(format!(
                "aws kms get-key-policy --region {region} --policy-name default --query Policy \
                 --output text --key-id \"$(aws kms describe-key --region {region} --key-id {} \
                 --query KeyMetadata.KeyId --output text)\"",
                quoted(key)
            )),
            Self::RepairDelivery { trail, .. } => Some(format!(
                "aws cloudtrail get-trail-status --region {region} --name {} \
                 --query LatestCloudWatchLogsDeliveryError",
                quoted(trail.as_str())
            )),
            Self::RecordManagementEvents { trail } => Some(format!(
                "aws cloudtrail get-event-selectors --region {region} --trail-name {}",
                quoted(trail.as_str())
            )),
            Self::MakeRoomForFilter { log_group } => Some(format!(
                "aws logs describe-metric-filters --region {region} --log-group-name {} \
                 --query 'metricFilters[].[filterName,filterPattern]' --output text",
                quoted(log_group.name())
            )),
            Self::ChangeTrail { change } => Some(cli::command(change, &BTreeMap::new())),
        }
    }

    /// Its place among the human steps of one account.
    pub(crate) fn order(&self) -> u8 {
        match self {
            Self::CreateTrail { .. } => 0,
            Self::ChangeTrail { change } | Self::ChangeManaged { change, .. } => 1 + change.order(),
            Self::RecordManagementEvents { .. } => 20,
            Self::RepairDelivery { .. } => 21,
            Self::MakeRoomForFilter { .. } => 22,
            Self::AllowCloudWatchInKey { .. } => 23,
            Self::AskTopicOwner { .. } => 24,
            Self::ChooseSubscriber { .. } => 25,
            Self::AllowDelivery { .. } => 26,
            Self::ConfirmSubscription { .. } => 27,
        }
    }
}
