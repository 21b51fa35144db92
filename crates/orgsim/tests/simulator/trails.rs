//! Which trails an account sees from which Region, and what it may ask about
//! them.

use crate::support::{Call, SMALL, served};
use orgsim::{Scenario, Server};
use serde_json::{Value, json};

const MANAGEMENT: &str = "111111111111";
const MEMBER: &str = "333333333333";
const OWNER: &str = "444444444444";
const NEWCOMER: &str = "555555555555";
const ORGANIZATION_TRAIL: &str = "arn:aws:cloudtrail:us-east-1:111111111111:trail/everyone";

async fn cloudtrail(
    server: &Server,
    account: &str,
    region: &str,
    operation: &str,
    input: Value,
) -> Value {
    let call = Call {
        account,
        region,
        signing_name: "cloudtrail",
    };
    let target = format!("com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.{operation}");
    call.json(server, &target, &input).await.json()
}

async fn names(server: &Server, account: &str, region: &str, input: Value) -> Vec<String> {
    let answer = cloudtrail(server, account, region, "DescribeTrails", input).await;
    let trails = answer["trailList"].as_array().expect("a list of trails");
    trails
        .iter()
        .map(|trail| trail["Name"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test]
async fn visibility_depends_on_account_region_and_shadows() {
    let server = served(&Scenario::parse(SMALL).unwrap()).await;
    let all = json!({});
    let own = json!({ "includeShadowTrails": false });
    #[rustfmt::skip]
    let cases: [(&str, &str, &Value, &[&str]); 9] = [
        (MANAGEMENT, "us-east-1", &all, &["everyone"]),
        (MANAGEMENT, "us-east-1", &own, &["everyone"]),
        (MANAGEMENT, "eu-west-1", &own, &[]),
        (MEMBER,     "us-east-1", &all, &["everyone"]),
        (MEMBER,     "eu-west-1", &all, &["everyone"]),
        (MEMBER,     "us-east-1", &own, &[]),
        (OWNER,      "us-east-1", &all, &["main", "everyone"]),
        (OWNER,      "us-east-1", &own, &["main"]),
        (NEWCOMER,   "us-east-1", &all, &[]),
    ];
    for (account, region, input, expected) in cases {
        let seen = names(&server, account, region, input.clone()).await;
        assert_eq!(seen, expected, "{account} in {region} with {input}");
    }
}

#[tokio::test]
async fn a_single_region_trail_is_seen_in_its_region_alone() {
    let server = served(&Scenario::parse(SMALL).unwrap()).await;
    for region in server
        .world()
        .account(MANAGEMENT)
        .unwrap()
        .regions
        .values_mut()
    {
        for trail in region.trails.values_mut() {
            trail.multi_region = false;
        }
    }
    assert_eq!(
        names(&server, MEMBER, "us-east-1", json!({})).await,
        ["everyone"]
    );
    assert!(
        names(&server, MEMBER, "eu-west-1", json!({}))
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn members_see_the_log_group_but_not_the_selectors() {
    let server = served(&Scenario::parse(SMALL).unwrap()).await;
    let ask =
        |operation: &'static str, input| cloudtrail(&server, MEMBER, "us-east-1", operation, input);
    let trails = ask("DescribeTrails", json!({})).await;
    assert_eq!(trails["trailList"][0]["TrailARN"], ORGANIZATION_TRAIL);
    assert_eq!(
        trails["trailList"][0]["CloudWatchLogsLogGroupArn"],
        "arn:aws:logs:us-east-1:111111111111:log-group:/organization/everyone:*"
    );
    let by_name = ask("GetTrailStatus", json!({ "Name": "everyone" })).await;
    assert_eq!(by_name["__type"], "TrailNotFoundException");
    assert_eq!(
        by_name["Message"],
        "Unknown trail: arn:aws:cloudtrail:us-east-1:333333333333:trail/everyone for the user: 333333333333"
    );
    let by_arn = ask("GetTrailStatus", json!({ "Name": ORGANIZATION_TRAIL })).await;
    assert_eq!(by_arn["IsLogging"], true);
    let selectors = ask(
        "GetEventSelectors",
        json!({ "TrailName": ORGANIZATION_TRAIL }),
    )
    .await;
    assert_eq!(selectors["__type"], "CloudTrailARNInvalidException");
}

#[tokio::test]
async fn the_foreign_log_group_is_not_in_the_member() {
    let server = served(&Scenario::parse(SMALL).unwrap()).await;
    let call = Call {
        account: MEMBER,
        region: "us-east-1",
        signing_name: "logs",
    };
    let input = json!({ "logGroupName": "/organization/everyone" });
    let answer = call
        .json(&server, "Logs_20140328.DescribeMetricFilters", &input)
        .await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["__type"], "ResourceNotFoundException");
}

#[tokio::test]
async fn the_log_group_may_be_the_delegated_administrators() {
    let text = SMALL.replace(
        "name = \"everyone\"",
        "name = \"everyone\"\nlog_group_in = \"delegated_administrator\"",
    );
    let server = served(&Scenario::parse(&text).unwrap()).await;
    let trails = cloudtrail(&server, MEMBER, "us-east-1", "DescribeTrails", json!({})).await;
    let trail = &trails["trailList"][0];
    assert_eq!(trail["TrailARN"], ORGANIZATION_TRAIL);
    assert_eq!(
        trail["CloudWatchLogsLogGroupArn"],
        "arn:aws:logs:us-east-1:222222222222:log-group:/organization/everyone:*"
    );
    let administrator = server.world().account("222222222222").unwrap();
    let region = administrator.region_content("us-east-1").unwrap();
    assert_eq!(
        region.log_groups["/organization/everyone"].filters.len(),
        15
    );
    assert!(region.trails.is_empty());
}

#[tokio::test]
async fn trails_are_changed_by_their_owner_in_their_home_region() {
    let server = served(&Scenario::parse(SMALL).unwrap()).await;
    let stop = |account, region, name: &str| {
        cloudtrail(
            &server,
            account,
            region,
            "StopLogging",
            json!({ "Name": name }),
        )
    };
    let refused = stop(MEMBER, "us-east-1", ORGANIZATION_TRAIL).await;
    assert_eq!(refused["__type"], "NotOrganizationMasterAccountException");
    let own = "arn:aws:cloudtrail:us-east-1:444444444444:trail/main";
    let elsewhere = stop(OWNER, "eu-west-1", own).await;
    assert_eq!(elsewhere["__type"], "InvalidHomeRegionException");
    assert_eq!(stop(OWNER, "us-east-1", "main").await, json!({}));
    let input = json!({ "Name": "main" });
    let status = cloudtrail(&server, OWNER, "us-east-1", "GetTrailStatus", input).await;
    assert_eq!(status["IsLogging"], false);
}

#[tokio::test]
async fn a_trail_that_delivers_no_more_tells_the_same_moment_in_every_world() {
    let scenario = Scenario::parse(
        r#"
        [organization]
        [[group]]
        name = "stopped"
        numbers = ["666666666666"]
        chain = "trail_not_logging"
        [[group]]
        name = "denied"
        numbers = ["777777777777"]
        chain = "trail_delivery_fails"
        "#,
    )
    .unwrap();
    let mut told = Vec::new();
    for _ in 0..2 {
        let server = served(&scenario).await;
        for account in ["666666666666", "777777777777"] {
            let input = json!({ "Name": "main" });
            let status = cloudtrail(&server, account, "us-east-1", "GetTrailStatus", input).await;
            told.push(status["LatestCloudWatchLogsDeliveryTime"].clone());
        }
    }
    assert!(told.iter().all(Value::is_number), "{told:?}");
    assert_eq!(told[..2], told[2..]);
}
