//! Which of the things that earlier runs made no finding needs any more. A thing is
//! needed when a finding would not pass without it, or would fail otherwise than it
//! does: that is tried out on the snapshots, thing by thing, each without those
//! that were found needless before it.

use std::collections::{BTreeMap, BTreeSet};

use orgsweep_controls::{ControlId, Finding, Verdict};
use serde_json::Value;
use uuid::Uuid;

use super::act::Act;
use super::assemble::{Assembly, Chosen};
use super::options::{Ownership, Strategy};
use super::world::{Facts, World};
use super::{Authorship, Target};
use crate::document::{LeftOut, Plan, Purpose};
use crate::endpoint::Endpoint;
use crate::steps::{Action, Precondition, alarm_name};

/// Something that an earlier run made and that was not taken away since.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    /// The step that made it.
    pub action: Action,
    /// The plan that had this step; what was made carries its id.
    pub plan: Uuid,
    /// The control that its tags name.
    pub control: Option<ControlId>,
    /// The run that did the step.
    pub run: Uuid,
    /// What the run left, as its row has it.
    pub left: Value,
    /// The findings that it was made for.
    pub findings: BTreeSet<Target>,
}

/// The plan that takes away what `made` holds and none of the `judged` findings needs.
/// `judged` are all that may rest on any of it; those that things were made for are added.
///
/// What is not in the snapshots is no part of a chain and thus needed by nobody; whether it is
/// still there, and still as it was left, is read again before it is taken away.
pub fn removal(
    facts: Facts<'_>,
    made: &[Made],
    judged: &BTreeSet<Target>,
    ownership: &Ownership,
    authorship: &Authorship,
) -> Plan {
    let mut removal = Removal::new(facts, judged, made);
    let subscribed = subscribed(made);
    let mut considered: Vec<(&Made, Action)> = made
        .iter()
        .map(|made| (made, removing(made, &subscribed)))
        .collect();
    considered.sort_by_cached_key(|(_, action)| {
        let place = (action.account(), action.order(), action.region());
        (place, action.resource())
    });
    for (made, action) in considered {
        removal.consider(made, &action);
    }
    let mut plan = removal.assembled().document(authorship, ownership);
    plan.purpose = Purpose::Removal;
    plan.sealed()
}

/// Endpoints that runs subscribed, by topic.
fn subscribed(made: &[Made]) -> BTreeMap<&str, BTreeSet<Endpoint>> {
    let mut topics: BTreeMap<&str, BTreeSet<Endpoint>> = BTreeMap::new();
    for made in made {
        if let Action::Subscribe { topic, endpoint } = &made.action {
            let endpoints = topics.entry(topic.as_str()).or_default();
            endpoints.insert(endpoint.clone());
        }
    }
    topics
}

/// The step that takes away what `made` is.
fn removing(made: &Made, subscribed: &BTreeMap<&str, BTreeSet<Endpoint>>) -> Action {
    let on_topic = match &made.action {
        Action::CreateTopic { topic } => subscribed.get(topic.as_str()),
        _ => None,
    };
    Action::Remove {
        made: Box::new(made.action.clone()),
        plan: made.plan,
        control: made.control.clone(),
        subscribed: on_topic.into_iter().flatten().cloned().collect(),
    }
}

/// Tries one thing after the other.
struct Removal<'a> {
    world: World<'a>,
    /// The findings as the facts are.
    findings: BTreeMap<Target, Option<Finding>>,
    /// Which findings mention a resource.
    mentioned: BTreeMap<String, BTreeSet<Target>>,
    assembly: Assembly,
    /// The steps that a finding does without.
    without: BTreeMap<Target, BTreeSet<usize>>,
    left_out: BTreeSet<LeftOut>,
}

