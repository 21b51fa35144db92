//! When a failed attempt is repeated, and after which pause: exponential, with
//! full jitter. The SDK's own retries are off, so that every request is counted
//! and paid for from a budget.

use std::time::Duration;

use governor::Jitter;

use crate::errors::FaultKind;

/// First and longest pause after a throttle.
const AFTER_THROTTLE: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(8));
/// First and longest pause after any other trouble that may pass.
const AFTER_TROUBLE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// How patient a call is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// Time for one attempt.
    pub(crate) attempt: Duration,
    /// Time for all attempts and the pauses between them.
    pub(crate) deadline: Duration,
    /// Attempts, the first included.
    pub(crate) attempts: u32,
}

/// The longest pause before attempt `attempt + 1` (the first attempt is 1), or
/// `None` when a fault of this kind is not worth another attempt.
pub(crate) fn longest_pause(kind: FaultKind, attempt: u32) -> Option<Duration> {
    let (first, longest) = match kind {
        FaultKind::Throttled => AFTER_THROTTLE,
        FaultKind::Transient
        | FaultKind::Unreachable
        | FaultKind::TimedOut
        | FaultKind::Garbled => AFTER_TROUBLE,
        _ => return None,
    };
    let doubled = first.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
    Some(doubled.min(longest))
}

/// A pause of random length, up to `longest` ("full jitter": callers that failed
/// together do not come back together).
pub(crate) fn jittered(longest: Duration) -> Duration {
    Jitter::up_to(longest) + Duration::ZERO
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_bound_and_what_cannot_pass_is_not_repeated() {
        let pause = |kind, attempt| longest_pause(kind, attempt).map(|pause| pause.as_millis());
        for (kind, attempt, expected) in [
            (FaultKind::Throttled, 1, Some(500)),
            (FaultKind::Throttled, 3, Some(2_000)),
            (FaultKind::Throttled, 90, Some(8_000)),
            (FaultKind::Transient, 1, Some(100)),
            (FaultKind::Unreachable, 2, Some(200)),
            (FaultKind::Garbled, 20, Some(5_000)),
            (FaultKind::TimedOut, 1, Some(100)),
            (FaultKind::Denied, 1, None),
            (FaultKind::NotFound, 1, None),
            (FaultKind::Invalid, 1, None),
            (FaultKind::CredentialsExpired, 1, None),
        ] {
            assert_eq!(
                pause(kind, attempt),
                expected,
                "{kind:?} after attempt {attempt}"
            );
        }
    }

    #[test]
    fn jitter_stays_below_the_longest_pause() {
        let longest = Duration::from_millis(100);
        assert!((0..1_000).all(|_| jittered(longest) <= longest));
    }
}
