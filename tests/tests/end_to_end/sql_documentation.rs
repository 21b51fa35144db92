//! `docs/SQL.md` is what the COMMENTs of a migrated database say.

use std::fmt::Write as _;
use std::fs;

use orgsweep_store::{Store, StoreConfig, ViewDoc};
use orgsweep_tests::{Database, workspace};

#[tokio::test]
async fn the_committed_page_is_what_the_comments_say() {
    let database = Database::new().await;
    let config = StoreConfig {
        database_url: Some(database.url()),
        ..StoreConfig::default()
    };
    let store = Store::open(&config)
        .await
        .expect("the database can be migrated");
    let views = store.schema_documentation().await.expect("readable");
    store.close().await;

    let page = page(&views);
    let path = workspace().join("docs/SQL.md");
    if std::env::var_os("ORGSWEEP_WRITE_DOCUMENTATION").is_some() {
        fs::write(&path, page).expect("docs can be written");
        return;
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == page,
        "docs/SQL.md is not what the comments say: run `cargo xtask docs-sql`"
    );
}

fn page(views: &[ViewDoc]) -> String {
    let mut page = String::from(
        "# The SQL interface\n\n\
         <!-- Written by `cargo xtask docs-sql` from the COMMENTs in migrations/. Change those. -->\n\n\
         These views and functions are stable: they are what `orgsweep query`, dashboards and other\n\
         programs may rely on. The tables behind them may change with any release.\n",
    );
    for view in views {
        write!(page, "\n## `{}`\n\n{}\n", view.name, view.comment).expect("a string");
        if view.columns.is_empty() {
            continue;
        }
        page.push_str("\n| column | type | meaning |\n|---|---|---|\n");
        for column in &view.columns {
            let comment = column.comment.replace('|', "\\|");
            writeln!(
                page,
                "| `{}` | {} | {comment} |",
                column.name, column.type_name
            )
            .expect("a string");
        }
    }
    page
}
