//! From a reason code to the moves that could mend it. Every move is a guess
//! that the search checks by judging again; none is taken on trust.

mod alarm;
mod delivery;
mod filter;
mod names;
mod trail;

use orgsweep_controls::Reason;

use super::act::Move;
use super::broken::Broken;

/// The moves that could bring a broken finding on.
pub(super) fn moves(broken: &Broken<'_>) -> Vec<Move> {
    match broken.finding.reason {
        Reason::NoLogGroup | Reason::LogGroupClass => trail::connect_log_group(broken),
        Reason::TrailNotMultiRegion => trail::make_multi_region(broken),
        Reason::TrailNotLogging => trail::start_logging(broken),
        Reason::TrailDeliveryFails | Reason::OrganizationTrailOwnerOnly => {
            trail::repair_delivery(broken)
        }
        Reason::TrailSelectorsExclude => trail::record_management_events(broken),
        Reason::TrailNoGlobalEvents => trail::record_global_events(broken),
        Reason::LogGroupMissing => trail::create_log_group(broken),
        Reason::NoFilter
        | Reason::FilterOnAbandonedGroup
        | Reason::FilterDoesNotCover
        | Reason::FilterInvalid
        | Reason::FilterOnTransformedLogs
        | Reason::FilterFieldSelection
        | Reason::Undecided => filter::put_filter(broken),
        Reason::NoAlarm
        | Reason::AlarmWrongMetric
        | Reason::AlarmNeverFires
        | Reason::AlarmNeedsMoreEvents
        | Reason::AlarmAlwaysFiring
        | Reason::AlarmFiresOnce
        | Reason::AlarmConditional
        | Reason::AlarmMuted
        | Reason::AlarmUndecided => alarm::put_alarm(broken),
        Reason::AlarmActionsDisabled => alarm::enable_actions(broken),
        Reason::AlarmNoAction | Reason::ActionWrongPlace | Reason::ActionNotNotifying => {
            delivery::act_on_topic(broken)
        }
        Reason::TopicMissing => delivery::create_topic(broken),
        Reason::TopicPolicyDenies => delivery::allow_cloud_watch(broken),
        // The policy of the topic, or the filter policies of its subscriptions.
        Reason::PolicyUndecided => [
            delivery::allow_cloud_watch(broken),
            delivery::subscribe(broken),
        ]
        .concat(),
        Reason::TopicKeyDenies => delivery::allow_in_key(broken),
        Reason::NoSubscription | Reason::SubscriptionFiltered => delivery::subscribe(broken),
        Reason::SubscriptionPending => delivery::confirm(broken),
        Reason::NoTrail => trail::create_trail(broken.account, broken.world),
        Reason::Covered
        | Reason::CoveredByOrganizationTrail
        | Reason::ManagementAccountOnly
        | Reason::FactUnread
        | Reason::RegionDeniedByPolicy
        | Reason::OwnerUnread => Vec::new(),
    }
}

pub(super) use trail::create_trail;
