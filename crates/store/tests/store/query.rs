//! Read-only SQL from people: what it can't do, and how answers look.

use std::time::Duration;

use orgsweep_store::{QueryLimits, StoreError};
use serde_json::json;

use crate::support::{Database, contents, failing, night, on_both, on_server};

on_both!(
    nothing_can_be_written,
    the_next_query_is_not_influenced_by_the_last,
    an_answer_has_its_columns_even_without_rows,
    an_answer_is_cut_at_the_limit,
    values_look_as_the_database_prints_them,
    a_mistake_is_told_with_its_place,
    explain_and_show_work,
    comments_and_a_last_semicolon_do_no_harm,
);

async fn nothing_can_be_written(database: &Database) {
    let store = &database.store;
    night(store, 0, &[(1, failing(1))]).await;
    let before = contents(store).await;
    for sql in [
        "delete from finding",
        "delete from posture",
        "update account set name = 'x'",
        "insert into control (control_id, number, title) values ('x', 1, 'x')",
        "with gone as (delete from finding returning 1) select * from gone",
        "truncate finding",
        "drop table finding cascade",
        "create table mine (a integer)",
        "create temporary table mine as select 1",
        "select 1; delete from finding",
        "commit; delete from finding",
        "rollback; delete from finding",
        "do $$ begin delete from finding; end $$",
        "do $$ begin commit; delete from finding; end $$",
        "do $$ begin set transaction read write; delete from finding; end $$",
        "do $$ begin perform set_config('transaction_read_only', 'off', false); delete from finding; end $$",
        "do $$ begin reset role; delete from finding; end $$",
        "select set_config('transaction_read_only', 'off', true)",
        "set transaction read write",
        "explain analyze delete from finding",
        "copy finding to stdout",
        "select nextval('finding')",
        "vacuum finding",
        "select 1) as q; delete from finding; --",
        "listen a; delete from finding",
    ] {
        let answer = store.query(sql, &QueryLimits::default()).await;
        assert!(answer.is_err(), "{sql} was accepted: {answer:?}");
        assert_eq!(contents(store).await, before, "{sql}");
    }
    // Harmless on their own; what matters is that nothing is different afterwards.
    for sql in [
        "commit",
        "rollback",
        "begin",
        "reset role",
        "discard all",
        "set role none",
    ] {
        let _ = store.query(sql, &QueryLimits::default()).await;
        let answer = store
            .query("delete from finding", &QueryLimits::default())
            .await;
        assert!(
            matches!(
                answer,
                Err(StoreError::ReadOnlyViolation { .. } | StoreError::BadQuery { .. })
            ),
            "{sql}: {answer:?}"
        );
        assert_eq!(contents(store).await, before, "{sql}");
    }
}

async fn the_next_query_is_not_influenced_by_the_last(database: &Database) {
    let store = &database.store;
    for sql in [
        "set search_path = pg_catalog",
        "set statement_timeout = 0",
        "set timezone = 'Asia/Tokyo'",
        "select set_config('timezone', 'Asia/Tokyo', false)",
        "set session characteristics as transaction read write",
    ] {
        let _ = store.query(sql, &QueryLimits::default()).await;
    }
    let answer = store
        .query(
            "select current_setting('search_path') not like '%pg_catalog%',
                current_setting('statement_timeout'), current_setting('timezone')",
            &QueryLimits::default(),
        )
        .await
        .unwrap();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(answer.rows, [[text("t"), text("30s"), text("UTC")]]);
}

async fn an_answer_has_its_columns_even_without_rows(database: &Database) {
    let answer = database
        .store
        .query(
            "select account_id, tags, ou_ids from posture where false",
            &QueryLimits::default(),
        )
        .await
        .unwrap();
    let columns: Vec<(&str, &str)> = answer
        .columns
        .iter()
        .map(|column| (column.name.as_str(), column.type_name.as_str()))
        .collect();
    assert_eq!(
        columns,
        [
            ("account_id", "TEXT"),
            ("tags", "JSONB"),
            ("ou_ids", "TEXT[]")
        ]
    );
    assert!(answer.rows.is_empty() && !answer.truncated);
}

