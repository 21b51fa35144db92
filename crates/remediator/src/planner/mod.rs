//! Which steps make failing findings pass. Pure: facts and findings in, a plan
//! out. For each finding the lightest way is searched (`search`) among the
//! moves that its reason suggests (`repairs`), on the organization as it will
//! be after the steps chosen before (`world`), so that what one control needs
//! another one shares.

mod act;
mod assemble;
mod broken;
mod names;
mod options;
mod removal;
mod repairs;
mod search;
mod site;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use orgsweep_controls::{AccountId, AccountSnapshot, ControlId, Finding, Reason, Verdict};

pub use names::{NameError, Names, tags};
pub use options::{Owned, Ownership, PlanOptions, Strategy};
pub use removal::{Made, can_be_removed, removal};
pub use world::Facts;

use act::Act;
use assemble::{Assembly, Chosen};
use search::{Outcome, Question, cheapest, repairable};
use site::{has_choice, sites};
use world::World;

use crate::document::{Alternative, LeftOut, Plan};

/// Who wants a plan, why and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorship {
    /// Who makes it.
    pub author: String,
    /// Why.
    pub reason: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// Until when it may be used.
    pub expires_at: DateTime<Utc>,
}

/// One finding that somebody selected.
pub type Target = (AccountId, ControlId);

/// The plan that makes `targets` pass, as far as steps can.
pub fn plan(
    facts: Facts<'_>,
    targets: &BTreeSet<Target>,
    options: &PlanOptions,
    authorship: &Authorship,
) -> Plan {
    let mut plan = Planner::new(facts, options)
        .plan(targets)
        .document(authorship, &options.ownership);
    plan.alternative = alternative(facts, targets, options, authorship);
    plan.sealed()
}

/// The findings on `targets`, as the facts are.
pub fn findings(facts: Facts<'_>, targets: &BTreeSet<Target>) -> Vec<Finding> {
    let world = World::as_read(facts);
    targets
        .iter()
        .filter_map(|(account, control)| world.judge(account, control, None))
        .collect()
}

/// What the other strategy would take, when some account has the choice.
fn alternative(
    facts: Facts<'_>,
    targets: &BTreeSet<Target>,
    options: &PlanOptions,
    authorship: &Authorship,
) -> Option<Alternative> {
    let choice = targets
        .iter()
        .filter_map(|(account, _)| facts.snapshots.get(account))
        .any(|snapshot| has_choice(snapshot));
    if !choice {
        return None;
    }
    let strategy = match options.strategy {
        Strategy::Auto | Strategy::Central => Strategy::Local,
        Strategy::Local => Strategy::Central,
    };
    let options = PlanOptions {
        strategy,
        ..options.clone()
    };
    let other = Planner::new(facts, &options)
        .plan(targets)
        .document(authorship, &options.ownership);
    Some(Alternative {
        strategy,
        steps: other.steps.len(),
        human_steps: other.human_steps.len(),
        repairs: other.repairs.len(),
        monthly_cost_usd: other.monthly_cost_usd,
    })
}

/// Chooses acts finding by finding.
struct Planner<'a> {
    world: World<'a>,
    options: &'a PlanOptions,
    assembly: Assembly,
    /// Which acts a passing finding leans on, for findings that break alike.
    shared: BTreeMap<(String, ControlId, BTreeSet<AccountId>), BTreeSet<usize>>,
}

impl<'a> Planner<'a> {
    fn new(facts: Facts<'a>, options: &'a PlanOptions) -> Self {
        Self {
            world: World::as_read(facts),
            options,
            assembly: Assembly::new(options.strategy, facts.catalog.digest())
                .tagged(options.tags.clone()),
            shared: BTreeMap::new(),
        }
    }

    fn plan(mut self, targets: &BTreeSet<Target>) -> Assembly {
        for (account, control) in targets {
            self.plan_finding(account, control);
        }
        self.assembly
    }

