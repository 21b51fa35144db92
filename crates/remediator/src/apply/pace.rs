//! Which steps of a stage wait for which others. Alarms, filters and subscriptions wait for the
//! topics. Of alarms AWS allows the fewest a second, so they go first: filters keep pace with them
//! instead of taking processors, database and network from the alarms of other accounts, and
//! subscriptions follow the first of them.

use std::collections::BTreeSet;

use tokio::sync::watch;

/// Alarms of an account that are in hand at once: as many as may be put in a second.
pub(super) const ALARMS_AT_ONCE: usize = 3;

/// The topics of a stage that are not made yet, by the numbers of their steps.
#[derive(Debug)]
pub(super) struct Topics(watch::Sender<BTreeSet<u32>>);

impl Topics {
    /// Those that the steps of these numbers make.
    pub(super) fn to_make(numbers: impl Iterator<Item = u32>) -> Self {
        Self(watch::Sender::new(numbers.collect()))
    }

    /// The topic of a step stands.
    pub(super) fn stands(&self, number: u32) {
        self.0.send_modify(|left| {
            left.remove(&number);
        });
    }

    /// No more of them will be made.
    pub(super) fn over(&self) {
        self.0.send_modify(BTreeSet::clear);
    }

    /// Waits until all of them stand, or no more will be made.
    pub(super) async fn stand(&self) {
        // It does not end before this does.
        let _ = self.0.subscribe().wait_for(BTreeSet::is_empty).await;
    }
}

/// How far a stage's alarms have come, with which the others keep pace.
#[derive(Debug)]
pub(super) struct Pace {
    /// Alarms that have ended.
    ended: watch::Sender<usize>,
    alarms: usize,
    filters: usize,
}

impl Pace {
    /// Of a stage with so many alarms and filters.
    pub(super) fn of(alarms: usize, filters: usize) -> Self {
        Self {
            ended: watch::Sender::new(0),
            alarms,
            filters,
        }
    }

    /// An alarm has ended.
    pub(super) fn alarm_ended(&self) {
        self.ended.send_modify(|ended| *ended += 1);
    }

    /// No more alarms will be put.
    pub(super) fn over(&self) {
        self.ended.send_modify(|ended| *ended = self.alarms);
    }

    /// Waits until the filter at `place`, from 0, may go.
    pub(super) async fn filter(&self, place: usize) {
        self.wait_for(|ended| place < self.filters_with(ended))
            .await;
    }

    /// Waits until the first alarms have gone.
    pub(super) async fn first_alarms(&self) {
        self.wait_for(|ended| ended >= ALARMS_AT_ONCE || self.are_last_in_hand(ended))
            .await;
    }

    async fn wait_for(&self, is_time: impl Fn(usize) -> bool) {
        let mut ended = self.ended.subscribe();
        // It does not end before this does.
        let _ = ended.wait_for(|ended| is_time(*ended)).await;
    }

    /// How many filters may have gone when so many alarms have ended: as large a part of them as of the
    /// alarms that have been sent.
    fn filters_with(&self, ended: usize) -> usize {
        if self.are_last_in_hand(ended) {
            return self.filters;
        }
        let sent = ended + ALARMS_AT_ONCE;
        (sent * self.filters).div_ceil(self.alarms)
    }

    fn are_last_in_hand(&self, ended: usize) -> bool {
        ended + ALARMS_AT_ONCE >= self.alarms
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    #[rustfmt::skip]
    fn as_large_a_part_of_the_filters_goes_as_of_the_alarms() {
        for (alarms, filters, expected) in [
            (14, 14, &[3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 14, 14, 14][..]),
            (5,  14, &[9, 12, 14, 14, 14, 14]),
            (4,  0,  &[0, 0, 0, 0, 0]),
            (9,  2,  &[1, 1, 2, 2, 2, 2, 2, 2, 2, 2]),
            // Nothing stretches these: they go beside each other.
            (3,  14, &[14, 14, 14, 14]),
            (0,  14, &[14]),
        ] {
            let pace = Pace::of(alarms, filters);
            let gone: Vec<usize> = (0..=alarms).map(|ended| pace.filters_with(ended)).collect();
            assert_eq!(gone, expected, "{filters} filters beside {alarms} alarms");
        }
    }

    #[test]
    fn who_waits_for_alarms_goes_when_they_have_ended_and_when_none_comes_any_more() {
        let pace = Pace::of(14, 14);
        let goes = |place| pace.filter(place).now_or_never().is_some();
        assert_eq!([2, 3].map(goes), [true, false]);
        for _ in 0..3 {
            assert_eq!(pace.first_alarms().now_or_never(), None);
            pace.alarm_ended();
        }
        assert_eq!(pace.first_alarms().now_or_never(), Some(()));
        assert_eq!([5, 6].map(goes), [true, false]);
        pace.over();
        assert!(goes(13));
    }

    #[test]
    fn all_topics_of_a_stage_are_waited_for_unless_one_is_not_made() {
        let topics = Topics::to_make([4, 7].into_iter());
        topics.stands(4);
        topics.stands(4);
        assert_eq!(topics.stand().now_or_never(), None);
        topics.stands(7);
        assert_eq!(topics.stand().now_or_never(), Some(()));
        let topics = Topics::to_make([4, 7].into_iter());
        topics.over();
        assert_eq!(topics.stand().now_or_never(), Some(()));
    }
}
