//! Opening a store: migrating, refusing, and saying what is wrong.

use std::time::Duration;

use orgsweep_store::{Location, QueryLimits, Store, StoreConfig, StoreError, known_version};

use crate::support::{Database, count, new_database_url, on_both, on_server};

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
    for sql in [
        "update _sqlx_migrations set checksum = '\\x00' where version = 1",
        "delete from _sqlx_migrations where version = (select max(version) from _sqlx_migrations)",
    ] {
        sqlx::query(sql).execute(store.pool()).await.unwrap();
    }
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

#[tokio::test]
async fn a_user_without_the_right_to_make_roles_can_migrate() {
    let admin = on_server().await;
    let name = format!("plain_{}", uuid::Uuid::now_v7().simple());
    let url = new_database_url().await;
    let database = url
        .split('?')
        .next()
        .and_then(|url| url.rsplit('/').next())
        .unwrap();
    for sql in [
        format!("create role {name} login password 'pw'"),
        format!("alter database {database} owner to {name}"),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .execute(admin.store.pool())
            .await
            .unwrap();
    }
    let mut with_user: sqlx::postgres::PgConnectOptions = url.parse().unwrap();
    with_user = with_user.username(&name).password("pw");
    let config = StoreConfig {
        database_url: Some(sqlx::ConnectOptions::to_url_lossy(&with_user).to_string()),
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
    let mut options: sqlx::postgres::PgConnectOptions =
        crate::support::server_url().parse().unwrap();
    options = options.database("no_such_database");
    let config = StoreConfig {
        database_url: Some(sqlx::ConnectOptions::to_url_lossy(&options).to_string()),
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
    let sweep = crate::support::sweep_of(store, &[1], crate::support::at(0)).await;
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
    crate::support::record(
        store,
        sweep,
        &crate::support::snapshot(1, 0),
        &crate::support::failing(1),
        crate::support::at(1),
    )
    .await;
    assert!(store.pending_accounts(sweep).await.unwrap().is_empty());
    database.store.close().await;
}