async fn an_answer_is_cut_at_the_limit(database: &Database) {
    for (rows, truncated) in [(9, true), (10, false), (11, false)] {
        let limits = QueryLimits {
            max_rows: rows,
            ..QueryLimits::default()
        };
        let answer = database
            .store
            .query("select * from generate_series(1, 10)", &limits)
            .await
            .unwrap();
        assert_eq!(
            (answer.rows.len(), answer.truncated),
            (rows.min(10), truncated)
        );
    }
}

async fn values_look_as_the_database_prints_them(database: &Database) {
    let answer = database
        .store
        .query(
            "select
                1::smallint as small, 9007199254740993 as big, 87.5::numeric as share,
                true as yes, null::text as nothing, array['a b', null, '\"'] as list,
                '{\"b\": [1, 2.50]}'::jsonb as document,
                timestamptz '2026-11-23 22:35:00.25+01' as moment,
                interval '3 days 4 hours' as age, date '2026-11-23' as day,
                '\\x00ff'::bytea as bytes, 'NaN'::float8 as odd,
                '018f0000-0000-7000-8000-000000000000'::uuid as id, 'name'::name as name",
            &QueryLimits::default(),
        )
        .await
        .unwrap();
    assert_eq!(
        serde_json::Value::Object(answer.json_rows().remove(0)),
        json!({
            "small": 1, "big": 9_007_199_254_740_993_i64, "share": 87.5, "yes": true,
            "nothing": null, "list": ["a b", null, "\""], "document": {"b": [1, 2.50]},
            "moment": "2026-11-23T21:35:00.25+00:00", "age": "3 days 04:00:00",
            "day": "2026-11-23", "bytes": "\\x00ff", "odd": "NaN",
            "id": "018f0000-0000-7000-8000-000000000000", "name": "name"
        })
    );
    assert_eq!(answer.rows[0][5].as_deref(), Some(r#"{"a b",NULL,"\""}"#));
}

async fn a_mistake_is_told_with_its_place(database: &Database) {
    for (sql, place) in [
        ("select acount_id from posture", Some(8)),
        ("selct 1", Some(1)),
        ("select 1 from postures", Some(15)),
        ("select 1 frm posture x", Some(14)),
        ("select 1/0", None),
    ] {
        let answer = database.store.query(sql, &QueryLimits::default()).await;
        match answer {
            Err(StoreError::BadQuery { position, .. }) => assert_eq!(position, place, "{sql}"),
            other => panic!("{sql}: {other:?}"),
        }
    }
}

async fn explain_and_show_work(database: &Database) {
    let plan = database
        .store
        .query("explain select * from posture", &QueryLimits::default())
        .await
        .unwrap();
    assert_eq!(plan.columns[0].name, "QUERY PLAN");
    assert!(plan.rows.len() > 1);
    let zone = database
        .store
        .query("show timezone", &QueryLimits::default())
        .await
        .unwrap();
    assert_eq!(zone.rows, [[Some("UTC".to_owned())]]);
}

async fn comments_and_a_last_semicolon_do_no_harm(database: &Database) {
    for sql in [
        "select 1;",
        "-- one\nselect 1 -- two",
        "/* one */ select 1 /* two */ ;\n",
        "values (1)",
        "with a as (select 1) table a",
    ] {
        let answer = database
            .store
            .query(sql, &QueryLimits::default())
            .await
            .unwrap();
        assert_eq!(answer.rows, [[Some("1".to_owned())]], "{sql}");
    }
}

#[tokio::test]
async fn a_query_is_stopped_at_its_time_limit() {
    let database = on_server().await;
    let limits = QueryLimits {
        timeout: Duration::from_millis(200),
        ..QueryLimits::default()
    };
    let answer = database.store.query("select pg_sleep(60)", &limits).await;
    assert!(
        matches!(answer, Err(StoreError::QueryTimeout { .. })),
        "{answer:?}"
    );
    let again = database
        .store
        .query("select 1", &QueryLimits::default())
        .await
        .unwrap();
    assert_eq!(again.rows.len(), 1);
    database.store.close().await;
}

#[tokio::test]
async fn on_a_server_only_views_can_be_read() {
    let database = on_server().await;
    let answer = database
        .store
        .query("select * from finding", &QueryLimits::default())
        .await;
    match answer {
        Err(StoreError::BadQuery { message, .. }) => {
            assert_eq!(message, "permission denied for table finding");
        }
        other => panic!("{other:?}"),
    }
    database.store.close().await;
}
