//! What a person decides about a plan: where chains stand, who is told, what
//! new things are called, and whether trails may be changed.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Target;
use super::names::Names;
use crate::endpoint::Endpoint;
use crate::owner::Owner;

/// Where the chains that a plan makes or mends stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Behind the organization's trail where there is one, else in the account.
    #[default]
    Auto,
    /// Behind the organization's trail: once for all its members.
    Central,
    /// In each account, behind its own trails.
    Local,
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Auto => "auto",
            Self::Central => "central",
            Self::Local => "local",
        })
    }
}

/// What a person decides about a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanOptions {
    /// Where chains stand.
    pub strategy: Strategy,
    /// Who is subscribed to topics that have nobody.
    pub endpoints: Vec<Endpoint>,
    /// Whether steps may change trails.
    pub allow_trail_changes: bool,
    /// What new things are called.
    pub names: Names,
    /// Tags that new things carry beside those that say who made them.
    pub tags: BTreeMap<String, String>,
    /// Findings that somebody accepted, each with who, until when and why. They are left out.
    pub accepted: BTreeMap<Target, String>,
    /// Who looks after what exists.
    pub ownership: Ownership,
}

/// Who looks after things that exist, as far as somebody asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ownership {
    /// What was found out, by ARN; nothing is known about others.
    pub owners: BTreeMap<String, Owned>,
    /// Whether steps may change what code defines.
    pub include_managed: bool,
}

/// What was found out about one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owned {
    /// Its tags name nobody.
    ByNobody,
    /// Its tags name somebody.
    By(Owner),
    /// Its tags could not be read; why.
    Unread(String),
}

impl Ownership {
    /// Who looks after what is named by this ARN.
    pub fn owner(&self, resource: &str) -> Option<&Owner> {
        match self.owners.get(resource) {
            Some(Owned::By(owner)) => Some(owner),
            _ => None,
        }
    }

    /// Why a change of what is named by this ARN is no step, if it is none: code defines it, or
    /// that could not be found out.
    pub(super) fn forbids(&self, resource: &str) -> Option<String> {
        if self.include_managed {
            return None;
        }
        match self.owners.get(resource)? {
            Owned::By(owner) if owner.manager.is_code() => {
                Some(format!("{owner} defines `{resource}`"))
            }
            Owned::Unread(why) => Some(format!(
                "whether code defines `{resource}` is not known ({why})"
            )),
            Owned::By(_) | Owned::ByNobody => None,
        }
    }
}
