//! What happens when somebody does something: a CloudTrail event on its way
//! through trail, log group, metric filter, alarm, action and topic to whoever is
//! told, on a clock of its own.
//!
//! It is written from AWS's documentation and shares no code with orgsweep's
//! verdicts, which are checked against it; the one exception is the pattern
//! language, whose crate is checked elsewhere.

mod composite;
mod evaluation;
mod event;
mod filter_policy;
mod math;
mod metric;
mod mute;
mod notification;
mod publishing;
mod recording;
mod resource_policy;
mod rule;
mod timeline;
mod trace;
mod transition;
mod watching;

pub use event::{CloudTrailEvent, EventFieldError};
pub use metric::MetricKey;
pub use timeline::{Timeline, Traffic};
pub use trace::{Link, Message, Step, Trace};
