//! Plans in other forms: what is exported is accepted by the tools that people use
//! on it, and the script repairs what it says when it is run.

use std::fs;
use std::path::{Path, PathBuf};

use orgsim::{Fault, Scenario};
use orgsweep_tests::{Ended, Installation, python, workspace};
use serde_json::Value;
use tokio::process::Command;

use crate::simulated::{Simulated, finding};

/// One account for each kind of step, and one in which all is missing.
const ESTATE: &str = r#"
[management]
number = "100000000001"

[[group]]
name = "bare"
numbers = ["100000000002"]
chain = "no_filter"

[[group]]
name = "twin"
numbers = ["100000000003"]
chain = "no_filter"

[[group]]
name = "disabled"
numbers = ["100000000004"]
chain = "alarm_actions_disabled"
controls = ["root-usage"]

[[group]]
name = "deaf"
numbers = ["100000000005"]
chain = "alarm_no_action"
controls = ["root-usage"]

[[group]]
name = "closed"
numbers = ["100000000006"]
chain = "topic_policy_denies"
controls = ["root-usage"]

[[group]]
name = "unheard"
numbers = ["100000000007"]
chain = "no_subscription"
controls = ["root-usage"]

[[group]]
name = "off"
numbers = ["100000000008"]
chain = "trail_not_logging"

[[group]]
name = "unconnected"
numbers = ["100000000009"]
chain = "no_log_group"
"#;

/// The role with which scripts change accounts.
const ROLE: &str = "OrganizationAccountAccessRole";

async fn estate() -> (Simulated, Installation) {
    let scenario = Scenario::parse(ESTATE).expect("a scenario");
    let simulated = Simulated::of(&scenario).await;
    let installation = simulated.installation(Installation::on_server().await);
    installation.run(&["sweep"]).await.with_code(0);
    (simulated, installation)
}

/// A plan for all of it; texts that end in `.sms` would be sent to this number.
async fn planned(installation: &Installation, more: &[&str]) -> Ended {
    let plan = [
        "remediate",
        "plan",
        "--control",
        "root-usage",
        "--allow-trail-changes",
        "--subscribe",
        "sms:+4930123456",
        "--because",
        "it's $(a) test",
        "--role-name",
        ROLE,
    ];
    let arguments: Vec<&str> = plan.iter().chain(more).copied().collect();
    installation.run(&arguments).await.with_code(0)
}

/// Lets the tools read the files; what they say is the failure.
async fn check(files: &[PathBuf]) {
    assert!(!files.is_empty());
    let ended = Command::new(python())
        .arg(workspace().join("tests/exports/check.py"))
        .args(files)
        .output()
        .await
        .expect("Python runs");
    assert!(
        ended.status.success(),
        "{}{}",
        String::from_utf8_lossy(&ended.stdout),
        String::from_utf8_lossy(&ended.stderr)
    );
}

