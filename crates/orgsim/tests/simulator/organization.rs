//! The organization as its administrators page through it, and the sessions
//! that they get in its accounts.

use crate::support::{Call, SMALL, number, served};
use orgsim::{Scenario, Server};
use serde_json::{Value, json};

async fn organizations(server: &Server, operation: &str, input: &Value) -> Value {
    let caller = server.world().delegated_administrator().unwrap();
    let call = Call {
        account: &caller,
        region: "us-east-1",
        signing_name: "organizations",
    };
    let target = format!("AWSOrganizationsV20161128.{operation}");
    call.json(server, &target, input).await.json()
}

/// The accounts of every page, page by page.
async fn account_pages(server: &Server) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let input = match &token {
            None => json!({}),
            Some(token) => json!({ "NextToken": token }),
        };
        let answer = organizations(server, "ListAccounts", &input).await;
        let accounts = answer["Accounts"].as_array().unwrap();
        pages.push(
            accounts
                .iter()
                .map(|account| account["Id"].as_str().unwrap().to_owned())
                .collect(),
        );
        token = answer["NextToken"].as_str().map(str::to_owned);
        if token.is_none() {
            return pages;
        }
    }
}

#[tokio::test]
async fn accounts_come_in_pages_of_twenty() {
    let server = served(&Scenario::demo()).await;
    let pages = account_pages(&server).await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [20, 20, 20]);
    let all: Vec<&str> = server.world().accounts().collect();
    assert_eq!(pages.concat(), all);
}

#[tokio::test]
async fn pages_may_be_empty() {
    let text = Scenario::demo()
        .to_toml()
        .replace("[organization]", "[organization]\nempty_pages = true");
    let server = served(&Scenario::parse(&text).unwrap()).await;
    let pages = account_pages(&server).await;
    assert_eq!(
        pages.iter().map(Vec::len).collect::<Vec<_>>(),
        [0, 20, 0, 20, 0, 20]
    );
    assert_eq!(pages.concat().len(), 60);
}

#[tokio::test]
async fn pages_may_be_short() {
    let text = Scenario::demo()
        .to_toml()
        .replace("[organization]", "[organization]\nshort_pages = true");
    let server = served(&Scenario::parse(&text).unwrap()).await;
    let pages = account_pages(&server).await;
    let sizes: Vec<usize> = pages.iter().map(Vec::len).collect();
    assert!(
        sizes.iter().all(|size| (1..=20).contains(size)),
        "{sizes:?}"
    );
    assert!(sizes.len() > 3, "{sizes:?}");
    assert_eq!(pages.concat().len(), 60);
}

#[tokio::test]
async fn units_form_a_tree() {
    let server = served(&Scenario::demo()).await;
    let roots = organizations(&server, "ListRoots", &json!({})).await;
    let root = &roots["Roots"][0]["Id"];
    let units = organizations(
        &server,
        "ListOrganizationalUnitsForParent",
        &json!({ "ParentId": root }),
    )
    .await;
    let workloads = units["OrganizationalUnits"]
        .as_array()
        .unwrap()
        .iter()
        .find(|unit| unit["Name"] == "Workloads")
        .unwrap();
    let input = json!({ "ParentId": workloads["Id"] });
    let below = organizations(&server, "ListOrganizationalUnitsForParent", &input).await;
    let units = below["OrganizationalUnits"].as_array().unwrap();
    assert_eq!(units.len(), 2);
    let test = units.iter().find(|unit| unit["Name"] == "Test").unwrap();
    let input = json!({ "ParentId": test["Id"] });
    let accounts = organizations(&server, "ListAccountsForParent", &input).await;
    assert_eq!(accounts["Accounts"].as_array().unwrap().len(), 4);
    let input = json!({ "ParentId": "ou-none-00000000" });
    let unknown = organizations(&server, "ListAccountsForParent", &input).await;
    assert_eq!(unknown["__type"], "ParentNotFoundException");
}

