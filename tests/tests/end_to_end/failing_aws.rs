//! AWS that does not answer as one would like: what is not known is `unknown`
//! and says why, accounts that cannot be read are `failed` and say why, and
//! every other account is as if nothing had happened.

use orgsim::Fault;
use orgsweep_tests::Installation;
use serde_json::Value;

use crate::simulated::{Simulated, finding};

const CONTROL: &str = "s3-bucket-policy-changes";

#[tokio::test(flavor = "multi_thread")]
async fn without_credentials_the_message_says_what_to_set() {
    let simulated = Simulated::demo().await;
    let mut installation = simulated.installation(Installation::embedded());
    installation.unset("AWS_ACCESS_KEY_ID");
    installation.unset("AWS_SECRET_ACCESS_KEY");
    installation.run(&["sweep"]).await.with_code(1).saying(&[
        "credentials",
        "AWS_ACCESS_KEY_ID",
        "AWS_PROFILE",
    ]);
    assert!(simulated.calls().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn with_expired_credentials_the_message_says_so() {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::embedded());
    simulated.everywhere(Fault::ExpiredToken);
    installation
        .run(&["sweep"])
        .await
        .with_code(1)
        .saying(&["expired"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_the_role_fails_and_the_others_are_done() {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::on_server().await);
    let account = simulated.some_healthy_account();
    simulated.when(&account, "sts", "AssumeRole", Fault::Denied);
    let ended = installation.run(&["sweep"]).await.with_code(0);
    let row = account_row(&installation, &account).await;
    assert_eq!(row["outcome"], "failed", "{row}\n{ended}");
    assert_eq!(row["reason"], "role_not_assumable", "{row}");
    simulated
        .assert_found_as_expected_except(&installation, &[&account])
        .await;
    simulated
        .assert_every_account_has_an_outcome(&installation)
        .await;
    installation
        .run(&["sweep", "--fail-on-incomplete"])
        .await
        .with_code(4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_call_makes_the_finding_unknown_and_names_the_permission() {
    let simulated = Simulated::demo().await;
    let calls = [
        ("cloudtrail", "DescribeTrails"),
        ("cloudtrail", "GetTrailStatus"),
        ("cloudwatch", "ListAlarmMuteRules"),
        ("logs", "DescribeMetricFilters"),
        ("cloudwatch", "DescribeAlarms"),
        ("sns", "GetTopicAttributes"),
        ("sns", "ListSubscriptionsByTopic"),
        ("sns", "GetSubscriptionAttributes"),
    ];
    let accounts = simulated.accounts_that_cover_themselves(CONTROL, calls.len());
    for (account, (service, operation)) in accounts.iter().zip(calls) {
        simulated.when(account, service, operation, Fault::Denied);
    }
    let installation = simulated.installation(Installation::on_server().await);
    installation.run(&["sweep"]).await.with_code(0);
    for (account, (service, operation)) in accounts.iter().zip(calls) {
        let finding = finding(&installation, account, CONTROL).await;
        let permission = format!("{service}:{operation}");
        assert_eq!(finding["verdict"], "unknown", "{permission}: {finding}");
        let missing = finding["evidence"]["missing_permissions"].to_string();
        assert!(
            missing.contains(&permission),
            "{permission} is missing in {finding}"
        );
        let explained = installation
            .run(&["explain", account, CONTROL])
            .await
            .with_code(0);
        assert!(explained.stdout.contains(&permission), "{explained}");
    }
    let denied: Vec<&str> = accounts.iter().map(String::as_str).collect();
    simulated
        .assert_found_as_expected_except(&installation, &denied)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_denied_by_a_service_control_policy_is_told_from_a_missing_permission() {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::on_server().await);
    let account = simulated.some_healthy_account();
    simulated.when(
        &account,
        "logs",
        "DescribeMetricFilters",
        Fault::DeniedByScp,
    );
    installation.run(&["sweep"]).await.with_code(0);
    let finding = finding(&installation, &account, CONTROL).await;
    assert_eq!(finding["verdict"], "unknown", "{finding}");
    assert!(
        finding.to_string().contains("service control policy"),
        "{finding}"
    );
    assert_eq!(
        finding["evidence"]["missing_permissions"],
        serde_json::json!([]),
        "{finding}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_that_passes_is_not_noticed() {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::on_server().await);
    let faults = [
        Fault::Throttle { times: Some(2) },
        Fault::Status500 { times: Some(2) },
    ];
    let accounts = simulated.accounts_that_cover_themselves(CONTROL, faults.len());
    for (account, fault) in accounts.iter().zip(faults) {
        for (service, operation) in READS {
            simulated.when(account, service, operation, fault);
        }
    }
    installation.run(&["sweep"]).await.with_code(0);
    simulated.assert_found_as_expected(&installation).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_that_stays_makes_findings_unknown_and_spares_other_accounts() {
    let simulated = Simulated::demo().await;
    let mut installation = simulated.installation(Installation::on_server().await);
    installation.set("ORGSWEEP_AWS_CALL_TIMEOUT", "3s");
    installation.set("ORGSWEEP_AWS_CALL_DEADLINE", "8s");
    let faults = [
        (Fault::Throttle { times: None }, "throttled"),
        (Fault::Status500 { times: None }, "transient"),
        (Fault::Hang, "timed_out"),
        (Fault::CutConnection, "transient"),
        (Fault::Garbled, "garbled"),
    ];
    let accounts = simulated.accounts_that_cover_themselves(CONTROL, faults.len());
    for (account, (fault, _)) in accounts.iter().zip(faults) {
        simulated.when(account, "logs", "DescribeMetricFilters", fault);
    }
    installation.run(&["sweep"]).await.with_code(0);
    for (account, (fault, cause)) in accounts.iter().zip(faults) {
        let finding = finding(&installation, account, CONTROL).await;
        assert_eq!(finding["verdict"], "unknown", "{fault:?}: {finding}");
        assert_eq!(
            finding["evidence"]["unread"][0]["cause"], cause,
            "{fault:?}: {finding}"
        );
    }
    let troubled: Vec<&str> = accounts.iter().map(String::as_str).collect();
    simulated
        .assert_found_as_expected_except(&installation, &troubled)
        .await;
    simulated
        .assert_every_account_has_an_outcome(&installation)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_hangs_holds_up_no_other() {
    let simulated = Simulated::demo().await;
    let mut installation = simulated.installation(Installation::on_server().await);
    installation.set("ORGSWEEP_AWS_ACCOUNT_DEADLINE", "15s");
    let account = simulated.some_healthy_account();
    for (service, operation) in READS {
        simulated.when(&account, service, operation, Fault::Hang);
    }
    installation.run(&["sweep"]).await.with_code(0);
    let row = account_row(&installation, &account).await;
    assert_eq!(row["outcome"], "failed", "{row}");
    assert_eq!(row["reason"], "timed_out", "{row}");
    simulated
        .assert_found_as_expected_except(&installation, &[&account])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_fails_tonight_keeps_its_last_verdicts() {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::on_server().await);
    installation.run(&["sweep"]).await.with_code(0);
    let account = simulated.some_healthy_account();
    simulated.when(&account, "sts", "AssumeRole", Fault::Denied);
    installation.run(&["sweep"]).await.with_code(0);
    assert_eq!(
        account_row(&installation, &account).await["outcome"],
        "failed"
    );
    assert_eq!(
        finding(&installation, &account, CONTROL).await["verdict"],
        "pass"
    );
    simulated.assert_found_as_expected(&installation).await;
}

const READS: [(&str, &str); 4] = [
    ("account", "ListRegions"),
    ("cloudtrail", "DescribeTrails"),
    ("logs", "DescribeMetricFilters"),
    ("cloudwatch", "DescribeAlarms"),
];

pub(crate) async fn account_row(installation: &Installation, account: &str) -> Value {
    let rows = installation
        .run(&["accounts", "--format", "json"])
        .await
        .with_code(0)
        .rows();
    rows.into_iter()
        .find(|row| row["account_id"] == account)
        .unwrap_or_else(|| panic!("{account} is not listed"))
}
