//! The least time that a sweep can take, whoever writes it: what the quotas allow, what
//! latency allows, and what a loop of bare SDK calls takes on the same processors.

use serde_json::{Value, json};

use super::figures::rounded;

/// Accounts on a page of Organizations.
const ACCOUNTS_OF_A_PAGE: u32 = 20;

/// Requests per second of the shared quotas, which is also how many may come at once
/// (`crates/orgsim/src/quota.rs`).
const ORGANIZATIONS: f64 = 10.0;
const STS: f64 = 600.0;

/// Calls to Organizations besides the pages of accounts: the organization, its roots, and the
/// units below the root and below each of the scenario's four units.
const ORGANIZATIONS_BESIDES: u32 = 1 + 1 + 5;

/// Calls of which each needs the one before, besides Organizations': who the caller is; then
/// in the last account the role, its trails, filters, alarms, topic and subscription.
const CHAIN: u32 = 1 + 6;

/// The parts of the bound, in seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bound {
    /// What is left of each quota's calls after its first second, at its rate.
    quotas: f64,
    /// The longest chain of calls that wait for each other.
    latency: f64,
    /// The same calls by the SDK alone, without latency and quotas.
    processors: f64,
}

impl Bound {
    /// For so many accounts at so much latency, where a bare loop took `bare_s`.
    pub(super) fn new(accounts: u32, latency_ms: u32, bare_s: f64) -> Self {
        let listing = accounts.div_ceil(ACCOUNTS_OF_A_PAGE) + ORGANIZATIONS_BESIDES;
        let at_rate = |calls: u32, rate: f64| ((f64::from(calls) - rate) / rate).max(0.0);
        Self {
            quotas: at_rate(listing, ORGANIZATIONS).max(at_rate(accounts, STS)),
            latency: f64::from((listing + CHAIN) * latency_ms) / 1000.0,
            processors: bare_s,
        }
    }

    /// The largest of the parts.
    pub(super) fn seconds(self) -> f64 {
        self.quotas.max(self.latency).max(self.processors)
    }

    /// The parts by name.
    pub(super) fn parts(self) -> Value {
        json!({
            "quotas_s": rounded(self.quotas),
            "latency_s": rounded(self.latency),
            "processors_s": rounded(self.processors),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_the_largest_of_its_parts() {
        // 507 calls to Organizations at 10 a second; 514 in a row at 50 ms.
        let large = Bound::new(10_000, 50, 30.0);
        assert_eq!(
            large.parts(),
            json!({"quotas_s": 49.7, "latency_s": 25.7, "processors_s": 30.0})
        );
        assert!((large.seconds() - 49.7).abs() < 1e-9);
        assert!((Bound::new(100, 50, 0.2).seconds() - 0.95).abs() < 1e-9);
        assert!((Bound::new(100, 0, 0.2).seconds() - 0.2).abs() < 1e-9);
    }
}
