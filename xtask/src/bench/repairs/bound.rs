//! The least time that a plan can take, whoever carries it out: what the write quotas
//! allow, and what a loop of bare SDK calls takes on the same processors.

use std::collections::BTreeMap;

use serde_json::Value;

/// Quotas of what a step of each kind writes: requests per second and account (`crates/orgsim/src/quota.rs`).
const WRITES: [(&str, u32); 4] = [
    ("put_alarm", 3),
    ("put_metric_filter", 5),
    ("create_topic", 30),
    ("subscribe", 100),
];

/// The least time that writing can take, wave after wave, whoever does it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bound {
    /// What the write quotas of one account allow: accounts do not wait for each other, so
    /// that a wave of any size can be as fast.
    pub(super) quotas_s: f64,
    /// What these processors allow, beside the simulator: the bare loop.
    pub(super) processors_s: f64,
    /// The larger of the two in each wave.
    pub(super) seconds: f64,
}

impl Bound {
    /// For the steps of a plan and the wave of each account, when `share` of each quota may be used and a
    /// bare loop takes `bare_s` for all of them.
    pub(super) fn new(
        steps: &[Value],
        numbers: &BTreeMap<&str, i64>,
        share: f64,
        bare_s: f64,
    ) -> Self {
        let mut waves: BTreeMap<i64, Vec<&Value>> = BTreeMap::new();
        for step in steps {
            let account = step["account_id"].as_str().unwrap_or_default();
            let wave = numbers.get(account).copied().unwrap_or_default();
            waves.entry(wave).or_default().push(step);
        }
        let mut bound = Self {
            quotas_s: 0.0,
            processors_s: bare_s,
            seconds: 0.0,
        };
        for of_wave in waves.values() {
            let quotas_s = f64::from(seconds_of_quotas(of_wave, share));
            let part = of_wave.len() as f64 / steps.len() as f64;
            bound.quotas_s += quotas_s;
            bound.seconds += quotas_s.max(bare_s * part);
        }
        bound
    }
}

/// Seconds between the first write and the last of the slowest account, when no second sees more
/// requests than `share` of the quota.
fn seconds_of_quotas(steps: &[&Value], share: f64) -> u32 {
    let mut writes: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for step in steps {
        let text = |key: &str| step[key].as_str().unwrap_or_default();
        *writes
            .entry((text("account_id"), text("kind")))
            .or_default() += 1;
    }
    let seconds = writes.iter().filter_map(|((_, kind), calls)| {
        let (_, quota) = WRITES.iter().find(|(known, _)| known == kind)?;
        let rate = ((f64::from(*quota) * share) as u32).max(1);
        Some(calls.div_ceil(rate) - 1)
    });
    seconds.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn step(account: &str, kind: &str) -> Value {
        json!({"account_id": account, "kind": kind})
    }

    #[test]
    fn the_slowest_quota_of_an_account_bounds_its_wave() {
        let mut steps: Vec<Value> = (0..14).map(|_| step("1", "put_alarm")).collect();
        steps.extend((0..14).map(|_| step("1", "put_metric_filter")));
        steps.extend((0..3).map(|_| step("2", "put_alarm")));
        // 14 alarms, three in each second: in the seconds 0 to 4.
        let all: Vec<&Value> = steps.iter().collect();
        assert_eq!(seconds_of_quotas(&all, 1.0), 4);
        // One in each second.
        assert_eq!(seconds_of_quotas(&all, 0.5), 13);
        assert_eq!(seconds_of_quotas(&all[28..], 1.0), 0);
    }

    #[test]
    fn each_wave_is_bounded_by_quotas_or_by_processors() {
        let alarms = |account: &'static str| (0..4).map(move |_| step(account, "put_alarm"));
        let steps: Vec<Value> = ["1", "2", "3", "4"].into_iter().flat_map(alarms).collect();
        // One account, then three.
        let numbers = BTreeMap::from([("1", 1), ("2", 2), ("3", 2), ("4", 2)]);
        let bound = Bound::new(&steps, &numbers, 1.0, 2.0);
        assert_eq!(
            bound,
            Bound {
                quotas_s: 2.0,
                processors_s: 2.0,
                seconds: 1.0 + 1.5
            }
        );
    }
}
