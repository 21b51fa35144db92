//! A plan's accounts, wave after wave: each wave is done, read and judged again, and the next one
//! left alone when too many accounts failed.

use std::collections::BTreeSet;
use std::convert::Infallible;

use anyhow::bail;
use orgsweep_controls::AccountId;
use orgsweep_remediator::apply::{Threshold, Work};
use orgsweep_store::{RunAccountRow, RunState, SessionLock, Store};

use super::applying::Applying;
use super::execution::{Direction, Limits, Turn, steps_by_account, wave};
use super::output;
use super::progress::Progress;
use super::verification::{JudgedAgain, accounts_in, judged_again};

/// Accounts that failed and are named.
const NAMED: usize = 5;

impl Applying<'_> {
    /// Does the waves one after the other, until one of them says that the rest is left alone.
    pub(super) async fn waves(
        &self,
        store: &mut Option<Store>,
        mut work: Work,
        waves: &[Wave],
        locks: &mut SessionLock,
    ) -> anyhow::Result<RunEnd> {
        let steps = steps_by_account(self.plan);
        let threshold = Threshold(self.arguments.max_failures);
        let largest = waves.iter().map(|wave| wave.accounts.len()).max();
        let at_once = (self.arguments.how).accounts_at_once(largest.unwrap_or_default());
        // Of a run that goes on, those that an earlier process has judged count with it.
        let mut failed = self.still_failing(&work).await?;
        if self.arguments.resume && !self.arguments.how.without_verification {
            // Cut short before its last wave was judged: nothing goes ahead of that.
            let unjudged =
                !accounts_in("not_judged", &work.store.repairs(work.run).await?).is_empty();
            let (broken, problem) = self.verified(store, &mut work).await?;
            failed.extend(broken);
            if let (Some(next), true) = (waves.first(), unjudged)
                && let Some(end) = self.ends_before(next, &failed, problem, threshold)
            {
                return Ok(end);
            }
        }
        for (place, these) in waves.iter().enumerate() {
            if self.stop.is_cancelled() {
                return Ok(RunEnd::of(RunState::Interrupted, None));
            }
            if !locks.holds().await {
                let message =
                    "the database connection that keeps others out of these accounts was lost";
                return Ok(RunEnd::of(RunState::Interrupted, Some(message.to_owned())));
            }
            let limits = Limits {
                concurrency: at_once,
                threshold,
                planned: these.planned,
            };
            let progress =
                Progress::start(self.plan.steps.len() as u64, work.ended.clone(), "are done");
            let end = wave(&work, Direction::Apply, &these.accounts, &steps, limits).await;
            drop(progress);
            let end = end?;
            if let Some(why) = end.stopped {
                return Ok(RunEnd::of(RunState::Interrupted, Some(why)));
            }
            let last = place + 1 == waves.len();
            let too_many =
                end.too_many || !last && threshold.is_passed(end.failed.len(), these.planned);
            let when = if end.too_many { "in" } else { "after" };
            let cut = too_many.then(|| these.too_many(when, &end.failed, these.planned, threshold));
            failed.extend(end.failed);
            let pauses = self.arguments.pause_after == Some(these.number);
            let mut problem = None;
            if !self.arguments.how.without_verification {
                let writers = work.writers.clone();
                let goes_on = cut.is_none() && !pauses;
                let next = waves.get(place + 1).filter(|_| goes_on);
                let next = next.map_or_else(Vec::new, |it| it.first_accounts(limits.concurrency));
                let (broken, why) = tokio::select! {
                    judged = self.verified(store, &mut work) => judged?,
                    never = meanwhile(writers.sign_in_ahead(&next)) => match never {},
                };
                failed.extend(broken);
                problem = why;
            }
            if let Some(message) = cut {
                return Ok(RunEnd::of(RunState::Failed, Some(message)));
            }
            if let Some(why) = problem.filter(|_| !last) {
                return Ok(RunEnd::of(RunState::Failed, Some(these.not_judged(&why))));
            }
            if !last && threshold.is_passed(failed.len(), these.so_far) {
                let message = these.too_many("after", &failed, these.so_far, threshold);
                return Ok(RunEnd::of(RunState::Failed, Some(message)));
            }
            if !last && pauses && !self.stop.is_cancelled() {
                return Ok(RunEnd::paused_after(these.number));
            }
        }
        let accounts = work.store.run_accounts(work.run).await?;
        let open = accounts
            .iter()
            .filter(|account| account.state != "done")
            .count();
        Ok(if open == 0 {
            RunEnd::of(RunState::Finished, None)
        } else {
            let message = format!(
                "{} could not be repaired as planned",
                output::counted(open, "account", "accounts")
            );
            RunEnd::of(RunState::Failed, Some(message))
        })
    }

    /// How a run that goes on ends before its `next` wave: the one before it was judged only now.
    fn ends_before(
        &self,
        next: &Wave,
        failed: &BTreeSet<AccountId>,
        problem: Option<String>,
        threshold: Threshold,
    ) -> Option<RunEnd> {
        if next.so_far == next.planned {
            // No wave was before it.
            return None;
        }
        let before = Wave {
            number: next.number - 1,
            accounts: Vec::new(),
            planned: next.so_far - next.planned,
            so_far: next.so_far - next.planned,
        };
        let failed_with = |message| Some(RunEnd::of(RunState::Failed, Some(message)));
        if let Some(why) = problem {
            return failed_with(before.not_judged(&why));
        }
        if threshold.is_passed(failed.len(), before.so_far) {
            return failed_with(before.too_many("after", failed, before.so_far, threshold));
        }
        let pauses = self.arguments.pause_after == Some(before.number);
        (pauses && !self.stop.is_cancelled()).then(|| RunEnd::paused_after(before.number))
    }

    /// Reads and judges again what has been changed and not been judged since. Those of the
    /// accounts that have a finding that still fails, and why judging did not work.
    async fn verified(
        &self,
        store: &mut Option<Store>,
        work: &mut Work,
    ) -> anyhow::Result<(BTreeSet<AccountId>, Option<String>)> {
        let before = work.store.repairs(work.run).await?;
        let accounts: Vec<AccountId> = accounts_in("not_judged", &before).into_iter().collect();
        let Some(taken) = store.take() else {
            bail!("the store is closed");
        };
        let JudgedAgain {
            store: opened,
            problem,
        } = judged_again(
            taken,
            &accounts,
            self.settings,
            self.common,
            self.arguments.how.reading_role.as_deref(),
        )
        .await?;
        work.goes_on_in(&opened);
        *store = Some(opened);
        let mut failing = self.still_failing(work).await?;
        failing.retain(|account| accounts.contains(account));
        Ok((failing, problem))
    }

    /// Accounts with a finding that was judged again and still fails.
    async fn still_failing(&self, work: &Work) -> anyhow::Result<BTreeSet<AccountId>> {
        let repairs = work.store.repairs(work.run).await?;
        Ok(accounts_in("still_failing", &repairs))
    }
}

