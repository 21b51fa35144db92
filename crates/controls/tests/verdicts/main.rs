//! Verdicts on accounts of known truth.

mod chains;
mod evidence;
mod laws;
mod opinions;
mod organization;
mod relevant;
mod sources;
mod support;
