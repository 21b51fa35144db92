//! How orgsweep talks to AWS: sessions in every account of an organization,
//! budgets that leave quota to others, retries, errors classified once, and
//! typed reads that become an [`AccountSnapshot`](orgsweep_controls::AccountSnapshot).
//!
//! Nothing here decides what a fact means; that is `orgsweep-controls`. Nothing
//! here changes AWS: only read calls and `sts:AssumeRole` are made.

mod access;
mod account_session;
pub mod alarm_history;
mod budget;
mod call;
mod check_access;
mod clients;
mod collect;
mod config;
mod credentials;
pub mod duration;
mod errors;
mod http_client;
mod inventory;
mod members;
mod once;
mod open_files;
mod operation;
mod paging;
mod partitions;
mod pattern_tester;
mod pauses;
mod retry;
mod session;
mod support;
mod tally;

pub use access::{Access, Caller};
pub use account_session::{AccountSession, CallFailure, CallKind, Quota, only_reads};
pub use check_access::{AccessCheck, PermissionCheck, PermissionOutcome};
pub use config::{AccessConfig, RoleConfig, RoleOverride, StaticCredentials};
pub use errors::{AccessError, CollectError, FailureReason, FaultKind};
pub use inventory::{InventoryPage, InventoryWants};
pub use members::Members;
pub use open_files::allow_many_connections;
pub use operation::{inventory_permissions, requested_permissions, required_permissions};
pub use pattern_tester::{MatchedMessage, PatternAnswer, PatternTester};
pub use session::Collected;
pub use tally::Counters;
