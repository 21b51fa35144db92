//! Programs that are killed again and again at moments that are drawn.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use fastrand::Rng;
use orgsim::{Fault, FaultRule, RecordedCall, Scenario, Server, ServerOptions, World};

use super::check::{Undisturbed, broken_histories, outcomes, settled};
use super::story::Story;
use crate::installation::Installation;
use crate::program::Running;

/// A sweep that is killed `kills` times, each time after it went on for a while that is drawn, and
/// then left alone: it leaves the rows of an undisturbed one.
///
/// # Panics
/// When the surroundings are missing.
pub async fn killed_sweep(seed: u64, kills: u32, undisturbed: &Undisturbed) -> Story {
    let mut story = Story::of(seed, vec!["a sweep is killed".to_owned()]);
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
    story.violations.extend(undisturbed.differences(&rows, &[]));
    story
        .violations
        .extend(broken_histories(&installation).await);
    story
}

/// How many workers share the sweep whose workers are killed.
const WORKERS: usize = 4;

/// A sweep that several workers share, one of which is killed whenever a while that is drawn has
/// passed, `kills` times, and another one comes: it leaves the rows of an undisturbed one, and no
/// account is read again once its outcome is recorded.
///
/// # Panics
/// When the surroundings are missing.
pub async fn killed_workers(seed: u64, kills: u32, undisturbed: &Undisturbed) -> Story {
    let mut story = Story::of(seed, vec!["workers are killed".to_owned()]);
    let mut random = Rng::with_seed(seed);
    let world = Arc::new(World::build(&Scenario::demo()));
    let server = Server::start(Arc::clone(&world), ServerOptions::default()).await;
    let server = server.expect("a free port");
    let slow = FaultRule::everywhere(Fault::Latency {
        delay: Duration::from_millis(SLOW_MILLISECONDS),
    });
    let slow = world.faults().add(slow);
    let caller = world.delegated_administrator();
    let mut installation = Installation::on_server()
        .await
        .against(&server.endpoint_url())
        .as_caller_in(&caller.unwrap_or_else(|| world.management_account()));
    installation.set("ORGSWEEP_SWEEP_SHARED", "true");
    installation.set("ORGSWEEP_SWEEP_CONCURRENCY", "2");
    let mut workers: Vec<Running> = Vec::new();
    for _ in 0..WORKERS {
        let worker = installation.start(&["worker"]);
        worker.has_said("waiting for accounts").await;
        workers.push(worker);
    }
    let mut sweep = installation.start(&["sweep"]);
    while story.kills < kills && !sweep.has_ended() {
        tokio::time::sleep(Duration::from_millis(random.u64(0..1_500))).await;
        let worker = workers.remove(random.usize(..workers.len()));
        worker.signal("KILL").await;
        worker.end().await;
        story.kills += 1;
        workers.push(installation.start(&["worker"]));
    }
    world.faults().remove(slow);
    let ended = sweep.end().await;
    if ended.code != Some(0) {
        story.violations.push(format!("the sweep: {ended}"));
    }
    for worker in workers {
        worker.signal("KILL").await;
        worker.end().await;
    }
    let rows = settled(&installation).await;
    story.violations.extend(undisturbed.differences(&rows, &[]));
    story
        .violations
        .extend(broken_histories(&installation).await);
    story
        .violations
        .extend(outcomes(&installation, &world, &[]).await);
    let calls = server.calls();
    story
        .violations
        .extend(read_again(&installation, &calls).await);
    story
}

/// How slow AWS is while workers are killed: they are to be killed in the middle of accounts.
const SLOW_MILLISECONDS: u64 = 150;

/// Accounts that others are judged by: each process may read them for itself.
const OWNERS: usize = 3;

/// Accounts that went on being read after their outcome was recorded, unless they are so few that
/// all can be owners.
async fn read_again(installation: &Installation, calls: &[RecordedCall]) -> Vec<String> {
    let (now, clock) = (Instant::now(), Utc::now());
    let mut last: BTreeMap<&str, DateTime<Utc>> = BTreeMap::new();
    for call in calls
        .iter()
        .filter(|call| call.operation == "DescribeTrails")
    {
        let at = clock - now.duration_since(call.at);
        let so_far = last.entry(&call.target_account).or_insert(at);
        *so_far = at.max(*so_far);
    }
    let pool = installation.database().pool().await;
    let ended: Vec<(String, DateTime<Utc>)> = sqlx::query_as(
        "select a.account_id, s.finished_at from sweep_account s join account a using (account_no)
         where s.finished_at is not null",
    )
    .fetch_all(&pool)
    .await
    .expect("outcomes can be read");
    pool.close().await;
    let again: Vec<String> = ended
        .into_iter()
        .filter(|(account, ended)| last.get(account.as_str()).is_some_and(|last| last > ended))
        .map(|(account, ended)| format!("{account} was read again after its outcome of {ended}"))
        .collect();
    if again.len() > OWNERS {
        again
    } else {
        Vec::new()
    }
}

/// Migrations that are killed `kills` times; the last one is left alone, and a sweep runs.
///
/// # Panics
/// When the surroundings are missing.
pub async fn killed_migrations(seed: u64, kills: u32) -> Story {
    let mut story = Story::of(seed, vec!["a migration is killed".to_owned()]);
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
