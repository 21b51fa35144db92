//! The views: documented, readable, and right.

use orgsweep_controls::finding::Verdict;
use orgsweep_controls::reason::Reason;
use orgsweep_store::{ControlRow, FindingFilter, QueryLimits, QueryResult};
use serde_json::json;

use crate::support::{
    CONTROLS, Database, account, failing, finding, findings, night, on_both, on_server, passing,
};

on_both!(
    every_view_and_column_is_documented,
    every_view_answers,
    changes_since_a_sweep_are_named,
    the_past_can_be_asked_for,
    findings_are_filtered,
    controls_lend_their_titles,
    uncovered_regions_are_rows,
);

async fn ask(database: &Database, sql: &str) -> QueryResult {
    database
        .store
        .query(sql, &QueryLimits::default())
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

async fn every_view_and_column_is_documented(database: &Database) {
    let docs = database.store.schema_documentation().await.unwrap();
    let names: Vec<&str> = docs.iter().map(|doc| doc.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "account_status",
            "cause",
            "control_posture",
            "coverage_of_sweep",
            "drill_result",
            "excepted_finding",
            "exception_status",
            "failing",
            "finding_period",
            "last_rung",
            "last_seen_end_to_end",
            "mean_time_to_fix",
            "notification_status",
            "posture",
            "repair_status",
            "repair_step",
            "sweep_outcome",
            "uncovered_region",
            "as_of(moment timestamp with time zone)",
            "change_since(since_sweep uuid)",
        ]
    );
    for doc in docs {
        assert!(!doc.comment.is_empty(), "{}", doc.name);
        for column in doc.columns {
            assert!(
                !column.comment.is_empty(),
                "{}.{} has no comment",
                doc.name,
                column.name
            );
        }
    }
    let tables: Vec<String> = sqlx::query_scalar(
        "select c.relname::text || coalesce('.' || a.attname, '')
         from pg_class c
         left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
         where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
            and c.relname <> '_sqlx_migrations'
            and (col_description(c.oid, a.attnum) is null or obj_description(c.oid, 'pg_class') is null)",
    )
    .fetch_all(database.store.pool())
    .await
    .unwrap();
    assert!(tables.is_empty(), "without comment: {tables:?}");
}

async fn every_view_answers(database: &Database) {
    let sweep = night(&database.store, 0, &[(1, failing(1)), (2, passing(2))]).await;
    for doc in database.store.schema_documentation().await.unwrap() {
        let source = match doc.name.split('(').next().unwrap() {
            "as_of" => "as_of(now())".to_owned(),
            "change_since" => format!("change_since('{sweep}')"),
            view => view.to_owned(),
        };
        ask(database, &format!("select * from {source}")).await;
    }
    let coverage = ask(
        database,
        "select listed, done, failed, pending, done_percent from coverage_of_sweep",
    )
    .await;
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        coverage.rows,
        [[text("2"), text("2"), text("0"), text("0"), text("100.0")]]
    );
}

