//! What the author of a scenario claims about each account: the verdicts that
//! follow from what was built, decided here without looking at the content.

use super::breaks::{Break, Part};
use super::controls::{Control, controls};
use super::links::namespace;
use super::plan::{AccountPlan, OwnChain, Plan};
use crate::state::AccountStatus;

/// What a sweep should say about an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectedOutcome {
    /// It is read; these are its findings.
    Done(Vec<ExpectedFinding>),
    /// It cannot be read, for this reason.
    Failed {
        /// The reason, for example `role_not_assumable`.
        reason: &'static str,
    },
    /// It is not asked, for this reason.
    Skipped {
        /// The reason, for example `suspended`.
        reason: &'static str,
    },
}

/// What a sweep should say about one control in an account. What the scenario does not settle is
/// `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedFinding {
    /// Id of the control.
    pub control: &'static str,
    /// `pass`, `fail`, `unknown` or `not_applicable`.
    pub verdict: Option<&'static str>,
    /// The reason code.
    pub reason: Option<&'static str>,
}

/// What one chain says about a control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    Passes(Option<&'static str>),
    Breaks(Break),
    Unsettled,
}

/// What the plan claims about the account `number`.
pub(super) fn expected(plan: &Plan, number: &str) -> Option<ExpectedOutcome> {
    let account = plan.accounts.get(number)?;
    let skipped = |reason| Some(ExpectedOutcome::Skipped { reason });
    match account.group.status {
        AccountStatus::Active => {}
        AccountStatus::PendingActivation => return skipped("pending_activation"),
        AccountStatus::Suspended => return skipped("suspended"),
        AccountStatus::PendingClosure => return skipped("pending_closure"),
        AccountStatus::Closed => return skipped("closed"),
    }
    if account.group.role_missing {
        return Some(ExpectedOutcome::Failed {
            reason: "role_not_assumable",
        });
    }
    // What was exported is as it is; nobody claims anything about it.
    if account.group.exported {
        return None;
    }
    let findings = controls().iter().map(|control| {
        let (verdict, reason) = if control.management_account_only && number != plan.management {
            (Some("not_applicable"), Some("management_account_only"))
        } else {
            combined(&views(plan, number, account, control))
        };
        ExpectedFinding {
            control: &control.id,
            verdict,
            reason,
        }
    });
    Some(ExpectedOutcome::Done(findings.collect()))
}

/// What each chain that records the account says.
fn views(plan: &Plan, number: &str, account: &AccountPlan, control: &Control) -> Vec<View> {
    let mut views = Vec::new();
    if let Some(own) = &account.group.own {
        let view = match own.breaks.of(control) {
            None => View::Passes(Some("covered")),
            Some(Break::TrailNotMultiRegion) if !control.every_region => View::Unsettled,
            Some(Break::TrailNoGlobalEvents) if !control.global_service => View::Unsettled,
            Some(broken) => View::Breaks(broken),
        };
        views.push(match &own.alarms_account {
            // What an account has that nobody can enter might tell somebody, or not.
            None if !passes(view) && is_linked_to_a_closed_door(plan, account, own) => {
                View::Unsettled
            }
            None => view,
            Some(monitoring) => seen_from(plan, number, own, monitoring, view),
        });
    }
    for trail in &plan.organization_trails {
        if number != plan.management && !account.group.reach.includes(&trail.name) {
            continue;
        }
        let is_head = number == plan.management || number == trail.log_group_account;
        views.push(match trail.breaks.of(control) {
            // The owner's own events arrive; what else is wrong concerns them too.
            Some(Break::OrganizationTrailOwnerOnly) if is_head => {
                match trail.breaks.controls.get(control.id.as_str()) {
                    Some(broken) => View::Breaks(*broken),
                    None => View::Passes(None),
                }
            }
            Some(broken) => View::Breaks(broken),
            // The owner of the log group may call the chain its own.
            None if number == trail.log_group_account => View::Passes(None),
            None => View::Passes(Some("covered_by_organization_trail")),
        });
    }
    views
}

/// What the chain says when its alarms are in the account `monitoring`; `here` is what it would say
/// if they were the account's own.
fn seen_from(plan: &Plan, number: &str, own: &OwnChain, monitoring: &str, here: View) -> View {
    if matches!(here, View::Breaks(broken) if broken.part() != Part::Control) {
        return here;
    }
    let links = plan.accounts[number].group.links.get(&own.region);
    let link = links.and_then(|links| links.get(monitoring));
    if !link.is_some_and(|link| link.shares(namespace(&plan.settings, number))) {
        return View::Breaks(Break::NoAlarm);
    }
    if can_be_entered(plan, monitoring) {
        here
    } else {
        View::Unsettled
    }
}

fn passes(view: View) -> bool {
    matches!(view, View::Passes(_))
}

fn is_linked_to_a_closed_door(plan: &Plan, account: &AccountPlan, own: &OwnChain) -> bool {
    let links = account.group.links.get(&own.region).into_iter().flatten();
    let mut linked = links.map(|(monitoring, _)| monitoring);
    linked.any(|monitoring| !can_be_entered(plan, monitoring))
}

fn can_be_entered(plan: &Plan, account: &str) -> bool {
    let group = &plan.accounts[account].group;
    !group.role_missing && group.status == AccountStatus::Active
}

/// Verdict and reason over all chains. The reason is settled when one chain decides.
fn combined(views: &[View]) -> (Option<&'static str>, Option<&'static str>) {
    let passes: Vec<_> = views
        .iter()
        .filter_map(|view| match view {
            View::Passes(reason) => Some(*reason),
            _ => None,
        })
        .collect();
    if let Some(first) = passes.first() {
        let reason = if passes.len() == 1 { *first } else { None };
        return (Some("pass"), reason);
    }
    if views.contains(&View::Unsettled) {
        return (None, None);
    }
    let breaks: Vec<Break> = views
        .iter()
        .filter_map(|view| match view {
            View::Breaks(broken) => Some(*broken),
            _ => None,
        })
        .collect();
    match breaks[..] {
        [] => (Some("fail"), Some("no_trail")),
        [only] => (Some(only.verdict()), Some(only.name())),
        _ if breaks.iter().any(|broken| broken.verdict() == "unknown") => (Some("unknown"), None),
        _ => (Some("fail"), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_working_chain_decides() {
        type Case<'a> = (&'a [View], (Option<&'a str>, Option<&'a str>));
        let broken = View::Breaks(Break::NoFilter);
        let unread = View::Breaks(Break::FactUnread);
        let passes = View::Passes(Some("covered"));
        #[rustfmt::skip]
        let cases: [Case<'_>; 7] = [
            (&[],                       (Some("fail"),    Some("no_trail"))),
            (&[broken],                 (Some("fail"),    Some("no_filter"))),
            (&[broken, passes],         (Some("pass"),    Some("covered"))),
            (&[passes, passes],         (Some("pass"),    None)),
            (&[unread],                 (Some("unknown"), Some("fact_unread"))),
            (&[broken, unread],         (Some("unknown"), None)),
            (&[broken, View::Unsettled], (None,           None)),
        ];
        for (views, expected) in cases {
            assert_eq!(combined(views), expected, "{views:?}");
        }
    }
}
