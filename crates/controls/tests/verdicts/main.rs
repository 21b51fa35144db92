//! Verdicts on accounts of known truth.

mod alike;
mod beside;
mod chains;
mod counting_apart;
mod decisions;
mod evidence;
mod in_turn;
mod laws;
mod notes;
mod opinions;
mod organization;
mod public_patterns;
mod relevant;
mod sources;
mod split;
mod support;
mod trails;
