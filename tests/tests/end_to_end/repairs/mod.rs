//! Repairs at `orgsim`: planned, applied, seen to pass, taken back; cut short at every
//! step and gone on with; refused, throttled and disturbed.

mod calls;
mod cut_short;
mod disturbed;
mod every_reason;
mod gc;
mod house_style;
mod moto;
mod once;
mod shared_topic;
mod waves;

use orgsim::{Fault, SavedWorld, Scenario};
use orgsweep_tests::{Ended, Installation, Running};
use serde_json::Value;

use crate::simulated::Simulated;

/// Who is told: a telephone confirms nothing, so that a finding passes at once.
const TOLD: &str = "sms:+4930123456";

/// The role that an administrator has in every account of an organization.
const ROLE: &str = "OrganizationAccountAccessRole";

/// An organization with something to repair, and orgsweep in its management account.
struct Repair {
    simulated: Simulated,
    installation: Installation,
}

/// A plan as JSON.
struct Planned {
    id: String,
    digest: String,
    document: Value,
}

impl Repair {
    /// A swept organization.
    async fn of(scenario: &str) -> Self {
        Self::at(scenario, Installation::on_server().await).await
    }

    /// The same, with the results in that installation's database.
    async fn at(scenario: &str, installation: Installation) -> Self {
        let scenario = Scenario::parse(scenario).unwrap_or_else(|error| panic!("{error}"));
        let simulated = Simulated::of(&scenario).await;
        let mut installation = installation
            .against(&simulated.endpoint())
            .as_caller_in(&simulated.management_account());
        // Nobody else uses these quotas.
        installation.set("ORGSWEEP_AWS_QUOTA_SHARE", "1.0");
        installation.run(&["sweep"]).await.with_code(0);
        Self {
            simulated,
            installation,
        }
    }

    /// A plan for what is selected.
    async fn planned(&self, selection: &[&str]) -> Planned {
        let mut arguments = vec!["remediate", "plan", "--format", "json", "--subscribe", TOLD];
        arguments.extend(["--role-name", ROLE]);
        arguments.extend(selection);
        let document = self.installation.run(&arguments).await.with_code(0).json();
        let text = |key: &str| document[key].as_str().expect("a text").to_owned();
        Planned {
            id: text("plan_id"),
            digest: text("digest"),
            document,
        }
    }

    /// Applies the plan, with these flags more.
    async fn apply(&self, plan: &Planned, flags: &[&str]) -> Ended {
        let mut arguments = vec!["remediate", "apply", &plan.id, "--digest", &plan.digest];
        arguments.extend(["--role-name", ROLE, "--format", "json"]);
        arguments.extend(flags);
        self.installation.run(&arguments).await
    }

    /// Begins to apply the plan, after which nothing is judged.
    fn applying(&self, plan: &Planned) -> Running {
        let mut arguments = vec!["remediate", "apply", &plan.id, "--digest", &plan.digest];
        arguments.extend(["--role-name", ROLE, "--format", "json"]);
        arguments.push("--without-verification");
        Running::start(self.installation.command(&arguments))
    }

    /// Takes a run back, with these flags more.
    async fn undo(&self, run: &str, plan: &Planned, flags: &[&str]) -> Ended {
        let mut arguments = vec!["remediate", "undo", run, "--digest", &plan.digest];
        arguments.extend(["--role-name", ROLE, "--format", "json"]);
        arguments.extend(flags);
        self.installation.run(&arguments).await
    }

    /// What is in every account, for comparison.
    fn state(&self) -> SavedWorld {
        self.simulated.state()
    }

    /// Where the organization differs from what it was, apart from what AWS itself writes
    /// down: histories of alarms, when they were configured, when a trail last delivered.
    fn changes_since(&self, before: &SavedWorld) -> Vec<String> {
        before
            .differences(&self.state())
            .into_iter()
            .filter(|difference| {
                !["alarm_history", "configured", "last_delivery"]
                    .iter()
                    .any(|written| difference.path.contains(&format!(".{written}")))
            })
            .map(|difference| {
                let text = |value: Option<Value>| value.map(|value| value.to_string());
                format!(
                    "{}: {:?} became {:?}",
                    difference.path,
                    text(difference.before),
                    text(difference.after)
                )
            })
            .collect()
    }

    /// From now on, calls of that account fail.
    fn when(&self, account: &str, service: &str, operation: &str, fault: Fault) {
        self.simulated.when(account, service, operation, fault);
    }
}

impl Planned {
    /// Its steps.
    fn steps(&self) -> &[Value] {
        self.document["steps"].as_array().expect("steps")
    }

    /// The kinds of its steps.
    fn kinds(&self) -> Vec<&str> {
        self.steps()
            .iter()
            .filter_map(|step| step["kind"].as_str())
            .collect()
    }
}

/// The id of the run that is told of.
fn run_id(told: &Value) -> &str {
    told["run_id"].as_str().expect("a run")
}

/// Number of findings in a state, as a run tells it.
fn findings(told: &Value, state: &str) -> u64 {
    told["findings"][state].as_u64().unwrap_or(0)
}

/// One account that has nothing but its own trail.
const NOTHING_THERE: &str = r#"
[management]
number = "100000000001"

[[group]]
name = "shop"
numbers = ["100000000003"]
chain = "no_filter"
"#;

/// One account whose trail delivers to no log group.
const NO_LOG_GROUP: &str = r#"
[management]
number = "100000000001"

[[group]]
name = "shop"
numbers = ["100000000003"]
chain = "no_log_group"
"#;

/// The account of those scenarios that is repaired.
const SHOP: &str = "100000000003";

/// Two findings of it: a topic and a subscription, and for each a filter and an alarm.
const TWO: &[&str] = &["--control", "nacl-changes", "--control", "vpc-changes"];
