//! Counting calls, throttles and retries: per account for its record, and
//! altogether for the progress display.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How much was asked of AWS so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Requests that were sent, retries included.
    pub calls: u64,
    /// Requests that AWS throttled.
    pub throttles: u64,
    /// Requests that repeated an earlier one.
    pub retries: u64,
}

/// Counts, and passes each count on to the tally of the whole.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    calls: AtomicU64,
    throttles: AtomicU64,
    retries: AtomicU64,
    whole: Option<Arc<Tally>>,
}

impl Tally {
    /// A tally whose counts also count in `whole`.
    pub(crate) fn part_of(whole: &Arc<Tally>) -> Self {
        Self {
            whole: Some(Arc::clone(whole)),
            ..Self::default()
        }
    }

    pub(crate) fn call(&self) {
        self.count(|tally| &tally.calls);
    }

    pub(crate) fn throttle(&self) {
        self.count(|tally| &tally.throttles);
    }

    pub(crate) fn retry(&self) {
        self.count(|tally| &tally.retries);
    }

    pub(crate) fn counters(&self) -> Counters {
        Counters {
            calls: self.calls.load(Ordering::Relaxed),
            throttles: self.throttles.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
        }
    }

    fn count(&self, what: fn(&Tally) -> &AtomicU64) {
        what(self).fetch_add(1, Ordering::Relaxed);
        if let Some(whole) = &self.whole {
            whole.count(what);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_account_counts_is_counted_in_the_whole() {
        let whole = Arc::new(Tally::default());
        let [one, other] = [Tally::part_of(&whole), Tally::part_of(&whole)];
        one.call();
        one.throttle();
        other.call();
        other.retry();
        let expected = |calls, throttles, retries| Counters {
            calls,
            throttles,
            retries,
        };
        assert_eq!(one.counters(), expected(1, 1, 0));
        assert_eq!(other.counters(), expected(1, 0, 1));
        assert_eq!(whole.counters(), expected(2, 1, 1));
    }
}
