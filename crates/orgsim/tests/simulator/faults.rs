//! Faults: each makes exactly the calls fail that its rule names, as AWS or the
//! network would.

use std::time::Duration;

use crate::support::{Answer, Call, SMALL, served};
use orgsim::{Fault, FaultRule, Scenario, Server, Service};
use serde_json::json;

const OWNER: &str = "444444444444";

async fn log_groups(server: &Server, account: &str, region: &str) -> Option<Answer> {
    let call = Call {
        account,
        region,
        signing_name: "logs",
    };
    let headers = [
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", "Logs_20140328.DescribeLogGroups"),
    ];
    call.send(server, "/", &headers, b"{}").await
}

/// Status and error code of DescribeLogGroups.
async fn outcome(server: &Server) -> (u16, String) {
    let answer = log_groups(server, OWNER, "us-east-1").await.unwrap();
    let code = answer.json()["__type"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    (answer.status, code)
}

#[tokio::test]
async fn each_fault_answers_as_the_service_does() {
    let server = served(&Scenario::parse(SMALL).unwrap()).await;
    #[rustfmt::skip]
    let cases = [
        (Fault::Denied,                     400, "AccessDeniedException"),
        (Fault::DeniedByScp,                400, "AccessDeniedException"),
        (Fault::Throttle { times: None },   400, "ThrottlingException"),
        (Fault::Status500 { times: None },  500, "InternalFailure"),
        (Fault::ExpiredToken,               400, "ExpiredTokenException"),
    ];
    for (fault, status, code) in cases {
        let rule = FaultRule::everywhere(fault).operation(Service::Logs, "DescribeLogGroups");
        let id = server.world().faults().add(rule);
        assert_eq!(
            outcome(&server).await,
            (status, code.to_owned()),
            "{fault:?}"
        );
        assert!(server.world().faults().remove(id));
        assert!(!server.world().faults().remove(id));
    }
    assert_eq!(outcome(&server).await, (200, String::new()));
}

#[tokio::test]
async fn a_denial_by_scp_says_so() {
    let server = served(&Scenario::parse(SMALL).unwrap()).await;
    let rule = FaultRule::everywhere(Fault::DeniedByScp).region("us-east-1");
    server.world().faults().add(rule);
    let answer = log_groups(&server, OWNER, "us-east-1").await.unwrap();
    assert_eq!(
        answer.json()["message"],
        "User: arn:aws:iam::444444444444:user/orgsim is not authorized to perform: \
         logs:DescribeLogGroups with an explicit deny in a service control policy"
    );
    let elsewhere = log_groups(&server, OWNER, "eu-west-1").await.unwrap();
    assert_eq!(elsewhere.status, 200);
}

#[tokio::test]
async fn a_throttle_with_a_number_ends() {
    let server = served(&Scenario::parse(SMALL).unwrap()).await;
    let rule = FaultRule::everywhere(Fault::Throttle { times: Some(2) }).service(Service::Logs);
    server.world().faults().add(rule);
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(outcome(&server).await.0);
    }
    assert_eq!(statuses, [400, 400, 200, 200]);
}

#[tokio::test]
async fn a_rule_for_one_account_leaves_the_others_alone() {
    let server = served(&Scenario::parse(SMALL).unwrap()).await;
    server
        .world()
        .faults()
        .add(FaultRule::everywhere(Fault::Denied).account(OWNER));
    let status = |account| {
        let answer = log_groups(&server, account, "us-east-1");
        async { answer.await.unwrap().status }
    };
    assert_eq!(status(OWNER).await, 400);
    assert_eq!(status("333333333333").await, 200);
}

#[tokio::test]
async fn garbled_and_cut_answers_are_no_answers() {
    let server = served(&Scenario::parse(SMALL).unwrap()).await;
    let faults = server.world().faults();
    let id = faults.add(FaultRule::everywhere(Fault::Garbled));
    let answer = log_groups(&server, OWNER, "us-east-1").await.unwrap();
    assert_eq!(answer.status, 200);
    assert!(serde_json::from_slice::<serde_json::Value>(&answer.body).is_err());
    faults.remove(id);
    faults.add(FaultRule::everywhere(Fault::CutConnection));
    assert!(log_groups(&server, OWNER, "us-east-1").await.is_none());
}