fn files_below(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            files.extend(files_below(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn terraform_is_read_by_its_own_parser_and_formatted_as_it_formats() {
    let (_simulated, installation) = estate().await;
    planned(&installation, &["--format", "terraform", "--output", "tf"]).await;
    let folder = installation.home().join("tf");
    let files = files_below(&folder, ".tf");
    assert!(files.len() >= 9, "{files:?}");
    check(&files).await;
    let changes = fs::read_to_string(folder.join("CHANGES.md")).expect("changes");
    assert!(changes.contains("`enable_logging = true`"), "{changes}");
    // Terraform itself comes from no package registry; where it is, it has the last word.
    if let Ok(ended) = Command::new("terraform")
        .args(["fmt", "-check", "-recursive", "-diff"])
        .arg(&folder)
        .output()
        .await
    {
        let said = String::from_utf8_lossy(&ended.stdout).into_owned();
        assert!(ended.status.success(), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cloudformation_is_accepted_by_cfn_lint_and_shared_by_accounts_that_need_the_same() {
    let (_simulated, installation) = estate().await;
    planned(
        &installation,
        &["--format", "cloudformation", "--output", "cfn"],
    )
    .await;
    let folder = installation.home().join("cfn");
    check(&files_below(&folder, ".yaml")).await;
    let deploy = fs::read_to_string(folder.join("DEPLOY.md")).expect("commands");
    assert!(
        deploy.contains("--accounts 100000000002 100000000003"),
        "{deploy}"
    );
    for template in files_below(&folder, ".yaml") {
        let text = fs::read_to_string(&template).expect("readable");
        assert!(
            !text.contains("1000000000"),
            "{} names an account",
            template.display()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_and_policies_are_accepted_by_cfn_lint_and_terraforms_parser() {
    let deploy = workspace().join("config/deploy");
    let mut files = files_below(&deploy, ".tf");
    files.extend(files_below(&deploy, ".cfn.yaml"));
    assert_eq!(files.len(), 4);
    check(&files).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_script_repairs_what_it_says_and_can_be_run_twice() {
    let (simulated, installation) = estate().await;
    let plan = planned(&installation, &["--format", "json"]).await.json();
    let script = planned(&installation, &["--format", "sh"]).await.stdout;
    installation.write("repair.sh", &script);
    let path = installation.home().join("repair.sh");
    check(std::slice::from_ref(&path)).await;

    let tools = tools(&installation);
    // An account that stops does not keep the others from being repaired.
    let stops = "100000000002";
    simulated.when(stops, "cloudwatch", "PutMetricAlarm", Fault::Denied);
    let mut command = installation.command_of(Path::new("bash"), &["repair.sh"]);
    command.env("PATH", &tools).env("ORGSWEEP_ROLE_NAME", ROLE);
    let ended = command.output().await.expect("bash runs");
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(1), "{told}");
    let words = format!("not everything is done in: {stops};");
    assert!(told.contains(&words), "{told}");
    simulated.forget_faults();

    for _ in 0..2 {
        let mut command = installation.command_of(Path::new("bash"), &["repair.sh"]);
        command.env("PATH", &tools).env("ORGSWEEP_ROLE_NAME", ROLE);
        let ended = command.output().await.expect("bash runs");
        assert!(
            ended.status.success(),
            "{}",
            String::from_utf8_lossy(&ended.stderr)
        );
    }
    installation.run(&["sweep"]).await.with_code(0);
    let repairs = plan["repairs"].as_array().expect("repairs");
    // What needs a person as well (a trail that was off has yet to deliver) is not done yet.
    let by_script = |repair: &&Value| repair["human_steps"] == Value::Array(Vec::new());
    let done: Vec<&Value> = repairs.iter().filter(by_script).collect();
    assert!(done.len() >= 6, "{plan:#}");
    for repair in done {
        let text = |key: &str| repair[key].as_str().unwrap_or_default().to_owned();
        let found = finding(&installation, &text("account_id"), &text("control")).await;
        assert_eq!(found["verdict"], "pass", "{repair}: {found:#}");
    }
    let again = planned(&installation, &["--format", "json"]).await.json();
    assert_eq!(again["steps"], Value::Array(Vec::new()), "{again:#}");
    drop(simulated);
}

/// A search path with the AWS CLI of the tests' Python, and `jq`.
fn tools(installation: &Installation) -> String {
    let bin = installation.home().join("bin");
    fs::create_dir_all(&bin).expect("a folder");
    let python = python();
    let beside = python.parent().expect("a folder of programs");
    for (name, target) in [
        ("aws", format!("exec '{}/aws' \"$@\"", beside.display())),
        (
            "jq",
            format!(
                "exec '{}' '{}' \"$@\"",
                python.display(),
                workspace().join("tests/exports/jq_command.py").display()
            ),
        ),
    ] {
        let file = bin.join(name);
        fs::write(&file, format!("#!/bin/sh\n{target}\n")).expect("writable");
        let mut mode = fs::metadata(&file).expect("there").permissions();
        std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o755);
        fs::set_permissions(&file, mode).expect("ours");
    }
    format!("{}:/usr/local/bin:/usr/bin:/bin", bin.display())
}
