//! A plan in other forms: a page for people, the AWS CLI commands of its steps,
//! all of them as one shell script. Nothing here executes.

pub mod cli;
mod quote;
pub mod script;
pub mod table;

pub(crate) use quote::quoted;
pub use script::shell_script;
