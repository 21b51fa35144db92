//! The bytes of each wire protocol: answers and errors, as SDKs get them.

use crate::support::{Answer, Call, SMALL, send, served};
use orgsim::Scenario;
use serde_json::json;

const CBOR_PATH: &str = "/service/GraniteServiceVersion20100801/operation/";

fn audit(signing_name: &str) -> Call<'_> {
    Call {
        account: "222222222222",
        region: "us-east-1",
        signing_name,
    }
}

fn small() -> Scenario {
    Scenario::parse(SMALL).unwrap()
}

async fn cbor(server: &orgsim::Server, operation: &str, body: &[u8]) -> Answer {
    let headers = [
        ("smithy-protocol", "rpc-v2-cbor"),
        ("content-type", "application/cbor"),
    ];
    let call = Call {
        account: "444444444444",
        ..audit("monitoring")
    };
    call.send(server, &format!("{CBOR_PATH}{operation}"), &headers, body)
        .await
        .unwrap()
}

/// The members of a CBOR map by name.
fn members(body: &[u8]) -> Vec<(String, ciborium::Value)> {
    let value: ciborium::Value = ciborium::from_reader(body).unwrap();
    let map = value.into_map().unwrap();
    map.into_iter()
        .map(|(name, value)| (name.into_text().unwrap(), value))
        .collect()
}

#[tokio::test]
async fn json_answers_carry_type_and_request_id() {
    let server = served(&small()).await;
    let target = "AWSOrganizationsV20161128.ListParents";
    let answer = audit("organizations")
        .json(&server, target, &json!({ "ChildId": "333333333333" }))
        .await;
    assert_eq!(answer.status, 200);
    assert!(answer.has_header("content-type: application/x-amz-json-1.1"));
    assert!(answer.headers.contains("x-amzn-requestid: "));
    assert_eq!(answer.json()["Parents"][0]["Type"], "ROOT");
}

#[tokio::test]
async fn json_errors_name_their_type() {
    let server = served(&small()).await;
    let call = Call {
        account: "333333333333",
        ..audit("organizations")
    };
    let answer = call
        .json(
            &server,
            "AWSOrganizationsV20161128.ListAccounts",
            &json!({}),
        )
        .await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.json(),
        json!({
            "__type": "AccessDeniedException",
            "Message": "You don't have permissions to access this resource."
        })
    );
}

#[tokio::test]
async fn query_answers_are_xml() {
    let server = served(&small()).await;
    let answer = audit("sts")
        .query(&server, "Action=GetCallerIdentity&Version=2011-06-15")
        .await;
    assert!(answer.has_header("content-type: text/xml"));
    let text = answer.text();
    let (before, after) = text.split_once("<ResponseMetadata>").unwrap();
    assert_eq!(
        before,
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
         <GetCallerIdentityResult><Arn>arn:aws:iam::222222222222:user/orgsim</Arn>\
         <UserId>AIDAORGSIMORGSIMORGSI</UserId><Account>222222222222</Account></GetCallerIdentityResult>"
    );
    assert!(after.ends_with("</RequestId></ResponseMetadata></GetCallerIdentityResponse>"));
}

#[tokio::test]
async fn query_errors_are_xml() {
    let server = served(&small()).await;
    let form =
        "Action=GetTopicAttributes&TopicArn=arn%3Aaws%3Asns%3Aus-east-1%3A222222222222%3Anone";
    let answer = audit("sns").query(&server, form).await;
    assert_eq!(answer.status, 404);
    assert!(answer.text().starts_with(
        "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>Sender</Type>\
         <Code>NotFound</Code><Message>Topic does not exist</Message></Error><RequestId>"
    ));
}

#[tokio::test]
async fn rest_json_errors_name_their_type_in_a_header() {
    let server = served(&small()).await;
    let call = audit("account");
    let answer = call
        .send(&server, "/listRegions", &[], b"{}")
        .await
        .unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["Regions"].as_array().unwrap().len(), 34);
    // One's own account must not be named.
    let body = br#"{"AccountId":"222222222222"}"#;
    let answer = call.send(&server, "/listRegions", &[], body).await.unwrap();
    assert_eq!(answer.status, 403);
    assert!(answer.has_header("x-amzn-errortype: AccessDeniedException"));
}

#[tokio::test]
async fn cbor_answers_carry_tagged_timestamps_and_floats() {
    let server = served(&small()).await;
    let answer = cbor(&server, "DescribeAlarms", &[0xbf, 0xff]).await;
    assert_eq!(answer.status, 200);
    assert!(answer.has_header("smithy-protocol: rpc-v2-cbor"));
    assert!(answer.has_header("content-type: application/cbor"));
    let alarms = members(&answer.body)
        .into_iter()
        .find(|(name, _)| name == "MetricAlarms")
        .unwrap()
        .1
        .into_array()
        .unwrap();
    assert_eq!(alarms.len(), 15);
    let first = alarms[0].as_map().unwrap();
    let member = |name: &str| {
        let entry = first.iter().find(|(key, _)| key.as_text() == Some(name));
        &entry.unwrap().1
    };
    let (tag, seconds) = member("StateUpdatedTimestamp").as_tag().unwrap();
    assert_eq!(tag, 1);
    assert!(seconds.is_float());
    assert!(member("Threshold").is_float());
    assert!(member("EvaluationPeriods").is_integer());
}

#[tokio::test]
async fn cbor_errors_carry_the_code_of_the_query_protocol() {
    let server = served(&small()).await;
    // {"NextToken": "x"}
    let body = b"\xa1\x69NextToken\x61x";
    let answer = cbor(&server, "DescribeAlarms", body).await;
    assert_eq!(answer.status, 400);
    assert!(answer.has_header("x-amzn-query-error: InvalidNextToken;Sender"));
    let error = members(&answer.body);
    assert_eq!(
        error[0].1.as_text(),
        Some("com.amazonaws.cloudwatch#InvalidNextToken")
    );
}

#[tokio::test]
async fn unknown_operations_and_credentials_are_refused() {
    let server = served(&small()).await;
    let answer = audit("logs")
        .json(&server, "Logs_20140328.StartQuery", &json!({}))
        .await;
    assert_eq!(answer.json()["__type"], "UnknownOperationException");
    let answer = audit("sns")
        .query(&server, "Action=CreatePlatformApplication&Name=x")
        .await;
    assert!(answer.text().contains("<Code>InvalidAction</Code>"));
    let stranger = Call {
        account: "999999999999",
        ..audit("sts")
    };
    let answer = stranger.query(&server, "Action=GetCallerIdentity").await;
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("<Code>InvalidClientTokenId</Code>"));
    let answer = send(&server, "/", &[], b"Action=GetCallerIdentity")
        .await
        .unwrap();
    assert_eq!(
        answer.json()["__type"],
        "MissingAuthenticationTokenException"
    );
}

#[tokio::test]
async fn a_region_that_is_not_enabled_knows_no_credentials() {
    let server = served(&small()).await;
    let call = Call {
        region: "me-south-1",
        ..audit("logs")
    };
    let answer = call
        .json(&server, "Logs_20140328.DescribeLogGroups", &json!({}))
        .await;
    assert_eq!(answer.json()["__type"], "UnrecognizedClientException");
}
