//! Several processes share a sweep: nothing is done twice, nothing is lost when one is killed or
//! stopped, budgets hold for all of them together, and the rows are those of one process.

use std::collections::BTreeMap;
use std::time::Duration;

use orgsweep_tests::{Installation, Running, until};

use crate::simulated::{Simulated, assert_same_rows, settled_anywhere};

/// Accounts that others are judged by, which two processes may find out about at the same time.
const OWNERS: usize = 3;
const SHARED: &str = "ORGSWEEP_SWEEP_SHARED";

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_leave_the_rows_of_one_process() {
    share_with(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn four_workers_leave_the_rows_of_one_process() {
    share_with(4).await;
}

async fn share_with(workers: usize) {
    let simulated = Simulated::demo().await;
    let alone = simulated.installation(Installation::on_server().await);
    simulated.forget_calls();
    alone.run(&["sweep"]).await.with_code(0);
    let calls_alone = trail_reads(&simulated);

    let installation = shared(&simulated).await;
    simulated.slow_down(15);
    simulated.forget_calls();
    let running: Vec<Running> = (0..workers)
        .map(|_| installation.start(&["worker"]))
        .collect();
    for worker in &running {
        worker.has_said("waiting for accounts").await;
    }
    installation.run(&["sweep"]).await.with_code(0);
    for worker in running {
        worker.signal("TERM").await;
        worker.end().await.with_code(0).saying(&["stopped"]);
    }
    assert_same_rows(
        &settled_anywhere(&installation).await,
        &settled_anywhere(&alone).await,
    );
    let mut twice = trail_reads(&simulated);
    twice.retain(|account, reads| Some(&*reads) != calls_alone.get(account));
    assert!(twice.len() <= OWNERS, "accounts were read again: {twice:?}");
    let database = installation.database();
    let took_part = database
        .number("select count(distinct claim) from sweep_account where outcome = 'done'")
        .await;
    assert!(took_part > Some(1), "{took_part:?} processes took accounts");
    assert_eq!(
        database.number("select count(*) from budget_lease").await,
        Some(0)
    );
    assert_eq!(
        database
            .number("select count(*) from shared_snapshot")
            .await,
        Some(0)
    );
    let calls = database.number("select calls from sweep").await;
    assert!(
        calls > Some(400),
        "the workers' calls are counted: {calls:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_that_are_killed_or_stopped_lose_their_accounts_to_others_and_nothing_else() {
    let simulated = Simulated::demo().await;
    let alone = simulated.installation(Installation::on_server().await);
    alone.run(&["sweep"]).await.with_code(0);

    let installation = shared(&simulated).await;
    simulated.slow_down(150);
    let mut workers: Vec<Running> = (0..4).map(|_| installation.start(&["worker"])).collect();
    for worker in &workers {
        worker.has_said("waiting for accounts").await;
    }
    let mut sweep = installation.start(&["sweep"]);
    let mut killed = 0;
    let mut stopped = None;
    let mut done = 0;
    while !sweep.has_ended() {
        // Whenever a few more accounts are done, one worker is killed and another one comes.
        let reached = until("more accounts", || async {
            let now = installation
                .database()
                .number("select count(*) from sweep_account where outcome = 'done'")
                .await
                .unwrap_or_default();
            (now >= done + 6 || now >= 50).then_some(now)
        })
        .await;
        done = reached;
        if stopped.is_none() {
            // This one is given up, and wakes up when others have done its accounts.
            let worker = workers.remove(0);
            worker.signal("STOP").await;
            stopped = Some(worker);
        } else if killed < 4 {
            let worker = workers.remove(0);
            worker.signal("KILL").await;
            worker.end().await;
            killed += 1;
        } else {
            simulated.slow_down(0);
            break;
        }
        workers.push(installation.start(&["worker"]));
    }
    simulated.slow_down(0);
    sweep.end().await.with_code(0);
    assert!(
        killed >= 3,
        "the sweep ended before it was disturbed: {killed}"
    );
    let before = settled_anywhere(&installation).await;
    let late = stopped.expect("one was stopped");
    late.signal("CONT").await;
    late.has_said("was given up").await;
    late.signal("TERM").await;
    late.end().await.with_code(0);

    assert_same_rows(&before, &settled_anywhere(&alone).await);
    assert_same_rows(&settled_anywhere(&installation).await, &before);
    simulated.assert_found_as_expected(&installation).await;
    simulated
        .assert_every_account_has_an_outcome(&installation)
        .await;
    let database = installation.database();
    assert_eq!(
        database
            .number("select count(*) from sweep_account where outcome is null")
            .await,
        Some(0)
    );
    assert_eq!(database.number("select count(*) from sweep").await, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_process_that_began_is_killed_the_next_one_finishes_what_workers_have_left() {
    let simulated = Simulated::demo().await;
    let alone = simulated.installation(Installation::on_server().await);
    alone.run(&["sweep"]).await.with_code(0);
    let installation = shared(&simulated).await;
    simulated.slow_down(50);
    let worker = installation.start(&["worker"]);
    worker.has_said("waiting for accounts").await;
    let sweep = installation.start(&["sweep"]);
    until("some accounts are done", || async {
        let done = installation
            .database()
            .number("select count(*) from sweep_account where outcome = 'done'")
            .await;
        (done > Some(3)).then_some(())
    })
    .await;
    sweep.signal("KILL").await;
    sweep.end().await;
    until("the worker has done the rest", || async {
        let left = installation
            .database()
            .number("select count(*) from sweep_account where outcome is null")
            .await;
        (left == Some(0)).then_some(())
    })
    .await;
    installation.run(&["sweep"]).await.with_code(0);
    worker.signal("TERM").await;
    worker.end().await.with_code(0);
    assert_eq!(
        installation
            .database()
            .number("select count(*) from sweep")
            .await,
        Some(1)
    );
    assert_same_rows(
        &settled_anywhere(&installation).await,
        &settled_anywhere(&alone).await,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn three_processes_together_take_no_more_of_sts_than_one_may() {
    let simulated = Simulated::demo().await;
    let mut installation = shared(&simulated).await;
    // 600 requests per second are published: 12 of them.
    installation.set("ORGSWEEP_AWS_QUOTA_SHARE", "0.02");
    let workers: Vec<Running> = (0..2).map(|_| installation.start(&["worker"])).collect();
    for worker in &workers {
        worker.has_said("waiting for accounts").await;
    }
    simulated.forget_calls();
    installation.run(&["sweep"]).await.with_code(0);
    for worker in workers {
        worker.signal("TERM").await;
        worker.end().await.with_code(0);
    }
    let mut moments: Vec<_> = simulated
        .calls()
        .into_iter()
        .filter(|call| call.operation == "AssumeRole")
        .map(|call| call.at)
        .collect();
    moments.sort_unstable();
    assert!(moments.len() >= 50, "{}", moments.len());
    let second = Duration::from_secs(1);
    let most = moments
        .iter()
        .map(|start| {
            moments
                .iter()
                .filter(|moment| **moment >= *start && **moment < *start + second)
                .count()
        })
        .max();
    assert!(most <= Some(12), "{most:?} in one second");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_set_up_otherwise_does_not_take_part() {
    let simulated = Simulated::demo().await;
    let mut installation = shared(&simulated).await;
    installation.run(&["migrate"]).await.with_code(0);
    installation.set("ORGSWEEP_ROLE_SOURCE_IDENTITY", "somebody");
    let other = installation.start(&["worker"]);
    other.has_said("waiting for accounts").await;
    installation.unset("ORGSWEEP_ROLE_SOURCE_IDENTITY");
    installation.set("ORGSWEEP_SELECTION_EXCLUDE", "name=sandbox*");
    installation.run(&["sweep"]).await.with_code(0);
    other.end().await.with_code(1).saying(&[
        "selection, role, endpoint",
        "the same version, configuration",
    ]);
    simulated
        .assert_every_account_has_an_outcome(&installation)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_database_says_that_it_cannot_be_shared() {
    let simulated = Simulated::demo().await;
    let mut installation = simulated.installation(Installation::embedded());
    let words = ["only in a PostgreSQL server's database", "DATABASE_URL"];
    installation
        .run(&["worker"])
        .await
        .with_code(2)
        .saying(&words);
    installation.set(SHARED, "true");
    installation
        .run(&["sweep"])
        .await
        .with_code(2)
        .saying(&words);
    assert!(simulated.accounts_entered().is_empty());
}

/// An installation whose sweeps are shared, with few accounts in flight in each process.
async fn shared(simulated: &Simulated) -> Installation {
    let mut installation = simulated.installation(Installation::on_server().await);
    installation.set(SHARED, "true");
    installation.set("ORGSWEEP_SWEEP_CONCURRENCY", "3");
    installation
}

/// How often the trails of each account were read: each reading of an account begins with them.
fn trail_reads(simulated: &Simulated) -> BTreeMap<String, usize> {
    let mut reads = BTreeMap::new();
    for call in simulated.calls() {
        if call.operation == "DescribeTrails" {
            *reads.entry(call.target_account).or_default() += 1;
        }
    }
    reads
}
