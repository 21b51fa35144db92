//! A few of the sweeps through faults of `cargo xtask chaos`, which runs many.

use orgsweep_tests::chaos::{
    Story, Undisturbed, disturbed_sweep, killed_migrations, killed_sweep, killed_workers,
    malformed_answers,
};

#[tokio::test(flavor = "multi_thread")]
async fn whatever_goes_wrong_every_account_has_one_outcome_and_nothing_passes_wrongly() {
    let undisturbed = Undisturbed::of_demo().await;
    for seed in 1..=4 {
        assert_sound(&disturbed_sweep(seed, &undisturbed).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_that_is_killed_at_drawn_moments_leaves_the_rows_of_an_undisturbed_one() {
    let story = killed_sweep(7, 5, &Undisturbed::of_demo().await).await;
    assert_sound(&story);
    assert!(story.kills > 0, "it was never killed: {story:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_is_killed_is_done_by_the_next_one() {
    let story = killed_migrations(7, 8).await;
    assert_sound(&story);
    assert!(story.kills > 0, "it was never killed: {story:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_that_are_killed_every_few_moments_do_nothing_twice() {
    let story = killed_workers(7, 8, &Undisturbed::of_demo().await).await;
    assert_sound(&story);
    assert!(story.kills >= 4, "they were hardly killed: {story:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_answers_make_nothing_pass_and_print_nothing_that_steers() {
    let undisturbed = Undisturbed::of_demo().await;
    for seed in [1, 3] {
        let story = malformed_answers(seed, &undisturbed).await;
        assert_sound(&story);
        assert!(story.disturbances.len() > 10, "{story:?}");
    }
}

fn assert_sound(story: &Story) {
    assert!(story.violations.is_empty(), "{story:#?}");
}
