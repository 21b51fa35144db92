//! The sweep: which accounts ([`plan`], [`selection`]), whether it goes on with
//! an earlier one ([`resume`], [`digests`]), the list beside the work ([`listing`], [`roster`]), the work
//! ([`run`], [`tasks`], [`owners`], [`account`], [`judge`], [`recorder`], [`expiry`], [`interruption`]), how it ends ([`ending`]), and what is shown of it ([`progress`], [`summary`], [`hints`]).

pub(crate) mod account;
pub(crate) mod digests;
pub(crate) mod ending;
pub(crate) mod expiry;
pub(crate) mod hints;
pub(crate) mod interruption;
mod judge;
mod listing;
pub(crate) mod numbering;
pub(crate) mod owners;
pub(crate) mod perform;
pub(crate) mod plan;
pub(crate) mod progress;
mod recorder;
pub(crate) mod resume;
pub(crate) mod roster;
pub(crate) mod run;
pub(crate) mod selection;
pub(crate) mod summary;
pub(crate) mod tasks;
