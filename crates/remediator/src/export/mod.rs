//! A plan in other forms: a page for people, the AWS CLI commands of its steps,
//! all of them as one shell script, as Terraform, as CloudFormation. Nothing here
//! executes or writes files.

mod changes;
pub mod cli;
mod cloudformation;
mod quote;
pub mod script;
pub mod table;
mod terraform;
mod units;

pub use changes::CHANGES;
pub use cloudformation::cloudformation;
pub(crate) use quote::quoted;
pub use script::shell_script;
pub use terraform::terraform;
pub use units::ExportedFile;
