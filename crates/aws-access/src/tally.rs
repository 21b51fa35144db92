//! Counting calls, throttles and retries: per account for its record, and
//! altogether for the progress display.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How much was asked of AWS so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Requests that were sent, retries included.
    pub calls: u64,
    /// Requests that AWS throttled.
    pub throttles: u64,
    /// Requests that repeated an earlier one.
    pub retries: u64,
    /// How long requests waited for their budgets, altogether.
    pub waited: Duration,
}

/// Counts, and passes each count on to the tally of the whole.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    calls: AtomicU64,
    throttles: AtomicU64,
    retries: AtomicU64,
    waited_micros: AtomicU64,
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

    pub(crate) fn waited(&self, waited: Duration) {
        let micros = u64::try_from(waited.as_micros()).unwrap_or(u64::MAX);
        self.add(|tally| &tally.waited_micros, micros);
    }

    pub(crate) fn counters(&self) -> Counters {
        Counters {
            calls: self.calls.load(Ordering::Relaxed),
            throttles: self.throttles.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
            waited: Duration::from_micros(self.waited_micros.load(Ordering::Relaxed)),
        }
    }

    fn count(&self, what: fn(&Tally) -> &AtomicU64) {
        self.add(what, 1);
    }

    fn add(&self, what: fn(&Tally) -> &AtomicU64, number: u64) {
        what(self).fetch_add(number, Ordering::Relaxed);
        if let Some(whole) = &self.whole {
            whole.add(what, number);
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
        one.waited(Duration::from_millis(1));
        one.throttle();
        other.call();
        other.waited(Duration::from_millis(1));
        other.retry();
        let expected = |calls, throttles, retries| Counters {
            calls,
            throttles,
            retries,
            waited: Duration::from_millis(calls),
        };
        assert_eq!(one.counters(), expected(1, 1, 0));
        assert_eq!(other.counters(), expected(1, 0, 1));
        assert_eq!(whole.counters(), expected(2, 1, 1));
    }
}
