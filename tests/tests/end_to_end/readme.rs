//! What README promises, kept: its SQL recipes run, and answer.

use std::fs;

use orgsweep_tests::{Installation, workspace};

use crate::simulated::Simulated;

#[tokio::test(flavor = "multi_thread")]
async fn its_sql_recipes_run_after_a_sweep() {
    let recipes =
        recipes(&fs::read_to_string(workspace().join("README.md")).expect("there is one"));
    assert!(recipes.len() >= 10, "README has {} recipes", recipes.len());

    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::on_server().await);
    installation.run(&["sweep"]).await.with_code(0);
    let mut answered = 0;
    for recipe in &recipes {
        let ended = installation
            .run(&["query", recipe, "--format", "json"])
            .await;
        assert_eq!(ended.code, Some(0), "{recipe}\n{ended}");
        answered += usize::from(!ended.rows().is_empty());
    }
    assert!(
        answered * 2 > recipes.len(),
        "only {answered} of {} recipes answer anything",
        recipes.len()
    );
}

/// The fenced `sql` blocks of a page.
fn recipes(markdown: &str) -> Vec<String> {
    markdown
        .split("```sql\n")
        .skip(1)
        .filter_map(|rest| rest.split("\n```").next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn recipes_are_the_fenced_sql_blocks() {
    let page = "a\n```sql\nselect 1\n```\nb\n```sh\nls\n```\n```sql\nselect 2;\n```\n";
    assert_eq!(recipes(page), ["select 1", "select 2;"]);
}
