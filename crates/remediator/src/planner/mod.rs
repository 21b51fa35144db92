//! Which steps make failing findings pass. Pure: facts and findings in, a plan
//! out. For each finding the lightest way is searched (`search`) among the
//! moves that its reason suggests (`repairs`), on the organization as it will
//! be after the steps chosen before (`world`), so that what one control needs
//! another one shares. Accounts that do not concern each other are planned at once (`parts`).

mod act;
mod assemble;
mod broken;
mod names;
mod options;
mod parts;
mod removal;
mod repairs;
mod search;
mod site;
mod why;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use orgsweep_controls::{AccountId, AccountSnapshot, Arn, ControlId, Finding, Verdict};

pub use names::{NameError, Names, tags};
pub use options::{Owned, Ownership, PlanOptions, Strategy};
pub use removal::{Made, can_be_removed, removal};
pub use world::Facts;

use act::Act;
use assemble::{Assembly, Chosen};
use search::{Outcome, Question, cheapest, repairable};
use site::{has_choice, own_trails, sites};
use why::Why;
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
    let (mut plan, other) = std::thread::scope(|scope| {
        let other = scope.spawn(|| alternative(facts, targets, options, authorship));
        let plan = chosen(facts, targets, options).document(authorship, &options.ownership);
        (plan, other.join())
    });
    plan.alternative = other.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
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
    let other = chosen(facts, targets, &options).document(authorship, &options.ownership);
    Some(Alternative {
        strategy,
        steps: other.steps.len(),
        human_steps: other.human_steps.len(),
        repairs: other.repairs.len(),
        monthly_cost_usd: other.monthly_cost_usd,
    })
}

/// The acts that are chosen for `targets`.
fn chosen(facts: Facts<'_>, targets: &BTreeSet<Target>, options: &PlanOptions) -> Assembly {
    let parts = parts::parts(&World::as_read(facts), targets);
    let of_parts = parts::each(&parts, |part| Planner::new(facts, options).plan(part));
    let mut all = Planner::new(facts, options).assembly;
    for part in of_parts {
        all.join(part);
    }
    all
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

    fn plan(mut self, targets: &[Target]) -> Assembly {
        // Whoever has no trail for the strategy may be served by what is done for others.
        let (first, last): (Vec<_>, Vec<_>) = targets
            .iter()
            .partition(|(account, _)| self.has_site(account));
        for (account, control) in first.into_iter().chain(last) {
            self.plan_finding(account, control);
        }
        self.assembly
    }

    fn has_site(&self, account: &AccountId) -> bool {
        let snapshot = self.world.snapshot(account);
        snapshot.is_some_and(|snapshot| !sites(snapshot, self.options.strategy).is_empty())
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
        if !self.passes(&self.world, account, control) {
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

    /// Whether the finding passes in `world` by a chain that stands where the strategy wants it.
    fn passes(&self, world: &World<'_>, account: &AccountId, control: &ControlId) -> bool {
        let trails = self.trails_of_strategy(account);
        let finding = world.judge(account, control, trails.as_deref());
        finding.is_some_and(|finding| finding.verdict == Verdict::Pass)
    }

    /// The trails that count, where not all do: who asks for local chains is not served by what another
    /// account's steps do for the organization's trail.
    fn trails_of_strategy(&self, account: &AccountId) -> Option<Vec<Arn>> {
        let snapshot = self.world.snapshot(account)?;
        let is_chosen = self.options.strategy == Strategy::Local && has_choice(snapshot);
        is_chosen.then(|| own_trails(snapshot))
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
            self.passes(&world, account, control)
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
