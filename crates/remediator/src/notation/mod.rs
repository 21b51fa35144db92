//! The two notations of infrastructure as code, as values: templates of
//! CloudFormation ([`cloudformation`]) and Terraform's language ([`hcl`]). Quoting
//! and layout live here; what is written in them does not.

pub(crate) mod cloudformation;
pub(crate) mod hcl;
