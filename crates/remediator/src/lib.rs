//! What it would take to make failing findings pass: the smallest set of typed
//! steps per finding, as a plan that people review and machines read; and doing
//! what a plan says, and taking it back. Planning is pure (findings and snapshots
//! in, a document out). What changes AWS is in [`write`](mod@write) alone.
//!
//! | module | answers |
//! |---|---|
//! | [`steps`] | what a step is: its effect, inverse, permissions, cost, command |
//! | [`human`] | what only a person can do, and the command for it |
//! | [`simulate`] | what a snapshot looks like after a step |
//! | [`planner`] | which steps make a finding pass |
//! | [`document`] | the plan: digest, expiry, author, steps, what was left out |
//! | [`selection`] | which findings are meant |
//! | [`export`] | the plan as a shell script |
//! | [`apply`] | doing the steps of a plan, and taking them back |
//! | [`write`](mod@write) | the calls that change AWS, per resource |
//! | [`lookup`] | whose it is: reads the tags of what a plan touches |
//! | [`made`] | what runs made and no later one took away |
//! | [`owner`] | who looks after what exists, as tags say |
//! | [`estimate`] | what carrying it out takes: money, calls, minutes |
//! | [`drill`] | alarms that are made to ring on purpose |
//! | [`iam`] | who may do what: policies and roles for sweeping and repairing |

pub mod apply;
pub mod document;
pub mod drill;
pub mod endpoint;
pub mod estimate;
pub mod export;
pub mod human;
pub mod iam;
pub mod lookup;
pub mod made;
mod notation;
pub mod owner;
pub mod planner;
pub mod selection;
pub mod simulate;
pub mod steps;
pub mod write;

pub use document::{LeftOut, Plan};
pub use endpoint::Endpoint;
pub use human::{HumanAct, HumanStep};
pub use planner::{PlanOptions, Strategy, plan};
pub use steps::{Action, Step, StepKind};
