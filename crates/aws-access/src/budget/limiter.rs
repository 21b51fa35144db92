//! One budget: a governor limiter whose price per request goes up when AWS
//! throttles and comes down again as requests succeed. Changing the price
//! rather than the quota keeps what was already spent.

use std::num::NonZeroU32;
use std::sync::Mutex;
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use super::clock::TokioClock;

/// Levels of speed; a request at full speed costs this many cells.
const LEVELS: u32 = 16;
/// Throttles within this time of a cut count as the same event.
const ONE_CUT: Duration = Duration::from_secs(1);

type Limiter = RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Duration>>;

/// Says when the next request may be sent.
#[derive(Debug)]
pub(crate) struct Budget {
    limiter: Limiter,
    clock: TokioClock,
    /// Cells that can be had at once.
    burst: u32,
    /// Successes that raise the speed by one level: about a second's worth.
    successes_per_level: u32,
    speed: Mutex<Speed>,
    /// Who waits, waits in line: first come, first served, and one timer only.
    line: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Speed {
    /// 1 to [`LEVELS`], which is full speed.
    level: u32,
    successes: u32,
    last_cut: Option<Duration>,
}

impl Budget {
    /// At most `allowance` requests in any second, of which `burst` may come at once.
    pub(crate) fn new(allowance: u32, burst: u32) -> Self {
        let burst = burst.clamp(1, allowance.max(1));
        // A second that starts with a full burst sees `burst + rate` requests.
        let rate = (allowance.max(1) - burst).max(1);
        let cells = |requests: u32| NonZeroU32::new(requests * LEVELS).unwrap_or(NonZeroU32::MIN);
        let clock = TokioClock::new();
        let quota = Quota::per_second(cells(rate)).allow_burst(cells(burst));
        Self {
            limiter: RateLimiter::direct_with_clock(quota, clock.clone()),
            clock,
            burst: burst * LEVELS,
            successes_per_level: allowance.max(1),
            speed: Mutex::new(Speed { level: LEVELS, successes: 0, last_cut: None }),
            line: tokio::sync::Mutex::new(()),
        }
    }

    /// The same budget, starting at `level` of 16.
    pub(crate) fn starting_at(self, level: u32) -> Self {
        self.speed().level = level.clamp(1, LEVELS);
        self
    }

    /// Waits until a request may be sent; returns how long that took.
    pub(crate) async fn take(&self) -> Duration {
        let start = self.clock.now();
        let _place_in_line = self.line.lock().await;
        let mut owed = self.price();
        while let Some(part) = NonZeroU32::new(owed.min(self.burst)) {
            match self.limiter.check_n(part) {
                Ok(Ok(())) => owed -= part.get(),
                Ok(Err(not_until)) => {
                    tokio::time::sleep(not_until.wait_time_from(self.clock.now())).await;
                }
                // Cannot be: a part is never larger than the burst.
                Err(_) => break,
            }
        }
        self.clock.now().saturating_sub(start)
    }

    /// AWS throttled a request of this budget: half the speed, once per second at most.
    pub(crate) fn throttled(&self) {
        let now = self.clock.now();
        let mut speed = self.speed();
        speed.successes = 0;
        if speed.last_cut.is_none_or(|cut| now.saturating_sub(cut) >= ONE_CUT) {
            speed.level = (speed.level / 2).max(1);
            speed.last_cut = Some(now);
        }
    }

    /// A request of this budget was answered: a little faster from time to time.
    pub(crate) fn succeeded(&self) {
        let mut speed = self.speed();
        if speed.level < LEVELS {
            speed.successes += 1;
            let needed = (self.successes_per_level * speed.level / LEVELS).max(1);
            if speed.successes >= needed {
                speed.level += 1;
                speed.successes = 0;
            }
        }
    }

    /// Cells that one request costs now.
    fn price(&self) -> u32 {
        LEVELS * LEVELS / self.speed().level
    }

    fn speed(&self) -> std::sync::MutexGuard<'_, Speed> {
        // A panic cannot leave the three numbers in a state that matters.
        self.speed.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Moments at which `requests` requests were allowed, in milliseconds.
    async fn moments(budget: &Budget, requests: u32) -> Vec<u64> {
        let start = tokio::time::Instant::now();
        let mut moments = Vec::new();
        for _ in 0..requests {
            budget.take().await;
            moments.push(start.elapsed().as_millis() as u64);
        }
        moments
    }

    fn most_in_a_second(moments: &[u64]) -> usize {
        moments
            .iter()
            .map(|start| moments.iter().filter(|m| (*start..*start + 1_000).contains(m)).count())
            .max()
            .unwrap_or(0)
    }

    #[tokio::test(start_paused = true)]
    async fn no_second_sees_more_than_the_allowance() {
        for (allowance, burst) in [(1, 1), (2, 1), (4, 2), (5, 3), (15, 8), (300, 10)] {
            let moments = moments(&Budget::new(allowance, burst), allowance * 4).await;
            let most = most_in_a_second(&moments);
            assert!(most <= allowance as usize, "{most} of {allowance} with a burst of {burst}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_waits_for_nothing() {
        assert_eq!(moments(&Budget::new(5, 3), 3).await, [0, 0, 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttle_halves_the_speed_and_successes_restore_it() {
        let budget = Budget::new(20, 1);
        let seconds_for = async |requests| moments(&budget, requests).await.last().copied().unwrap_or(0);
        let full = seconds_for(38).await;
        budget.throttled();
        budget.throttled();
        let half = seconds_for(38).await;
        assert!((full * 19 / 10..full * 22 / 10).contains(&half), "{full} ms, then {half} ms");
        for _ in 0..2_000 {
            budget.succeeded();
        }
        let restored = seconds_for(38).await;
        assert!(restored <= full * 11 / 10, "{full} ms, then {restored} ms");
    }

    #[tokio::test(start_paused = true)]
    async fn throttles_without_end_leave_a_trickle() {
        let budget = Budget::new(2, 1);
        for _ in 0..50 {
            budget.throttled();
            tokio::time::advance(Duration::from_secs(2)).await;
        }
        let moments = moments(&budget, 3).await;
        assert!(moments[2] - moments[1] <= 20_000, "{moments:?}");
        assert!(moments[2] - moments[1] >= 10_000, "{moments:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_waiting_does_not_block_the_others() {
        let budget = Budget::new(1, 1);
        budget.take().await;
        let gave_up = tokio::time::timeout(Duration::from_millis(10), budget.take()).await;
        assert!(gave_up.is_err());
        let waited = budget.take().await;
        assert!(waited <= Duration::from_secs(1), "{waited:?}");
    }
}
