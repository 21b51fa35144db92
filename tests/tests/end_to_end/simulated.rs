//! A simulated organization for a test: `orgsim` in the test's own process, what
//! its scenario claims, what it was asked, and what can go wrong with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use orgsim::{AccountStatus, Fault, FaultRule, RecordedCall, Scenario, Server, ServerOptions, Service, World};
use orgsweep_tests::Installation;
use serde_json::Value;

/// Services by the prefix of their IAM actions.
const SERVICES: [(&str, Service); 8] = [
    ("organizations", Service::Organizations),
    ("sts", Service::Sts),
    ("account", Service::Account),
    ("cloudtrail", Service::CloudTrail),
    ("logs", Service::Logs),
    ("cloudwatch", Service::CloudWatch),
    ("sns", Service::Sns),
    ("kms", Service::Kms),
];

/// A simulated organization and its server.
pub(crate) struct Simulated {
    world: Arc<World>,
    server: Server,
}

impl Simulated {
    /// The organization of `orgsweep demo`.
    pub(crate) async fn demo() -> Self {
        let world = Arc::new(World::build(&Scenario::demo()));
        let server = Server::start(Arc::clone(&world), ServerOptions::default())
            .await
            .expect("a free port");
        Self { world, server }
    }

    /// The URL for every service.
    pub(crate) fn endpoint(&self) -> String {
        self.server.endpoint_url()
    }

    /// `installation`, run from the delegated administrator's account.
    pub(crate) fn installation(&self, installation: Installation) -> Installation {
        installation.against(&self.endpoint()).as_caller_in(&self.caller())
    }

    /// The account of the delegated administrator.
    pub(crate) fn caller(&self) -> String {
        self.world.delegated_administrator().expect("the demo organization has one")
    }

    /// The management account.
    pub(crate) fn management_account(&self) -> String {
        self.world.management_account()
    }

    /// The organization's id.
    pub(crate) fn organization(&self) -> String {
        self.world.organization().id.clone()
    }

    /// The world, to read or change.
    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    /// An account that has a whole chain of its own for every control.
    pub(crate) fn some_healthy_account(&self) -> String {
        let claims = self.claims(&[]);
        let healthy = self.readable().find(|account| {
            let mut own = claims.range((account.clone(), String::new())..).take_while(|((of, _), _)| of == account);
            *account != self.caller()
                && *account != self.management_account()
                && own.all(|(_, (_, reason))| reason == "covered" || reason == "management_account_only")
        });
        healthy.expect("the demo organization has a healthy account")
    }

    /// Accounts that a sweep is claimed to read.
    pub(crate) fn readable(&self) -> impl Iterator<Item = String> {
        let accounts: BTreeSet<String> = self.claims(&[]).into_keys().map(|(account, _)| account).collect();
        accounts.into_iter()
    }

    /// What the scenario claims: (account, control) → (verdict, reason), without some accounts.
    fn claims(&self, without: &[&str]) -> BTreeMap<(String, String), (String, String)> {
        let mut claims = BTreeMap::new();
        for account in self.world.accounts().filter(|account| !without.contains(account)) {
            let Some(expected) = self.world.expected(account) else { continue };
            for finding in expected.findings {
                claims.insert(
                    (account.to_owned(), finding.control.to_string()),
                    (finding.verdict.to_string(), finding.reason.to_string()),
                );
            }
        }
        claims
    }

    /// The findings are those that the scenario claims, and no others.
    pub(crate) async fn assert_found_as_expected(&self, installation: &Installation) {
        self.assert_found_as_expected_except(installation, &[]).await;
    }

    /// The same, for all accounts but some.
    pub(crate) async fn assert_found_as_expected_except(&self, installation: &Installation, without: &[&str]) {
        let claims = self.claims(without);
        assert!(claims.len() > 400, "the scenario claims too little");
        let mut found = BTreeMap::new();
        for row in installation.run(&["findings", "--format", "json"]).await.with_code(0).rows() {
            let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
            if !without.contains(&text("account_id").as_str()) {
                found.insert((text("account_id"), text("control")), (text("verdict"), text("reason")));
            }
        }
        let mut differences = Vec::new();
        for key in claims.keys().chain(found.keys()).collect::<BTreeSet<_>>() {
            let (claimed, found) = (claims.get(key), found.get(key));
            if claimed != found {
                differences.push(format!("{} {}: {found:?} instead of {claimed:?}", key.0, key.1));
            }
        }
        assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    }

