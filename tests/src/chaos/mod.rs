//! Sweeps through faults, drawn from a seed: the simulated AWS throttles, fails,
//! hangs and garbles; accounts appear, vanish and are suspended; the database goes
//! away and comes back; the program is killed; answers are malformed. Whatever happened, every listed
//! account ends with one outcome, nothing passes that would not pass undisturbed,
//! and the next quiet sweep leaves what an undisturbed one leaves.

mod check;
mod disturbance;
mod killing;
mod malformed;
mod printed;
mod story;

pub use check::Undisturbed;
pub use killing::{killed_migrations, killed_sweep, killed_workers};
pub use malformed::malformed_answers;
pub use story::{Story, disturbed_sweep};
