//! No secret reaches an output, a log line or a row: a sweep with marked
//! secrets everywhere, at the greatest verbosity.

use orgsweep_tests::{Credentials, CuttableConnection, Database, Ended, Installation};
use sqlx::AssertSqlSafe;

use crate::simulated::Simulated;

const SECRET_KEY: &str = "MarkedSecretAccessKey4f1c";
const SESSION_TOKEN: &str = "MarkedSessionToken77ab";
const EXTERNAL_ID: &str = "MarkedExternalId9d2e";
const PASSWORD: &str = "MarkedPassword5b30";
const MARKED: [&str; 4] = [SECRET_KEY, SESSION_TOKEN, EXTERNAL_ID, PASSWORD];

#[tokio::test(flavor = "multi_thread")]
async fn marked_secrets_are_found_nowhere() {
    let simulated = Simulated::demo().await;
    let database = Database::new().await;
    let connection = CuttableConnection::to(database.listens()).await;
    let mut installation = Installation::embedded()
        .keeping_in(database)
        .against(&simulated.endpoint())
        .with_credentials(&Credentials {
            key: orgsim::access_key(&simulated.caller()),
            secret: SECRET_KEY.to_owned(),
            token: Some(SESSION_TOKEN.to_owned()),
        });
    let url = installation
        .database()
        .url_through(connection.address(), PASSWORD);
    installation.set("DATABASE_URL", &url);
    installation.set("ORGSWEEP_ROLE_EXTERNAL_ID", EXTERNAL_ID);
    let account = simulated.some_healthy_account();

    let commands: [&[&str]; 8] = [
        &["sweep", "-vvv"],
        &["sweep", "-vvv", "--log-format", "json"],
        &["findings", "-vvv", "--format", "json"],
        &["accounts", "-vvv"],
        &["explain", &account, "s3-bucket-policy-changes", "-vvv"],
        &["config", "show"],
        &["check-access", "-vvv"],
        &["query", "select * from no_such_view", "-vvv"],
    ];
    for command in commands {
        assert_clean(&format!("{command:?}"), &installation.run(command).await);
    }
    connection.cut();
    assert_clean(
        "without database",
        &installation.run(&["findings", "-vvv"]).await,
    );

    for (table, row) in rows(installation.database()).await {
        for secret in MARKED {
            assert!(!row.contains(secret), "{secret} in {table}: {row}");
        }
    }
}

fn assert_clean(what: &str, ended: &Ended) {
    for secret in MARKED {
        assert!(
            !ended.stdout.contains(secret),
            "{secret} in the output of {what}:\n{ended}"
        );
        assert!(
            !ended.stderr.contains(secret),
            "{secret} in the messages of {what}:\n{ended}"
        );
    }
}

/// Every row of every table, as text.
async fn rows(database: &Database) -> Vec<(String, String)> {
    let pool = database.pool().await;
    let tables: Vec<String> = sqlx::query_scalar(
        "select quote_ident(schemaname) || '.' || quote_ident(tablename) from pg_tables \
         where schemaname not in ('pg_catalog', 'information_schema')",
    )
    .fetch_all(&pool)
    .await
    .expect("readable");
    assert!(tables.len() > 5, "{tables:?}");
    let mut rows = Vec::new();
    for table in tables {
        let texts: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(format!("select t::text from {table} t")))
                .fetch_all(&pool)
                .await
                .expect("readable");
        rows.extend(texts.into_iter().map(|text| (table.clone(), text)));
    }
    assert!(rows.len() > 100, "the sweep has left rows");
    rows
}