    /// Every account of the organization ended with exactly one outcome.
    pub(crate) async fn assert_every_account_has_an_outcome(&self, installation: &Installation) {
        let rows = installation.run(&["accounts", "--format", "json"]).await.with_code(0).rows();
        let listed: BTreeMap<&str, &str> = rows
            .iter()
            .filter_map(|row| Some((row["account_id"].as_str()?, row["outcome"].as_str()?)))
            .collect();
        for account in self.world.accounts() {
            let outcome = listed.get(account).copied();
            assert!(matches!(outcome, Some("done" | "failed" | "skipped")), "{account}: {outcome:?}");
        }
    }

    /// Every call so far.
    pub(crate) fn calls(&self) -> Vec<RecordedCall> {
        self.server.calls()
    }

    /// Forgets the calls so far.
    pub(crate) fn forget_calls(&self) {
        self.server.forget_calls();
    }

    /// Accounts in which a role was assumed.
    pub(crate) fn accounts_entered(&self) -> BTreeSet<String> {
        self.calls()
            .into_iter()
            .filter(|call| call.operation == "AssumeRole")
            .map(|call| call.target_account)
            .collect()
    }

    /// Calls that reading each account took: those that asked it, but for the
    /// caller's questions about itself and the organization.
    pub(crate) fn calls_by_account(&self) -> BTreeMap<String, Vec<String>> {
        let mut calls: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for call in self.calls() {
            if call.service != Service::Organizations && call.operation != "GetCallerIdentity" {
                calls.entry(call.target_account).or_default().push(call.operation);
            }
        }
        calls
    }

    /// From now on, calls that fit fail.
    pub(crate) fn when(&self, account: &str, service: &str, operation: &str, fault: Fault) {
        let (_, service) = SERVICES.iter().find(|(prefix, _)| *prefix == service).expect("a known service");
        self.world
            .faults()
            .add(FaultRule::everywhere(fault).account(account).operation(*service, operation));
    }

    /// From now on, every call fails.
    pub(crate) fn everywhere(&self, fault: Fault) {
        self.world.faults().add(FaultRule::everywhere(fault));
    }

    /// From now on, nothing answers.
    pub(crate) fn hang_everything(&self) {
        self.everywhere(Fault::Hang);
    }

    /// From now on, every answer takes so long; and nothing else goes wrong.
    pub(crate) fn slow_down(&self, milliseconds: u64) {
        self.forget_faults();
        if milliseconds > 0 {
            self.everywhere(Fault::Latency { delay: Duration::from_millis(milliseconds) });
        }
    }

    /// From now on, nothing goes wrong.
    pub(crate) fn forget_faults(&self) {
        self.world.faults().clear();
    }

    /// The account leaves the organization.
    pub(crate) fn leave(&self, account: &str) {
        self.world.organization_mut().remove_member(account);
    }

    /// The account is suspended.
    pub(crate) fn suspend(&self, account: &str) {
        let mut organization = self.world.organization_mut();
        organization.member_mut(account).expect("a member").status = AccountStatus::Suspended;
    }
}

/// The finding about a control in an account.
pub(crate) async fn finding(installation: &Installation, account: &str, control: &str) -> Value {
    let rows = installation
        .run(&["findings", "--account", account, "--control", control, "--format", "json"])
        .await
        .with_code(0)
        .rows();
    let [finding] = &rows[..] else { panic!("{} findings instead of one", rows.len()) };
    finding.clone()
}

/// All findings, without what tells one night from another.
pub(crate) async fn settled(installation: &Installation) -> Vec<Value> {
    let mut rows = installation.run(&["findings", "--format", "json"]).await.with_code(0).rows();
    for row in &mut rows {
        let row = row.as_object_mut().expect("an object");
        for of_the_night in ["since", "observed_at", "age", "age_hours", "sweep_id", "sweep"] {
            row.remove(of_the_night);
        }
    }
    rows
}
