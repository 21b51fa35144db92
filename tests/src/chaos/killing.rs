//! Programs that are killed again and again at moments that are drawn.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use orgsim::{Scenario, Server, ServerOptions, World};

use super::check::{Undisturbed, broken_histories, settled};
use super::story::Story;
use crate::installation::Installation;

fn story(seed: u64, what: &str) -> Story {
    Story {
        seed,
        disturbances: vec![what.to_owned()],
        endings: Vec::new(),
        kills: 0,
        violations: Vec::new(),
    }
}

/// A sweep that is killed `kills` times, each time after it went on for a while that is drawn, and
/// then left alone: it leaves the rows of an undisturbed one.
///
/// # Panics
/// When the surroundings are missing.
pub async fn killed_sweep(seed: u64, kills: u32, undisturbed: &Undisturbed) -> Story {
    let mut story = story(seed, "a sweep is killed");
    let mut random = Rng::with_seed(seed);
    let world = Arc::new(World::build(&Scenario::demo()));
    let server = Server::start(Arc::clone(&world), ServerOptions::default()).await;
    let server = server.expect("a free port");
    let caller = world.delegated_administrator();
    let mut installation = Installation::on_server()
        .await
        .against(&server.endpoint_url())
        .as_caller_in(&caller.unwrap_or_else(|| world.management_account()));
    installation.set("ORGSWEEP_SWEEP_CONCURRENCY", "4");
    for _ in 0..kills {
        let mut running = installation.start(&["sweep"]);
        tokio::time::sleep(Duration::from_millis(random.u64(0..2_500))).await;
        if running.has_ended() {
            break;
        }
        running.signal("KILL").await;
        running.end().await;
        story.kills += 1;
    }
    let ended = installation.run(&["sweep"]).await;
    if ended.code != Some(0) {
        story.violations.push(format!("the last sweep: {ended}"));
    }
    let rows = settled(&installation).await;
    let strayed = rows.iter().filter(|row| !undisturbed.rows.contains(row));
    story
        .violations
        .extend(strayed.take(3).map(ToString::to_string));
    if rows.len() != undisturbed.rows.len() {
        story.violations.push(format!(
            "{} findings, undisturbed {}",
            rows.len(),
            undisturbed.rows.len()
        ));
    }
    story
        .violations
        .extend(broken_histories(&installation).await);
    story
}

/// Migrations that are killed `kills` times; the last one is left alone, and a sweep runs.
///
/// # Panics
/// When the surroundings are missing.
pub async fn killed_migrations(seed: u64, kills: u32) -> Story {
    let mut story = story(seed, "a migration is killed");
    let mut random = Rng::with_seed(seed);
    let installation = Installation::on_server().await;
    for _ in 0..kills {
        let mut running = installation.start(&["migrate"]);
        tokio::time::sleep(Duration::from_millis(random.u64(0..400))).await;
        if running.has_ended() {
            // Nothing is left to do: begin again with nothing.
            installation
                .database()
                .execute("drop schema public cascade; create schema public")
                .await;
            continue;
        }
        running.signal("KILL").await;
        running.end().await;
        story.kills += 1;
    }
    let ended = installation.run(&["migrate"]).await;
    if ended.code != Some(0) {
        story
            .violations
            .push(format!("the last migration: {ended}"));
    }
    let read = installation.run(&["findings", "--format", "json"]).await;
    if read.code != Some(0) {
        story
            .violations
            .push(format!("after the last migration: {read}"));
    }
    story
}
