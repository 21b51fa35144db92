//! How recently a trail delivered to its log group. What is recent is not
//! kept with its time, so that an unchanged account has an unchanged snapshot.

use chrono::{DateTime, TimeDelta, Utc};
use orgsweep_controls::snapshot::Delivery;

/// A delivery older than this is stale: CloudTrail delivers within minutes, and
/// an account without a single management event for a day is not usual.
const RECENT: TimeDelta = TimeDelta::days(1);

/// What the last delivery, seen at `now`, says of what was switched on at `started`.
pub(super) fn judged(
    last: Option<DateTime<Utc>>,
    started: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Delivery {
    let has_just_started = |last| started.is_some_and(|at| at > last && now - at <= RECENT);
    match last {
        None => Delivery::NotReported,
        Some(last) if now - last <= RECENT => Delivery::Fresh,
        // It was off until then, so that the last delivery says nothing.
        Some(last) if has_just_started(last) => Delivery::NotReported,
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
        let stale = || Delivery::Stale { last: ago(25) };
        for (last, started, expected) in [
            (None, None, Delivery::NotReported),
            (Some(now), None, Delivery::Fresh),
            (Some(ago(-1)), None, Delivery::Fresh),
            (Some(ago(24)), None, Delivery::Fresh),
            (Some(ago(25)), None, stale()),
            (Some(ago(25)), Some(ago(500)), stale()),
            (Some(ago(25)), Some(ago(1)), Delivery::NotReported),
            (
                Some(ago(50)),
                Some(ago(25)),
                Delivery::Stale { last: ago(50) },
            ),
        ] {
            assert_eq!(judged(last, started, now), expected, "{last:?} {started:?}");
        }
    }
}
