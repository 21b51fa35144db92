//! What carrying out a plan takes: money per month, calls, and the time below
//! which AWS's quotas do not let it fall, wave after wave. Judging each wave, retries and
//! waiting for people come on top.

use std::collections::{BTreeMap, BTreeSet};

use orgsweep_aws_access::Quota;
use orgsweep_controls::{AccountId, Region};
use serde::Serialize;

use crate::apply::{Canary, in_order, waves};
use crate::document::Plan;
use crate::export::table::counted;
use crate::steps::{Action, Cost};
use crate::write::operation;

/// Calls that reading an account again takes, AssumeRole included: what a sweep makes in an
/// account with a chain of its own.
const READING_AGAIN: u64 = 10;

/// How fast a plan may be carried out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Speed {
    /// Share of each quota that is used, above 0 and at most 1.
    pub quota_share: f64,
    /// Accounts that are changed at once.
    pub accounts_at_once: usize,
}

/// What carrying out a plan takes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Estimate {
    /// What it adds to the bill per month, in US dollars.
    pub monthly_cost_usd: Cost,
    /// Calls to AWS, reading before the changes and the account afterwards included. What one call
    /// answers for several steps counts once; it is asked again for every five seconds that writing takes.
    pub calls: u64,
    /// Accounts that are changed.
    pub accounts: usize,
    /// Waves in which that is done, unless the canary is chosen otherwise.
    pub waves: usize,
    /// Minutes that it takes at least, one wave after the other.
    pub minutes: f64,
    /// Accounts that are changed at once.
    pub accounts_at_once: usize,
    /// The quota that says so; none when nothing is done.
    pub bound_by: Option<Bound>,
}

/// The quota that takes longest in an account.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bound {
    /// The quota.
    pub quota: &'static str,
    /// Requests of it in any second.
    pub per_second: u32,
    /// Calls that count against it.
    pub calls: u64,
    /// The account.
    pub account_id: AccountId,
    /// The Region.
    pub region: Region,
}

/// What carrying out `plan` takes at that speed.
pub fn estimate(plan: &Plan, speed: Speed) -> Estimate {
    let mut calls = 0;
    let mut buckets: BTreeMap<(&AccountId, &Region, &'static str), Use> = BTreeMap::new();
    let mut read_together = BTreeSet::new();
    for step in &plan.steps {
        for permission in step.action.permissions() {
            if asked_only_when_taken(&step.action, permission) {
                continue;
            }
            let together = step.action.read_together();
            if let Some((_, of)) = together.filter(|(reading, _)| reading == permission) {
                let first = read_together.insert((&step.account_id, *permission, of));
                if !first {
                    continue;
                }
            }
            // Tagging and handing over a role are no calls of their own.
            let call = operation::ALL
                .iter()
                .find(|call| call.permission() == *permission);
            let Some(call) = call else { continue };
            calls += 1;
            let quota = match call.quota {
                Quota::Rate { name, .. } => name,
                Quota::SnsTopics => "sns topics",
            };
            let bucket = buckets.entry((&step.account_id, &step.region, quota));
            let used = bucket.or_insert_with(|| Use {
                calls: 0,
                per_second: call.quota.allowance(&step.region, speed.quota_share),
            });
            used.calls += 1;
        }
    }
    let accounts = in_order(plan);
    calls += READING_AGAIN * accounts.len() as u64;
    // Accounts and quotas do not wait for each other; waves do.
    let mut longest: BTreeMap<&AccountId, u64> = BTreeMap::new();
    for ((account, ..), used) in &buckets {
        let known = longest.entry(account).or_default();
        *known = used.seconds().max(*known);
    }
    let waves = waves(&accounts, &Canary::First(1));
    let in_wave = |wave: &Vec<AccountId>| {
        let each = || wave.iter().filter_map(|account| longest.get(account));
        let all_at_once = each().max().copied().unwrap_or_default();
        // However they are spread over those that are changed at once.
        let spread = each().sum::<u64>() as f64 / speed.accounts_at_once.max(1) as f64;
        spread.max(all_at_once as f64)
    };
    let in_all: f64 = waves.iter().map(in_wave).sum();
    // Of several that take as long, the one with the most calls.
    let slowest = buckets
        .iter()
        .max_by_key(|(_, used)| (used.seconds(), used.calls));
    Estimate {
        monthly_cost_usd: plan.monthly_cost_usd,
        calls,
        accounts: accounts.len(),
        waves: waves.len(),
        minutes: in_all / 60.0,
        accounts_at_once: speed.accounts_at_once,
        bound_by: slowest.map(|((account, region, quota), used)| Bound {
            quota,
            per_second: used.per_second,
            calls: used.calls,
            account_id: AccountId::clone(account),
            region: Region::clone(region),
        }),
    }
}

/// What one account uses of a quota.
#[derive(Debug, Clone, Copy)]
struct Use {
    calls: u64,
    /// Requests in any second.
    per_second: u32,
}

impl Use {
    /// Seconds between the first of the calls and the last.
    fn seconds(self) -> u64 {
        let seconds = self.calls.div_ceil(u64::from(self.per_second));
        seconds.saturating_sub(1)
    }
}

/// Whether a step asks that only when the name of what it makes is taken.
fn asked_only_when_taken(action: &Action, permission: &str) -> bool {
    action.makes_something() && permission.ends_with(":ListTagsForResource")
}

impl Estimate {
    /// The estimate in two sentences.
    pub fn sentence(&self) -> String {
        let Some(bound) = &self.bound_by else {
            return "Nothing is to be done, so it costs nothing.".to_owned();
        };
        let takes = format!(
            "Carrying it out adds at most {} a month and takes {} calls in {}.",
            self.monthly_cost_usd,
            self.calls,
            counted(self.accounts, "account", "accounts"),
        );
        let at_once = if self.accounts > self.accounts_at_once {
            format!(" with {} accounts at once", self.accounts_at_once)
        } else {
            String::new()
        };
        let waves = counted(self.waves, "wave", "waves") + &at_once;
        let seconds = (self.minutes * 60.0).round() as usize;
        let time = match seconds {
            0 => return format!("{takes} No quota makes it wait, in {waves}."),
            1..120 => counted(seconds, "second", "seconds"),
            _ => format!("{:.1} minutes", self.minutes),
        };
        format!(
            "{takes} It lasts {time} or more, in {waves}: {} calls count against {} in account {}, {}, of which no second \
             sees more than {}.",
            bound.calls, bound.quota, bound.account_id, bound.region, bound.per_second,
        )
    }
}
