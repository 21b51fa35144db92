//! What can be wrong with a chain, named by orgsweep's reason codes.

use std::fmt;

/// Which part of an account a break concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The trail or its log group, and so every control.
    Trail,
    /// The filter, alarm or topic of single controls.
    Control,
    /// What the scanner may read.
    Reading,
}

/// Declares the breaks with their names and the part that each concerns.
macro_rules! breaks {
    ($($variant:ident = $name:literal, $part:ident;)*) => {
        /// What is wrong with a chain.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(super) enum Break { $($variant),* }

        impl Break {
            pub(super) const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its name, a reason code of orgsweep's.
            pub(super) fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// The part that it concerns.
            pub(super) fn part(self) -> Part {
                match self { $(Self::$variant => Part::$part),* }
            }
        }
    };
}

breaks! {
    NoTrail = "no_trail", Trail;
    NoLogGroup = "no_log_group", Trail;
    TrailNotMultiRegion = "trail_not_multi_region", Trail;
    TrailNotLogging = "trail_not_logging", Trail;
    TrailDeliveryFails = "trail_delivery_fails", Trail;
    OrganizationTrailOwnerOnly = "organization_trail_owner_only", Trail;
    TrailSelectorsExclude = "trail_selectors_exclude", Trail;
    TrailNoGlobalEvents = "trail_no_global_events", Trail;
    LogGroupMissing = "log_group_missing", Trail;
    LogGroupClass = "log_group_class", Trail;
    FilterOnAbandonedGroup = "filter_on_abandoned_group", Trail;
    NoFilter = "no_filter", Control;
    FilterDoesNotCover = "filter_does_not_cover", Control;
    FilterInvalid = "filter_invalid", Control;
    FilterOnTransformedLogs = "filter_on_transformed_logs", Control;
    FilterFieldSelection = "filter_field_selection", Control;
    NoAlarm = "no_alarm", Control;
    AlarmWrongMetric = "alarm_wrong_metric", Control;
    AlarmNeverFires = "alarm_never_fires", Control;
    AlarmNeedsMoreEvents = "alarm_needs_more_events", Control;
    AlarmAlwaysFiring = "alarm_always_firing", Control;
    AlarmFiresOnce = "alarm_fires_once", Control;
    AlarmConditional = "alarm_conditional", Control;
    AlarmActionsDisabled = "alarm_actions_disabled", Control;
    AlarmNoAction = "alarm_no_action", Control;
    AlarmMuted = "alarm_muted", Control;
    ActionWrongPlace = "action_wrong_place", Control;
    ActionNotNotifying = "action_not_notifying", Control;
    TopicMissing = "topic_missing", Control;
    TopicPolicyDenies = "topic_policy_denies", Control;
    TopicKeyDenies = "topic_key_denies", Control;
    NoSubscription = "no_subscription", Control;
    SubscriptionPending = "subscription_pending", Control;
    SubscriptionFiltered = "subscription_filtered", Control;
    Undecided = "undecided", Control;
    AlarmUndecided = "alarm_undecided", Control;
    PolicyUndecided = "policy_undecided", Control;
    FactUnread = "fact_unread", Reading;
    RegionDeniedByPolicy = "region_denied_by_policy", Reading;
    OwnerUnread = "owner_unread", Reading;
}

impl Break {
    /// The break of this name.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.name() == name)
    }

    /// The verdict of a control whose only chain has this break.
    pub(super) fn verdict(self) -> &'static str {
        match self {
            Self::Undecided
            | Self::AlarmUndecided
            | Self::PolicyUndecided
            | Self::FactUnread
            | Self::RegionDeniedByPolicy
            | Self::OwnerUnread => "unknown",
            _ => "fail",
        }
    }
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
