//! `orgsweep query`: SQL that reads, and only reads, whoever the database takes
//! the program for; with an end.

use orgsweep_tests::Installation;

use crate::simulated::Simulated;

#[tokio::test(flavor = "multi_thread")]
async fn a_query_can_change_nothing() {
    can_change_nothing(Installation::on_server().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_can_change_nothing_in_the_embedded_database() {
    can_change_nothing(Installation::embedded()).await;
}

async fn can_change_nothing(installation: Installation) {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(installation);
    installation.run(&["sweep"]).await.with_code(0);
    let counted = "select count(*) as findings, min(account_name) as first from posture";
    let before = installation.query(counted).await;
    let file = installation.home().join("written");
    let copied = format!("copy (select 1) to '{}'", file.display());
    for statement in [
        "delete from finding",
        "with gone as (delete from finding returning 1) select * from gone",
        "select 1; delete from finding",
        "commit; delete from finding; begin",
        "set transaction read write",
        "drop view posture",
        "create table mine (a int)",
        "create temporary table mine (a int)",
        "select * from account for update",
        "select lo_create(0)",
        "select setval('account_account_no_seq', 1)",
        "do $$ begin perform set_config('transaction_read_only', 'off', true); delete from finding; end $$",
        "do $$ begin reset role; delete from finding; end $$",
        "do $$ begin commit; delete from finding; end $$",
        &copied,
    ] {
        let ended = installation.run(&["query", statement]).await;
        assert!(matches!(ended.code, Some(1 | 2)), "{statement}\n{ended}");
    }
    assert!(!file.exists(), "a query wrote a file");
    assert_eq!(installation.query(counted).await, before);
    installation.run(&["sweep"]).await.with_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_takes_too_long_is_ended() {
    let installation = Installation::on_server().await;
    let ended = installation
        .run(&["query", "select pg_sleep(60)", "--timeout", "1s"])
        .await;
    assert!(matches!(ended.code, Some(1 | 2)), "{ended}");
    assert!(ended.stderr.contains("time"), "{ended}");
}

#[tokio::test]
async fn a_mistake_in_a_query_is_shown_where_it_is() {
    let installation = Installation::on_server().await;
    installation
        .run(&["query", "select acount_id from posture"])
        .await
        .with_code(2)
        .saying(&["acount_id", "^"]);
}

#[tokio::test]
async fn values_of_every_kind_are_answered_as_they_are() {
    let installation = Installation::on_server().await;
    let rows = installation
        .query(
            "select 12.50::numeric as money, true as yes, null::text as nothing, array[1, 2] as list, \
             '{\"a\": [1]}'::jsonb as object, 'x'::text as text, 9007199254740993::bigint as large",
        )
        .await;
    let row = &rows[0];
    assert_eq!(row["yes"], true);
    assert_eq!(row["nothing"], serde_json::Value::Null);
    assert_eq!(row["text"], "x");
    assert_eq!(row["object"]["a"][0], 1);
    assert_eq!(row["list"][1], 2);
    assert!(row["money"].to_string().contains("12.5"), "{row}");
    assert!(
        row["large"].to_string().contains("9007199254740993"),
        "{row}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_database_is_lent_to_psql_until_ctrl_c() {
    let installation = Installation::embedded();
    installation.run(&["migrate"]).await.with_code(0);
    let path = installation.run(&["db", "path"]).await.with_code(0).stdout;
    assert!(
        std::path::Path::new(path.trim()).starts_with(installation.home()),
        "{path}"
    );

    let lent = installation.start(&["db", "psql-url"]);
    let url = lent.first_line().await;
    let pool = sqlx::postgres::PgPoolOptions::new()
        .max_connections(1)
        .connect(&url)
        .await;
    let pool = pool.unwrap_or_else(|error| panic!("{url}: {error}"));
    let sweeps: i64 = sqlx::query_scalar("select count(*) from sweep")
        .fetch_one(&pool)
        .await
        .expect("the tables are there");
    assert_eq!(sweeps, 0);
    pool.close().await;
    lent.signal("INT").await;
    let ended = lent.end().await;
    assert!(matches!(ended.code, Some(0 | 130)), "{ended}");
    installation.run(&["findings"]).await.with_code(0);
}

#[tokio::test]
async fn the_url_for_psql_is_the_servers_own() {
    let installation = Installation::on_server().await;
    let url = installation
        .run(&["db", "psql-url"])
        .await
        .with_code(0)
        .stdout;
    assert_eq!(url.trim(), installation.database().url());
}