impl<'a> Removal<'a> {
    fn new(facts: Facts<'a>, judged: &BTreeSet<Target>, made: &[Made]) -> Self {
        let world = World::as_read(facts);
        let served = made.iter().flat_map(|made| &made.findings);
        let targets: BTreeSet<&Target> = judged.iter().chain(served).collect();
        let mut findings = BTreeMap::new();
        let mut mentioned: BTreeMap<String, BTreeSet<Target>> = BTreeMap::new();
        for target in targets {
            let finding = world.judge(&target.0, &target.1, None);
            let chains = finding.iter().flat_map(|finding| &finding.evidence.chains);
            for link in chains.flat_map(|chain| &chain.links) {
                let of_resource = mentioned.entry(link.resource.clone()).or_default();
                of_resource.insert(target.clone());
            }
            findings.insert(target.clone(), finding);
        }
        Self {
            world,
            findings,
            mentioned,
            assembly: Assembly::new(Strategy::default(), facts.catalog.digest()),
            without: BTreeMap::new(),
            left_out: BTreeSet::new(),
        }
    }

    /// Takes the thing away when nobody needs it; says who does otherwise.
    fn consider(&mut self, made: &Made, action: &Action) {
        let left = Precondition::IsAsLeft {
            resource: action.resource(),
            run: made.run,
            left: made.left.clone(),
        };
        let act = Act::step(action.clone(), vec![left]);
        let mut without = self.world.continued();
        without.apply(&act, []);
        let needed = self.needed_by(made, action, &without);
        let used = used_by_others(&without, action);
        if let Some((target, why)) = needed {
            return self.keep(target, "needed", why);
        }
        if let Some(why) = used {
            let target = made.findings.first().cloned();
            let text = format!("{} stays: {why}", action.resource());
            return target
                .into_iter()
                .for_each(|target| self.keep(target, "used", text.clone()));
        }
        self.world.apply(&act, []);
        let index = self.assembly.add(act);
        for target in &made.findings {
            self.assembly.serves(index, &target.0, &target.1);
            self.without
                .entry(target.clone())
                .or_default()
                .insert(index);
        }
    }

    /// What was chosen, with the findings that have to pass without it.
    fn assembled(mut self) -> Assembly {
        for ((account, control), acts) in self.without {
            let finding = self.findings.remove(&(account.clone(), control.clone()));
            if let Some(Some(finding)) = finding
                && finding.verdict == Verdict::Pass
            {
                self.assembly.repaired(Chosen {
                    account,
                    control,
                    reason: finding.reason,
                    acts,
                });
            }
        }
        for left in self.left_out {
            self.assembly.left_out(left);
        }
        self.assembly
    }

    /// A finding that needs the thing, and why.
    fn needed_by(
        &self,
        made: &Made,
        action: &Action,
        without: &World<'_>,
    ) -> Option<(Target, String)> {
        let nobody = BTreeSet::new();
        let mentioning = self.mentioned.get(&action.resource()).unwrap_or(&nobody);
        let concerned: BTreeSet<&Target> = mentioning.iter().chain(&made.findings).collect();
        concerned.into_iter().find_map(|target| {
            let (account, control) = target;
            let before = self.findings.get(target).and_then(Option::as_ref);
            let after = without.judge(account, control, None);
            let is_monitored = self.world.facts().catalog.control(control).is_some();
            let why = needs(
                made.findings.contains(target),
                is_monitored,
                before,
                after.as_ref(),
            )?;
            Some((target.clone(), why))
        })
    }

    fn keep(&mut self, (account_id, control): Target, why: &str, text: String) {
        self.left_out.insert(LeftOut {
            account_id,
            control,
            why: why.to_owned(),
            text,
        });
    }
}

/// Why a finding needs a thing, judged with it and without it; `None` when it does not.
fn needs(
    made_for_it: bool,
    is_monitored: bool,
    before: Option<&Finding>,
    after: Option<&Finding>,
) -> Option<String> {
    let settled =
        |finding: &Finding| matches!(finding.verdict, Verdict::Pass | Verdict::NotApplicable);
    match (before, after) {
        // The catalog does not have the control any more.
        (_, None) if !is_monitored => None,
        (_, None) => Some("its account has not been read".to_owned()),
        (_, Some(after)) if settled(after) => None,
        (Some(before), Some(_)) if settled(before) => {
            Some("the control would not pass without it".to_owned())
        }
        (_, Some(after)) if made_for_it => Some(format!(
            "it was made for this finding, which is `{}` now",
            after.verdict
        )),
        (Some(before), Some(after))
            if (before.verdict, before.reason, &before.cause)
                == (after.verdict, after.reason, &after.cause) =>
        {
            None
        }
        (_, Some(_)) => Some("the finding would be another one without it".to_owned()),
    }
}

