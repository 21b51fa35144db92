//! The requests that may count in this second. A limiter with a burst lets a second that
//! begins with it see burst and rate together, so they are counted as well. When AWS counts one is
//! known when it is answered: its second ends a second after that.

use std::collections::VecDeque;
use std::time::Duration;

use governor::clock::Reference;

/// What quotas are about.
const SECOND: Duration = Duration::from_secs(1);
/// A request that is not answered after this time has been counted long ago.
const LONGEST_WAY: Duration = Duration::from_secs(1);

/// Requests that may count in this second, the first one first.
#[derive(Debug)]
pub(super) struct Window<I> {
    /// Number of the next one.
    next: u64,
    requests: VecDeque<Request<I>>,
}

#[derive(Debug)]
struct Request<I> {
    number: u64,
    admitted: I,
    answered: Option<I>,
}

impl<I> Default for Window<I> {
    fn default() -> Self {
        Self {
            next: 0,
            requests: VecDeque::new(),
        }
    }
}

impl<I: Reference> Window<I> {
    /// Lets one more request go where fewer than `room` count; its number, or how long to wait
    /// before asking again.
    pub(super) fn admit(&mut self, now: I, room: usize) -> Result<u64, Duration> {
        let left = |request: &Request<I>| request.counts_for(now);
        self.requests.retain(|request| left(request).is_some());
        if self.requests.len() >= room {
            return Err(self
                .requests
                .iter()
                .filter_map(left)
                .min()
                .unwrap_or(SECOND));
        }
        let number = self.next;
        self.next += 1;
        self.requests.push_back(Request {
            number,
            admitted: now,
            answered: None,
        });
        Ok(number)
    }

    /// A request was answered, or given up.
    pub(super) fn answered(&mut self, number: u64, now: I) {
        let at = self
            .requests
            .binary_search_by_key(&number, |request| request.number);
        if let Some(request) = at.ok().and_then(|at| self.requests.get_mut(at)) {
            request.answered = Some(now);
        }
    }
}

impl<I: Reference> Request<I> {
    /// How long it counts yet, if it does.
    fn counts_for(&self, now: I) -> Option<Duration> {
        let since = |moment: I| Duration::from(now.duration_since(moment));
        let longest = (LONGEST_WAY + SECOND).checked_sub(since(self.admitted))?;
        let left = match self.answered {
            Some(answered) => SECOND.checked_sub(since(answered))?,
            // For a second from now on at least.
            None => SECOND,
        };
        Some(longest.min(left)).filter(|left| !left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::{Clock as _, FakeRelativeClock};

    use super::*;

    #[test]
    fn a_request_counts_until_a_second_after_its_answer_but_not_for_ever() {
        let clock = FakeRelativeClock::default();
        let mut window = Window::default();
        let after = |milliseconds: u64| {
            clock.advance(Duration::from_millis(milliseconds));
            clock.now()
        };
        assert_eq!(window.admit(after(0), 1), Ok(0));
        assert_eq!(window.admit(after(300), 1), Err(SECOND));
        window.answered(0, after(0));
        let left = Duration::from_millis(100);
        assert_eq!(window.admit(after(900), 1), Err(left));
        // A second after the answer; the next one is never answered.
        assert_eq!(window.admit(after(100), 1), Ok(1));
        let left = Duration::from_millis(500);
        assert_eq!(window.admit(after(1_500), 1), Err(left));
        assert_eq!(window.admit(after(500), 1), Ok(2));
    }
}
