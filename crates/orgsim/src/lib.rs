//! orgsim: an AWS organization on localhost.
//!
//! It answers the real SDKs over the protocols that they speak, from a world that
//! a scenario describes: accounts in organizational units, trails, log groups,
//! metric filters, alarms, topics, subscribers, and whatever is wrong with them.
//! Protocols ([`Protocol`]) are apart from behaviour (one file per service), and
//! both are apart from the [`World`].
//!
//! Signatures are not verified. Policies are enforced when
//! [`World::enforce_policies`] says so. Who asks is read from the access key: see
//! [`access_key`].
#![doc = include_str!("../README.md")]

mod control;
mod credentials;
mod damage;
mod exchange;
mod exported;
mod faults;
mod happening;
mod iam;
mod live;
mod neutral;
mod protocol;
mod quota;
mod record;
mod request;
mod scenario;
mod server;
mod service;
mod shapes;
mod state;

pub use credentials::{access_key, session_credentials};
pub use damage::{Damage, DamagedAnswer, HOSTILE_TEXTS};
pub use exported::ExportedError;
pub use faults::{Fault, FaultId, FaultRule, Faults};
pub use happening::{
    CloudTrailEvent, EventFieldError, Link, Message, MetricKey, Step, Timeline, Trace, Traffic,
};
pub use live::Live;
pub use protocol::Protocol;
pub use record::{CallLog, RecordedCall};
pub use scenario::{ExpectedFinding, ExpectedOutcome, Scenario, ScenarioError};
pub use server::{Server, ServerOptions};
pub use service::Service;
pub use state::*;
