//! The store of orgsweep: what sweeps found, in PostgreSQL, for anyone who speaks SQL.
//!
//! [`Store`] opens a database (a server's, or the embedded one), migrates it, and keeps
//! sweeps, accounts, snapshots, findings and their history. One account is recorded in one
//! transaction, alone or with others; writing it twice changes nothing. The tables belong to this crate; the
//! views of `migrations/` belong to everybody.
//!
//! Verdicts are made elsewhere (`orgsweep-controls`), facts are read elsewhere
//! (`orgsweep-aws-access`), and nothing here prints.

mod account;
mod account_lock;
mod change;
mod comparison;
mod config;
mod control;
mod difference;
mod documentation;
mod drill;
#[cfg(feature = "embedded")]
mod embedded;
mod error;
mod exception;
mod finding;
mod finding_record;
mod finding_rows;
mod group_commit;
mod inventory;
mod literal;
mod migrate;
mod night;
mod notification;
mod outcome;
mod plan;
mod posture;
mod query;
mod record;
mod relied_on;
mod retention;
mod run;
mod run_action;
mod session_lock;
mod sharing;
mod snapshot;
mod store;
mod summary;
mod sweep;
mod text;

pub use account::AccountRow;
pub use account_lock::Locking;
pub use change::{ChangeKind, GroupedChange};
pub use comparison::{AccountChange, AccountMove, FindingChange, FindingState};
pub use config::{Location, StoreConfig, demo_data_dir};
pub use control::ControlRow;
pub use documentation::{ColumnDoc, ViewDoc};
pub use drill::{DrillEnd, DrilledAction, LastRung, LastSeen, NewDrill, OpenDrill};
pub use error::StoreError;
pub use exception::{
    ExceptedFinding, ExceptionId, ExceptionRow, ExceptionScope, ExceptionState, NewException,
};
pub use finding_record::FindingRecord;
pub use group_commit::GroupCommit;
pub use migrate::{MigrationReport, known_version};
pub use night::{Judged, Night, NightAccount, SweepRow, Unread};
pub use notification::{DueNotification, NotificationId, NotificationRow};
pub use plan::PlanRow;
pub use posture::{AcceptedBy, FindingFilter, FindingRow};
pub use query::{Column, QueryLimits, QueryResult};
pub use record::{AccountRecord, Recorded};
pub use retention::{Kept, Pruned};
pub use run::{
    NewAction, NewRun, NewRunFinding, RunAccountRecord, RunAccountRow, RunRow, RunState,
};
pub use run_action::{ActionRecord, ActionRow, ActionState, ActionStep, RepairRow};
pub use session_lock::SessionLock;
pub use sharing::{RunningSweep, SharedFacts};
pub use store::Store;
pub use summary::{Cause, ControlSummary, Ending, NotRead, SweepSummary};
pub use sweep::{NewSweep, SweepId, SweepTotals, UnfinishedSweep};
