//! A whole run: the cases are shared out among threads, each made from the seed
//! and its number alone, and counted in their order, so that the report is the
//! same on every machine.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::check;
use crate::report::Report;

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Pairs of a pattern and a message.
    pub pairs: u64,
    /// Coverage questions.
    pub questions: u64,
    /// From which all cases are made.
    pub seed: u64,
    /// Threads.
    pub threads: usize,
}

/// Cases that a thread takes at once.
const PART: u64 = 250;

impl Plan {
    /// A plan with one coverage question for ten pairs.
    pub fn new(count: u64, seed: u64) -> Self {
        Self {
            pairs: count,
            questions: count.div_ceil(10),
            seed,
            threads: std::thread::available_parallelism().map_or(1, Into::into),
        }
    }

    /// Runs all cases; `progress` hears of each finished part.
    pub fn run(&self, progress: &(impl Fn(&'static str, u64, u64) + Sync)) -> Report {
        let mut report = Report::default();
        // A pattern meets several messages.
        let patterns = self.pairs.div_ceil(check::MESSAGES);
        let pairs = self.pairs;
        report.add(
            self.part("evaluation", patterns, progress, &|case, report| {
                let messages = (pairs - case * check::MESSAGES).min(check::MESSAGES);
                check::evaluation(self.seed, case, messages, report);
            }),
        );
        report.add(
            self.part("coverage", self.questions, progress, &|case, report| {
                check::coverage(self.seed, case, report);
            }),
        );
        report.add(self.part(
            "criteria",
            self.pairs.div_ceil(100),
            progress,
            &|case, report| {
                check::criteria(self.seed, case, report);
            },
        ));
        report
    }

    fn part(
        &self,
        name: &'static str,
        cases: u64,
        progress: &(impl Fn(&'static str, u64, u64) + Sync),
        check: &(impl Fn(u64, &mut Report) + Sync),
    ) -> Report {
        let next = AtomicU64::new(0);
        let done = Mutex::new(Vec::new());
        let work = || {
            loop {
                let first = next.fetch_add(PART, Ordering::Relaxed);
                if first >= cases {
                    return;
                }
                let mut report = Report::default();
                for case in first..(first + PART).min(cases) {
                    check(case, &mut report);
                }
                let mut done = done.lock().expect("no thread panicked");
                done.push((first, report));
                progress(name, (done.len() as u64 * PART).min(cases), cases);
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..self.threads.max(1) {
                scope.spawn(work);
            }
        });
        let mut parts = done.into_inner().expect("no thread panicked");
        parts.sort_unstable_by_key(|(first, _)| *first);
        let mut report = Report::default();
        for (_, part) in parts {
            report.add(part);
        }
        report
    }
}
