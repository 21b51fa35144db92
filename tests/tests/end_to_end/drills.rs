//! Drills at `orgsim`: alarms are rung on purpose, their history is believed, they are put
//! back, and nothing rings that nobody asked for.

use chrono::Utc;
use orgsim::{AlarmState, Fault, MuteRule, Scenario};
use orgsweep_tests::{Ended, Installation, until};
use serde_json::Value;

use crate::simulated::Simulated;

/// Two accounts in which all is well, and one whose topic lets nobody publish.
const ESTATE: &str = r#"
[management]
number = "100000000001"

[[group]]
name = "shop"
numbers = ["100000000003", "100000000004"]
chain = "healthy"

[[group]]
name = "closed"
numbers = ["100000000005"]
chain = "topic_policy_denies"
controls = ["root-usage"]

[[group]]
name = "disabled"
numbers = ["100000000006"]
chain = "alarm_actions_disabled"
controls = ["root-usage"]
"#;

/// The role with which alarms are rung.
const ROLE: &str = "OrganizationAccountAccessRole";

async fn estate() -> (Simulated, Installation) {
    let scenario = Scenario::parse(ESTATE).unwrap_or_else(|error| panic!("{error}"));
    let simulated = Simulated::of(&scenario).await;
    let installation = simulated.installation(Installation::on_server().await);
    installation.run(&["sweep"]).await.with_code(0);
    simulated.forget_calls();
    (simulated, installation)
}

/// Runs a subcommand of `remediate` that rings.
async fn ringing(installation: &Installation, arguments: &[&str]) -> Ended {
    let mut all = vec!["remediate"];
    all.extend(arguments);
    all.extend(["--role-name", ROLE, "--format", "json"]);
    installation.run(&all).await
}

fn set_state_calls(simulated: &Simulated) -> usize {
    let calls = simulated.calls();
    calls
        .iter()
        .filter(|call| call.operation == "SetAlarmState")
        .count()
}

