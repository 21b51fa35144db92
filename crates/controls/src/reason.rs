//! Reason codes: the stable names of why a verdict is what it is. Each code has
//! its line in `docs/VERDICTS.md` and its scenario in `orgsim`; tests fail when one lacks them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Declares the codes with their stable names and one-line meanings.
macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $meaning:literal;)*) => {
        /// Why a verdict is what it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Reason {
            $(
                #[doc = $meaning]
                #[serde(rename = $code)]
                $variant,
            )*
        }

        impl Reason {
            /// Every code, in the order of the chain.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The stable code.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code),* }
            }

            /// What it means, in one line.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning),* }
            }
        }
    };
}

reasons! {
    Covered = "covered", "Every event of the control leads to a message, through a chain of this account";
    CoveredByOrganizationTrail = "covered_by_organization_trail", "Every event of the control leads to a message, through the chain of an organization trail";
    ManagementAccountOnly = "management_account_only", "The control concerns the management account alone";
    NoTrail = "no_trail", "No trail records this account";
    NoLogGroup = "no_log_group", "No trail delivers to a CloudWatch Logs log group";
    TrailNotMultiRegion = "trail_not_multi_region", "Some enabled Regions have no trail with a working chain";
    TrailNotLogging = "trail_not_logging", "The trail is switched off";
    TrailDeliveryFails = "trail_delivery_fails", "CloudTrail cannot deliver to the log group";
    OrganizationTrailOwnerOnly = "organization_trail_owner_only", "Only the events of the organization trail's owner arrive in its log group";
    TrailSelectorsExclude = "trail_selectors_exclude", "The trail's event selectors leave the control's events out";
    TrailNoGlobalEvents = "trail_no_global_events", "The trail does not record global service events";
    LogGroupMissing = "log_group_missing", "The trail's log group does not exist";
    LogGroupClass = "log_group_class", "The log group's class supports no metric filters";
    NoFilter = "no_filter", "No metric filter on the trail's log group looks for the events of the control";
    FilterOnAbandonedGroup = "filter_on_abandoned_group", "The control's metric filters are on a log group to which no trail delivers any more";
    FilterDoesNotCover = "filter_does_not_cover", "The metric filters match only some of the control's events";
    FilterInvalid = "filter_invalid", "The only candidate metric filter has a pattern that cannot be parsed";
    FilterOnTransformedLogs = "filter_on_transformed_logs", "The filter sees transformed logs, not CloudTrail's events";
    FilterFieldSelection = "filter_field_selection", "Field-selection criteria narrow the filter";
    NoAlarm = "no_alarm", "No alarm watches the metric that the filter publishes";
    AlarmWrongMetric = "alarm_wrong_metric", "The alarm watches another namespace, other dimensions or another unit than the filter publishes";
    AlarmNeverFires = "alarm_never_fires", "The alarm cannot go to ALARM on these events";
    AlarmNeedsMoreEvents = "alarm_needs_more_events", "The alarm does not go to ALARM on one event, only on several";
    AlarmAlwaysFiring = "alarm_always_firing", "The alarm is in ALARM without any event, so an event changes nothing";
    AlarmFiresOnce = "alarm_fires_once", "The alarm stays in ALARM after the first event, so later events are silent";
    AlarmConditional = "alarm_conditional", "The alarm goes to ALARM on one event only at some times";
    AlarmActionsDisabled = "alarm_actions_disabled", "The alarm's actions are disabled";
    AlarmNoAction = "alarm_no_action", "The alarm has no action for the ALARM state";
    AlarmMuted = "alarm_muted", "A mute rule silences the alarm's actions, always or at times";
    ActionWrongPlace = "action_wrong_place", "The alarm's topic is in another Region or partition";
    ActionNotNotifying = "action_not_notifying", "The alarm's actions tell nobody";
    TopicMissing = "topic_missing", "The alarm's topic does not exist";
    TopicPolicyDenies = "topic_policy_denies", "The topic's policy does not let CloudWatch publish";
    TopicKeyDenies = "topic_key_denies", "The topic's encryption key does not let CloudWatch publish";
    NoSubscription = "no_subscription", "The topic has no subscription";
    SubscriptionPending = "subscription_pending", "The topic's subscriptions are not confirmed";
    SubscriptionFiltered = "subscription_filtered", "The filter policies of the topic's subscriptions drop the alarm's messages";
    FactUnread = "fact_unread", "A fact that decides could not be read";
    RegionDeniedByPolicy = "region_denied_by_policy", "A service control policy denies a call in a Region to everyone, so what decides there could not be read";
    OwnerUnread = "owner_unread", "The account that owns the organization trail or its log group could not be read";
    Undecided = "undecided", "The filters' coverage could not be decided";
    AlarmUndecided = "alarm_undecided", "Whether the alarm rings on one event could not be decided";
    PolicyUndecided = "policy_undecided", "Whether a policy lets the alarm's message through could not be decided";
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
