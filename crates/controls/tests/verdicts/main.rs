//! Verdicts on accounts of known truth.

mod alike;
mod beside;
mod chains;
mod decisions;
mod evidence;
mod laws;
mod notes;
mod opinions;
mod organization;
mod public_patterns;
mod relevant;
mod sources;
mod support;
mod trails;
