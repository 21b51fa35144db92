//! From snapshots to findings: routes (`routes`), the kinds of events that a
//! control is about (`kinds`), coverage by the union of working chains (`judge`),
//! and what a finding tells about it. Each control is judged under the catalog's
//! framework; the others' verdicts are listed beside it.

mod alike;
mod blame;
mod chains;
mod control;
mod counters;
mod coverage;
mod decided;
mod deciding;
mod doubts;
mod evidence;
mod fix;
mod in_turn;
mod judge;
mod kinds;
mod needed;
mod noise;
mod notes;
mod regions;
mod routes;
mod sets;
mod shared;
mod summary;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::catalog::{Catalog, Control, Scope};
use crate::decision::Decisions;
use crate::finding::{Evidence, Finding, Verdict};
use crate::ids::{AccountId, ControlId};
use crate::known::{Call, Unread, UnreadCause};
use crate::opinion::{Material, Others};
use crate::reason::Reason;
use crate::snapshot::AccountSnapshot;

pub use alike::Alike;
pub use deciding::{OwnChains, multi_region_trails_decide};

use coverage::Coverage;
use routes::{NotRead, Routes};
use sets::KnownSets;
use shared::Shared;

/// What is known beside the account that is judged.
#[derive(Debug, Clone, Default)]
pub struct ReliedOn {
    /// The organization's management account, when it is known.
    pub management_account: Option<AccountId>,
    /// Snapshots of accounts that own organization trails, their log groups, or
    /// topics that alarms act on.
    pub snapshots: BTreeMap<AccountId, Arc<AccountSnapshot>>,
    /// Why others of them could not be read.
    pub unread: BTreeMap<AccountId, Unread>,
    /// Recorded decisions about the account that is judged.
    pub decisions: Arc<Decisions>,
}

/// Judges accounts by a catalog. Built once per sweep: it remembers proofs and
/// the chains that accounts share. Findings never depend on what was judged before.
#[derive(Debug)]
pub struct Evaluator {
    catalog: Catalog,
    coverage: Coverage,
    shared: Shared,
    others: Others,
    /// Whether a control's own pattern may tell account numbers apart.
    tells_accounts_apart: bool,
}

impl Evaluator {
    /// An evaluator for the catalog and its framework.
    pub fn new(catalog: &Catalog) -> Self {
        Self {
            catalog: catalog.clone(),
            coverage: Coverage::default(),
            shared: Shared::default(),
            others: Others::of(catalog),
            tells_accounts_apart: alike::asks_for_accounts(catalog),
        }
    }

    /// The finding of one control, as [`Self::evaluate`] has it; `None` when the
    /// catalog's framework does not have the control.
    pub fn evaluate_control(
        &self,
        control: &ControlId,
        snapshot: &AccountSnapshot,
        relied_on: &ReliedOn,
    ) -> Option<Finding> {
        self.findings(snapshot, None, relied_on, Some(control))
            .pop()
    }

    /// The findings of an account, by control number: one for each control that
    /// the catalog's framework has.
    pub fn evaluate(&self, snapshot: &AccountSnapshot, relied_on: &ReliedOn) -> Vec<Finding> {
        self.findings(snapshot, None, relied_on, None)
    }

    /// The same findings, with the account's own chains as they have been read from this very
    /// snapshot.
    pub fn evaluate_with(
        &self,
        snapshot: &AccountSnapshot,
        own_chains: Option<&OwnChains>,
        relied_on: &ReliedOn,
    ) -> Vec<Finding> {
        self.findings(snapshot, own_chains, relied_on, None)
    }

    fn findings(
        &self,
        snapshot: &AccountSnapshot,
        own_chains: Option<&OwnChains>,
        relied_on: &ReliedOn,
        only: Option<&ControlId>,
    ) -> Vec<Finding> {
        let not_read = NotRead::of(snapshot, relied_on);
        let routes = Routes::of(snapshot, own_chains, relied_on, &not_read, &self.shared);
        let sets = KnownSets::default();
        let management = management_account(snapshot, relied_on);
        let framework = self.catalog.framework();
        let material = Material::of(snapshot);
        let controls = self.catalog.controls().iter();
        controls
            .filter(|control| only.is_none_or(|id| control.id == *id))
            .filter(|control| control.requirement(framework).is_some())
            .map(|control| {
                let elsewhere = management
                    .as_ref()
                    .is_some_and(|id| *id != snapshot.account);
                if control.scope == Scope::ManagementAccount && elsewhere {
                    return not_applicable(control, snapshot, management.as_ref());
                }
                let mut finding = in_turn::finding(
                    control,
                    &self.catalog,
                    &routes,
                    &sets,
                    &self.coverage,
                    &relied_on.decisions.about(&control.id),
                );
                if control.scope == Scope::ManagementAccount && management.is_none() {
                    doubt_the_scope(&mut finding, control);
                }
                self.others.add(&mut finding, control, &material);
                finding
            })
            .collect()
    }
}

/// The findings of one account, by control number. For many accounts, an
/// [`Evaluator`] is faster.
pub fn evaluate(
    catalog: &Catalog,
    snapshot: &AccountSnapshot,
    relied_on: &ReliedOn,
) -> Vec<Finding> {
    Evaluator::new(catalog).evaluate(snapshot, relied_on)
}

/// The ARN of an organization trail names the management account, whoever made it.
fn management_account(snapshot: &AccountSnapshot, relied_on: &ReliedOn) -> Option<AccountId> {
    let by_trail = || {
        let trails = snapshot.distinct_trails();
        let organization = trails.values().find(|trail| trail.organization)?;
        organization.arn.account()
    };
    relied_on.management_account.clone().or_else(by_trail)
}

fn not_applicable(
    control: &Control,
    snapshot: &AccountSnapshot,
    management: Option<&AccountId>,
) -> Finding {
    let management = management.map_or("another", AccountId::as_str);
    Finding {
        account: snapshot.account.clone(),
        control: control.id.clone(),
        verdict: Verdict::NotApplicable,
        reason: Reason::ManagementAccountOnly,
        summary: format!(
            "{} concerns the management account ({management}) alone",
            control.title
        ),
        evidence: Evidence::default(),
        covered_regions: Vec::new(),
        uncovered_regions: Vec::new(),
        cause: Reason::ManagementAccountOnly.as_str().to_owned(),
    }
}

/// Without knowing whether this is the management account, only a pass can stand:
/// it holds either way.
fn doubt_the_scope(finding: &mut Finding, control: &Control) {
    if finding.verdict != Verdict::Fail {
        return;
    }
    let unread = Unread {
        call: Call::new("organizations", "DescribeOrganization", None),
        cause: UnreadCause::NotAsked,
        message: String::new(),
    };
    finding.verdict = Verdict::Unknown;
    finding.reason = Reason::FactUnread;
    finding.summary = format!(
        "{} concerns the management account alone, and whether this is the one is not known",
        control.title
    );
    finding.cause = format!("{} {}", Reason::FactUnread, unread.call.permission());
    finding.evidence.missing_permissions = vec![unread.call.permission()];
    finding.evidence.unread = vec![unread];
    finding.evidence.fix =
        Some("allow the scanner `organizations:DescribeOrganization`".to_owned());
    finding.evidence.commands = Vec::new();
}
