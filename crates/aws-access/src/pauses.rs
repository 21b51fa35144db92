//! Time that does not count against an account: that in which it waits for the
//! organization's list to name somebody else.

use std::future::Future;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout};

/// How often it is looked whether somebody still waits, when nothing else counts.
const LOOK: Duration = Duration::from_millis(100);

/// The pauses of one account's work.
#[derive(Debug, Default)]
pub(crate) struct Pauses(Mutex<Waits>);

#[derive(Debug, Default)]
struct Waits {
    /// Who waits now, and since when anybody has.
    waiting: usize,
    since: Option<Instant>,
    /// Length of the pauses that are over.
    over: Duration,
}

impl Pauses {
    /// Waits for `told`, on nobody's time.
    pub(crate) async fn during<T>(&self, told: impl Future<Output = T>) -> T {
        let _pause = Pause::begin(self);
        told.await
    }

    /// What `work` gives within `deadline`, pauses not counted; `None` past it.
    pub(crate) async fn within<T>(
        &self,
        deadline: Duration,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        let begun = Instant::now();
        let mut work = pin!(work);
        loop {
            let counted = begun.elapsed().saturating_sub(self.total());
            let left = deadline.saturating_sub(counted);
            if left.is_zero() {
                return None;
            }
            if let Ok(value) = timeout(left.max(LOOK), work.as_mut()).await {
                return Some(value);
            }
        }
    }

    fn total(&self) -> Duration {
        self.change(|waits| waits.over + waits.since.map_or(Duration::ZERO, |at| at.elapsed()))
    }

    fn change<T>(&self, change: impl FnOnce(&mut Waits) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A pause that ends when it is dropped, as when its work is given up.
struct Pause<'a>(&'a Pauses);

impl<'a> Pause<'a> {
    fn begin(pauses: &'a Pauses) -> Self {
        pauses.change(|waits| {
            waits.waiting += 1;
            waits.since.get_or_insert_with(Instant::now);
        });
        Self(pauses)
    }
}

impl Drop for Pause<'_> {
    fn drop(&mut self) {
        self.0.change(|waits| {
            waits.waiting -= 1;
            if waits.waiting == 0
                && let Some(since) = waits.since.take()
            {
                waits.over += since.elapsed();
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    const DEADLINE: Duration = Duration::from_secs(2);

    #[tokio::test(start_paused = true)]
    async fn pauses_do_not_count_and_everything_else_does() {
        let pauses = Pauses::default();
        let long_wait = async {
            sleep(Duration::from_secs(1)).await;
            pauses.during(sleep(Duration::from_mins(10))).await;
            "told"
        };
        assert_eq!(pauses.within(DEADLINE, long_wait).await, Some("told"));

        let pauses = Pauses::default();
        let long_work = async {
            pauses.during(sleep(Duration::from_mins(1))).await;
            sleep(Duration::from_secs(3)).await;
        };
        assert_eq!(pauses.within(DEADLINE, long_work).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_at_the_same_time_count_once() {
        let pauses = Pauses::default();
        let work = async {
            let minute = || pauses.during(sleep(Duration::from_mins(1)));
            tokio::join!(minute(), minute());
            sleep(Duration::from_secs(3)).await;
        };
        assert_eq!(pauses.within(DEADLINE, work).await, None);
    }
}
