//! Exceptions: what they accept, that they end, and that they are never changed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{TimeDelta, Utc};
use orgsweep_store::{ExceptionScope, ExceptionState, FindingFilter, NewException};

use crate::support::{CONTROLS, Database, account, failing, night, on_both, passing};

on_both!(
    an_exception_accepts_failing_findings_that_meet_every_condition,
    an_exception_is_renewed_once_and_ends_when_it_is_withdrawn,
);

fn new(scope: ExceptionScope) -> NewException {
    NewException {
        scope,
        reason: "tolerated".to_owned(),
        author: "security".to_owned(),
        expires_at: Utc::now() + TimeDelta::days(90),
    }
}

async fn an_exception_accepts_failing_findings_that_meet_every_condition(database: &Database) {
    let store = &database.store;
    let accounts: Vec<_> = (1..=6)
        .map(|number| {
            let fails = number % 2 == 0;
            (
                number,
                if fails {
                    failing(number)
                } else {
                    passing(number)
                },
            )
        })
        .collect();
    night(store, 0, &accounts).await;
    let reason = "no_filter".to_owned();
    let control = CONTROLS[0].parse().unwrap();
    let any = ExceptionScope::default;
    let tagged = |value: &str| ExceptionScope {
        tags: BTreeMap::from([("team".to_owned(), value.to_owned())]),
        ..any()
    };
    #[rustfmt::skip]
    let cases = [
        (ExceptionScope { account: Some(account(2)), ..any() },                        1),
        (ExceptionScope { account: Some(account(1)), ..any() },                        0),
        (ExceptionScope { ou: Some("Workloads".to_owned()), ..any() },                 3),
        (ExceptionScope { ou: Some("Work".to_owned()), ..any() },                      0),
        (ExceptionScope { ou: Some("Workloads/Unit 2".to_owned()), ..any() },          1),
        (ExceptionScope { ou: Some("ou-ab12-00000002".to_owned()), ..any() },          1),
        (tagged("team 0"),                                                             3),
        (tagged("team 1"),                                                             0),
        (ExceptionScope { tag_keys: BTreeSet::from(["team".to_owned()]), ..any() },    3),
        (ExceptionScope { tag_keys: BTreeSet::from(["tier".to_owned()]), ..any() },    0),
        (ExceptionScope { reason_code: Some(reason), ..any() },                        3),
        (ExceptionScope { reason_code: Some("covered".to_owned()), ..any() },          0),
        (ExceptionScope { control: Some(control), account: Some(account(4)), ..any() }, 1),
    ];
    for (scope, accounts) in cases {
        let id = store.add_exception(&new(scope.clone())).await.unwrap();
        let excepted = store.excepted_findings().await.unwrap();
        let distinct: BTreeSet<_> = excepted.iter().map(|finding| &finding.account).collect();
        assert_eq!(distinct.len(), accounts, "{scope:?}");
        let rows = store.findings(&FindingFilter::default()).await.unwrap();
        let marked = rows.iter().filter(|row| row.exception.is_some()).count();
        assert_eq!(marked, excepted.len(), "{scope:?}");
        assert!(store.withdraw_exception(id, "security").await.unwrap());
    }
    assert_eq!(store.excepted_findings().await.unwrap(), []);
}

async fn an_exception_is_renewed_once_and_ends_when_it_is_withdrawn(database: &Database) {
    let store = &database.store;
    night(store, 0, &[(1, failing(1)), (2, failing(2))]).await;
    let scope = ExceptionScope {
        account: Some(account(1)),
        ..ExceptionScope::default()
    };
    let mut soon = new(scope.clone());
    soon.expires_at = Utc::now() + TimeDelta::days(29);
    let first = store.add_exception(&soon).await.unwrap();
    let states = || async {
        let rows = store.exceptions().await.unwrap();
        rows.into_iter().map(|row| row.state).collect::<Vec<_>>()
    };
    assert_eq!(states().await, [ExceptionState::EndsSoon]);
    let second = store
        .renew_exception(first, &new(scope.clone()))
        .await
        .unwrap();
    let second = second.expect("the first one stood");
    assert_eq!(
        store.renew_exception(first, &new(scope)).await.unwrap(),
        None
    );
    assert_eq!(
        states().await,
        [ExceptionState::InForce, ExceptionState::Withdrawn]
    );
    let rows = store.exceptions().await.unwrap();
    assert_eq!(rows[0].renews, Some(first));
    assert!(rows[0].findings > 0 && rows[1].findings == 0);
    assert!(store.withdraw_exception(second, "other").await.unwrap());
    assert!(!store.withdraw_exception(second, "other").await.unwrap());
    assert_eq!(store.excepted_findings().await.unwrap(), []);
}
