//! One budget: a governor limiter whose price per request goes up when AWS
//! throttles and comes down again as requests succeed. Changing the price
//! rather than the quota keeps what was already spent.

use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, MonotonicClock, Reference as _};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::time::Instant;

use super::window::Window;

/// How long to wait before it is asked again whether any share of a budget may be used.
const NO_SHARE: Duration = Duration::from_millis(20);
/// Levels of speed; a request at full speed costs this many cells.
const LEVELS: u32 = 16;
/// Throttles within this time of a cut count as the same event.
const ONE_CUT: Duration = Duration::from_secs(1);

/// Says when the next request may be sent.
#[derive(Debug)]
pub(crate) struct Budget<C: Clock = MonotonicClock> {
    limiter: RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<C::Instant>>,
    clock: C,
    /// Cells that can be had at once.
    burst: u32,
    /// Requests in any second.
    allowance: u32,
    speed: Mutex<Speed<C::Instant>>,
    /// Requests of the last second.
    sent: Mutex<Window<C::Instant>>,
    /// Who waits, waits in line: first come, first served, and one timer only.
    line: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Speed<I> {
    /// 1 to [`LEVELS`], which is full speed.
    level: u32,
    /// Requests that go at full speed whatever the level.
    head_start: u32,
    successes: u32,
    last_cut: Option<I>,
    /// Share of the whole that may be used; others use the rest.
    share: f64,
}

/// The right to send one request; dropped when it is answered, or given up.
#[derive(Debug)]
pub(crate) struct Permit<'a, C: Clock = MonotonicClock> {
    budget: &'a Budget<C>,
    number: u64,
}

impl<C: Clock> Drop for Permit<'_, C> {
    fn drop(&mut self) {
        let now = self.budget.clock.now();
        self.budget.sent().answered(self.number, now);
    }
}

impl Budget {
    /// At most `allowance` requests in any second, of which `burst` may come at once.
    pub(crate) fn new(allowance: u32, burst: u32) -> Self {
        Self::with_clock(allowance, burst, MonotonicClock)
    }

    /// Waits until a request may be sent; returns how long that took.
    pub(crate) async fn take(&self) -> (Duration, Permit<'_>) {
        let start = Instant::now();
        let _place_in_line = self.line.lock().await;
        let mut owed = loop {
            match self.price() {
                Some(price) => break price,
                // Nothing may be used now; who shares says when.
                None => tokio::time::sleep(NO_SHARE).await,
            }
        };
        let permit = loop {
            match self.admit(&mut owed) {
                Ok(permit) => break permit,
                Err(wait) => tokio::time::sleep(wait).await,
            }
        };
        (start.elapsed(), permit)
    }
}

impl<C: Clock> Budget<C> {
    fn sent(&self) -> MutexGuard<'_, Window<C::Instant>> {
        // A panic cannot leave the requests in a state that matters.
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Clock + Clone> Budget<C> {
    fn with_clock(allowance: u32, burst: u32, clock: C) -> Self {
        let allowance = allowance.max(1);
        let burst = burst.clamp(1, allowance);
        let cells = |requests: u32| {
            NonZeroU32::new(requests.saturating_mul(LEVELS)).unwrap_or(NonZeroU32::MIN)
        };
        let quota = Quota::per_second(cells(allowance)).allow_burst(cells(burst));
        Self {
            limiter: RateLimiter::direct_with_clock(quota, clock.clone()),
            clock,
            burst: cells(burst).get(),
            allowance,
            speed: Mutex::new(Speed {
                level: LEVELS,
                head_start: 0,
                successes: 0,
                last_cut: None,
                share: 1.0,
            }),
            sent: Mutex::default(),
            line: tokio::sync::Mutex::new(()),
        }
    }

    /// The same budget for a quota that nobody knows: the first `requests` go at
    /// full speed, the following at `level` of 16, until successes raise it.
    pub(crate) fn slowing_down_to(self, level: u32, requests: u32) -> Self {
        {
            let mut speed = self.speed();
            speed.level = level.clamp(1, LEVELS);
            speed.head_start = requests;
        }
        self
    }

    /// Lets a request go when its cells are paid and the last second has room for it; otherwise,
    /// how long to wait before asking again. Who asks is alone: first in the line.
    fn admit(&self, owed: &mut u32) -> Result<Permit<'_, C>, Duration> {
        if let Some(wait) = self.pay(owed) {
            return Err(wait);
        }
        let share = self.speed().share;
        let room = ((f64::from(self.allowance) * share) as usize).max(1);
        let number = self.sent().admit(self.clock.now(), room)?;
        Ok(Permit {
            budget: self,
            number,
        })
    }

