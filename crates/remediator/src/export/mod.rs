//! A plan as something else than a plan: the AWS CLI commands of its steps, and
//! all of them as one shell script. Executing is nobody's business here.

pub mod cli;
mod quote;
pub mod script;

pub(crate) use quote::quoted;
pub use script::shell_script;
