//! How far the sweep is, on stderr: a moving line on a terminal, a plain line
//! every few seconds elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use orgsweep_aws_access::Access;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::output::number::{grouped, span};
use crate::output::terminal;

/// How often the moving line moves.
const TICK: Duration = Duration::from_millis(250);
/// How often a plain line is printed.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// What is counted while the sweep runs.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Accounts that are to be read, as far as they have been listed.
    pub(crate) total: AtomicU64,
    /// Whether all of them have been.
    pub(crate) listed: AtomicBool,
    /// Accounts that have an outcome.
    pub(crate) ended: AtomicU64,
    /// Of these, accounts that could not be read.
    pub(crate) failed: AtomicU64,
    /// Of these, accounts with a failing finding.
    pub(crate) failing: AtomicU64,
}

/// How far the sweep is at one moment.
#[derive(Debug, Clone, Copy, Default)]
struct Status {
    ended: u64,
    total: u64,
    listed: bool,
    failing: u64,
    failed: u64,
    calls: u64,
    throttles: u64,
    elapsed: Duration,
}

impl Status {
    /// The moment as a line.
    fn line(self) -> String {
        let seconds = self.elapsed.as_secs_f64().max(0.001);
        // The first few say little about the rest, and nothing says how many will be listed yet.
        let too_early = !self.listed || self.ended * 20 < self.total;
        let so_far = if self.listed { "" } else { " listed so far" };
        let left = if self.ended == 0 || too_early || self.ended >= self.total {
            String::new()
        } else {
            let rate = self.elapsed.as_secs_f64() / self.ended as f64;
            let left = Duration::from_secs_f64(rate * (self.total - self.ended) as f64);
            format!(", about {} left", span(left))
        };
        format!(
            "{} of {} accounts{so_far}, {} failing, {} unreadable, {:.0} calls/s, {} throttled{left}",
            grouped(self.ended),
            grouped(self.total),
            grouped(self.failing),
            grouped(self.failed),
            self.calls as f64 / seconds,
            grouped(self.throttles),
        )
    }
}

/// The running display; ends when dropped.
pub(crate) struct Progress {
    /// What is counted.
    pub(crate) counts: Arc<Counts>,
    display: JoinHandle<()>,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Starts to show how far a sweep is. A moving line
    /// would tear log lines apart, so it is shown only without `-v`.
    pub(crate) fn start(counts: Arc<Counts>, access: &Access, verbosity: u8) -> Self {
        let bar = (terminal::stderr_is_terminal() && verbosity == 0).then(|| {
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
            let narrow = terminal::stderr_width().is_none_or(|width| width < 130);
            let template = if narrow {
                "{spinner} {wide_msg}"
            } else {
                "{spinner} [{bar:24}] {wide_msg}"
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.progress_chars("=> "));
            }
            bar
        });
        let display = tokio::spawn(show(access.clone(), counts.clone(), bar.clone()));
        Self {
            counts,
            display,
            bar,
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.display.abort();
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

async fn show(access: Access, counts: Arc<Counts>, bar: Option<ProgressBar>) {
    let begun = Instant::now();
    let before = access.counters();
    let mut ticks = tokio::time::interval(if bar.is_some() { TICK } else { LINE_EVERY });
    // The first tick is immediate, when there is nothing to show.
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let now = access.counters();
        let status = Status {
            ended: counts.ended.load(Ordering::Relaxed),
            total: counts.total.load(Ordering::Relaxed),
            listed: counts.listed.load(Ordering::Relaxed),
            failing: counts.failing.load(Ordering::Relaxed),
            failed: counts.failed.load(Ordering::Relaxed),
            calls: now.calls - before.calls,
            throttles: now.throttles - before.throttles,
            elapsed: begun.elapsed(),
        };
        match &bar {
            Some(bar) => {
                bar.set_length(status.total);
                bar.set_position(status.ended);
                bar.set_message(status.line());
            }
            None => terminal::tell(&status.line()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_how_far_and_how_long() {
        let status = Status {
            ended: 300,
            total: 1412,
            listed: true,
            failing: 2,
            failed: 1,
            calls: 3000,
            throttles: 4,
            elapsed: Duration::from_secs(30),
        };
        assert_eq!(
            status.line(),
            "300 of 1,412 accounts, 2 failing, 1 unreadable, 100 calls/s, 4 throttled, about 1 min 51 s left"
        );
        let start = Status {
            total: 5,
            listed: true,
            ..Status::default()
        };
        assert_eq!(
            start.line(),
            "0 of 5 accounts, 0 failing, 0 unreadable, 0 calls/s, 0 throttled"
        );
    }

    #[test]
    fn nobody_says_how_long_it_takes_before_all_accounts_are_listed() {
        let status = Status {
            ended: 1654,
            total: 1920,
            calls: 8710,
            elapsed: Duration::from_secs(10),
            ..Status::default()
        };
        assert_eq!(
            status.line(),
            "1,654 of 1,920 accounts listed so far, 0 failing, 0 unreadable, 871 calls/s, 0 throttled"
        );
    }
}
