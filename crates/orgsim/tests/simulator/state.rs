//! The state of a served organization: saved, loaded, compared; its clock; and
//! policies, where somebody asks for them.

use std::time::Duration;

use orgsim::{SavedWorld, Scenario, Server};
use serde_json::{Value, json};

use crate::support::{Call, SMALL, send, served};

const OWNER: &str = "444444444444";

async fn small() -> Server {
    served(&Scenario::parse(SMALL).unwrap()).await
}

async fn logs(server: &Server, account: &str, operation: &str, input: Value) -> Value {
    let call = Call {
        account,
        region: "eu-west-1",
        signing_name: "logs",
    };
    let target = format!("Logs_20140328.{operation}");
    call.json(server, &target, &input).await.json()
}

#[tokio::test]
async fn a_saved_state_is_loaded_and_compared() {
    let server = small().await;
    let before = server.world().save();
    logs(
        &server,
        OWNER,
        "CreateLogGroup",
        json!({ "logGroupName": "new" }),
    )
    .await;
    let after = server.world().save();
    let paths: Vec<String> = before
        .differences(&after)
        .into_iter()
        .map(|difference| difference.path)
        .collect();
    assert_eq!(paths, [format!("accounts.{OWNER}")]);
    let text = serde_json::to_string(&after).unwrap();
    let read: SavedWorld = serde_json::from_str(&text).unwrap();
    assert_eq!(read, after);

    let other = small().await;
    other.world().load(read);
    assert_eq!(other.world().save(), after);
    let groups = logs(&other, OWNER, "DescribeLogGroups", json!({})).await;
    assert_eq!(groups["logGroups"][0]["logGroupName"], "new");
    other.world().load(before);
    let groups = logs(&other, OWNER, "DescribeLogGroups", json!({})).await;
    assert_eq!(groups["logGroups"], json!([]));
}

#[tokio::test]
async fn writes_are_seen_late_where_the_scenario_says_so() {
    let text = SMALL.replace("[organization]", "[organization]\nconsistency_seconds = 60");
    let server = served(&Scenario::parse(&text).unwrap()).await;
    let groups = || async {
        let answer = logs(&server, OWNER, "DescribeLogGroups", json!({})).await;
        answer["logGroups"].as_array().map(Vec::len)
    };
    for name in ["one", "two"] {
        logs(
            &server,
            OWNER,
            "CreateLogGroup",
            json!({ "logGroupName": name }),
        )
        .await;
    }
    let again = json!({ "logGroupName": "one" });
    let twice = logs(&server, OWNER, "CreateLogGroup", again).await;
    assert_eq!(twice["__type"], "ResourceAlreadyExistsException");
    assert_eq!(groups().await, Some(0));
    let world = server.world();
    world.live().advance(world, Duration::from_secs(61));
    assert_eq!(groups().await, Some(2));
}

#[tokio::test]
async fn the_clock_is_moved_and_sessions_end_with_it() {
    let server = small().await;
    let world = server.world();
    let before = world.now();
    world.live().advance(world, Duration::from_hours(2));
    assert!(world.now() - before >= chrono::Duration::seconds(7200));
}

#[tokio::test]
async fn the_control_endpoint_says_what_it_does_not_know() {
    let server = small().await;
    let answer = send(&server, "/_orgsim/nothing", &[], b"{}").await.unwrap();
    assert_eq!(answer.status, 404);
    let answer = send(&server, "/_orgsim/clock", &[], b"{\"hours\":1}").await;
    assert_eq!(answer.unwrap().status, 400);
    let event = br#"{"recipientAccountId":"999999999999","awsRegion":"eu-west-1"}"#;
    let answer = send(&server, "/_orgsim/events", &[], event).await.unwrap();
    assert_eq!(answer.status, 404);
}

#[tokio::test]
async fn a_service_control_policy_denies_in_members_and_not_in_the_management_account() {
    let server = small().await;
    {
        let mut organization = server.world().organization_mut();
        let root = organization.root.clone();
        let policy = orgsim::ControlPolicy {
            name: "regions".to_owned(),
            description: String::new(),
            content: json!({ "Version": "2012-10-17", "Statement": [{
                "Effect": "Deny", "Action": "logs:*", "Resource": "*",
                "Condition": { "StringEquals": { "aws:RequestedRegion": "eu-west-1" } }
            }] })
            .to_string(),
            aws_managed: false,
        };
        let policies = &mut organization.control_policies;
        policies.policies.insert("p-regions00".to_owned(), policy);
        policies.attach("p-regions00", &root);
    }
    let list = |account| logs(&server, account, "DescribeLogGroups", json!({}));
    assert!(
        list(OWNER).await["logGroups"].is_array(),
        "not enforced yet"
    );
    server.world().enforce_policies(true);
    let denied = list(OWNER).await;
    assert_eq!(denied["__type"], "AccessDeniedException");
    assert_eq!(
        denied["message"],
        "User: arn:aws:iam::444444444444:user/orgsim is not authorized to perform: logs:DescribeLogGroups on resource: * with an explicit deny in a service control policy"
    );
    assert!(list("111111111111").await["logGroups"].is_array());
}
