//! Trying the permissions.

use orgsweep_aws_access::{PermissionOutcome, required_permissions};

use crate::fake::{Fake, OWN, Reply, account};

#[tokio::test]
async fn every_permission_of_a_sweep_is_tried() {
    let fake = Fake::start().await;
    let check = fake.connect().await.check_access(&account(OWN)).await;
    let mut tried: Vec<&str> = check
        .permissions
        .iter()
        .map(|check| check.permission.as_str())
        .collect();
    let mut required = required_permissions().to_vec();
    tried.sort_unstable();
    required.sort_unstable();
    assert_eq!(tried, required);
    assert!(check.is_sufficient(), "{check:?}");
}

#[tokio::test]
async fn missing_permissions_are_told_from_trouble() {
    let fake = Fake::start().await;
    fake.always(
        "DescribeMetricFilters",
        Reply::error("AccessDeniedException", "not authorized"),
    )
    .always(
        "GetTrailStatus",
        Reply::error("TrailNotFoundException", "Unknown trail"),
    )
    .always("DescribeAlarms", Reply::error("ValidationError", "no"))
    .always(
        "DescribeKey",
        Reply::error("NotFoundException", "no such alias"),
    );
    let check = fake.connect().await.check_access(&account(OWN)).await;
    assert_eq!(check.missing(), ["logs:DescribeMetricFilters"]);
    assert!(!check.is_sufficient());
    let not_tried: Vec<&str> = check
        .permissions
        .iter()
        .filter(|check| matches!(check.outcome, PermissionOutcome::NotTried { .. }))
        .map(|check| check.permission.as_str())
        .collect();
    assert_eq!(not_tried, ["cloudwatch:DescribeAlarms", "kms:GetKeyPolicy"]);
}

#[tokio::test]
async fn without_a_session_nothing_else_is_tried() {
    let fake = Fake::start().await;
    fake.always(
        "AssumeRole",
        Reply::Error {
            status: 403,
            code: "AccessDenied",
            message: "not authorized",
        },
    );
    let check = fake.connect().await.check_access(&account(OWN)).await;
    assert!(check.sign_in_failure.unwrap().contains("cannot be assumed"));
    assert!(check.permissions.is_empty());
    assert!(fake.operations_in(OWN).is_empty());
}
