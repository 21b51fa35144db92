//! Opening a store: migrating, refusing, and saying what is wrong.

use std::time::Duration;

use orgsweep_store::{
    FindingFilter, Location, QueryLimits, Store, StoreConfig, StoreError, known_version,
};

use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;

use crate::support::{
    Database, at, count, failing, new_database_url, new_sweep, night, on_both, on_server, passing,
    record, snapshot, sweep_of,
};

on_both!(
    opening_again_migrates_nothing,
    a_newer_database_is_refused,
    a_migration_with_another_content_is_refused,
);

async fn opening_again_migrates_nothing(database: &Database) {
    let report = database.store.migrate().await.unwrap();
    assert!(report.applied.is_empty());
    assert_eq!(report.version, known_version());
}

async fn a_newer_database_is_refused(database: &Database) {
    let store = &database.store;
    sqlx::query(
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
         values (9999, 'from the future', true, '\\x00', 0)",
    )
    .execute(store.pool())
    .await
    .unwrap();
    let error = store.migrate().await.unwrap_err();
    assert_eq!(
        error,
        StoreError::NewerSchema {
            database: 9999,
            program: known_version()
        }
    );
    assert!(error.to_string().contains("install a newer orgsweep"));
}

async fn a_migration_with_another_content_is_refused(database: &Database) {
    let store = &database.store;
    sqlx::query("update _sqlx_migrations set checksum = '\\x00' where version = 1")
        .execute(store.pool())
        .await
        .unwrap();
    let error = store.migrate().await.unwrap_err();
    assert!(
        matches!(error, StoreError::Migration { version: 1, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn many_processes_migrate_one_database_at_once() {
    let config = StoreConfig {
        database_url: Some(new_database_url().await),
        max_connections: 1,
        ..StoreConfig::default()
    };
    let tasks: Vec<_> = (0..6)
        .map(|_| {
            let config = config.clone();
            tokio::spawn(async move { Store::open(&config).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap().close().await;
    }
    let store = Store::open(&config).await.unwrap();
    assert_eq!(
        count(
            &store,
            "select count(*) from _sqlx_migrations where success"
        )
        .await,
        known_version()
    );
    store.close().await;
}

/// A new user with a password on the server, and the URL with which it opens `database_url`.
async fn new_user(admin: &Store, database_url: &str, statements: &[&str]) -> String {
    let user = format!("user_{}", uuid::Uuid::now_v7().simple());
    let options: PgConnectOptions = database_url.parse().unwrap();
    let database = options.get_database().unwrap().to_owned();
    for statement in ["create role {user} login password 'pw'"]
        .iter()
        .chain(statements)
    {
        let sql = statement
            .replace("{user}", &user)
            .replace("{database}", &database);
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .execute(admin.pool())
            .await
            .unwrap();
    }
    options
        .username(&user)
        .password("pw")
        .to_url_lossy()
        .to_string()
}

#[tokio::test]
async fn a_user_without_the_right_to_make_roles_can_migrate() {
    let admin = on_server().await;
    let url = new_database_url().await;
    let owner = "alter database {database} owner to {user}";
    let config = StoreConfig {
        database_url: Some(new_user(&admin.store, &url, &[owner]).await),
        ..StoreConfig::default()
    };
    let store = Store::open(&config).await.unwrap();
    let answer = store
        .query("select * from posture", &QueryLimits::default())
        .await
        .unwrap();
    assert!(answer.rows.is_empty());
    let written = store
        .query("delete from finding", &QueryLimits::default())
        .await;
    assert!(
        matches!(written, Err(StoreError::ReadOnlyViolation { .. })),
        "{written:?}"
    );
    assert!(!store.location().to_string().contains("pw"));
    store.close().await;
    admin.store.close().await;
}

#[tokio::test]
async fn each_role_is_enough_for_its_part() {
    let admin = on_server().await;
    let url = admin.config.database_url.clone().unwrap();
    for (role, may_sweep) in [("orgsweep_reader", false), ("orgsweep_scanner", true)] {
        let grant = format!("grant {role} to {{user}}");
        let config = StoreConfig {
            database_url: Some(new_user(&admin.store, &url, &[&grant]).await),
            ..StoreConfig::default()
        };
        let store = Store::open(&config).await.unwrap();
        store.findings(&FindingFilter::default()).await.unwrap();
        store
            .query("select * from failing", &QueryLimits::default())
            .await
            .unwrap();
        let started = store.start_sweep(&new_sweep()).await;
        assert_eq!(started.is_ok(), may_sweep, "{role}: {started:?}");
        if may_sweep {
            night(&store, 0, &[(1, failing(1))]).await;
            night(&store, 100, &[(1, passing(1))]).await;
        }
        store.close().await;
    }
    admin.store.close().await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_without_the_password() {
    // Port 1 is never a database; nobody listens there.
    let config = StoreConfig {
        database_url: Some("postgres://me:s3cret@127.0.0.1:1/orgsweep".to_owned()),
        connect_timeout: Duration::from_secs(5),
        ..StoreConfig::default()
    };
    let error = Store::open(&config).await.err().unwrap();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.starts_with("cannot reach the database at `postgres://me@127.0.0.1:1/orgsweep`: "),
        "{text}"
    );
    assert!(
        text.ends_with("check that the server runs and that DATABASE_URL is right"),
        "{text}"
    );
    assert!(!format!("{error:?}").contains("s3cret"));
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_told() {
    let mut options: PgConnectOptions = crate::support::server_url().parse().unwrap();
    options = options.database("no_such_database");
    let config = StoreConfig {
        database_url: Some(options.to_url_lossy().to_string()),
        ..StoreConfig::default()
    };
    let error = Store::open(&config).await.err().unwrap().to_string();
    assert!(
        error.contains("\"no_such_database\" does not exist; create it with `createdb`"),
        "{error}"
    );
}

#[tokio::test]
async fn a_location_can_be_told_without_connecting() {
    let config = StoreConfig {
        data_dir: Some("somewhere".into()),
        ..StoreConfig::default()
    };
    assert_eq!(
        config.location().unwrap(),
        Location::Embedded {
            path: "somewhere".into()
        }
    );
}

#[tokio::test]
async fn a_lost_connection_is_made_again() {
    let database = on_server().await;
    let store = &database.store;
    let sweep = sweep_of(store, &[1], at(0)).await;
    // Another session ends all of this store's, as a restart of the server would.
    let other = Store::open(&database.config).await.unwrap();
    sqlx::query(
        "select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid()",
    )
    .execute(other.pool())
    .await
    .unwrap();
    other.close().await;
    record(store, sweep, &snapshot(1, 0), &failing(1), at(1)).await;
    assert!(store.pending_accounts(sweep).await.unwrap().is_empty());
    database.store.close().await;
}
