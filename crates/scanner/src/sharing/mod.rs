//! One sweep, many processes. The one that began it lists the organization, reads the
//! accounts that others are judged by, and puts the rest into a queue ([`queue`]) from which
//! it and any number of workers ([`working`]) take them. What must hold for all of them
//! together (shares of AWS's budgets) is leased in the database ([`lease`]).
//!
//! A worker that is given up (killed, stopped, cut off) loses its accounts to others within seconds.
//! Each account is claimed before it is read, and its outcome is recorded by the
//! claim that holds: a late answer of a worker that was given up changes nothing.

pub(crate) mod coordinating;
pub(crate) mod lease;
pub(crate) mod queue;
pub(crate) mod working;

use std::time::Duration;

/// How often a process shows that it lives.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(1);
/// After so long without a sign a process is given up.
pub(crate) const GIVEN_UP: Duration = Duration::from_secs(4);
