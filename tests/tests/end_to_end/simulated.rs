//! A simulated organization for a test: `orgsim` in the test's own process, what
//! its scenario claims, what it was asked, and what can go wrong with it.

mod circumstances;
mod found;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use orgsim::{
    AccountStatus, ExpectedFinding, ExpectedOutcome, Fault, FaultId, FaultRule, RecordedCall,
    RegionState, SavedWorld, Scenario, Server, ServerOptions, Service, World,
};
use orgsweep_tests::Installation;
use serde_json::Value;

pub(crate) use found::{assert_same_rows, finding, settled, settled_anywhere};

/// Services by the prefix of their IAM actions.
const SERVICES: [(&str, Service); 9] = [
    ("organizations", Service::Organizations),
    ("sts", Service::Sts),
    ("account", Service::Account),
    ("cloudtrail", Service::CloudTrail),
    ("logs", Service::Logs),
    ("cloudwatch", Service::CloudWatch),
    ("sns", Service::Sns),
    ("kms", Service::Kms),
    ("oam", Service::Oam),
];

/// A simulated organization and its server.
pub(crate) struct Simulated {
    world: Arc<World>,
    server: Server,
    /// Faults that the test has added to the scenario's own.
    added: Mutex<Vec<FaultId>>,
}

impl Simulated {
    /// The organization of `orgsweep demo`.
    pub(crate) async fn demo() -> Self {
        Self::of(&Scenario::demo()).await
    }

    /// The organization of a scenario.
    pub(crate) async fn of(scenario: &Scenario) -> Self {
        Self::served(scenario, ServerOptions::default()).await
    }

    /// The organization of a scenario, with this share of AWS's quotas enforced.
    pub(crate) async fn with_quotas(scenario: &Scenario, share: f64) -> Self {
        let options = ServerOptions {
            quota_share: Some(share),
            ..ServerOptions::default()
        };
        Self::served(scenario, options).await
    }

    async fn served(scenario: &Scenario, options: ServerOptions) -> Self {
        let world = Arc::new(World::build(scenario));
        let server = Server::start(Arc::clone(&world), options)
            .await
            .expect("a free port");
        Self {
            world,
            server,
            added: Mutex::default(),
        }
    }

