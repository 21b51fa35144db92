//! The links of a chain, one file per kind: what makes each of them hold, break
//! or stay unknown. Every function here judges one link from the facts given to
//! it; putting links together is `evaluate`'s.

mod above;
pub(crate) mod action;
pub(crate) mod alarm;
pub(crate) mod alarm_math;
pub(crate) mod alarm_rule;
pub(crate) mod arrivals;
pub(crate) mod at_times;
mod companions;
pub(crate) mod composite;
pub(crate) mod datapoints;
pub(crate) mod filter_policy;
pub(crate) mod firing;
pub(crate) mod glob;
pub(crate) mod group;
pub(crate) mod judged;
pub(crate) mod key;
pub(crate) mod metric_math;
mod mute_schedule;
mod muting;
pub(crate) mod narrowing;
pub(crate) mod policy;
mod resting;
pub(crate) mod ringing;
pub(crate) mod selectors;
mod shared_metric;
mod shared_namespaces;
pub(crate) mod subscription;
pub(crate) mod tail;
pub(crate) mod trail;
pub(crate) mod waiting;
