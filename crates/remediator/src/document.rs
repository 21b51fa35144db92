//! The plan as a document: who wants it and why, what it repairs, its steps,
//! what people have to do, what it leaves out. The same inputs give the same
//! bytes; the digest covers all of them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use orgsweep_controls::{AccountId, ControlId, Reason};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::human::HumanStep;
use crate::planner::Strategy;
use crate::steps::{Cost, Step};

/// The version of this document's form; readers refuse a newer one.
pub const FORMAT: u32 = 1;

/// A plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The version of this document's form.
    pub format: u32,
    /// Its id, made from the digest.
    pub plan_id: Uuid,
    /// SHA-256 of the document without `plan_id` and `digest`.
    pub digest: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From when on it must not be used any more.
    pub expires_at: DateTime<Utc>,
    /// Who made it.
    pub author: String,
    /// Why it was made.
    pub reason: String,
    /// SHA-256 of the catalog that judged.
    pub catalog_digest: String,
    /// Where its chains stand.
    pub strategy: Strategy,
    /// What the other strategy would take, when it is possible too.
    pub alternative: Option<Alternative>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Purpose::is_repair")]
    pub purpose: Purpose,
    /// Tags that what it makes carries beside those that say who made it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// What its steps add to the bill per month, in US dollars.
    pub monthly_cost_usd: Cost,
    /// What is done, in this order.
    pub steps: Vec<Step>,
    /// What people have to do.
    pub human_steps: Vec<HumanStep>,
    /// The findings that pass afterwards.
    pub repairs: Vec<Repair>,
    /// The findings that stay as they are, and why.
    pub left_out: Vec<LeftOut>,
}

/// What a plan is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Failing findings pass.
    #[default]
    Repair,
    /// What earlier runs made and no finding needs any more is gone.
    Removal,
}

impl Purpose {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands over references"
    )]
    fn is_repair(&self) -> bool {
        *self == Self::Repair
    }
}

/// A finding that passes once the plan is done.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Repair {
    /// The account.
    pub account_id: AccountId,
    /// The control.
    pub control: ControlId,
    /// Why it fails now; of a removal, why it passes.
    pub reason: Reason,
    /// Numbers of the steps that it needs; of a removal, of those that it does without.
    pub steps: Vec<u32>,
    /// Numbers of the human steps that it needs.
    pub human_steps: Vec<u32>,
}

/// A finding that the plan does not make pass.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LeftOut {
    /// The account.
    pub account_id: AccountId,
    /// The control.
    pub control: ControlId,
    /// Stable code: `passes_already`, `not_read`, `no_repair` …
    pub why: String,
    /// The same in words, with what to do next.
    pub text: String,
}

/// What the other strategy would take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alternative {
    /// The other strategy.
    pub strategy: Strategy,
    /// Its steps.
    pub steps: usize,
    /// Its human steps.
    pub human_steps: usize,
    /// How many of the findings it would repair.
    pub repairs: usize,
    /// What its steps would add to the bill per month, in US dollars.
    pub monthly_cost_usd: Cost,
}

impl Plan {
    /// The document with its id and digest filled in.
    #[must_use]
    pub fn sealed(mut self) -> Self {
        self.plan_id = Uuid::nil();
        self.digest = String::new();
        let digest = Sha256::digest(self.to_json());
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        self.plan_id = uuid::Builder::from_custom_bytes(id).into_uuid();
        self.digest = hex::encode(digest);
        self
    }

    /// Whether id and digest are those of the content.
    pub fn is_intact(&self) -> bool {
        let sealed = self.clone().sealed();
        sealed.digest == self.digest && sealed.plan_id == self.plan_id
    }

    /// Whether it is the same plan, made at another time.
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        let timeless = |plan: &Self| {
            Self {
                created_at: DateTime::UNIX_EPOCH,
                expires_at: DateTime::UNIX_EPOCH,
                ..plan.clone()
            }
            .sealed()
            .digest
        };
        timeless(self) == timeless(other)
    }

    /// Whether nothing is to be done, by program or person.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.human_steps.is_empty()
    }

    /// The document as JSON, on one line.
    ///
    /// # Panics
    /// Never: the document holds strings and numbers only.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a plan is JSON")
    }
}
