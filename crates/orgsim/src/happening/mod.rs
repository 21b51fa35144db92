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
mod queueing;
mod recording;
mod resource_policy;
mod rule;
mod serving;
mod timeline;
mod trace;
mod transition;
mod watched;
mod watching;

pub(crate) use filter_policy::passes as filter_policy_passes;
pub(crate) use math::{Line, Problem, Queries};
pub(crate) use metric::Samples;
pub(crate) use queueing::{Envelope, deliver as deliver_to_queue};
pub(crate) use resource_policy::{conditions_hold, each, like, texts};
pub(crate) use serving::{Sample, store_event};

pub use event::{CloudTrailEvent, EventFieldError};
pub use metric::MetricKey;
pub use timeline::{Timeline, Traffic};
pub use trace::{Link, Message, Step, Trace};