/// How a run ended.
pub(super) struct RunEnd {
    pub(super) state: RunState,
    pub(super) message: Option<String>,
    /// Whether it stopped because somebody wants to look first.
    pub(super) paused: bool,
}

impl RunEnd {
    fn of(state: RunState, message: Option<String>) -> Self {
        Self {
            state,
            message,
            paused: false,
        }
    }

    fn paused_after(wave: i32) -> Self {
        Self {
            state: RunState::Interrupted,
            message: Some(format!(
                "paused after wave {wave}, as `--pause-after` says; `--resume` goes on with the others"
            )),
            paused: true,
        }
    }
}

/// A wave of a run that is not over.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wave {
    /// Its number, from 1.
    number: i32,
    /// Its accounts that are not done.
    accounts: Vec<Turn>,
    /// How many accounts it was planned with.
    planned: usize,
    /// The same, with those of the waves before it.
    so_far: usize,
}

impl Wave {
    /// The accounts that are changed at once when its turn comes.
    fn first_accounts(&self, concurrency: usize) -> Vec<AccountId> {
        let first = self.accounts.iter().take(concurrency);
        first.map(|turn| turn.account.clone()).collect()
    }

    /// Why the others are left alone when nobody knows what came of this one.
    fn not_judged(&self, why: &str) -> String {
        format!(
            "stopped after wave {}: it could not be judged again ({why}); `--resume` goes on, with \
             `--without-verification` without judging",
            self.number
        )
    }

