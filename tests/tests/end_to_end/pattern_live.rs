//! `orgsweep pattern … --live`: AWS's own TestMetricFilter is asked, and where
//! it does not say what the engine says, people are told so.

use orgsim::Fault;
use orgsweep_tests::{Credentials, Installation};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::simulated::Simulated;

const STOP: &str = "{ $.eventName = Stop* && $.errorCode NOT EXISTS }";

/// Sixty events, of which each second one matches [`STOP`].
fn sixty_events() -> String {
    (0..60)
        .map(|number| match number % 2 {
            0 => format!("{{\"eventName\": \"StopLogging\", \"n\": {number}}}\n"),
            _ => format!("{{\"eventName\": \"StartLogging\", \"n\": {number}}}\n"),
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_simulator_and_the_engine_agree_about_events() {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::embedded());
    installation.write("events.jsonl", &sixty_events());
    let ended = installation
        .run(&[
            "pattern",
            "test",
            STOP,
            "events.jsonl",
            "--live",
            "--format",
            "json",
        ])
        .await
        .with_code(0);
    let answer = ended.json();
    assert_eq!(answer["matched"], 30, "{ended}");
    let live = &answer["live"];
    assert_eq!(live["tested"], 60, "{ended}");
    assert_eq!(live["disagreeing"], 0, "{ended}");
    assert_eq!(live["account"], json!(simulated.caller()), "{ended}");
    assert_eq!(live["region"], "us-east-1", "{ended}");
    assert_eq!(times_asked(&simulated), 2, "fifty events go into one call");
}

fn times_asked(simulated: &Simulated) -> usize {
    let calls = simulated.calls();
    let asked = calls
        .iter()
        .filter(|call| call.operation == "TestMetricFilter");
    asked.count()
}

const STOP_OR_DELETE: &str = "{ $.eventName = StopLogging || $.eventName = DeleteTrail }";

#[tokio::test(flavor = "multi_thread")]
async fn the_simulator_confirms_an_answer_about_coverage() {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::embedded());
    let delete = "{ $.eventName = DeleteTrail }";
    #[rustfmt::skip]
    let table: [(&[&str], &str, &str); 2] = [
        (&["--filter", STOP],                       "no",  "no filter does"),
        (&["--filter", "{ $.eventName = Stop* }", "--filter", delete], "yes", "is matched by a filter"),
    ];
    for (filters, covers, says) in table {
        let before = times_asked(&simulated);
        let asked = ["pattern", "cover", "--required", STOP_OR_DELETE, "--live"];
        let asked = [&asked[..], filters].concat();
        let ended = installation.run(&asked).await.with_code(0);
        assert!(ended.stdout.contains("AWS confirms it"), "{ended}");
        assert!(ended.stdout.contains(says), "{ended}");
        let patterns = 1 + filters.len() / 2;
        assert_eq!(
            times_asked(&simulated) - before,
            patterns,
            "a call for each pattern"
        );
        let asked = [&asked[..], &["--format", "json"]].concat();
        let ended = installation.run(&asked).await.with_code(0);
        let answer = ended.json();
        assert_eq!(answer["covers"], covers, "{ended}");
        assert_eq!(answer["live"]["confirms"], true, "{ended}");
        assert_eq!(answer["live"]["disagreeing"], 0, "{ended}");
        assert!(answer["live"]["tested"].as_u64() >= Some(8), "{ended}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undocumented_point_is_settled_by_asking_about_the_event_that_hangs_on_it() {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::embedded());
    let ended = installation
        .run(&[
            "pattern",
            "cover",
            "--schema",
            "any",
            "--live",
            "--format",
            "json",
            "--required",
            "{ $.errorCode != x || $.errorCode NOT EXISTS }",
            "--filter",
            "{ $.errorCode = * }",
            "--filter",
            "{ $.errorCode NOT EXISTS }",
        ])
        .await
        .with_code(0);
    let answer = ended.json();
    assert_eq!(answer["covers"], "unknown", "{ended}");
    assert!(answer["possible_witness"].is_object(), "{ended}");
    // The simulator answers as the engine does: the required pattern does not match the event.
    assert_eq!(answer["live"]["confirms"], false, "{ended}");
    let settled = answer["live"]["settled"].as_array().expect("a list");
    let is_settled = |name: &str| {
        settled
            .iter()
            .any(|one| one["name"] == name && one["holds"] == true)
    };
    assert!(is_settled("not-equals-on-null"), "{ended}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_sent_is_said() {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::embedded());
    installation.write("lines.log", "ERROR\n\nfine\n");
    let ended = installation
        .run(&[
            "pattern",
            "test",
            "ERROR",
            "lines.log",
            "--live",
            "--format",
            "json",
        ])
        .await
        .with_code(0);
    let live = &ended.json()["live"];
    assert_eq!(live["tested"], 2, "{ended}");
    assert_eq!(live["not_asked"][0]["count"], 1, "{ended}");

    let filters =
        json!([{ "filterPattern": STOP, "fieldSelectionCriteria": "@aws.region = \"x\"" }]);
    installation.write("filters.json", &filters.to_string());
    installation
        .run(&[
            "pattern",
            "cover",
            "--required",
            STOP,
            "--filter-file",
            "filters.json",
            "--live",
        ])
        .await
        .with_code(0)
        .printing(&["field-selection criteria", "cannot be sent"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_account_is_asked_with_the_role_there() {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::embedded());
    installation.write("events.jsonl", &sixty_events());
    let account = simulated.some_healthy_account();
    let asked = |role: &'static str| {
        let account = account.clone();
        let installation = &installation;
        async move {
            installation
                .run(&[
                    "pattern",
                    "test",
                    STOP,
                    "events.jsonl",
                    "--live",
                    "--format",
                    "json",
                    "--in-account",
                    &account,
                    "--role-name",
                    role,
                ])
                .await
        }
    };
    let ended = asked("OrgsweepReadOnly").await.with_code(0);
    assert_eq!(ended.json()["live"]["account"], json!(account), "{ended}");
    asked("NoSuchRole")
        .await
        .with_code(1)
        .saying(&["NoSuchRole", &account]);
    installation
        .run(&[
            "pattern",
            "test",
            STOP,
            "events.jsonl",
            "--live",
            "--in-account",
            "12",
        ])
        .await
        .with_code(2)
        .saying(&["--in-account"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn throttles_are_waited_out_and_named_when_they_do_not_end() {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::embedded());
    installation.write("events.jsonl", &sixty_events());
    simulated.when(
        &simulated.caller(),
        "logs",
        "TestMetricFilter",
        Fault::Throttle { times: Some(1) },
    );
    let asked = ["pattern", "test", STOP, "events.jsonl", "--live"];
    installation
        .run(&asked)
        .await
        .with_code(0)
        .printing(&["AWS agrees"]);
    let installation = installation.with_configuration("[aws]\nmax_attempts = 2\n");
    simulated.when(
        &simulated.caller(),
        "logs",
        "TestMetricFilter",
        Fault::Throttle { times: None },
    );
    installation.run(&asked).await.with_code(1).saying(&[
        "logs:TestMetricFilter",
        "throttled",
        "try again",
    ]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_permission_is_named() {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::embedded());
    installation.write("events.jsonl", &sixty_events());
    simulated.when(
        &simulated.caller(),
        "logs",
        "TestMetricFilter",
        Fault::Denied,
    );
    let ended = installation
        .run(&["pattern", "test", STOP, "events.jsonl", "--live"])
        .await;
    ended.with_code(1).saying(&["logs:TestMetricFilter"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_credentials_the_message_says_what_to_set() {
    let simulated = Simulated::demo().await;
    let mut installation = simulated.installation(Installation::embedded());
    installation.unset("AWS_ACCESS_KEY_ID");
    installation.unset("AWS_SECRET_ACCESS_KEY");
    installation.write("events.jsonl", &sixty_events());
    let ended = installation
        .run(&["pattern", "test", STOP, "events.jsonl", "--live"])
        .await;
    ended
        .with_code(1)
        .saying(&["no AWS credentials", "AWS_PROFILE"]);
    assert!(simulated.calls().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pattern_that_both_refuse_is_bad_usage_and_no_disagreement() {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::embedded());
    installation.write("event.json", "{}");
    installation
        .run(&["pattern", "test", "{ $.a == 1 }", "event.json", "--live"])
        .await
        .with_code(2)
        .saying(&["AWS refuses this pattern as well", "^"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disagreement_is_told_with_all_that_is_to_be_sent_in() {
    let installation = Installation::embedded()
        .against(&aws_that_matches_nothing().await)
        .with_credentials(&Credentials::of_simulated("111111111111"));
    installation.write("event.json", r#"{"eventName": "StopLogging"}"#);
    let arguments = ["pattern", "test", STOP, "event.json", "--live"];
    installation.run(&arguments).await.with_code(1).printing(&[
        "AWS and this engine disagree\n",
        "  pattern  { $.eventName = Stop* && $.errorCode NOT EXISTS }\n",
        "  event    {\"eventName\": \"StopLogging\"}\n",
        "  engine   matches\n",
        "  AWS      does not match\n",
        "  asked    logs:TestMetricFilter in us-east-1, orgsweep ",
        "Before you send this in",
    ]);
    let ended = installation
        .run(&[&arguments[..], &["--format", "json"]].concat())
        .await
        .with_code(1)
        .saying(&["this is a bug", "send in"]);
    let found = &ended.json()["live"]["disagreements"][0];
    assert_eq!(found["pattern"], STOP, "{ended}");
    assert_eq!(found["event"], r#"{"eventName": "StopLogging"}"#, "{ended}");
    assert_eq!(found["engine"], "matches", "{ended}");
    assert_eq!(found["aws"], "does not match", "{ended}");

    // A pattern that the engine refuses and AWS takes is one as well.
    installation
        .run(&["pattern", "test", "{ $.a == 1 }", "event.json", "--live"])
        .await
        .with_code(1)
        .printing(&["refuses the pattern", "takes the pattern"])
        .saying(&["this is a bug"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_about_coverage_that_aws_contradicts_is_told() {
    let installation = Installation::embedded()
        .against(&aws_that_matches_nothing().await)
        .with_credentials(&Credentials::of_simulated("111111111111"));
    let ended = installation
        .run(&[
            "pattern",
            "cover",
            "--required",
            STOP_OR_DELETE,
            "--filter",
            STOP,
            "--live",
            "--fail-on-findings",
            "--format",
            "json",
        ])
        .await
        .with_code(1)
        .saying(&["this is a bug"]);
    let answer = ended.json();
    assert_eq!(answer["covers"], "no", "{ended}");
    assert_eq!(answer["live"]["confirms"], false, "{ended}");
}

/// The URL of an AWS that knows the caller and whose TestMetricFilter matches nothing.
async fn aws_that_matches_nothing() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream));
        }
    });
    url
}

/// Answers one request and closes the connection.
async fn answer(mut stream: TcpStream) {
    let mut request = Vec::new();
    while !is_whole(&request) {
        match stream.read_buf(&mut request).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
    let request = String::from_utf8_lossy(&request);
    let body = if request.contains("TestMetricFilter") {
        r#"{"matches":[]}"#
    } else {
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
         <Arn>arn:aws:iam::111111111111:user/somebody</Arn><UserId>AIDA</UserId><Account>111111111111</Account>\
         </GetCallerIdentityResult></GetCallerIdentityResponse>"
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
}

/// Whether the headers are there, and as much body as they promise.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok())
        .unwrap_or(0);
    body.len() >= length
}