    /// The URL for every service.
    pub(crate) fn endpoint(&self) -> String {
        self.server.endpoint_url()
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> std::net::SocketAddr {
        let endpoint = self.endpoint();
        let address = endpoint.trim_start_matches("http://").parse();
        address.expect("an address and a port")
    }

    /// `installation`, run from the account of the [`caller`](Self::caller).
    pub(crate) fn installation(&self, installation: Installation) -> Installation {
        installation
            .against(&self.endpoint())
            .as_caller_in(&self.caller())
    }

    /// The account of the delegated administrator; the management account where there is none.
    pub(crate) fn caller(&self) -> String {
        self.world
            .delegated_administrator()
            .unwrap_or_else(|| self.management_account())
    }

    /// From now on policies are enforced, as on AWS.
    pub(crate) fn enforce_policies(&self) {
        self.world.enforce_policies(true);
    }

    /// The scanner's role has this policy and no other, in every account that has the role.
    pub(crate) fn put_scanner_policy(&self, policy: &Value) {
        for account in self.world.accounts() {
            let mut state = self.world.account(account).expect("a member");
            if let Some(role) = state.roles.get_mut("OrgsweepReadOnly") {
                role.permissions.attached.clear();
                role.permissions.inline = BTreeMap::from([("read".to_owned(), policy.to_string())]);
            }
        }
    }

    /// The policy of the remediator's role in every account.
    pub(crate) fn put_remediator_policy(&self, policy: &Value) {
        for account in self.world.accounts() {
            let mut state = self.world.account(account).expect("a member");
            if let Some(role) = state.roles.get_mut("OrgsweepRemediator") {
                role.permissions.inline =
                    BTreeMap::from([("repair".to_owned(), policy.to_string())]);
            }
        }
    }

    /// Removes a role from every account.
    pub(crate) fn remove_role(&self, name: &str) {
        for account in self.world.accounts() {
            let mut state = self.world.account(account).expect("a member");
            state.roles.remove(name);
        }
    }

    /// Access key id and token of a session of a role in the caller's account that has this
    /// policy and no other.
    pub(crate) fn session_with(&self, role: &str, policy: &Value) -> (String, String) {
        let caller = self.caller();
        let mut state = self.world.account(&caller).expect("a member");
        let permissions = &mut state.roles.entry(role.to_owned()).or_default().permissions;
        permissions.inline = BTreeMap::from([("all".to_owned(), policy.to_string())]);
        orgsim::session_credentials(
            &caller,
            role,
            chrono::Utc::now() + chrono::TimeDelta::hours(1),
        )
    }

    /// The management account.
    pub(crate) fn management_account(&self) -> String {
        self.world.management_account()
    }

    /// What is in every account.
    pub(crate) fn state(&self) -> SavedWorld {
        for account in self.world.accounts() {
            let mut state = self.world.account(account).expect("a member");
            // Accounts that nobody has changed are not part of a saved state: this one counts as changed.
            let _: &mut orgsim::AccountState = &mut state;
        }
        self.world.save()
    }

    /// Changes the content of an account behind orgsweep's back.
    pub(crate) fn change(&self, account: &str, change: impl FnOnce(&mut orgsim::AccountState)) {
        change(&mut self.world.account(account).expect("a member"));
    }

    /// The organization's id.
    pub(crate) fn organization(&self) -> String {
        self.world.organization().id.clone()
    }

    /// What the scenario claims about each account.
    fn outcomes(&self) -> BTreeMap<String, ExpectedOutcome> {
        let claim = |account: &str| Some((account.to_owned(), self.world.expected(account)?));
        self.world.accounts().filter_map(claim).collect()
    }

    /// An account, other than the owners of trails, that has a whole chain of its own for every control.
    pub(crate) fn some_healthy_account(&self) -> String {
        let healthy = self.readable().into_iter().find(|(account, findings)| {
            ![self.caller(), self.management_account()].contains(account)
                && findings.iter().all(|finding| {
                    [Some("covered"), Some("management_account_only")].contains(&finding.reason)
                })
        });
        healthy
            .expect("the demo organization has a healthy account")
            .0
    }

    /// So many accounts, other than the owners of trails, in which a chain of their own covers the control.
    pub(crate) fn accounts_that_cover_themselves(
        &self,
        control: &str,
        wanted: usize,
    ) -> Vec<String> {
        let covers = |finding: &ExpectedFinding| {
            finding.control == control && finding.reason == Some("covered")
        };
        let accounts: Vec<String> = self
            .readable()
            .into_iter()
            .filter(|(account, _)| ![self.caller(), self.management_account()].contains(account))
            .filter(|(_, findings)| findings.iter().any(covers))
            .map(|(account, _)| account)
            .take(wanted)
            .collect();
        assert_eq!(
            accounts.len(),
            wanted,
            "the demo organization has too few accounts"
        );
        accounts
    }

    /// Accounts that a sweep is claimed to read, with their findings.
    pub(crate) fn readable(&self) -> BTreeMap<String, Vec<ExpectedFinding>> {
        let readable = |(account, outcome)| match outcome {
            ExpectedOutcome::Done(findings) => Some((account, findings)),
            _ => None,
        };
        self.outcomes().into_iter().filter_map(readable).collect()
    }

    /// Accounts whose calls are bounded, with the most that reading them may take:
    /// three where the organization's trail alone records them, ten with a whole chain of their own.
    pub(crate) fn call_budgets(&self) -> BTreeMap<String, usize> {
        let mut budgets = BTreeMap::new();
        for (account, findings) in self.readable() {
            let state = self
                .world
                .account(&account)
                .expect("an account of the organization");
            let all_covered = |reason| {
                let reasons = [Some(reason), Some("management_account_only")];
                findings
                    .iter()
                    .all(|finding| reasons.contains(&finding.reason))
            };
            if state.trails().count() == 0
                && state.organization_trails.includes("organization-trail")
            {
                budgets.insert(account, 3);
            } else if all_covered("covered") {
                budgets.insert(account, 10);
            }
        }
        assert!(
            budgets.values().any(|calls| *calls == 3) && budgets.values().any(|calls| *calls == 10)
        );
        budgets
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
    /// caller's questions about itself, the organization and what the endpoint can do.
    pub(crate) fn calls_by_account(&self) -> BTreeMap<String, Vec<String>> {
        let mut calls: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for call in self.calls() {
            let about_endpoint =
                call.operation == "ListAlarmMuteRules" && call.target_account == self.caller();
            let about_itself = call.operation == "GetCallerIdentity" || about_endpoint;
            if call.service != Service::Organizations && !about_itself {
                calls
                    .entry(call.target_account)
                    .or_default()
                    .push(call.operation);
            }
        }
        calls
    }

    /// From now on, calls that fit fail.
    pub(crate) fn when(&self, account: &str, service: &str, operation: &str, fault: Fault) {
        let (_, service) = SERVICES
            .iter()
            .find(|(prefix, _)| *prefix == service)
            .expect("a known service");
        self.add(
            FaultRule::everywhere(fault)
                .account(account)
                .operation(*service, operation),
        );
    }

    /// From now on, every call fails.
    pub(crate) fn everywhere(&self, fault: Fault) {
        self.add(FaultRule::everywhere(fault));
    }

    fn add(&self, rule: FaultRule) {
        let id = self.world.faults().add(rule);
        self.added
            .lock()
            .expect("no test panics while it adds")
            .push(id);
    }

    /// From now on, nothing answers.
    pub(crate) fn hang_everything(&self) {
        self.everywhere(Fault::Hang);
    }

    /// From now on, every answer takes so long; and nothing else goes wrong.
    pub(crate) fn slow_down(&self, milliseconds: u64) {
        self.forget_faults();
        if milliseconds > 0 {
            self.everywhere(Fault::Latency {
                delay: Duration::from_millis(milliseconds),
            });
        }
    }

    /// From now on, nothing goes wrong but what the scenario says.
    pub(crate) fn forget_faults(&self) {
        for id in self
            .added
            .lock()
            .expect("no test panics while it adds")
            .drain(..)
        {
            self.world.faults().remove(id);
        }
    }

    /// In every account, alarms lose their actions: the next sweep has something to write.
    pub(crate) fn silence_every_alarm(&self) {
        for account in self.world.accounts() {
            let mut state = self
                .world
                .account(account)
                .expect("an account of the organization");
            for region in state.regions.values_mut() {
                for alarm in region.metric_alarms.values_mut() {
                    alarm.actions_enabled = false;
                }
            }
        }
    }

    /// Changes what a Region of an account holds.
    pub(crate) fn change_region(
        &self,
        account: &str,
        region: &str,
        change: impl FnOnce(&mut RegionState),
    ) {
        let mut state = self.world.account(account).expect("a member");
        change(state.region(region));
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