#[tokio::test]
async fn half_an_answer_bursts_and_skewed_clocks_are_as_they_are_asked_for() {
    let server = served(&Scenario::parse(SMALL).unwrap()).await;
    let faults = server.world().faults();
    let id = faults.add(FaultRule::everywhere(Fault::Truncated));
    let answer = log_groups(&server, OWNER, "us-east-1").await.unwrap();
    assert!(answer.text().starts_with("{\"logGroups\""));
    assert!(serde_json::from_slice::<serde_json::Value>(&answer.body).is_err());
    faults.remove(id);
    let id = faults.add(FaultRule::everywhere(Fault::ClockSkew));
    let answer = log_groups(&server, OWNER, "us-east-1").await.unwrap();
    assert_eq!(answer.json()["__type"], "InvalidSignatureException");
    faults.remove(id);
    faults.add(FaultRule::everywhere(Fault::Status503 { times: Some(1) }));
    let burst = Fault::ThrottleBurst {
        length: 2,
        every: 4,
    };
    faults.add(FaultRule::everywhere(burst));
    let mut statuses = Vec::new();
    for _ in 0..9 {
        let answer = log_groups(&server, OWNER, "us-east-1").await.unwrap();
        statuses.push(answer.status);
    }
    assert_eq!(statuses, [503, 400, 200, 200, 400, 400, 200, 200, 400]);
}

#[tokio::test]
async fn a_call_that_hangs_ends_when_the_server_stops() {
    let server = served(&Scenario::parse(SMALL).unwrap()).await;
    server
        .world()
        .faults()
        .add(FaultRule::everywhere(Fault::Hang));
    let call = async { log_groups(&server, OWNER, "us-east-1").await };
    let seen = async { server.log().wait_for(1).await };
    tokio::select! {
        _ = call => panic!("a call that hangs was answered"),
        () = seen => {}
    }
    assert_eq!(server.calls()[0].status, 0);
    server.stop().await;
}

#[tokio::test]
async fn shares_and_latency_depend_on_the_seed_alone() {
    let statuses = || async {
        let server = served(&Scenario::parse(SMALL).unwrap()).await;
        let rule = FaultRule::everywhere(Fault::Status500 { times: None }).share(0.5);
        server.world().faults().add(rule);
        let late = Fault::Latency {
            delay: Duration::from_millis(1),
        };
        server.world().faults().add(FaultRule::everywhere(late));
        let mut statuses = Vec::new();
        for _ in 0..40 {
            statuses.push(outcome(&server).await.0);
        }
        statuses
    };
    let first = statuses().await;
    assert_eq!(first, statuses().await);
    let failed = first.iter().filter(|status| **status == 500).count();
    assert!((8..=32).contains(&failed), "{failed} of 40 failed");
}

#[tokio::test]
async fn calls_are_recorded_with_their_target() {
    let server = served(&Scenario::parse(SMALL).unwrap()).await;
    let call = Call {
        account: "222222222222",
        region: "eu-west-1",
        signing_name: "sts",
    };
    let form = "Action=AssumeRole&RoleSessionName=night&RoleArn=arn%3Aaws%3Aiam%3A%3A444444444444%3Arole%2FNone";
    assert_eq!(call.query(&server, form).await.status, 403);
    let recorded = &server.calls()[0];
    assert_eq!(recorded.service, Service::Sts);
    assert_eq!(recorded.operation, "AssumeRole");
    assert_eq!(recorded.region, "eu-west-1");
    assert_eq!(recorded.account, "222222222222");
    assert_eq!(recorded.target_account, "444444444444");
    assert_eq!(recorded.status, 403);
    let answer = call.json(&server, "Wrong.Target", &json!({})).await;
    assert_eq!(answer.status, 400);
}
