//! For every reason code that a program can repair: fail, plan, apply, pass, undo, the same
//! as before. The scenarios are those of the explanations (`crates/orgsim/data/reasons`).

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use orgsim::LastDelivery;
use orgsweep_controls::Reason;
use orgsweep_tests::workspace;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{Repair, findings, run_id};

/// How many scenarios are worked on at once.
const AT_ONCE: usize = 2;

/// Reasons without a failing finding, or that only a person can do something about.
const WITHOUT_STEPS: [&str; 13] = [
    "alarm_undecided",
    "covered",
    "covered_by_organization_trail",
    "fact_unread",
    "management_account_only",
    "no_trail",
    "organization_trail_owner_only",
    "owner_unread",
    "policy_undecided",
    "region_denied_by_policy",
    "trail_delivery_fails",
    "trail_selectors_exclude",
    "undecided",
];

/// Found in old accounts, but AWS lets nobody make such a trail again.
const NOT_TAKEN_BACK: &str = "trail_no_global_events";

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_program_can_repair_is_repaired_verified_and_taken_back() {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    for reason in Reason::ALL {
        let turns = Arc::clone(&turns);
        tasks.spawn(async move {
            let _turn = turns.acquire().await.expect("it is never closed");
            (reason.as_str(), repaired_and_back(reason.as_str()).await)
        });
    }
    let mut ends = BTreeMap::new();
    while let Some(ended) = tasks.join_next().await {
        let (code, end) = ended.expect("a scenario is repaired or not");
        ends.insert(code, end);
    }
    let without: Vec<&str> = ends
        .iter()
        .filter(|(_, end)| **end == End::WithoutSteps)
        .map(|(code, _)| *code)
        .collect();
    let broken: Vec<_> = ends
        .iter()
        .filter(|(_, end)| matches!(end, End::Broken(_)))
        .collect();
    assert!(broken.is_empty(), "{broken:#?}");
    assert_eq!(without, WITHOUT_STEPS, "reasons that no step repairs");
}

#[derive(Debug, PartialEq)]
enum End {
    WithoutSteps,
    Repaired,
    Broken(String),
}

async fn repaired_and_back(code: &str) -> End {
    let file = workspace().join(format!("crates/orgsim/data/reasons/{code}.toml"));
    let scenario = fs::read_to_string(file).expect("the scenario's file");
    let repair = Repair::of(&scenario).await;
    // Two findings show as much as fifteen.
    repair.installation.write(
        "selected.sql",
        &format!(
            "select account_id, control from failing where reason = '{code}' order by 1, 2 limit 2"
        ),
    );
    let plan = repair
        .planned(&["--from-query", "selected.sql", "--allow-trail-changes"])
        .await;
    if plan.steps().is_empty() {
        return End::WithoutSteps;
    }
    let before = repair.state();
    let failing = failing(&repair).await;

    let told = repair.apply(&plan, &[]).await;
    if told.code != Some(0) {
        return End::Broken(format!("apply of {:?}: {told}", plan.kinds()));
    }
    let mut told = told.json();
    let repairs = plan.document["repairs"].as_array().expect("repairs").len() as u64;
    if findings(&told, "waiting_for_person") == repairs {
        // A trail that was off has not delivered for long: now it does, and the next sweep sees it.
        repair.let_trails_deliver();
        told = repair.swept_and_told().await;
    }
    if findings(&told, "verified") != repairs {
        return End::Broken(format!(
            "{:?} do not make everything pass: {}",
            plan.kinds(),
            told["repairs"]
        ));
    }
    if repair.changes_since(&before).is_empty() {
        return End::Broken("nothing was changed".to_owned());
    }

    let undone = repair.undo(run_id(&told), &plan, &[]).await;
    if code == NOT_TAKEN_BACK {
        let told = undone.with_code(0).json();
        let show = ["remediate", "show", run_id(&told)];
        let page = repair.installation.run(&show).await;
        page.with_code(0)
            .printing(&["cannot leave global service events out any more"]);
        return End::Repaired;
    }
    if undone.code != Some(0) {
        return End::Broken(format!("undo of {:?}: {undone}", plan.kinds()));
    }
    let left = repair.changes_since(&before);
    if !left.is_empty() {
        return End::Broken(format!("left by undo of {:?}: {left:#?}", plan.kinds()));
    }
    let again = self::failing(&repair).await;
    if again != failing {
        return End::Broken(format!("failing before {failing:?}, after {again:?}"));
    }
    End::Repaired
}

impl Repair {
    /// Every trail that is on has just delivered.
    fn let_trails_deliver(&self) {
        for account in self.state().accounts {
            self.simulated.change(&account.id, |state| {
                for region in state.regions.values_mut() {
                    for trail in region.trails.values_mut().filter(|trail| trail.logging) {
                        trail.last_delivery = LastDelivery::MinutesAgo(1);
                    }
                }
            });
        }
    }

    /// What the last run came to after one more sweep.
    async fn swept_and_told(&self) -> Value {
        self.installation.run(&["sweep"]).await.with_code(0);
        self.installation
            .run(&["remediate", "status", "--format", "json"])
            .await
            .with_code(0)
            .json()
    }
}

/// (account, control, reason) of all that fails.
async fn failing(repair: &Repair) -> Vec<(String, String, String)> {
    let rows = repair
        .installation
        .query("select account_id, control, reason from failing order by 1, 2")
        .await;
    let text = |row: &Value, key: &str| row[key].as_str().expect("a text").to_owned();
    rows.iter()
        .map(|row| {
            (
                text(row, "account_id"),
                text(row, "control"),
                text(row, "reason"),
            )
        })
        .collect()
}