#[tokio::test]
async fn the_retired_status_is_shown_on_request() {
    let server = served(&Scenario::demo()).await;
    let input = json!({ "AccountId": number(&server, "old-website") });
    let account = organizations(&server, "DescribeAccount", &input).await;
    assert_eq!(account["Account"]["State"], "SUSPENDED");
    assert_eq!(account["Account"].get("Status"), None);
    let text = SMALL.replace("[organization]", "[organization]\naccount_status = true");
    let server = served(&Scenario::parse(&text).unwrap()).await;
    let input = json!({ "AccountId": "333333333333" });
    let account = organizations(&server, "DescribeAccount", &input).await;
    assert_eq!(account["Account"]["Status"], "ACTIVE");
}

#[tokio::test]
async fn accounts_say_where_they_are_on_request() {
    let text = SMALL.replace("[organization]", "[organization]\naccount_paths = true");
    let server = served(&Scenario::parse(&text).unwrap()).await;
    let input = json!({ "AccountId": "333333333333" });
    let account = organizations(&server, "DescribeAccount", &input).await;
    let path = account["Account"]["Paths"][0].as_str().unwrap();
    let parents = organizations(
        &server,
        "ListParents",
        &json!({ "ChildId": "333333333333" }),
    )
    .await;
    let parent = parents["Parents"][0]["Id"].as_str().unwrap();
    assert!(path.starts_with("o-") && path.contains("/r-"), "{path}");
    assert!(
        path.ends_with(&format!("/{parent}/333333333333/")),
        "{path}"
    );
}

/// The status and the body of AssumeRole.
async fn assume(server: &Server, caller: &str, account: &str, rest: &str) -> (u16, String) {
    let call = Call {
        account: caller,
        region: "us-east-1",
        signing_name: "sts",
    };
    let form = format!(
        "Action=AssumeRole&RoleSessionName=night&RoleArn=arn%3Aaws%3Aiam%3A%3A{account}%3Arole%2FOrgsweepReadOnly{rest}"
    );
    let answer = call.query(server, &form).await;
    (answer.status, answer.text())
}

#[tokio::test]
async fn roles_are_assumed_where_they_exist_and_trust_the_caller() {
    let server = served(&Scenario::demo()).await;
    let audit = "100000000002";
    let of = |name| number(&server, name);
    let (baker, missing, suspended) = (of("baker"), of("log-archive"), of("old-website"));
    assert_eq!(assume(&server, audit, &baker, "").await.0, 200);
    assert_eq!(assume(&server, "100000000001", &baker, "").await.0, 200);
    for (caller, account) in [
        (audit, &missing),
        (audit, &suspended),
        (baker.as_str(), &of("cedar")),
    ] {
        let (status, body) = assume(&server, caller, account, "").await;
        assert_eq!(status, 403, "{body}");
        assert!(body.contains("<Code>AccessDenied</Code>"), "{body}");
    }
}

#[tokio::test]
async fn an_external_id_has_to_be_given() {
    let text = SMALL.replace(
        "[organization]",
        "[organization]\nexternal_id = \"night-watch\"",
    );
    let server = served(&Scenario::parse(&text).unwrap()).await;
    #[rustfmt::skip]
    let cases = [
        ("",                        403),
        ("&ExternalId=wrong",       403),
        ("&ExternalId=night-watch", 200),
    ];
    for (rest, status) in cases {
        let answer = assume(&server, "222222222222", "444444444444", rest).await;
        assert_eq!(answer.0, status, "{rest}");
    }
}

#[tokio::test]
async fn sessions_last_between_a_quarter_and_twelve_hours() {
    let server = served(&Scenario::parse(SMALL).unwrap()).await;
    #[rustfmt::skip]
    let cases = [
        ("&DurationSeconds=899",   400),
        ("&DurationSeconds=900",   200),
        ("&DurationSeconds=43200", 200),
        ("&DurationSeconds=43201", 400),
    ];
    for (rest, status) in cases {
        let answer = assume(&server, "222222222222", "444444444444", rest).await;
        assert_eq!(answer.0, status, "{rest}");
    }
}
