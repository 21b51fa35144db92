//! The checks, one case at a time. Each makes its case from the seed and the
//! case's number.

mod coverage;
mod evaluation;
mod laws;
mod witness;

pub use coverage::coverage;
pub use evaluation::{MESSAGES, criteria, evaluation};

use filter_pattern::{OpenQuestion, Reading};

use crate::random::Random;

/// Streams of numbers, one for each check.
mod stream {
    pub(super) const EVALUATION: u64 = 1;
    pub(super) const COVERAGE: u64 = 2;
    pub(super) const CRITERIA: u64 = 3;
    pub(super) const SEARCH: u64 = 4;
}

/// The default reading of the open questions half of the time, else any.
fn reading(random: &mut Random) -> Reading {
    let mut reading = Reading::default();
    if random.once_in(2) {
        return reading;
    }
    for question in OpenQuestion::ALL {
        if random.once_in(3) {
            reading = reading.with(question);
        }
    }
    reading
}
