//! Many accounts: who goes ahead, when the rest is left alone, members that are repaired
//! by their organization's chain, and confirmations that a later sweep sees by itself.

use std::collections::BTreeMap;
use std::path::Path;

use orgsim::Fault;
use orgsweep_tests::built;
use serde_json::Value;

use super::{ROLE, Repair, findings, run_id};

/// Twelve accounts with the same fault of their own.
const TWELVE: &str = r#"
[management]
number = "100000000001"

[[group]]
name = "shop"
numbers = [
    "200000000001", "200000000002", "200000000003", "200000000004", "200000000005", "200000000006",
    "200000000007", "200000000008", "200000000009", "200000000010", "200000000011", "200000000012",
]
chain = "no_alarm"
controls = ["nacl-changes"]
tags = { stage = "prod" }
"#;

/// An organization trail whose chain has no alarm for one control, and three members.
const CENTRAL: &str = r#"
[management]
number = "100000000001"

[[organization_trail]]
name = "everyone"
log_group_in = "management"
broken = [{ chain = "no_alarm", controls = ["nacl-changes"] }]

[[group]]
name = "member"
numbers = ["200000000001", "200000000002", "200000000003"]
chain = "organization_trail"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_changed_wave_by_wave_each_judged_before_the_next() {
    let repair = Repair::of(TWELVE).await;
    let plan = repair.planned(&[]).await;
    let told = repair
        .apply(&plan, &["--canary", "2"])
        .await
        .with_code(0)
        .json();
    assert_eq!(findings(&told, "verified"), 12, "{told}");
    assert_eq!(by_wave(&told), BTreeMap::from([(1, 2), (2, 1), (3, 9)]));
    let sweeps = repair
        .installation
        .database()
        .number("select count(*) from sweep where triggered_by = 'repair'")
        .await;
    assert_eq!(sweeps, Some(3), "one after each wave");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_wave_signs_in_once_and_while_the_one_before_is_judged() {
    let repair = Repair::of(TWELVE).await;
    let plan = repair.planned(&[]).await;
    repair.simulated.forget_calls();
    let told = repair.apply(&plan, &["--canary", "2"]).await;
    let told = told.with_code(0).json();
    let of_wave = |number: u64| -> Vec<String> {
        let accounts = told["accounts"].as_array().expect("accounts").iter();
        let in_wave = accounts.filter(|account| account["wave"] == number);
        in_wave
            .filter_map(|account| account["account_id"].as_str().map(str::to_owned))
            .collect()
    };
    let calls = repair.simulated.calls();
    let places = |accounts: &[String], sign_in: bool| -> Vec<usize> {
        let asked = calls.iter().enumerate().filter(|(_, call)| {
            accounts.contains(&call.target_account) && (call.operation == "AssumeRole") == sign_in
        });
        asked.map(|(place, _)| place).collect()
    };
    for wave in 1..=3 {
        let accounts = of_wave(wave);
        // To change them, and to judge them.
        let signed_in = places(&accounts, true).len();
        assert_eq!(signed_in, 2 * accounts.len(), "wave {wave}");
    }
    let judged = places(&of_wave(2), false).into_iter().max();
    let ahead = places(&of_wave(3), true).into_iter().min();
    assert!(ahead < judged, "{ahead:?} {judged:?}");
    let begun = places(&of_wave(3), false).into_iter().min();
    assert!(judged < begun, "{judged:?} {begun:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_that_fails_keeps_the_others_untouched() {
    let repair = Repair::of(TWELVE).await;
    let plan = repair.planned(&[]).await;
    repair.when(
        "200000000007",
        "cloudwatch",
        "PutMetricAlarm",
        Fault::Denied,
    );
    let told = repair
        .apply(&plan, &["--canary", "200000000007"])
        .await
        .with_code(1)
        .json();
    assert_eq!(told["state"], "failed");
    assert!(
        told["message"]
            .as_str()
            .is_some_and(|words| words.contains("stopped after wave 1")),
        "{told}"
    );
    let pending = states(&told)
        .iter()
        .filter(|state| *state == "pending")
        .count();
    assert_eq!(pending, 11, "{told}");

    // With the permission granted the run goes on, and the same account goes ahead.
    repair.simulated.forget_faults();
    let told = repair.apply(&plan, &["--resume"]).await.with_code(0).json();
    assert_eq!(findings(&told, "verified"), 12, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_account_goes_ahead_alone_when_somebody_wants_to_look_first() {
    let repair = Repair::of(TWELVE).await;
    let plan = repair.planned(&[]).await;
    let flags = ["--canary", "200000000007", "--pause-after", "1"];
    let told = repair.apply(&plan, &flags).await.with_code(0).json();
    assert_eq!(told["state"], "interrupted", "{told}");
    let words = told["message"].as_str().unwrap_or_default();
    assert!(words.contains("paused after wave 1"), "{told}");
    assert_eq!(findings(&told, "verified"), 1, "{told}");
    assert_eq!(findings(&told, "not_applied"), 11, "{told}");

    let told = repair.apply(&plan, &["--resume"]).await.with_code(0).json();
    assert_eq!(findings(&told, "verified"), 12, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_after_an_account_that_failed_is_no_success() {
    let repair = Repair::of(TWELVE).await;
    let plan = repair.planned(&[]).await;
    let ahead = "200000000007";
    repair.when(ahead, "cloudwatch", "PutMetricAlarm", Fault::Denied);
    let flags = [
        "--canary",
        ahead,
        "--max-failures",
        "100",
        "--pause-after",
        "1",
    ];
    let told = repair.apply(&plan, &flags).await.with_code(1).json();
    assert_eq!(told["state"], "interrupted", "{told}");
    assert_eq!(findings(&told, "verified"), 0, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_named_as_people_call_them() {
    let repair = Repair::of(super::NOTHING_THERE).await;
    let plan = repair.planned(super::TWO).await;
    let nobody = repair.apply(&plan, &["--canary", "nobody"]).await;
    nobody
        .with_code(2)
        .saying(&["no account is called `nobody`"]);
    let unplanned = repair
        .installation
        .run(&["remediate", "plan", "--account", "nobody"])
        .await;
    unplanned
        .with_code(2)
        .saying(&["no account is called `nobody`"]);
    let told = repair.apply(&plan, &["--canary", "shop"]).await;
    let told = told.with_code(0).json();
    let run = run_id(&told).to_owned();
    for id in [&run, &plan.id] {
        let page = repair.installation.run(&["remediate", "show", id]).await;
        page.with_code(0).printing(&["100000000003 shop"]);
    }
    let needless = ["remediate", "gc", "--account", "shop", "--format", "json"];
    repair.installation.run(&needless).await.with_code(0);
    let told = repair.undo(&run, &plan, &["--account", "shop"]).await;
    assert_eq!(findings(&told.with_code(0).json(), "undone"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_too_many_fail_no_account_is_begun_and_those_in_hand_are_finished() {
    let repair = Repair::of(TWELVE).await;
    let plan = repair.planned(&[]).await;
    repair.when(
        "200000000001",
        "cloudwatch",
        "PutMetricAlarm",
        Fault::Denied,
    );
    let flags = ["--canary", "12", "--max-failures", "5", "--concurrency"];
    let told = repair
        .apply(&plan, &[&flags[..], &["3"]].concat())
        .await
        .with_code(1)
        .json();
    let words = told["message"].as_str().unwrap_or_default();
    assert!(
        words.contains("stopped in wave 1: 1 of 12 accounts failed (200000000001)"),
        "{told}"
    );
    let count = |told: &Value, wanted: &str| {
        let states = states(told);
        states.iter().filter(|state| *state == wanted).count()
    };
    assert_eq!(count(&told, "interrupted"), 0, "{told}");
    assert_eq!(count(&told, "failed"), 1, "{told}");
    let done = count(&told, "done");
    assert!(done >= 2, "those in hand are finished: {told}");
    assert_eq!(count(&told, "pending"), 11 - done, "{told}");

    repair.simulated.forget_faults();
    let told = repair.apply(&plan, &["--resume"]).await.with_code(0).json();
    assert_eq!(findings(&told, "verified"), 12, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_within_the_threshold_do_not_stop_the_others() {
    let repair = Repair::of(TWELVE).await;
    let plan = repair.planned(&[]).await;
    repair.when(
        "200000000009",
        "cloudwatch",
        "PutMetricAlarm",
        Fault::Denied,
    );
    let told = repair
        .apply(&plan, &["--max-failures", "50"])
        .await
        .with_code(1)
        .json();
    assert_eq!(findings(&told, "verified"), 11, "{told}");
    assert_eq!(findings(&told, "not_applied"), 1, "{told}");
    let run = run_id(&told).to_owned();

    // One account is taken back, and the others stay as they are.
    let told = repair
        .undo(&run, &plan, &["--account", "200000000002"])
        .await
        .with_code(0)
        .json();
    assert_eq!(findings(&told, "undone"), 1, "{told}");
    assert_eq!(findings(&told, "verified"), 10, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_judged_again_when_their_organizations_chain_is_repaired() {
    let repair = Repair::of(CENTRAL).await;
    let plan = repair.planned(&[]).await;
    assert_eq!(plan.kinds(), ["put_alarm"], "once for all of them");
    repair.simulated.forget_calls();
    let told = repair.apply(&plan, &[]).await.with_code(0).json();
    // The owner of the chain is a member, too.
    assert_eq!(findings(&told, "verified"), 4, "{told}");
    let calls = repair.simulated.calls_by_account();
    for member in ["200000000001", "200000000002", "200000000003"] {
        assert_eq!(calls[member].len(), 3, "{member}: {:?}", calls[member]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_confirmation_is_verified_by_a_later_sweep() {
    let repair = Repair::of(super::NOTHING_THERE).await;
    let document = repair
        .installation
        .run(&[
            "remediate",
            "plan",
            "--format",
            "json",
            "--control",
            "nacl-changes",
            "--subscribe",
            "email:secops@example.com",
        ])
        .await
        .with_code(0)
        .json();
    let text = |key: &str| document[key].as_str().expect("a text").to_owned();
    let plan = super::Planned {
        id: text("plan_id"),
        digest: text("digest"),
        document: document.clone(),
    };
    let told = repair.apply(&plan, &[]).await.with_code(0).json();
    assert_eq!(findings(&told, "waiting_for_confirmation"), 1, "{told}");

    repair.simulated.change(super::SHOP, |state| {
        for region in state.regions.values_mut() {
            for subscription in &mut region.subscriptions {
                subscription.confirmation = orgsim::Confirmation::Confirmed;
            }
        }
    });
    repair.installation.run(&["sweep"]).await.with_code(0);
    let told = repair
        .installation
        .run(&["remediate", "status", "--format", "json"])
        .await
        .with_code(0)
        .json();
    assert_eq!(findings(&told, "verified"), 1, "{told}");
}

/// Accounts by wave.
fn by_wave(told: &Value) -> BTreeMap<i64, usize> {
    let mut waves = BTreeMap::new();
    for account in told["accounts"].as_array().expect("accounts") {
        *waves
            .entry(account["wave"].as_i64().expect("a wave"))
            .or_default() += 1;
    }
    waves
}

fn states(told: &Value) -> Vec<String> {
    let accounts = told["accounts"].as_array().expect("accounts");
    let state = |account: &Value| account["state"].as_str().expect("a state").to_owned();
    accounts.iter().map(state).collect()
}

/// Where the system allows few connections, fewer accounts are changed at once, and it is said why.
#[tokio::test(flavor = "multi_thread")]
async fn no_more_accounts_are_changed_at_once_than_there_are_connections_for() {
    let repair = Repair::of(TWELVE).await;
    let plan = repair.planned(&[]).await;
    let orgsweep = built("orgsweep");
    let limited = "ulimit -n 100; exec \"$0\" \"$@\"";
    let mut arguments = vec!["-c", limited, orgsweep.to_str().unwrap(), "remediate"];
    arguments.extend([
        "apply",
        &plan.id,
        "--digest",
        &plan.digest,
        "--canary",
        "12",
    ]);
    arguments.extend(["--role-name", ROLE, "--without-verification"]);
    let told = repair
        .installation
        .run_of(Path::new("/bin/sh"), &arguments)
        .await;
    told.with_code(0)
        .saying(&["the system allows this process 100 open files, enough for 6 accounts at once"]);
    let sweep = ["sweep", "--format", "json"];
    repair.installation.run(&sweep).await.with_code(0);
    let verified = "select count(*) from repair_status where state = 'verified'";
    assert_eq!(
        repair.installation.database().number(verified).await,
        Some(12)
    );
}
