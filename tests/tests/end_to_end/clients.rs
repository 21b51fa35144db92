//! What others use against AWS, against `orgsim`: boto3 and the AWS CLI. Their
//! parsers are the judges of every answer.

use std::sync::Arc;

use orgsim::{Scenario, Server, ServerOptions, World};
use orgsweep_tests::{python, workspace};
use serde_json::{Value, json};
use tokio::process::Command;

async fn demo() -> (Server, String) {
    let world = Arc::new(World::build(&Scenario::demo()));
    let management = world.management_account();
    let server = Server::start(world, ServerOptions::default())
        .await
        .expect("a free port");
    (server, management)
}

/// Runs a script of `tests/clients` and returns the JSON that it prints.
async fn script(name: &str, arguments: &[&str]) -> Value {
    let ended = Command::new(python())
        .arg(workspace().join("tests/clients").join(name))
        .args(arguments)
        .output()
        .await
        .expect("Python runs");
    assert!(
        ended.status.success(),
        "{name}:\n{}",
        String::from_utf8_lossy(&ended.stderr)
    );
    serde_json::from_slice(&ended.stdout).expect("the script prints JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_benchmark_as_people_type_it_ends_in_a_message() {
    let (server, management) = demo().await;
    let told = script("benchmark.py", &[&server.endpoint_url(), &management]).await;
    assert_eq!(told["listed"], json!(["PendingConfirmation"]));
    assert_eq!(
        told["told"],
        json!({
            "subject": "ALARM: \"s3-bucket-policy-changes\" in us-east-1",
            "alarm": "s3-bucket-policy-changes",
            "state": "ALARM",
            "lines": ["PutBucketPolicy"],
            "history": ["Action", "ConfigurationUpdate", "StateUpdate"],
            "value": 1.0,
        })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_vectors_of_patterns_pass_through_the_api() {
    let (server, management) = demo().await;
    for file in ["filter_vectors.json", "more_vectors.json"] {
        let vectors = workspace()
            .join("crates/filter-pattern/tests/data")
            .join(file);
        let vectors = vectors.display().to_string();
        let asked = script(
            "vectors.py",
            &[&server.endpoint_url(), &management, &vectors],
        )
        .await;
        assert!(asked["asked"].as_u64() > Some(80), "{file}: {asked}");
    }
}

#[tokio::test]
async fn what_is_checked_of_requests_is_what_botocore_says() {
    let checked = Command::new(python())
        .arg(workspace().join("tests/botocore/input_shapes.py"))
        .arg("--check")
        .output()
        .await
        .expect("Python runs");
    let said = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert!(checked.status.success(), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_difference_from_moto_is_listed_with_who_is_right() {
    let scenario =
        Scenario::parse("[management]\nnumber = \"123456789012\"\n").expect("a scenario");
    let world = Arc::new(World::build(&scenario));
    let server = Server::start(world, ServerOptions::default())
        .await
        .expect("a free port");
    let listed = workspace().join("tests/clients/differences.json");
    let listed = listed.display().to_string();
    let compared = script("conformance.py", &[&server.endpoint_url(), &listed]).await;
    assert!(compared["steps"].as_u64() >= Some(80), "{compared}");
    assert_eq!(compared["unlisted"], json!({}), "{compared:#}");
    assert_eq!(compared["gone"], json!([]), "{compared:#}");
}
