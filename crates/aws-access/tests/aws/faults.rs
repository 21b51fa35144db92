//! What becomes of every kind of fault: a fact that is unread with its reason,
//! or an account that failed with its own.

use std::time::Duration;

use orgsweep_aws_access::{AccessConfig, FailureReason};
use orgsweep_controls::{Unread, UnreadCause};
use serde_json::json;

use crate::fake::{Fake, MEMBER, OWN, REGION, Reply, account};

/// The reason why the alarms of the account with its own trail are unread.
async fn alarms_unread(fake: &Fake) -> Unread {
    let access = fake.connect_impatiently().await;
    let snapshot = access.collect(&account(OWN)).await.unwrap().snapshot;
    let alarms = snapshot.alarms.values().next().unwrap();
    alarms.get().unwrap_err().clone()
}

#[tokio::test]
async fn each_fault_of_one_call_leaves_one_fact_unread_with_its_cause() {
    let denied = "User is not authorized to perform: cloudwatch:DescribeAlarms";
    let by_policy = "User is not authorized to perform: cloudwatch:DescribeAlarms \
                     with an explicit deny in a service control policy";
    for (reply, cause) in [
        (Reply::error("AccessDenied", denied), UnreadCause::Denied),
        (
            Reply::error("AccessDenied", by_policy),
            UnreadCause::DeniedByServiceControlPolicy,
        ),
        (
            Reply::error("Throttling", "Rate exceeded"),
            UnreadCause::Throttled,
        ),
        (
            Reply::error("UnrecognizedClientException", "invalid"),
            UnreadCause::RegionDisabled,
        ),
        (Reply::error("ValidationError", "no"), UnreadCause::Invalid),
        (
            Reply::Error {
                status: 500,
                code: "InternalFailure",
                message: "",
            },
            UnreadCause::Transient,
        ),
        (Reply::Bare(502), UnreadCause::Transient),
        (Reply::CutOff, UnreadCause::Transient),
        (Reply::Nonsense, UnreadCause::Garbled),
        (Reply::Silence, UnreadCause::TimedOut),
    ] {
        let fake = Fake::start().await;
        fake.always("DescribeAlarms", reply.clone());
        let unread = alarms_unread(&fake).await;
        assert_eq!(unread.cause, cause, "{reply:?}: {unread:?}");
        assert_eq!(
            unread.call.to_string(),
            format!("cloudwatch:DescribeAlarms in {REGION}")
        );
    }
}

#[tokio::test]
async fn a_denied_call_names_the_permission() {
    let fake = Fake::start().await;
    fake.always(
        "DescribeAlarms",
        Reply::error("AccessDenied", "User is not authorized"),
    );
    let unread = alarms_unread(&fake).await;
    assert_eq!(
        unread.missing_permission().as_deref(),
        Some("cloudwatch:DescribeAlarms")
    );
    assert_eq!(unread.message, "User is not authorized");
}

#[tokio::test]
async fn trouble_that_passes_leaves_no_trace_but_the_counts() {
    for reply in [
        Reply::error("ThrottlingException", "Rate exceeded"),
        Reply::Bare(503),
        Reply::CutOff,
        Reply::Nonsense,
    ] {
        let undisturbed = Fake::start()
            .await
            .connect()
            .await
            .collect(&account(OWN))
            .await
            .unwrap();
        let fake = Fake::start().await;
        fake.next(1, "DescribeTrails", reply.clone());
        let access = fake.connect().await;
        let collected = access.collect(&account(OWN)).await.unwrap();
        assert_eq!(collected.snapshot, undisturbed.snapshot, "{reply:?}");
        assert_eq!(collected.calls, undisturbed.calls + 1, "{reply:?}");
        assert_eq!(access.counters().retries, 1, "{reply:?}");
    }
}

#[tokio::test]
async fn throttles_of_an_account_are_counted() {
    let fake = Fake::start().await;
    fake.next(
        2,
        "DescribeTrails",
        Reply::error("ThrottlingException", "Rate exceeded"),
    );
    let collected = fake
        .connect()
        .await
        .collect(&account(MEMBER))
        .await
        .unwrap();
    assert_eq!((collected.calls, collected.throttles), (5, 2));
}

#[tokio::test]
async fn the_one_hundred_filters_of_a_log_group_are_no_throttle() {
    let fake = Fake::start().await;
    fake.always(
        "DescribeMetricFilters",
        Reply::error("LimitExceededException", "limit"),
    );
    let access = fake.connect().await;
    let snapshot = access.collect(&account(OWN)).await.unwrap().snapshot;
    let filters = &snapshot.log_groups.values().next().unwrap().filters;
    assert_eq!(filters.get().unwrap_err().cause, UnreadCause::Invalid);
    assert_eq!(access.counters().retries, 0);
}

#[tokio::test]
async fn a_role_that_is_missing_fails_its_account_alone() {
    let fake = Fake::start().await;
    // The other account is the one that the rule does not reach.
    fake.next(
        1,
        "AssumeRole",
        Reply::Error {
            status: 403,
            code: "AccessDenied",
            message: "not authorized",
        },
    );
    let access = fake.connect().await;
    let error = access.collect(&account(MEMBER)).await.unwrap_err();
    assert_eq!(error.reason, FailureReason::RoleNotAssumable);
    assert_eq!(error.calls, 1);
    assert!(
        error.to_string().contains("role/OrgsweepReadOnly"),
        "{error}"
    );
    assert!(error.to_string().contains("trusts"), "{error}");
    access.collect(&account(OWN)).await.unwrap();
}

