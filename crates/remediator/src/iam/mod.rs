//! Who may do what: least-privilege policies and roles, made from the operations
//! that the code declares. A sweep's come from `orgsweep-aws-access`, those of
//! repairs from the kinds of [steps](crate::steps). Nothing here calls AWS.
//!
//! | module | answers |
//! |---|---|
//! | `policy` | what a policy is, in any partition |
//! | `duty` | which policy goes with which duty |
//! | `scope` | which resources a write is allowed on |
//! | `role` | the role that carries it in every account |
//! | `print` | all of it as JSON, YAML or Terraform |

mod duty;
mod policy;
mod print;
mod role;
mod scope;

pub use duty::{Duty, Repairing};
pub use policy::{Condition, Policy, Resource, Statement};
pub use print::Notation;
pub use role::Role;
