//! Doing what a plan says, and taking it back. Each step is read again before it
//! is done (`seen`; one call may answer for several, `reading`), judged by a function of values (`readiness`), done (`act`) or
//! taken back (`inverse`) through `write`, and recorded before and after (`recorder`), so that a run
//! that was killed anywhere can go on (`step`). An account's steps in their stages: `account`, `stages`, `pace` and
//! `undo`; how many accounts at once and in which order: `waves`.

mod account;
mod act;
mod boundary;
mod inverse;
mod pace;
mod quota;
mod readiness;
mod reading;
mod recorder;
mod removal;
mod seen;
mod stages;
mod step;
mod undo;
mod waves;

pub use account::{AccountEnd, Work};
pub use boundary::Boundaries;
pub use recorder::Recorder;
pub use seen::Seen;
pub use undo::undo_account;
pub use waves::{Canary, Threshold, in_order, waves};

pub use account::apply_account;
pub(crate) use account::serves_alone;
