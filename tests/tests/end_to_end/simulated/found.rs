//! What was found in a simulated organization, against what its scenario claims.

use std::collections::{BTreeMap, BTreeSet};

use orgsim::ExpectedOutcome;
use orgsweep_tests::Installation;
use serde_json::Value;

use super::Simulated;

/// How many differences a failing test shows.
const SHOWN: usize = 30;

/// The demo organization's author claims at least so many verdicts.
const CLAIMS_OF_THE_DEMO: usize = 600;

impl Simulated {
    /// The findings are those that the scenario claims, and no others.
    pub(crate) async fn assert_found_as_expected(&self, installation: &Installation) {
        self.assert_found_as_expected_except(installation, &[])
            .await;
    }

    /// The same, whatever else was found about controls that the scenario does not know.
    pub(crate) async fn assert_found_as_expected_of_the_fifteen(
        &self,
        installation: &Installation,
    ) {
        let mut found = found(installation).await;
        let claims = self.readable();
        let known: BTreeSet<&str> = claims
            .values()
            .flatten()
            .map(|claim| claim.control)
            .collect();
        found.retain(|(_, control), _| known.contains(control.as_str()));
        self.assert_claims(found, &[], CLAIMS_OF_THE_DEMO);
    }

    /// The same, for all accounts but some.
    pub(crate) async fn assert_found_as_expected_except(
        &self,
        installation: &Installation,
        without: &[&str],
    ) {
        self.assert_found_as_claimed(installation, without, CLAIMS_OF_THE_DEMO)
            .await;
    }

    /// The same, where the scenario claims at least so many verdicts.
    pub(crate) async fn assert_found_as_claimed(
        &self,
        installation: &Installation,
        without: &[&str],
        claims: usize,
    ) {
        let mut found = found(installation).await;
        found.retain(|(account, _), _| !without.contains(&account.as_str()));
        self.assert_claims(found, without, claims);
    }

    fn assert_claims(&self, mut found: Found, without: &[&str], at_least: usize) {
        let mut differences = Vec::new();
        let mut settled = 0;
        for (account, claims) in self.readable() {
            if without.contains(&account.as_str()) {
                continue;
            }
            for claim in claims {
                let Some((verdict, reason)) =
                    found.remove(&(account.clone(), claim.control.to_owned()))
                else {
                    differences.push(format!("{account} {}: nothing found", claim.control));
                    continue;
                };
                let differs = |claimed: Option<&str>, found: &str| {
                    claimed.is_some_and(|claimed| claimed != found)
                };
                if differs(claim.verdict, &verdict) || differs(claim.reason, &reason) {
                    differences.push(format!("{account} {verdict} {reason} instead of {claim:?}"));
                }
                settled += usize::from(claim.verdict.is_some());
            }
        }
        differences.extend(
            found
                .keys()
                .map(|(account, control)| format!("{account} {control}: not expected")),
        );
        assert!(
            differences.is_empty(),
            "{} differences:\n{}",
            differences.len(),
            differences[..differences.len().min(SHOWN)].join("\n")
        );
        assert!(
            settled >= at_least,
            "the scenario claims too little: {settled} verdicts"
        );
    }

    /// Every account of the organization ended with exactly one outcome.
    pub(crate) async fn assert_every_account_has_an_outcome(&self, installation: &Installation) {
        let rows = installation
            .run(&["accounts", "--format", "json"])
            .await
            .with_code(0)
            .rows();
        let listed: BTreeMap<&str, &str> = rows
            .iter()
            .filter_map(|row| Some((row["account_id"].as_str()?, row["outcome"].as_str()?)))
            .collect();
        for account in self.world.accounts() {
            let outcome = listed.get(account).copied();
            assert!(
                matches!(outcome, Some("done" | "failed" | "skipped")),
                "{account}: {outcome:?}"
            );
        }
    }

    /// Accounts that the scenario claims cannot or are not to be read ended so, for its reasons.
    pub(crate) async fn assert_unread_as_expected(&self, installation: &Installation) {
        let rows = installation
            .run(&["accounts", "--format", "json"])
            .await
            .with_code(0)
            .rows();
        for (account, claim) in self.outcomes() {
            let (outcome, reason) = match claim {
                ExpectedOutcome::Done(_) => continue,
                ExpectedOutcome::Failed { reason } => ("failed", reason),
                ExpectedOutcome::Skipped { reason } => ("skipped", reason),
            };
            let row = rows
                .iter()
                .find(|row| row["account_id"] == account.as_str());
            let row = row.unwrap_or_else(|| panic!("{account} is not listed"));
            assert_eq!(
                (&row["outcome"], &row["reason"]),
                (&outcome.into(), &reason.into()),
                "{row}"
            );
        }
    }
}

/// (account, control) → (verdict, reason).
type Found = BTreeMap<(String, String), (String, String)>;

async fn found(installation: &Installation) -> Found {
    let rows = installation
        .run(&["findings", "--format", "json"])
        .await
        .with_code(0)
        .rows();
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    rows.iter()
        .map(|row| {
            (
                (text(row, "account_id"), text(row, "control")),
                (text(row, "verdict"), text(row, "reason")),
            )
        })
        .collect()
}

/// The finding about a control in an account.
pub(crate) async fn finding(installation: &Installation, account: &str, control: &str) -> Value {
    let rows = installation
        .run(&[
            "findings",
            "--account",
            account,
            "--control",
            control,
            "--format",
            "json",
        ])
        .await
        .with_code(0)
        .rows();
    let [finding] = &rows[..] else {
        panic!("{} findings instead of one", rows.len())
    };
    finding.clone()
}

/// Two lists of rows are the same.
///
/// # Panics
/// When they are not; shows the first difference.
#[track_caller]
pub(crate) fn assert_same_rows(left: &[Value], right: &[Value]) {
    for (left, right) in left.iter().zip(right) {
        assert_eq!(left, right);
    }
    assert_eq!(left.len(), right.len(), "rows");
}

/// All findings, without what tells one night from another.
pub(crate) async fn settled(installation: &Installation) -> Vec<Value> {
    findings_without(installation, &["observed_at", "sweep_id"]).await
}

/// All findings, without what tells one installation from another.
pub(crate) async fn settled_anywhere(installation: &Installation) -> Vec<Value> {
    findings_without(
        installation,
        &["observed_at", "sweep_id", "since", "failing_since"],
    )
    .await
}

async fn findings_without(installation: &Installation, keys: &[&str]) -> Vec<Value> {
    let mut rows = installation
        .run(&["findings", "--format", "json"])
        .await
        .with_code(0)
        .rows();
    for row in &mut rows {
        let row = row.as_object_mut().expect("an object");
        for key in keys {
            assert!(row.remove(*key).is_some(), "{key} is missing in {row:?}");
        }
    }
    rows
}
