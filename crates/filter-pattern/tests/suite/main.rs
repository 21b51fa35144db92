//! The crate seen from outside, in one program: each change of the crate links one test
//! program instead of sixteen.

mod answers;
mod bounded;
mod calls;
mod controls;
mod differential;
mod generated;
mod hard_patterns;
mod laws;
mod long_messages;
mod many_filters;
mod messages;
mod narrowing;
mod open_questions;
mod parse_errors;
mod plausible;
mod questions;
mod records;
mod relations;
mod robust;
mod semantics;
mod semantics_text;
mod steps;
mod tricky;
mod vectors;
mod witnesses;

#[path = "../../benches/workload/mod.rs"]
mod workload;