    fn plan_finding(&mut self, account: &AccountId, control: &ControlId) {
        let facts = self.world.facts();
        let Some(before) = self.world.before_acts().judge(account, control, None) else {
            let why = if facts.catalog.control(control).is_none() {
                Why::UnknownControl
            } else {
                Why::NotRead
            };
            return self.leave_out(account, control, &why);
        };
        if !repairable(&before) {
            return self.leave_out(account, control, &Why::of(&before));
        }
        if let Some(decision) = self
            .options
            .accepted
            .get(&(account.clone(), control.clone()))
        {
            return self.leave_out(account, control, &Why::Accepted(decision.clone()));
        }
        let now = self.world.judge(account, control, None);
        if now.is_none_or(|finding| finding.verdict != Verdict::Pass) {
            match self.repair(account, control) {
                Outcome::Repaired(acts) => self.take(account, acts),
                Outcome::Blocked(acts) => {
                    for act in acts {
                        let index = self.assembly.add(act);
                        self.assembly.serves(index, account, control);
                    }
                    let snapshot = self.world.snapshot(account);
                    let other = snapshot.and_then(|snapshot| self.other_strategy(snapshot));
                    let why = match other {
                        Some(other) => Why::OtherStrategy(other),
                        None => Why::NoRepair(before),
                    };
                    return self.leave_out(account, control, &why);
                }
            }
        }
        let leans_on = self.leans_on(account, control, &before);
        for index in &leans_on {
            self.assembly.serves(*index, account, control);
        }
        self.assembly.repaired(Chosen {
            account: account.clone(),
            control: control.clone(),
            reason: before.reason,
            acts: leans_on,
        });
    }

    fn repair(&self, account: &AccountId, control: &ControlId) -> Outcome {
        let facts = self.world.facts();
        let (Some(snapshot), Some(control)) =
            (self.world.snapshot(account), facts.catalog.control(control))
        else {
            return Outcome::Blocked(Vec::new());
        };
        let question = Question {
            world: &self.world,
            account,
            control,
            options: self.options,
        };
        let preferred = sites(snapshot, self.options.strategy);
        let mut outcome = if preferred.is_empty() && self.other_strategy(snapshot).is_some() {
            Outcome::Blocked(Vec::new())
        } else if preferred.is_empty() {
            let create = repairs::create_trail(account, &self.world);
            Outcome::Blocked(create.into_iter().flatten().collect())
        } else {
            cheapest(question, &preferred)
        };
        // Where the organization's trail cannot be mended, an own one may do.
        if self.options.strategy == Strategy::Auto
            && matches!(outcome, Outcome::Blocked(_))
            && preferred.iter().any(|site| site.central)
            && let local @ Outcome::Repaired(_) =
                cheapest(question, &sites(snapshot, Strategy::Local))
        {
            outcome = local;
        }
        outcome
    }

    /// The strategy for which an account has trails, where it has none for the chosen one.
    fn other_strategy(&self, snapshot: &AccountSnapshot) -> Option<Strategy> {
        let other = match self.options.strategy {
            Strategy::Auto => return None,
            Strategy::Central => Strategy::Local,
            Strategy::Local => Strategy::Central,
        };
        let none = sites(snapshot, self.options.strategy).is_empty();
        (none && !sites(snapshot, other).is_empty()).then_some(other)
    }

    fn take(&mut self, account: &AccountId, acts: Vec<Act>) {
        for act in acts {
            let witnesses: Vec<AccountId> = if act.changes_trail() {
                self.world.facts().snapshots.keys().cloned().collect()
            } else {
                vec![account.clone()]
            };
            self.world.apply(&act, &witnesses);
            self.assembly.add(act);
        }
    }