    /// Why the others are left alone, and which accounts failed.
    fn too_many(
        &self,
        place: &str,
        failed: &BTreeSet<AccountId>,
        of: usize,
        Threshold(percent): Threshold,
    ) -> String {
        let named: Vec<&str> = failed.iter().map(AccountId::as_str).take(NAMED).collect();
        let more = match failed.len() - named.len() {
            0 => String::new(),
            number => format!(" and {number} more"),
        };
        format!(
            "stopped {place} wave {}: {} of {} failed ({}{more}), and `--max-failures` allows \
             {percent} of a hundred; the others were left alone",
            self.number,
            failed.len(),
            output::counted(of, "account", "accounts"),
            named.join(", "),
        )
    }
}

/// Does something beside what is waited for, which alone decides when it is over.
async fn meanwhile(work: impl Future<Output = ()>) -> Infallible {
    work.await;
    std::future::pending().await
}

/// The waves of a run as they were stored when it started, without the accounts that are done. Of a run
/// that goes on, another process may have been at work everywhere.
pub(super) fn waves_left(rows: &[RunAccountRow], goes_on: bool) -> Vec<Wave> {
    let mut waves: Vec<Wave> = Vec::new();
    for (row, so_far) in rows.iter().zip(1..) {
        match waves.last_mut().filter(|wave| wave.number == row.wave) {
            Some(wave) => (wave.planned, wave.so_far) = (wave.planned + 1, so_far),
            None => waves.push(Wave {
                number: row.wave,
                accounts: Vec::new(),
                planned: 1,
                so_far,
            }),
        }
        if row.state != "done"
            && let (Some(wave), Ok(account)) = (waves.last_mut(), row.account_id.parse())
        {
            let begun = goes_on || row.state != "pending";
            wave.accounts.push(Turn { account, begun });
        }
    }
    waves.retain(|wave| !wave.accounts.is_empty());
    waves
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(number: usize) -> AccountId {
        format!("{number:012}").parse().unwrap()
    }

    /// Of an account that failed, or of one that was not begun.
    fn turn(number: usize) -> Turn {
        Turn {
            account: account(number),
            begun: number == 3,
        }
    }

    fn row(number: usize, wave: i32, state: &str) -> RunAccountRow {
        RunAccountRow {
            account_id: account(number).to_string(),
            wave,
            state: state.to_owned(),
            message: None,
            started_at: None,
            finished_at: None,
        }
    }

    #[test]
    fn what_is_left_of_a_run_is_held_against_its_waves_as_they_were_planned() {
        let rows = [
            row(1, 1, "done"),
            row(2, 2, "done"),
            row(3, 2, "failed"),
            row(4, 2, "done"),
            row(5, 3, "pending"),
            row(6, 3, "pending"),
        ];
        let wave = |number, accounts: &[usize], planned, so_far| Wave {
            number,
            accounts: accounts.iter().copied().map(turn).collect(),
            planned,
            so_far,
        };
        let expected = [wave(2, &[3], 3, 4), wave(3, &[5, 6], 2, 6)];
        assert_eq!(waves_left(&rows, false), expected);
        let all_begun = |wave: &Wave| wave.accounts.iter().all(|turn| turn.begun);
        assert!(waves_left(&rows, true).iter().all(all_begun));
    }

    #[test]
    fn who_is_left_alone_is_told_how_many_and_which_accounts_failed() {
        let rows: Vec<RunAccountRow> = (1..=20).map(|number| row(number, 2, "failed")).collect();
        let wave = waves_left(&rows, false).remove(0);
        let failed = |count| (1..=count).map(account).collect();
        assert_eq!(
            wave.too_many("in", &failed(2), 20, Threshold(5)),
            "stopped in wave 2: 2 of 20 accounts failed (000000000001, 000000000002), and \
             `--max-failures` allows 5 of a hundred; the others were left alone"
        );
        let many = wave.too_many("after", &failed(9), 20, Threshold(5));
        assert!(many.contains("000000000005 and 4 more)"), "{many}");
    }
}
