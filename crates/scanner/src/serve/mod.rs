//! The service: when sweeps are due ([`schedule`]), doing them one at a time across all
//! instances ([`sweeping`]), emptying the outbox ([`telling`]), what can be asked of it
//! ([`http`]), and its figures ([`metrics`]).

pub(crate) mod http;
pub(crate) mod metrics;
pub(crate) mod schedule;
pub(crate) mod sweeping;
pub(crate) mod telling;