/// Who else uses the thing, findings aside, as far as the snapshot shows it.
fn used_by_others(without: &World<'_>, action: &Action) -> Option<String> {
    let Action::Remove { made, .. } = action else {
        return None;
    };
    let snapshot = without.snapshot(&action.account())?;
    let alarms = snapshot.alarms.get(&action.region())?.value()?;
    match &**made {
        Action::PutMetricFilter { metric, .. } => alarms
            .metric
            .iter()
            .find(|alarm| {
                let queried = alarm
                    .queries
                    .iter()
                    .filter_map(|query| query.metric.as_ref());
                let mut watched = alarm.metric.iter().chain(queried);
                watched.any(|watched| {
                    (&watched.namespace, &watched.name) == (&metric.namespace, &metric.name)
                })
            })
            .map(|alarm| format!("alarm `{}` watches its metric", alarm.name)),
        Action::PutAlarm { alarm, .. } => alarms
            .composite
            .iter()
            .find(|composite| {
                let named =
                    |text: &str| text.contains(alarm.as_str()) || text.contains(alarm_name(alarm));
                named(&composite.rule) || composite.actions_suppressor.as_deref().is_some_and(named)
            })
            .map(|composite| format!("alarm `{}` is made of it", composite.name)),
        Action::CreateTopic { topic } | Action::Subscribe { topic, .. } => {
            let acts = |actions: &[String]| actions.iter().any(|action| action == topic.as_str());
            let metric = alarms
                .metric
                .iter()
                .find(|alarm| acts(&alarm.alarm_actions))
                .map(|alarm| &alarm.name);
            let composite = alarms
                .composite
                .iter()
                .find(|alarm| acts(&alarm.alarm_actions))
                .map(|alarm| &alarm.name);
            metric
                .or(composite)
                .map(|name| format!("alarm `{name}` notifies it"))
        }
        _ => None,
    }
}

/// Whether a step of this kind makes something that may be taken away later. Log groups hold
/// events, and roles belong to trails: those are people's.
pub fn can_be_removed(action: &Action) -> bool {
    matches!(
        action,
        Action::PutAlarm { .. }
            | Action::PutMetricFilter { .. }
            | Action::Subscribe { .. }
            | Action::CreateTopic { .. }
    )
}

#[cfg(test)]
mod tests {
    use orgsweep_controls::Reason;
    use orgsweep_controls::finding::Evidence;

    use super::*;

    fn finding(verdict: Verdict, reason: Reason) -> Finding {
        Finding {
            account: "111122223333".parse().unwrap(),
            control: "root-usage".parse().unwrap(),
            verdict,
            reason,
            summary: String::new(),
            evidence: Evidence::default(),
            covered_regions: Vec::new(),
            uncovered_regions: Vec::new(),
            cause: reason.to_string(),
        }
    }

    #[test]
    #[rustfmt::skip]
    fn a_thing_is_needed_unless_its_findings_pass_without_it_and_no_other_changes() {
        let pass = || Some(finding(Verdict::Pass, Reason::Covered));
        let fail = || Some(finding(Verdict::Fail, Reason::NoAlarm));
        let otherwise = || Some(finding(Verdict::Fail, Reason::NoFilter));
        let unknown = || Some(finding(Verdict::Unknown, Reason::Undecided));
        // made for it, monitored, before, after, needed
        for (made_for_it, is_monitored, before, after, needed) in [
            (true,  true,  pass(),    pass(),      false),
            (true,  true,  pass(),    fail(),      true),
            (true,  true,  pass(),    unknown(),   true),
            // It waits for somebody to confirm, say.
            (true,  true,  fail(),    fail(),      true),
            (true,  true,  unknown(), unknown(),   true),
            (true,  true,  None,      None,        true),
            (true,  false, None,      None,        false),
            (false, true,  pass(),    fail(),      true),
            (false, true,  fail(),    fail(),      false),
            (false, true,  fail(),    otherwise(), true),
            (false, true,  unknown(), unknown(),   false),
            (false, true,  unknown(), fail(),      true),
        ] {
            let why = needs(made_for_it, is_monitored, before.as_ref(), after.as_ref());
            assert_eq!(why.is_some(), needed, "{made_for_it} {before:?} {after:?}: {why:?}");
        }
    }
}
