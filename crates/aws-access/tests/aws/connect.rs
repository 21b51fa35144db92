//! Finding out who the caller is.

use std::time::Duration;

use orgsweep_aws_access::{AccessConfig, AccessError};

use crate::fake::{AUDIT, Fake, Reply};

#[tokio::test]
async fn the_caller_is_known_after_connecting() {
    let fake = Fake::start().await;
    let access = fake.connect().await;
    assert_eq!(access.caller().account.as_str(), AUDIT);
    assert_eq!(access.caller().partition.as_str(), "aws");
    assert_eq!(access.counters().calls, 1);
    assert!(access.notes().is_empty());
    assert!(!format!("{access:?}").contains("s3cr3t"));
}

#[tokio::test]
async fn sessions_of_a_chained_role_are_cut_to_an_hour_and_a_note_says_so() {
    let fake = Fake::start().await;
    let mut config = fake.config();
    config.role.duration = Duration::from_hours(4);
    let access = fake.try_connect(config).await.unwrap();
    assert!(
        access.notes()[0].contains("role chaining"),
        "{:?}",
        access.notes()
    );
}

#[tokio::test]
async fn each_way_of_not_getting_in_has_its_own_error() {
    for (reply, expected) in [
        (
            Reply::Error {
                status: 403,
                code: "ExpiredToken",
                message: "The security token has expired",
            },
            "have expired",
        ),
        (
            Reply::Error {
                status: 403,
                code: "InvalidClientTokenId",
                message: "The token is invalid",
            },
            "does not accept the credentials",
        ),
        (
            Reply::Error {
                status: 403,
                code: "SignatureDoesNotMatch",
                message: "Signature expired: 20260101T000000Z is now earlier than 20260101T010000Z",
            },
            "clock",
        ),
        (
            Reply::Error {
                status: 403,
                code: "SignatureDoesNotMatch",
                message: "The request signature we calculated does not match. The Canonical String was s3cr3t",
            },
            "does not accept the credentials",
        ),
        (Reply::Nonsense, "could not be understood"),
    ] {
        let fake = Fake::start().await;
        fake.always("GetCallerIdentity", reply);
        let config = AccessConfig {
            max_attempts: 2,
            ..fake.config()
        };
        let error = fake.try_connect(config).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(!error.contains("s3cr3t"), "{error}");
    }
}

#[tokio::test]
async fn a_closed_port_is_unreachable() {
    let fake = Fake::start().await;
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = AccessConfig {
        endpoint_url: Some(format!("http://{}", closed.local_addr().unwrap())),
        max_attempts: 2,
        ..fake.config()
    };
    drop(closed);
    let error = fake.try_connect(config).await.unwrap_err();
    assert!(
        matches!(error, AccessError::Unreachable { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_invalid_setting_is_refused_before_anything_is_asked() {
    let fake = Fake::start().await;
    let config = AccessConfig {
        quota_share: 2.0,
        ..fake.config()
    };
    let error = fake.try_connect(config).await.unwrap_err();
    assert!(
        matches!(error, AccessError::InvalidConfig { .. }),
        "{error:?}"
    );
    assert!(fake.asked().is_empty());
}
