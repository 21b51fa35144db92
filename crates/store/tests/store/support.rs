//! What the tests of the store share: a new database for each test, on a server and
//! embedded, and organizations, snapshots and findings to put into it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use orgsweep_controls::finding::{Evidence, Finding, Verdict};
use orgsweep_controls::ids::AccountId;
use orgsweep_controls::known::{Call, Known};
use orgsweep_controls::organization::{AccountState, Inventory, ListedAccount};
use orgsweep_controls::reason::Reason;
use orgsweep_controls::snapshot::AccountSnapshot;
use orgsweep_store::{
    AccountRecord, FindingRecord, NewSweep, Recorded, Store, StoreConfig, SweepId, SweepTotals,
};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

/// A database that ends with its test.
pub(crate) struct Database {
    pub(crate) store: Store,
    pub(crate) config: StoreConfig,
    _directory: Option<tempfile::TempDir>,
}

/// The server that the test command started.
pub(crate) fn server_url() -> String {
    std::env::var("ORGSWEEP_TEST_DATABASE_URL").expect(
        "ORGSWEEP_TEST_DATABASE_URL does not name a PostgreSQL server; run the tests with `cargo xtask test`",
    )
}

/// URL of a new, empty database on the server.
pub(crate) async fn new_database_url() -> String {
    let options: PgConnectOptions = server_url().parse().unwrap();
    let name = format!("store_{}", uuid::Uuid::now_v7().simple());
    let mut connection = PgConnection::connect_with(&options).await.unwrap();
    sqlx::query(AssertSqlSafe(format!("create database {name}")))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    options.database(&name).to_url_lossy().to_string()
}

pub(crate) async fn on_server() -> Database {
    let config = StoreConfig {
        database_url: Some(new_database_url().await),
        max_connections: 4,
        ..StoreConfig::default()
    };
    Database {
        store: Store::open(&config).await.unwrap(),
        config,
        _directory: None,
    }
}

pub(crate) async fn on_embedded() -> Database {
    let directory = tempfile::tempdir().unwrap();
    let config = StoreConfig {
        data_dir: Some(directory.path().join("database")),
        connect_timeout: Duration::from_mins(1),
        ..StoreConfig::default()
    };
    Database {
        store: Store::open(&config).await.unwrap(),
        config,
        _directory: Some(directory),
    }
}

/// Runs a test on a server and on the embedded database.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        $(
            mod $name {
                #[tokio::test]
                async fn on_a_server() {
                    let database = crate::support::on_server().await;
                    super::$name(&database).await;
                    database.store.close().await;
                }

                #[tokio::test]
                async fn on_the_embedded_one() {
                    let database = crate::support::on_embedded().await;
                    super::$name(&database).await;
                    database.store.close().await;
                }
            }
        )*
    };
}
pub(crate) use on_both;

pub(crate) fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
}

pub(crate) fn account(number: u32) -> AccountId {
    format!("{number:012}").parse().unwrap()
}

pub(crate) fn listed(number: u32) -> ListedAccount {
    ListedAccount {
        id: account(number),
        name: format!("account {number}"),
        email: Some(format!("aws+{number}@example.com")),
        ou_path: Some(vec!["Workloads".to_owned(), format!("Unit {}", number % 3)]),
        ou_ids: vec!["r-ab12".to_owned(), format!("ou-ab12-{:08}", number % 3)],
        tags: Some(BTreeMap::from([(
            "team".to_owned(),
            format!("team {}", number % 2),
        )])),
        state: AccountState::Active,
        joined_at: Some(at(-1_000_000)),
    }
}

pub(crate) fn inventory(
    numbers: impl IntoIterator<Item = u32>,
    read_at: DateTime<Utc>,
) -> Inventory {
    Inventory {
        organization: Some("o-a1b2c3d4e5".parse().unwrap()),
        management_account: Some(account(1)),
        read_at,
        accounts: numbers.into_iter().map(listed).collect(),
    }
}

pub(crate) fn snapshot(number: u32, variation: u32) -> AccountSnapshot {
    AccountSnapshot {
        account: account(number),
        partition: "aws".parse().unwrap(),
        regions: Known::read(
            (1..=variation + 1)
                .map(|region| format!("eu-west-{region}").parse().unwrap())
                .collect(),
            Call::new("account", "ListRegions", None),
        ),
        trails: BTreeMap::new(),
        log_groups: BTreeMap::new(),
        alarms: BTreeMap::new(),
        topics: BTreeMap::new(),
        keys: BTreeMap::new(),
        monitoring: BTreeMap::new(),
    }
}