#[tokio::test]
async fn a_role_with_a_shorter_limit_is_assumed_for_an_hour() {
    let fake = Fake::start().await;
    let identity = json!({ "Account": "111111111111", "Arn": "arn:aws:iam::111111111111:user/nightly", "UserId": "A" });
    fake.always("GetCallerIdentity", Reply::Result(identity))
        .next(
            1,
            "AssumeRole",
            Reply::error(
                "ValidationError",
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            ),
        );
    let mut config = fake.config();
    config.role.duration = Duration::from_hours(4);
    let access = fake.try_connect(config).await.unwrap();
    access.collect(&account(MEMBER)).await.unwrap();
    let asked = fake.asked();
    let durations: Vec<&str> = asked
        .iter()
        .filter(|asked| asked.operation == "AssumeRole")
        .map(|asked| asked.parameter("DurationSeconds"))
        .collect();
    assert_eq!(durations, ["14400", "3600"]);
}

#[tokio::test]
async fn a_session_that_ends_on_the_way_is_renewed_and_the_caller_s_own_cannot_be() {
    let expired = Reply::error(
        "ExpiredTokenException",
        "The security token included in the request is expired",
    );
    // The new session has the same credentials in this fake, so it helps nothing.
    let fake = Fake::start().await;
    fake.always_in(MEMBER, "DescribeTrails", expired.clone());
    let error = fake
        .connect()
        .await
        .collect(&account(MEMBER))
        .await
        .unwrap_err();
    assert_eq!(error.reason, FailureReason::CredentialsExpired);
    assert_eq!(
        fake.operations_in("111111111111"),
        ["AssumeRole", "AssumeRole", "GetCallerIdentity"]
    );

    let fake = Fake::start().await;
    let access = fake.connect().await;
    fake.always("AssumeRole", expired);
    let error = access.collect(&account(MEMBER)).await.unwrap_err();
    assert_eq!(error.reason, FailureReason::CredentialsExpired);
    assert!(error.to_string().contains("renew"), "{error}");
}

#[tokio::test]
async fn a_renewed_session_goes_on_where_the_old_one_ended() {
    let fake = Fake::start().await;
    let other_key = json!({ "Credentials": {
        "AccessKeyId": "ASIA333333333333OLD", "SecretAccessKey": "k", "SessionToken": "t",
        "Expiration": "2099-01-01T00:00:00Z",
    } });
    fake.next(1, "AssumeRole", Reply::Result(other_key)).next(
        1,
        "DescribeTrails",
        Reply::error("ExpiredTokenException", "expired"),
    );
    let collected = fake
        .connect()
        .await
        .collect(&account(MEMBER))
        .await
        .unwrap();
    assert_eq!(collected.calls, 5);
    assert!(!collected.snapshot.distinct_trails().is_empty());
}

#[tokio::test]
async fn credentials_that_no_request_can_carry_are_a_garbled_answer() {
    for (key, token) in [("ASIA333333333333", "t\u{e9}"), ("ASIA\u{202e}", "t")] {
        let fake = Fake::start().await;
        let credentials = json!({ "Credentials": {
            "AccessKeyId": key, "SecretAccessKey": "k", "SessionToken": token,
            "Expiration": "2099-01-01T00:00:00Z",
        } });
        fake.always("AssumeRole", Reply::Result(credentials));
        let access = fake.connect().await;
        let error = access.collect(&account(MEMBER)).await.unwrap_err();
        assert_eq!(error.reason, FailureReason::Garbled, "{error}");
        assert!(error.to_string().contains("printable"), "{error}");
    }
}

#[tokio::test]
async fn an_account_that_tells_nothing_failed() {
    for (reply, reason) in [
        (Reply::Silence, FailureReason::TimedOut),
        (Reply::Bare(500), FailureReason::Unreachable),
        (Reply::Nonsense, FailureReason::Garbled),
    ] {
        let fake = Fake::start().await;
        fake.always("DescribeTrails", reply.clone())
            .always("ListRegions", reply.clone());
        let access = if matches!(reply, Reply::Silence) {
            fake.connect_impatiently().await
        } else {
            // An answer comes, however busy the machine is.
            let config = AccessConfig {
                max_attempts: 2,
                ..fake.config()
            };
            fake.try_connect(config).await.unwrap()
        };
        let error = access.collect(&account(MEMBER)).await.unwrap_err();
        assert_eq!(error.reason, reason, "{reply:?}: {error}");
    }
}

#[tokio::test]
async fn an_account_that_takes_too_long_is_given_up() {
    let fake = Fake::start().await;
    fake.always("DescribeAlarms", Reply::Silence);
    let config = AccessConfig {
        account_deadline: Duration::from_millis(500),
        ..fake.config()
    };
    let access = fake.try_connect(config).await.unwrap();
    let error = access.collect(&account(OWN)).await.unwrap_err();
    assert_eq!(error.reason, FailureReason::TimedOut);
    assert!(error.calls >= 9, "{}", error.calls);
}

#[tokio::test]
async fn answers_that_say_less_than_they_must_are_not_taken_for_facts() {
    for operation in [
        "DescribeTrails",
        "ListRegions",
        "GetTrailStatus",
        "GetEventSelectors",
        "DescribeMetricFilters",
        "DescribeLogGroups",
    ] {
        let fake = Fake::start().await;
        fake.always(operation, Reply::Result(json!({})));
        let snapshot = fake
            .connect()
            .await
            .collect(&account(OWN))
            .await
            .unwrap()
            .snapshot;
        let text = serde_json::to_string(&snapshot).unwrap();
        assert!(
            text.contains("\"cause\":\"garbled\""),
            "{operation}: {text}"
        );
    }
}
