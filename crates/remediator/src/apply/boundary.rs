//! The moments between which a run can be cut short: before a step is recorded,
//! after that, after the call, after the end is recorded. Tests end the process at
//! each of them, as a power cut would.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts boundaries, and may end the process at one of them.
#[derive(Debug, Default)]
pub struct Boundaries {
    /// The boundary at which the process ends; 0 for none.
    end_at: u64,
    crossed: AtomicU64,
}

impl Boundaries {
    /// Ends the process, without cleaning up, at the boundary of that number, from 1.
    pub fn ending_at(number: Option<u64>) -> Self {
        Self {
            end_at: number.unwrap_or(0),
            crossed: AtomicU64::new(0),
        }
    }

    /// One more boundary is crossed.
    pub(super) fn cross(&self) {
        if self.crossed.fetch_add(1, Ordering::SeqCst) + 1 == self.end_at {
            std::process::abort();
        }
    }
}
