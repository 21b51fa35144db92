//! Old nights are dropped on request; what was found, and when, is not.

use orgsweep_tests::Installation;

use crate::simulated::Simulated;

#[tokio::test(flavor = "multi_thread")]
async fn pruning_drops_nights_and_keeps_what_was_found() {
    pruned(Installation::on_server().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pruning_drops_nights_and_keeps_what_was_found_on_the_embedded_database() {
    pruned(Installation::embedded()).await;
}

async fn pruned(installation: Installation) {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(installation);
    installation.run(&["sweep"]).await.with_code(0);
    simulated.silence_every_alarm();
    installation.run(&["sweep"]).await.with_code(0);
    let questions = [
        "select account_id, control, verdict, reason, since from posture order by 1, 2",
        "select account_id, control, verdict, valid_from, valid_until from finding_period order by 1, 2, 4",
        "select sweep_no, listed, done, failed, skipped from coverage_of_sweep order by 1",
    ];
    let mut before = Vec::new();
    for question in questions {
        before.push(installation.query(question).await);
    }

    let untouched = installation.run(&["prune"]).await.with_code(0);
    untouched.printing(&["kept for 400 d", "nothing is to be dropped"]);
    let planned = installation
        .run(&["prune", "--keep", "1ms", "--dry-run", "--format", "json"])
        .await
        .with_code(0)
        .json();
    assert_eq!(planned["dropped"]["nights"], 1);
    assert!(
        planned["dropped"]["snapshots"].as_u64() > Some(10),
        "{planned}"
    );
    let done = installation
        .run(&["prune", "--keep", "1ms", "--format", "json"])
        .await
        .with_code(0)
        .json();
    assert_eq!(done["dropped"], planned["dropped"]);

    for (question, before) in questions.iter().zip(before) {
        assert_eq!(installation.query(question).await, before, "{question}");
    }
    installation
        .run(&["reevaluate", "--sweep", "last"])
        .await
        .with_code(0)
        .saying(&["judged again, 0 differ"]);
    for pruned in [["reevaluate", "--sweep", "1"], ["diff", "1", "2"]] {
        installation
            .run(&pruned)
            .await
            .with_code(1)
            .saying(&["were dropped by `orgsweep prune`", "choose a later night"]);
    }
    installation
        .run(&["prune", "--keep", "1ms"])
        .await
        .with_code(0)
        .printing(&["nothing is to be dropped"]);
    // The next night goes on from what is left.
    installation.run(&["sweep"]).await.with_code(0);
    simulated
        .assert_every_account_has_an_outcome(&installation)
        .await;
}