    /// The acts without which the finding would not pass.
    fn leans_on(
        &mut self,
        account: &AccountId,
        control: &ControlId,
        before: &Finding,
    ) -> BTreeSet<usize> {
        let involved = self.world.involved(account);
        let key = (before.cause.clone(), control.clone(), involved.clone());
        if let Some(known) = self.shared.get(&key) {
            return known.clone();
        }
        let passes_with = |acts: &mut dyn Iterator<Item = usize>| {
            let mut world = self.world.before_acts();
            for index in acts {
                world.apply(self.assembly.act(index), &involved);
            }
            let finding = world.judge(account, control, None);
            finding.is_some_and(|finding| finding.verdict == Verdict::Pass)
        };
        let [likely, concerned] = self.assembly.concerning(&involved, control);
        let candidates = if passes_with(&mut likely.iter().copied()) {
            likely
        } else {
            concerned
        };
        let mut needed: BTreeSet<usize> = candidates
            .iter()
            .copied()
            .filter(|without| {
                let mut others = candidates.iter().copied().filter(|index| index != without);
                !passes_with(&mut others)
            })
            .collect();
        // Of acts that can stand for each other, none is needed by itself.
        if !passes_with(&mut needed.iter().copied()) {
            needed = candidates.iter().copied().collect();
            for without in candidates.iter().rev() {
                let mut others = needed.iter().copied().filter(|index| index != without);
                if passes_with(&mut others) {
                    needed.remove(without);
                }
            }
        }
        let accompanied = self.assembly.accompanied(&needed);
        self.shared.insert(key, accompanied.clone());
        accompanied
    }

    fn leave_out(&mut self, account: &AccountId, control: &ControlId, why: &Why) {
        self.assembly.left_out(LeftOut {
            account_id: account.clone(),
            control: control.clone(),
            why: why.code().to_owned(),
            text: why.text(),
        });
    }
}

/// Why a finding stays as it is.
enum Why {
    PassesAlready,
    NotApplicable,
    NotRead,
    UnknownControl,
    Accepted(String),
    NotKnown(Finding),
    OtherStrategy(Strategy),
    NoRepair(Finding),
}

impl Why {
    fn of(finding: &Finding) -> Self {
        match finding.verdict {
            Verdict::Pass => Self::PassesAlready,
            Verdict::NotApplicable => Self::NotApplicable,
            Verdict::Unknown | Verdict::Fail => Self::NotKnown(finding.clone()),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::PassesAlready => "passes_already",
            Self::NotApplicable => "not_applicable",
            Self::NotRead => "not_read",
            Self::UnknownControl => "unknown_control",
            Self::Accepted(_) => "accepted",
            Self::NotKnown(_) => "not_known",
            Self::OtherStrategy(_) => "other_strategy",
            Self::NoRepair(_) => "no_repair",
        }
    }

    fn text(&self) -> String {
        match self {
            Self::PassesAlready => "passes already".to_owned(),
            Self::NotApplicable => "does not concern this account".to_owned(),
            Self::NotRead => "the account has not been read; sweep it first".to_owned(),
            Self::UnknownControl => {
                "the catalog has no such control; `orgsweep controls` lists them".to_owned()
            }
            Self::Accepted(decision) => decision.clone(),
            Self::NotKnown(finding) if !finding.evidence.missing_permissions.is_empty() => format!(
                "not known whether it fails: the scanner lacks {}; grant it and sweep again",
                finding.evidence.missing_permissions.join(", ")
            ),
            Self::NotKnown(finding) => format!(
                "not known whether it fails: {}; sweep again first",
                lower_first(finding.reason.meaning())
            ),
            Self::OtherStrategy(Strategy::Local) => {
                "no organization trail records this account, but its own do: `--strategy local` or none"
                    .to_owned()
            }
            Self::OtherStrategy(_) => {
                "the account has no trail of its own, but an organization trail records it: `--strategy central` or none"
                    .to_owned()
            }
            Self::NoRepair(finding) => match finding.reason {
                Reason::NoTrail | Reason::NoLogGroup => {
                    "no trail of this account can be mended by steps; see the human steps"
                        .to_owned()
                }
                reason => format!(
                    "no step repairs `{reason}` here; `orgsweep explain ACCOUNT CONTROL` shows why"
                ),
            },
        }
    }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(letters).collect()
    })
}