    /// Pays as many of the cells that are owed as can be had now; returns how
    /// long to wait before paying on, or `None` when all are paid.
    fn pay(&self, owed: &mut u32) -> Option<Duration> {
        while let Some(part) = NonZeroU32::new((*owed).min(self.burst)) {
            match self.limiter.check_n(part) {
                Ok(Ok(())) => *owed -= part.get(),
                Ok(Err(not_until)) => return Some(not_until.wait_time_from(self.clock.now())),
                // Cannot be: a part is never larger than the burst.
                Err(_) => *owed = 0,
            }
        }
        None
    }

    /// AWS throttled a request of this budget: half the speed, once per second at most.
    pub(crate) fn throttled(&self) {
        let now = self.clock.now();
        let mut speed = self.speed();
        speed.successes = 0;
        speed.head_start = 0;
        let since_cut = speed
            .last_cut
            .map(|cut| Duration::from(now.duration_since(cut)));
        if since_cut.is_none_or(|passed| passed >= ONE_CUT) {
            speed.level = (speed.level / 2).max(1);
            speed.last_cut = Some(now);
        }
    }

    /// A request of this budget was answered: a little faster from time to time.
    pub(crate) fn succeeded(&self) {
        let mut speed = self.speed();
        if speed.level < LEVELS {
            speed.successes += 1;
            let needed = (self.allowance * speed.level / LEVELS).max(1);
            if speed.successes >= needed {
                speed.level += 1;
                speed.successes = 0;
            }
        }
    }

    /// The speed as a share of the full one.
    pub(crate) fn speed_ratio(&self) -> f64 {
        f64::from(self.speed().level) / f64::from(LEVELS)
    }

    /// From now on this share of the budget may be used, 0 to 1: other processes use the rest.
    pub(crate) fn share(&self, share: f64) {
        self.speed().share = share.clamp(0.0, 1.0);
    }

    /// Cells that the next request costs; `None` while no share of the budget may be used.
    fn price(&self) -> Option<u32> {
        let mut speed = self.speed();
        if speed.head_start > 0 {
            speed.head_start -= 1;
            return Some(LEVELS);
        }
        let whole = f64::from(LEVELS * LEVELS / speed.level);
        // A share of a thousandth would wait for minutes: it is none.
        (speed.share > 0.001).then(|| (whole / speed.share).ceil() as u32)
    }

    fn speed(&self) -> MutexGuard<'_, Speed<C::Instant>> {
        // A panic cannot leave the three numbers in a state that matters.
        self.speed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    /// A budget on a clock that only waiting moves.
    struct Stopped {
        budget: Budget<FakeRelativeClock>,
        clock: FakeRelativeClock,
    }

    impl Stopped {
        fn new(allowance: u32, burst: u32) -> Self {
            let clock = FakeRelativeClock::default();
            Self {
                budget: Budget::with_clock(allowance, burst, clock.clone()),
                clock,
            }
        }

        /// Moments at which `requests` requests in a row may be sent, in milliseconds.
        fn moments(&self, requests: u32) -> Vec<u64> {
            let start = self.clock.now();
            (0..requests)
                .map(|_| {
                    let mut owed = self.budget.price().expect("a share");
                    // Answered at once.
                    while let Err(wait) = self.budget.admit(&mut owed).map(drop) {
                        self.clock.advance(wait);
                    }
                    Duration::from(self.clock.now().duration_since(start)).as_millis() as u64
                })
                .collect()
        }

        fn time_for(&self, requests: u32) -> u64 {
            self.moments(requests).last().copied().unwrap_or(0)
        }
    }

    fn most_in_a_second(moments: &[u64]) -> usize {
        let within = |start: u64| {
            moments
                .iter()
                .filter(|moment| (start..start + 1_000).contains(moment))
                .count()
        };
        moments
            .iter()
            .map(|start| within(*start))
            .max()
            .unwrap_or(0)
    }

