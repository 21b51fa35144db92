//! How recently a trail delivered to its log group. What is recent is not
//! kept with its time, so that an unchanged account has an unchanged snapshot.

use chrono::{DateTime, TimeDelta, Utc};
use orgsweep_controls::snapshot::Delivery;

/// A delivery older than this is stale: CloudTrail delivers within minutes, and
/// an account without a single management event for a day is not usual.
const RECENT: TimeDelta = TimeDelta::days(1);

/// What is recorded may be delivered so long after it happened.
const ON_ITS_WAY: TimeDelta = TimeDelta::hours(1);

/// What the last delivery, seen at `now`, says; `switches` are the moments at which it was last
/// switched off and on.
pub(super) fn judged(
    last: Option<DateTime<Utc>>,
    switches: [Option<DateTime<Utc>>; 2],
    now: DateTime<Utc>,
) -> Delivery {
    // It was off from its last delivery on, which then says nothing. What was not off may be switched on
    // again as often as somebody likes.
    let was_off = |last| match switches {
        [Some(off), Some(on)] => {
            off < on && last <= on && off <= last + ON_ITS_WAY && now - on <= RECENT
        }
        _ => false,
    };
    match last {
        None => Delivery::NotReported,
        Some(last) if now - last <= RECENT => Delivery::Fresh,
        Some(last) if was_off(last) => Delivery::NotReported,
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
        let stale = |hours| Delivery::Stale { last: ago(hours) };
        let off_and_on = |off, on| [Some(ago(off)), Some(ago(on))];
        for (last, switches, expected) in [
            (None, [None; 2], Delivery::NotReported),
            (Some(now), [None; 2], Delivery::Fresh),
            (Some(ago(-1)), [None; 2], Delivery::Fresh),
            (Some(ago(24)), [None; 2], Delivery::Fresh),
            (Some(ago(25)), [None; 2], stale(25)),
            (Some(ago(25)), off_and_on(25, 1), Delivery::NotReported),
            (Some(ago(25)), off_and_on(24, 1), Delivery::NotReported),
            // It was on for hours without a delivery.
            (Some(ago(30)), off_and_on(20, 1), stale(30)),
            // It is on for more than a day, or was never off.
            (Some(ago(50)), off_and_on(50, 25), stale(50)),
            (Some(ago(25)), [None, Some(ago(1))], stale(25)),
            (Some(ago(25)), off_and_on(1, 2), stale(25)),
        ] {
            assert_eq!(
                judged(last, switches, now),
                expected,
                "{last:?} {switches:?}"
            );
        }
    }
}