/// The alarm of the control in an account, by ARN.
fn alarm(simulated: &Simulated, account: &str, control: &str) -> String {
    let mut found = None;
    simulated.change(account, |state| {
        for region in state.regions.values() {
            for (name, alarm) in &region.metric_alarms {
                if name.contains(control) {
                    found = Some(alarm.arn.clone());
                }
            }
        }
    });
    found.unwrap_or_else(|| panic!("{account} has no alarm for {control}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_rings_waits_for_the_action_puts_back_and_is_kept_as_evidence() {
    let (simulated, installation) = estate().await;
    let rows = ringing(
        &installation,
        &[
            "drill",
            "--control",
            "root-usage",
            "--account",
            "100000000003",
            "--yes",
            "--because",
            "quarterly test",
        ],
    )
    .await
    .with_code(0)
    .rows();
    let [row] = &rows[..] else {
        panic!("one alarm: {rows:#?}");
    };
    assert_eq!(
        (&row["outcome"], &row["put_back"]),
        (&"rang".into(), &true.into()),
        "{row:#}"
    );
    assert_eq!(row["actions"][0]["succeeded"], true, "{row:#}");
    // Rung, and put back.
    assert_eq!(set_state_calls(&simulated), 2);
    simulated.change("100000000003", |state| {
        let region = state
            .regions
            .values()
            .find(|region| !region.alarm_history.is_empty());
        let region = region.expect("a history");
        let rung = region
            .metric_alarms
            .values()
            .find(|alarm| row["alarm"] == alarm.arn.as_str());
        let rung = rung.expect("the alarm");
        assert_ne!(rung.state, AlarmState::Alarm);
        assert!(
            rung.state_reason.contains("is over"),
            "{}",
            rung.state_reason
        );
    });
    let seen = installation
        .query("select alarm_arn, last_outcome, last_rang_at is not null as rang from last_rung")
        .await;
    assert_eq!(seen.len(), 1, "{seen:#?}");
    assert_eq!(
        (&seen[0]["alarm_arn"], &seen[0]["last_outcome"]),
        (&row["alarm"], &"rang".into())
    );
    let chains = installation
        .query("select action_arn from last_seen_end_to_end")
        .await;
    assert_eq!(chains[0]["action_arn"], row["actions"][0]["action"]);
    let explain = ["explain", "100000000003", "root-usage"];
    installation
        .run(&explain)
        .await
        .with_code(0)
        .printing(&["last seen to ring"]);
    let proof = installation
        .run(&[&explain[..], &["--format", "json"]].concat())
        .await
        .with_code(0)
        .json();
    assert_eq!(proof["drills"][0]["alarm_arn"], row["alarm"], "{proof:#}");
    // The alarm's own history says who, and that no event caused it.
    let text = rows[0].to_string();
    assert!(text.contains("Successfully executed action"), "{text}");
}

/// A rule that mutes the alarm from now on.
fn mute(simulated: &Simulated, account: &str, arn: &str) {
    let name = arn.rsplit(":alarm:").next().expect("a name").to_owned();
    let region = arn.split(':').nth(3).expect("a Region");
    simulated.change_region(account, region, |content| {
        let rule = MuteRule {
            arn: arn.replace(":alarm:", ":alarm-mute-rule:"),
            expression: "cron(* * * * *)".to_owned(),
            duration: "PT1H".to_owned(),
            timezone: None,
            alarm_names: vec![name],
            status: "ACTIVE".to_owned(),
            updated: Utc::now(),
        };
        content.mute_rules.insert("quiet".to_owned(), rule);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_that_tells_nobody_is_called_silent_and_not_seen_to_ring() {
    let (simulated, installation) = estate().await;
    let arn = alarm(&simulated, "100000000003", "root-usage");
    mute(&simulated, "100000000003", &arn);
    let rows = ringing(
        &installation,
        &["drill", "--alarm", &arn, "--yes", "--wait", "1"],
    )
    .await
    .with_code(1)
    .rows();
    assert_eq!(rows[0]["outcome"], "silent", "{rows:#?}");
    assert_eq!(rows[0]["put_back"], true);
    let seen = installation
        .query("select last_rang_at, last_outcome from last_rung")
        .await;
    assert_eq!(seen[0]["last_rang_at"], Value::Null);
    assert_eq!(seen[0]["last_outcome"], "silent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_drill_says_so_and_leaves_the_alarm_as_it_was() {
    let (simulated, installation) = estate().await;
    let before = simulated.state();
    simulated.when("100000000003", "cloudwatch", "SetAlarmState", Fault::Denied);
    let arn = alarm(&simulated, "100000000003", "root-usage");
    let rows = ringing(&installation, &["drill", "--alarm", &arn, "--yes"])
        .await
        .with_code(1)
        .rows();
    assert_eq!(rows[0]["outcome"], "failed", "{rows:#?}");
    assert!(
        rows[0].to_string().contains("cloudwatch:SetAlarmState"),
        "the permission is named: {rows:#?}"
    );
    assert!(before.differences(&simulated.state()).is_empty());
    let seen = installation
        .query("select count(*) as seen from last_seen_end_to_end")
        .await;
    assert_eq!(seen[0]["seen"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_puts_back_what_rings_and_rings_nothing_more() {
    let (simulated, installation) = estate().await;
    let arn = alarm(&simulated, "100000000003", "root-usage");
    let other = alarm(&simulated, "100000000003", "vpc-changes");
    mute(&simulated, "100000000003", &arn);
    let running = installation.start(&[
        "remediate",
        "drill",
        "--alarm",
        &arn,
        "--alarm",
        &other,
        "--yes",
        "--wait",
        "600",
        "--role-name",
        ROLE,
        "--format",
        "json",
    ]);
    until("the alarm rings", || {
        let rings = set_state_calls(&simulated) == 1;
        async move { rings.then_some(()) }
    })
    .await;
    running.signal("INT").await;
    let rows = running.end().await.with_code(130).rows();
    assert_eq!(rows.len(), 1, "{rows:#?}");
    assert_eq!(rows[0]["outcome"], "interrupted");
    assert_eq!(rows[0]["put_back"], true);
    simulated.change("100000000003", |state| {
        let rings = state
            .regions
            .values()
            .flat_map(|region| region.metric_alarms.values())
            .any(|alarm| alarm.state == AlarmState::Alarm);
        assert!(!rings, "nothing rings any more");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_that_fails_and_one_that_cannot_run_are_told_apart() {
    let (simulated, installation) = estate().await;
    for (account, code, outcome, words) in [
        ("100000000005", 1, "failed", "not authorized"),
        ("100000000006", 1, "left_alone", "its actions are disabled"),
    ] {
        let arn = alarm(&simulated, account, "root-usage");
        let rows = ringing(&installation, &["drill", "--alarm", &arn, "--yes"])
            .await
            .with_code(code)
            .rows();
        assert_eq!(rows[0]["outcome"], outcome, "{rows:#?}");
        assert!(rows[0].to_string().contains(words), "{rows:#?}");
        assert_eq!(rows[0]["put_back"], true);
    }
    // What would tell nobody is not rung at all, nor what does more than tell.
    let arn = alarm(&simulated, "100000000003", "root-usage");
    simulated.change("100000000003", |state| {
        for region in state.regions.values_mut() {
            for alarm in region.metric_alarms.values_mut() {
                let stop = "arn:aws:automate:us-east-1:ec2:stop";
                alarm.ok_actions.push(stop.to_owned());
            }
        }
    });
    let rows = ringing(&installation, &["drill", "--alarm", &arn, "--yes"])
        .await
        .with_code(1)
        .rows();
    assert!(rows[0].to_string().contains("--any-action"), "{rows:#?}");
    assert_eq!(set_state_calls(&simulated), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_rings_without_a_limit_or_without_a_yes() {
    let (simulated, installation) = estate().await;
    ringing(&installation, &["drill", "--yes"])
        .await
        .with_code(2)
        .saying(&["--limit"]);
    ringing(&installation, &["drill", "--limit", "1"])
        .await
        .with_code(2)
        .saying(&["--yes"]);
    ringing(&installation, &["heartbeat", "--yes"])
        .await
        .with_code(2)
        .saying(&["--limit"]);
    assert_eq!(set_state_calls(&simulated), 0);
    let rows = ringing(&installation, &["drill", "--limit", "1", "--yes"])
        .await
        .with_code(0)
        .rows();
    assert_eq!(rows.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_rings_one_alarm_per_topic_and_none_before_it_is_due() {
    let (simulated, installation) = estate().await;
    let list = ["heartbeat", "--list"];
    let never = ringing(&installation, &list).await.with_code(0).rows();
    assert!(!never.is_empty());
    assert!(never.iter().all(|row| row["last_seen_at"].is_null()));
    let beat = ["heartbeat", "--every", "7d", "--limit", "10", "--yes"];
    let rows = ringing(&installation, &beat).await.with_code(0).rows();
    // Each account's fifteen alarms share a topic.
    let accounts: Vec<&str> = rows
        .iter()
        .filter_map(|row| row["account_id"].as_str())
        .collect();
    assert!(
        accounts.contains(&"100000000003") && accounts.contains(&"100000000004"),
        "{rows:#?}"
    );
    let topics = installation
        .query("select count(*) as topics from last_seen_end_to_end")
        .await;
    assert_eq!(topics[0]["topics"], rows.len());
    let rung = set_state_calls(&simulated);
    ringing(&installation, &beat)
        .await
        .with_code(0)
        .saying(&["no alarm is to be rung"]);
    assert_eq!(set_state_calls(&simulated), rung);
    let listed = ringing(&installation, &list).await.with_code(0).rows();
    assert_eq!((listed.len(), never.len()), (rows.len(), rows.len()));
    assert!(listed.iter().all(|row| row["last_seen_at"].is_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_that_was_cut_short_is_put_back_by_the_next_one() {
    let (simulated, installation) = estate().await;
    let arn = alarm(&simulated, "100000000003", "root-usage");
    let other = alarm(&simulated, "100000000003", "vpc-changes");
    // As a killed drill leaves it: recorded, and in ALARM.
    simulated.change("100000000003", |state| {
        for region in state.regions.values_mut() {
            for alarm in region
                .metric_alarms
                .values_mut()
                .filter(|alarm| alarm.arn == arn)
            {
                alarm.state = AlarmState::Alarm;
            }
        }
    });
    let sql = format!(
        "insert into drill (drill_id, kind, account_id, region, alarm_arn, author, reason, started_at, state_before)
         values (gen_random_uuid(), 'drill', '100000000003', 'us-east-1', '{arn}', 'anna', 'test',
            now() - interval '1 hour', 'OK')"
    );
    installation.database().execute(&sql).await;
    ringing(&installation, &["drill", "--alarm", &other, "--yes"])
        .await
        .with_code(0)
        .saying(&["was cut short and is put back"]);
    simulated.change("100000000003", |state| {
        let alarm = state
            .regions
            .values()
            .flat_map(|region| region.metric_alarms.values())
            .find(|alarm| alarm.arn == arn);
        assert_eq!(alarm.map(|alarm| alarm.state), Some(AlarmState::Ok));
    });
    let outcome = installation
        .query("select outcome, put_back from drill_result where author = 'anna'")
        .await;
    assert_eq!(outcome[0]["outcome"], Value::from("interrupted"));
    assert_eq!(outcome[0]["put_back"], true);
}