    #[test]
    fn no_second_sees_more_than_the_allowance() {
        for (allowance, burst) in [(1, 1), (2, 1), (4, 2), (5, 3), (15, 8), (300, 10)] {
            let moments = Stopped::new(allowance, burst).moments(allowance * 4);
            let most = most_in_a_second(&moments);
            assert!(
                most <= allowance as usize,
                "{most} of {allowance} with a burst of {burst}"
            );
        }
    }

    #[test]
    fn the_whole_allowance_can_be_used_however_small_it_is() {
        for (allowance, burst) in [(1, 1), (2, 1), (3, 2), (5, 3), (15, 8), (300, 10)] {
            // After the first second's worth, four more.
            let took = Stopped::new(allowance, burst).time_for(allowance * 5);
            assert!(took <= 5 * 1_000, "{took} ms at {allowance}");
        }
    }

    #[test]
    fn a_burst_waits_for_nothing() {
        assert_eq!(Stopped::new(5, 3).moments(3), [0, 0, 0]);
    }

    #[test]
    fn a_throttle_halves_the_speed_and_successes_restore_it() {
        let stopped = Stopped::new(20, 1);
        let full = stopped.time_for(38);
        // Requests that were under way together are throttled together.
        stopped.budget.throttled();
        stopped.budget.throttled();
        let half = stopped.time_for(38);
        assert!(
            (full * 19 / 10..full * 22 / 10).contains(&half),
            "{full} ms, then {half} ms"
        );
        for _ in 0..2_000 {
            stopped.budget.succeeded();
        }
        let restored = stopped.time_for(38);
        assert!(restored <= full * 11 / 10, "{full} ms, then {restored} ms");
    }

    #[test]
    fn processes_that_share_a_budget_stay_within_the_whole_together() {
        for (allowance, burst, shares) in [(300, 10, 2), (300, 10, 8), (15, 8, 3)] {
            let mut together: Vec<u64> = Vec::new();
            for _ in 0..shares {
                let stopped = Stopped::new(allowance, burst);
                stopped.budget.share(1.0 / f64::from(shares));
                together.extend(stopped.moments(allowance * 2 / shares));
            }
            let most = most_in_a_second(&together);
            assert!(
                most <= allowance as usize,
                "{most} of {allowance} by {shares}"
            );
        }
    }

    #[test]
    fn without_a_share_nothing_is_sent() {
        let stopped = Stopped::new(20, 1);
        stopped.budget.share(0.0);
        assert_eq!(stopped.budget.price(), None);
        stopped.budget.share(1.0);
        assert_eq!(stopped.budget.price(), Some(LEVELS));
    }

    #[test]
    fn throttles_without_end_leave_a_trickle() {
        let stopped = Stopped::new(1, 1);
        for _ in 0..50 {
            stopped.budget.throttled();
            stopped.clock.advance(ONE_CUT);
        }
        let moments = stopped.moments(3);
        assert_eq!(moments[2] - moments[1], u64::from(LEVELS) * 1_000);
    }

    #[test]
    fn a_head_start_ends_after_its_requests_or_at_the_first_throttle() {
        let slow = |stopped: Stopped| {
            let budget = stopped.budget.slowing_down_to(4, 10);
            Stopped { budget, ..stopped }
        };
        let undisturbed = slow(Stopped::new(16, 1)).moments(14);
        assert_eq!(
            undisturbed[9] / 100,
            5,
            "ten at 16 a second: {undisturbed:?}"
        );
        assert_eq!(
            undisturbed[13] - undisturbed[12],
            250,
            "then 4 a second: {undisturbed:?}"
        );

        let throttled = slow(Stopped::new(16, 1));
        throttled.budget.throttled();
        let moments = throttled.moments(3);
        assert_eq!(
            moments[2] - moments[1],
            500,
            "2 a second at once: {moments:?}"
        );
    }

    #[tokio::test]
    async fn who_gives_up_waiting_does_not_block_the_others() {
        let budget = Budget::new(1, 1);
        budget.take().await;
        let waiting = budget.take();
        assert!(futures::FutureExt::now_or_never(waiting).is_none());
        assert!(budget.line.try_lock().is_ok());
    }
}