async fn changes_since_a_sweep_are_named(database: &Database) {
    let store = &database.store;
    let one = |number, verdict, reason| vec![finding(number, CONTROLS[0], verdict, reason)];
    let first = night(
        store,
        0,
        &[
            (1, one(1, Verdict::Fail, Reason::NoTrail)),
            (2, one(2, Verdict::Pass, Reason::Covered)),
            (3, one(3, Verdict::Fail, Reason::NoTrail)),
            (4, one(4, Verdict::Pass, Reason::Covered)),
            (5, one(5, Verdict::Fail, Reason::NoTrail)),
        ],
    )
    .await;
    let back_and_forth = (5, one(5, Verdict::Pass, Reason::Covered));
    night(store, 100, &[back_and_forth]).await;
    let last = night(
        store,
        200,
        &[
            (1, one(1, Verdict::Pass, Reason::Covered)),
            (2, one(2, Verdict::Fail, Reason::NoAlarm)),
            (3, one(3, Verdict::Fail, Reason::NoFilter)),
            (5, one(5, Verdict::Fail, Reason::NoTrail)),
            (6, one(6, Verdict::Pass, Reason::Covered)),
        ],
    )
    .await;
    let changes = ask(
        database,
        &format!("select account_id, change, reason_before, reason from change_since('{first}') order by 1"),
    )
    .await;
    let found: Vec<String> = changes
        .rows
        .iter()
        .map(|row| {
            row.iter()
                .map(|value| value.as_deref().unwrap_or("-"))
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    assert_eq!(
        found,
        [
            "000000000001 fixed no_trail covered",
            "000000000002 new covered no_alarm",
            "000000000003 changed no_trail no_filter",
            "000000000004 gone covered -",
            "000000000006 first - covered",
        ]
    );
    let none = ask(database, &format!("select * from change_since('{last}')")).await;
    assert!(none.rows.is_empty());
}

async fn the_past_can_be_asked_for(database: &Database) {
    let store = &database.store;
    night(store, 0, &[(1, failing(1))]).await;
    night(store, 100, &[(1, passing(1))]).await;
    // 1,800,000,000 seconds after 1970, and ten for the first night.
    for (moment, expected) in [
        (9, None),
        (10, Some("fail")),
        (109, Some("fail")),
        (110, Some("pass")),
    ] {
        let verdicts = ask(
            database,
            &format!("select distinct verdict from as_of(to_timestamp(1800000000 + {moment}))"),
        )
        .await;
        let found: Vec<Option<String>> = verdicts.rows.into_iter().flatten().collect();
        let wanted: Vec<Option<String>> = expected
            .into_iter()
            .map(|verdict: &str| Some(verdict.to_owned()))
            .collect();
        assert_eq!(found, wanted, "{moment}");
    }
}

async fn findings_are_filtered(database: &Database) {
    let store = &database.store;
    let mixed = vec![
        finding(3, CONTROLS[0], Verdict::Unknown, Reason::FactUnread),
        finding(3, CONTROLS[1], Verdict::Fail, Reason::NoAlarm),
    ];
    night(store, 0, &[(1, failing(1)), (2, passing(2)), (3, mixed)]).await;
    let all = FindingFilter::default();
    let filters = [
        (8, all.clone()),
        (
            4,
            FindingFilter {
                verdicts: vec![Verdict::Fail],
                ..all.clone()
            },
        ),
        (
            5,
            FindingFilter {
                verdicts: vec![Verdict::Fail, Verdict::Unknown],
                ..all.clone()
            },
        ),
        (
            3,
            FindingFilter {
                controls: vec![CONTROLS[1].parse().unwrap()],
                ..all.clone()
            },
        ),
        (
            2,
            FindingFilter {
                accounts: vec![account(3)],
                ..all.clone()
            },
        ),
        (
            1,
            FindingFilter {
                reasons: vec!["no_alarm".to_owned()],
                ..all.clone()
            },
        ),
        (
            8,
            FindingFilter {
                ous: vec!["Workloads".to_owned()],
                ..all.clone()
            },
        ),
        (
            3,
            FindingFilter {
                ous: vec!["Workloads/Unit 1".to_owned()],
                ..all.clone()
            },
        ),
        (
            2,
            FindingFilter {
                ous: vec!["ou-ab12-00000000".to_owned()],
                ..all.clone()
            },
        ),
        (
            0,
            FindingFilter {
                ous: vec!["Work".to_owned()],
                ..all.clone()
            },
        ),
        (
            0,
            FindingFilter {
                verdicts: vec![Verdict::NotApplicable],
                ..all
            },
        ),
    ];
    for (expected, filter) in filters {
        let rows = store.findings(&filter).await.unwrap();
        assert_eq!(rows.len(), expected, "{filter:?}");
    }
}

async fn controls_lend_their_titles(database: &Database) {
    let store = &database.store;
    night(store, 0, &[(1, failing(1))]).await;
    let control = ControlRow {
        id: CONTROLS[1].parse().unwrap(),
        number: 8,
        title: "S3 bucket policy changes are noticed".to_owned(),
        description: "…".to_owned(),
        cis: json!({"5.0.0": "4.8"}),
        security_hub: vec!["CloudWatch.8".to_owned()],
    };
    store
        .put_controls(std::slice::from_ref(&control))
        .await
        .unwrap();
    store.put_controls(&[control]).await.unwrap();
    let row = store
        .finding(&account(1), &CONTROLS[1].parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (row.control_number, row.control_title.as_str()),
        (8, "S3 bucket policy changes are noticed")
    );
    assert_eq!(
        row.urn,
        "orgsweep:o-a1b2c3d4e5/000000000001/s3-bucket-policy-changes"
    );
    let cis = ask(
        database,
        "select cis ->> '5.0.0', security_hub[1] from failing where control_number = 8",
    )
    .await;
    assert_eq!(
        cis.rows,
        [[Some("4.8".to_owned()), Some("CloudWatch.8".to_owned())]]
    );
}

async fn uncovered_regions_are_rows(database: &Database) {
    night(
        &database.store,
        0,
        &[
            (1, failing(1)),
            (2, findings(2, Verdict::Pass, Reason::Covered)),
        ],
    )
    .await;
    let regions = ask(
        database,
        "select region, count(*) from uncovered_region group by region order by region",
    )
    .await;
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        regions.rows,
        [
            [text("eu-west-1"), text("3")],
            [text("us-east-1"), text("3")]
        ]
    );
}

#[tokio::test]
async fn the_reader_may_read_every_view_and_no_table_of_the_store() {
    let database = on_server().await;
    // The list of migrations is not the store's; whoever opens it has to look there.
    let rights: Vec<(String, String, bool)> = sqlx::query_as(
        "select relname::text, relkind::text, has_table_privilege('orgsweep_reader', oid, 'select')
         from pg_class
         where relnamespace = 'public'::regnamespace and relkind in ('r', 'v')
            and relname <> '_sqlx_migrations'",
    )
    .fetch_all(database.store.pool())
    .await
    .unwrap();
    assert!(rights.len() > 20);
    for (name, kind, may_read) in rights {
        assert_eq!(may_read, kind == "v", "{name}");
    }
    database.store.close().await;
}