pub(crate) fn finding(number: u32, control: &str, verdict: Verdict, reason: Reason) -> Finding {
    let fails = verdict == Verdict::Fail;
    Finding {
        account: account(number),
        control: control.parse().unwrap(),
        verdict,
        reason,
        summary: format!("{control} in {number}: {reason}"),
        evidence: Evidence {
            fix: fails.then(|| "put a filter".to_owned()),
            ..Evidence::default()
        },
        covered_regions: if fails {
            Vec::new()
        } else {
            vec!["eu-west-1".parse().unwrap()]
        },
        uncovered_regions: if fails {
            vec!["eu-west-1".parse().unwrap(), "us-east-1".parse().unwrap()]
        } else {
            Vec::new()
        },
        cause: format!("{reason}: arn:aws:cloudtrail:eu-west-1:{number:012}:trail/main"),
    }
}

pub(crate) const CONTROLS: [&str; 3] = [
    "root-account-use",
    "s3-bucket-policy-changes",
    "vpc-changes",
];

/// All controls with one verdict.
pub(crate) fn findings(number: u32, verdict: Verdict, reason: Reason) -> Vec<Finding> {
    CONTROLS
        .iter()
        .map(|control| finding(number, control, verdict, reason))
        .collect()
}

pub(crate) fn passing(number: u32) -> Vec<Finding> {
    findings(number, Verdict::Pass, Reason::Covered)
}

pub(crate) fn failing(number: u32) -> Vec<Finding> {
    findings(number, Verdict::Fail, Reason::NoFilter)
}

pub(crate) fn new_sweep() -> NewSweep {
    NewSweep {
        trigger: "test".to_owned(),
        is_partial: false,
        organization: Some("o-a1b2c3d4e5".parse().unwrap()),
        catalog_digest: "c".to_owned(),
        config_digest: "d".to_owned(),
        framework: "cis-7.0.0".to_owned(),
        program_version: "0.0.0".to_owned(),
    }
}

/// Starts a sweep over accounts with these numbers, all of them selected.
pub(crate) async fn sweep_of(store: &Store, numbers: &[u32], read_at: DateTime<Utc>) -> SweepId {
    let sweep = store.start_sweep(&new_sweep()).await.unwrap();
    let inventory = inventory(numbers.iter().copied(), read_at);
    let selected: BTreeSet<AccountId> = numbers.iter().map(|number| account(*number)).collect();
    store
        .record_inventory(sweep, &inventory, &selected, &BTreeMap::new(), true)
        .await
        .unwrap();
    sweep
}

pub(crate) async fn record(
    store: &Store,
    sweep: SweepId,
    snapshot: &AccountSnapshot,
    findings: &[Finding],
    finished_at: DateTime<Utc>,
) -> Recorded {
    store
        .record_account(
            sweep,
            &AccountRecord {
                snapshot,
                findings: &FindingRecord::of_all(findings).unwrap(),
                calls: 9,
                throttles: 1,
                started_at: finished_at - chrono::Duration::seconds(1),
                finished_at,
            },
        )
        .await
        .unwrap()
}

pub(crate) async fn finish(store: &Store, sweep: SweepId) {
    store
        .finish_sweep(
            sweep,
            &SweepTotals {
                calls: 100,
                throttles: 2,
                interrupted: false,
            },
        )
        .await
        .unwrap();
}

/// One whole night: every account with its findings.
pub(crate) async fn night(store: &Store, when: i64, accounts: &[(u32, Vec<Finding>)]) -> SweepId {
    let numbers: Vec<u32> = accounts.iter().map(|(number, _)| *number).collect();
    let sweep = sweep_of(store, &numbers, at(when)).await;
    for (number, findings) in accounts {
        record(store, sweep, &snapshot(*number, 0), findings, at(when + 10)).await;
    }
    finish(store, sweep).await;
    sweep
}

/// A single number from the tables.
pub(crate) async fn count(store: &Store, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql)
        .fetch_one(store.pool())
        .await
        .unwrap()
}

/// Everything in the tables, but for ids and times that differ from run to run.
pub(crate) async fn contents(store: &Store) -> Vec<String> {
    let mut rows = Vec::new();
    for sql in [
        "select (to_jsonb(t) - 'sweep_id' - 'started_at' - 'finished_at')::text from sweep t order by 1",
        "select to_jsonb(t)::text from account t order by 1",
        "select (to_jsonb(t) - 'snapshot_no')::text from snapshot t order by 1",
        "select (to_jsonb(t) - 'snapshot_no' || jsonb_build_object('digest', encode(s.digest, 'hex')))::text
         from sweep_account t left join snapshot s using (snapshot_no) order by 1",
        "select to_jsonb(t)::text from control t order by 1",
        "select to_jsonb(t)::text from finding t order by 1",
        "select to_jsonb(t)::text from finding_detail t order by 1",
        "select to_jsonb(t)::text from finding_history t order by 1",
    ] {
        let found: Vec<String> = sqlx::query_scalar(sql)
            .fetch_all(store.pool())
            .await
            .unwrap();
        rows.extend(found);
    }
    rows
}
