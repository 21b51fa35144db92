//! ListLinks and GetLink over HTTP: what a source account sees of its links to monitoring
//! accounts, and who may see it.

use chrono::{TimeZone as _, Utc};
use orgsim::{Scenario, Server, World, session_credentials};
use serde_json::{Value, json};

use crate::support::{self, Answer, Call, SMALL, served};

const MEMBER: &str = "333333333333";
const AUDIT: &str = "222222222222";

async fn small() -> Server {
    served(&Scenario::parse(SMALL).unwrap()).await
}

async fn send(server: &Server, account: &str, path: &str, input: &Value) -> Answer {
    let call = Call {
        account,
        region: "eu-west-1",
        signing_name: "oam",
    };
    let headers = [("content-type", "application/json")];
    let body = input.to_string();
    let answer = call.send(server, path, &headers, body.as_bytes()).await;
    answer.unwrap()
}

async fn oam(server: &Server, path: &str, input: &Value) -> (u16, Value) {
    let answer = send(server, MEMBER, path, input).await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn an_account_lists_its_own_links_of_the_region() {
    let server = small().await;
    let world = server.world();
    for (source, monitoring, region) in [
        (MEMBER, "444444444444", "eu-west-1"),
        (MEMBER, "222222222222", "eu-west-1"),
        (MEMBER, "111111111111", "us-east-1"),
        ("444444444444", MEMBER, "eu-west-1"),
    ] {
        assert!(world.link_metrics(source, monitoring, region));
    }
    let (status, answer) = oam(&server, "/ListLinks", &json!({})).await;
    assert_eq!((status, answer.get("NextToken")), (200, None));
    let items = answer["Items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    for (item, monitoring) in items.iter().zip(["222222222222", "444444444444"]) {
        let id = item["Id"].as_str().unwrap();
        assert_eq!(
            item["Arn"],
            format!("arn:aws:oam:eu-west-1:{MEMBER}:link/{id}")
        );
        let sink = item["SinkArn"].as_str().unwrap();
        let sinks = format!("arn:aws:oam:eu-west-1:{monitoring}:sink/");
        assert!(sink.starts_with(&sinks), "{sink}");
        assert_eq!(item["Label"], "member");
        assert_eq!(item["ResourceTypes"], json!(["AWS::CloudWatch::Metric"]));
    }
    let first = oam(&server, "/ListLinks", &json!({ "MaxResults": 1 }))
        .await
        .1;
    assert_eq!(first["Items"], json!([items[0]]));
    let next = json!({ "MaxResults": 1, "NextToken": first["NextToken"] });
    let second = oam(&server, "/ListLinks", &next).await.1;
    assert_eq!(second, json!({ "Items": [items[1]] }));
    let nothing = send(&server, AUDIT, "/ListLinks", &json!({})).await;
    assert_eq!(nothing.json(), json!({ "Items": [] }));
}

#[tokio::test]
async fn a_link_is_shown_with_its_filter_and_its_tags() {
    let server = small().await;
    let filter = "Namespace NOT LIKE 'AWS/%'";
    let world = server.world();
    assert!(world.link_metrics_where(MEMBER, AUDIT, "eu-west-1", filter));
    let listed = oam(&server, "/ListLinks", &json!({})).await.1;
    let item = &listed["Items"][0];
    let arn = item["Arn"].as_str().unwrap();
    let ask = json!({ "Identifier": arn });
    let expected = json!({
        "Arn": arn, "Id": item["Id"], "Label": "member", "LabelTemplate": "$AccountName",
        "ResourceTypes": ["AWS::CloudWatch::Metric"], "SinkArn": item["SinkArn"], "Tags": {},
        "LinkConfiguration": { "MetricConfiguration": { "Filter": filter } },
    });
    assert_eq!(oam(&server, "/GetLink", &ask).await, (200, expected));
    {
        let mut state = world.account(MEMBER).unwrap();
        let tags = &mut state.region("eu-west-1").tags;
        let tag = ("team".to_owned(), "security".to_owned());
        tags.entry(arn.to_owned()).or_default().extend([tag]);
    }
    let tagged = json!({ "Identifier": arn, "IncludeTags": true });
    let tagged = oam(&server, "/GetLink", &tagged).await.1;
    assert_eq!(tagged["Tags"], json!({ "team": "security" }));
    for filter in [None, Some("*")] {
        assert!(match filter {
            None => world.link_metrics(MEMBER, AUDIT, "eu-west-1"),
            Some(filter) => world.link_metrics_where(MEMBER, AUDIT, "eu-west-1", filter),
        });
        let unfiltered = oam(&server, "/GetLink", &ask).await.1;
        assert_eq!(unfiltered.get("LinkConfiguration"), None);
    }
}

#[tokio::test]
async fn what_is_no_link_and_what_is_no_request_is_refused() {
    let server = small().await;
    assert!(
        server
            .world()
            .link_metrics("444444444444", MEMBER, "eu-west-1")
    );
    let theirs = send(&server, "444444444444", "/ListLinks", &json!({})).await;
    let theirs = &theirs.json()["Items"][0]["Arn"];
    #[rustfmt::skip]
    let rows = [
        ("/GetLink",   json!({ "Identifier": theirs }),     404, "ResourceNotFoundException"),
        ("/GetLink",   json!({ "Identifier": "not there" }), 400, "InvalidParameterException"),
        ("/GetLink",   json!({}),                           400, "MissingRequiredParameterException"),
        ("/ListLinks", json!({ "MaxResults": 6 }),          400, "InvalidParameterException"),
        ("/ListLinks", json!({ "NextToken": "abc" }),       400, "InvalidParameterException"),
        ("/ListSinks", json!({}),                           400, "UnknownOperationException"),
    ];
    for (path, input, status, code) in rows {
        let answer = send(&server, MEMBER, path, &input).await;
        assert_eq!(answer.status, status, "{path} {input}");
        assert!(
            answer.has_header(&format!("x-amzn-errortype: {code}")),
            "{path} {input}: {}",
            answer.headers
        );
    }
}

#[tokio::test]
async fn a_role_reads_links_where_its_policy_lets_it() {
    let server = small().await;
    let world = server.world();
    assert!(world.link_metrics(MEMBER, AUDIT, "eu-west-1"));
    let arn = {
        let listed = oam(&server, "/ListLinks", &json!({})).await.1;
        listed["Items"][0]["Arn"].as_str().unwrap().to_owned()
    };
    let allow = |action: &str, resource: &str| {
        json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": action, "Resource": resource }
        ] })
        .to_string()
    };
    let role = "reader";
    let policies = |policy: String| {
        let mut state = world.account(MEMBER).unwrap();
        let reader = state.roles.entry(role.to_owned()).or_default();
        let inline = &mut reader.permissions.inline;
        inline.insert("read".to_owned(), policy);
    };
    let ends = Utc.with_ymd_and_hms(2100, 1, 1, 0, 0, 0).unwrap();
    let (key, token) = session_credentials(MEMBER, role, ends);
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={key}/20261123/eu-west-1/oam/aws4_request, SignedHeaders=host, Signature=0"
    );
    let headers = [
        ("authorization", authorization.as_str()),
        ("x-amz-security-token", token.as_str()),
    ];
    let status = async |path: &str, input: &Value| {
        let body = input.to_string();
        let answer = support::send(&server, path, &headers, body.as_bytes()).await;
        let answer = answer.unwrap();
        assert!(answer.status == 200 || answer.text().contains("AccessDeniedException"));
        answer.status
    };
    let get = json!({ "Identifier": arn });
    let with_tags = json!({ "Identifier": arn, "IncludeTags": true });
    world.enforce_policies(true);
    #[rustfmt::skip]
    let rows = [
        (allow("logs:*", "*"),        403, 403, 403),
        (allow("oam:ListLinks", "*"), 200, 403, 403),
        (allow("oam:GetLink", &arn),  403, 200, 403),
        (allow("oam:*", &arn),        403, 200, 200),
        (allow("oam:*", "*"),         200, 200, 200),
    ];
    for (policy, list, one, one_with_tags) in rows {
        policies(policy.clone());
        let statuses = (
            status("/ListLinks", &json!({})).await,
            status("/GetLink", &get).await,
            status("/GetLink", &with_tags).await,
        );
        assert_eq!(statuses, (list, one, one_with_tags), "{policy}");
    }
}

#[test]
fn an_account_has_at_most_five_links_in_a_region() {
    let text = format!("{SMALL}[[group]]\nname = \"more\"\ncount = 3\n");
    let world = World::build(&Scenario::parse(&text).unwrap());
    let others: Vec<&str> = world.accounts().filter(|it| *it != MEMBER).collect();
    let linked = |region: &str| -> Vec<bool> {
        let links = others.iter();
        links
            .map(|monitoring| world.link_metrics(MEMBER, monitoring, region))
            .collect()
    };
    let expected = [true, true, true, true, true, false, false];
    assert_eq!(linked("us-east-1"), expected);
    assert_eq!(linked("us-east-1"), expected);
    assert!(world.link_metrics(MEMBER, others[6], "eu-west-1"));
}
