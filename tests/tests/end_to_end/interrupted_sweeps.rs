//! Sweeps that are killed or interrupted: the next one goes on where they
//! stopped, and leaves what an undisturbed one leaves.

use orgsweep_tests::{Installation, Running, until};

use crate::simulated::{Simulated, assert_same_rows, settled_anywhere};

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_sweep_run_again_leaves_the_rows_of_an_undisturbed_one() {
    killed_then_run_again(
        Installation::on_server().await,
        Installation::on_server().await,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_sweep_leaves_a_sound_embedded_database() {
    killed_then_run_again(Installation::embedded(), Installation::embedded()).await;
}

async fn killed_then_run_again(disturbed: Installation, undisturbed: Installation) {
    let simulated = Simulated::demo().await;
    let undisturbed = simulated.installation(undisturbed);
    undisturbed.run(&["sweep"]).await.with_code(0);

    let mut disturbed = simulated.installation(disturbed);
    disturbed.set("ORGSWEEP_SWEEP_CONCURRENCY", "2");
    // Killed three times, each time further on.
    for accounts in [3, 8, 15] {
        let sweep = started_and_at(&simulated, &disturbed, accounts).await;
        sweep.signal("KILL").await;
        assert_eq!(sweep.end().await.code, None, "it was killed");
    }
    simulated.slow_down(0);
    disturbed.run(&["sweep"]).await.with_code(0);

    assert_same_rows(
        &settled_anywhere(&disturbed).await,
        &settled_anywhere(&undisturbed).await,
    );
    simulated.assert_found_as_expected(&disturbed).await;
    simulated
        .assert_every_account_has_an_outcome(&disturbed)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_cleanly_and_resume_goes_on() {
    let simulated = Simulated::demo().await;
    let mut installation = simulated.installation(Installation::on_server().await);
    installation.set("ORGSWEEP_SWEEP_CONCURRENCY", "2");
    let sweep = started_and_at(&simulated, &installation, 6).await;
    sweep.signal("INT").await;
    sweep.end().await.with_code(130).saying(&["--resume"]);
    let done_before = done(&installation).await;
    assert!(done_before > 0, "what was read is kept");

    simulated.slow_down(0);
    simulated.forget_calls();
    installation.run(&["sweep", "--resume"]).await.with_code(0);
    let database = installation.database();
    assert_eq!(
        database.number("select count(*) from sweep").await,
        Some(1),
        "the same sweep"
    );
    let read_again = simulated.accounts_entered().len() as i64;
    assert!(
        read_again + done_before <= done(&installation).await + OWNERS,
        "{done_before} accounts were done, {read_again} were read after that"
    );
    simulated.assert_found_as_expected(&installation).await;
    simulated
        .assert_every_account_has_an_outcome(&installation)
        .await;
}

/// Owners of organization trails are read again: members are judged by them.
const OWNERS: i64 = 3;

#[tokio::test(flavor = "multi_thread")]
async fn a_second_ctrl_c_ends_at_once() {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::on_server().await);
    let sweep = started_and_at(&simulated, &installation, 3).await;
    simulated.hang_everything();
    sweep.signal("INT").await;
    sweep.signal("INT").await;
    let ended = sweep.end().await;
    assert!(matches!(ended.code, Some(130) | None), "{ended}");
}

#[tokio::test(flavor = "multi_thread")]
async fn fresh_leaves_an_interrupted_sweep_behind() {
    let simulated = Simulated::demo().await;
    let mut installation = simulated.installation(Installation::on_server().await);
    installation.set("ORGSWEEP_SWEEP_CONCURRENCY", "2");
    let sweep = started_and_at(&simulated, &installation, 3).await;
    sweep.signal("KILL").await;
    sweep.end().await;

    simulated.slow_down(0);
    installation.run(&["sweep", "--fresh"]).await.with_code(0);
    let database = installation.database();
    assert_eq!(database.number("select count(*) from sweep").await, Some(2));
    simulated.assert_found_as_expected(&installation).await;
}

/// A slow sweep that has gone on to at least so many accounts.
async fn started_and_at(
    simulated: &Simulated,
    installation: &Installation,
    accounts: usize,
) -> Running {
    simulated.forget_calls();
    simulated.slow_down(25);
    let mut sweep = installation.start(&["sweep"]);
    until("the sweep has read some accounts", || {
        assert!(
            !sweep.has_ended(),
            "the sweep ended before it could be disturbed"
        );
        let entered = simulated.accounts_entered().len();
        async move { (entered >= accounts).then_some(()) }
    })
    .await;
    sweep
}

async fn done(installation: &Installation) -> i64 {
    installation
        .database()
        .number("select count(*) from sweep_account where outcome = 'done'")
        .await
        .expect("there is a table")
}
