//! What orgsweep decides, as pure functions: the control catalog, the facts of
//! an account (`AccountSnapshot`), the chains in them, and the verdict of each
//! control (`Finding`). No I/O, no clock, no tasks: the same catalog and
//! snapshots give the same findings, byte for byte.

pub mod catalog;
mod chain;
pub mod decision;
pub mod evaluate;
pub mod finding;
pub mod ids;
pub mod known;
mod monitored;
mod opinion;
pub mod organization;
mod pattern;
pub mod reason;
mod relevant;
mod remembered;
pub mod snapshot;

pub use catalog::{BUILTIN_CATALOG_TOML, Catalog, CatalogError, Control};
pub use chain::alarm::firing;
pub use chain::filter_policy::lets_every_alarm_through;
pub use chain::firing::Firing;
pub use chain::judged::Delay;
pub use chain::narrowing::{CRITERIA_ASSUME, pattern_with_criteria};
pub use chain::waiting::waiting_alarms;
pub use decision::Decisions;
pub use evaluate::{Alike, Evaluator, OwnChains, ReliedOn, evaluate, multi_region_trails_decide};
pub use finding::{
    Chain, EventsNeeded, Evidence, Finding, Link, LinkKind, LinkState, Note, Opinion, OtherVerdict,
    TimeToNotice, Verdict,
};
pub use ids::{AccountId, Arn, ControlId, IdError, LogGroupArn, OrganizationId, Partition, Region};
pub use known::{Call, Known, Unread, UnreadCause};
pub use monitored::AlarmsOnOthers;
pub use organization::{AccountState, Inventory, ListedAccount};
pub use reason::Reason;
pub use relevant::{
    alarms_on_other_accounts, lack_a_controls_filter, relevant_alarms, topics_acted_on,
};
pub use snapshot::AccountSnapshot;
