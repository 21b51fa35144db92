//! How recently a trail delivered to its log group. What is recent is not
//! kept with its time, so that an unchanged account has an unchanged snapshot.

use chrono::{DateTime, TimeDelta, Utc};
use orgsweep_controls::snapshot::Delivery;

/// A delivery older than this is stale: CloudTrail delivers within minutes, and
/// an account without a single management event for a day is not usual.
const RECENT: TimeDelta = TimeDelta::days(1);

/// What the last delivery, seen at `now`, says.
pub(super) fn judged(last: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Delivery {
    match last {
        None => Delivery::NotReported,
        Some(last) if now - last <= RECENT => Delivery::Fresh,
        Some(last) => Delivery::Stale { last },
    }
}

/// The SDK's time as ours.
pub(super) fn moment(time: &aws_smithy_types::DateTime) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(time.secs(), 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_stale_delivery_keeps_its_time() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let ago = |hours| now - TimeDelta::hours(hours);
        for (last, expected) in [
            (None, Delivery::NotReported),
            (Some(now), Delivery::Fresh),
            (Some(ago(-1)), Delivery::Fresh),
            (Some(ago(24)), Delivery::Fresh),
            (Some(ago(25)), Delivery::Stale { last: ago(25) }),
        ] {
            assert_eq!(judged(last, now), expected, "{last:?}");
        }
    }
}
