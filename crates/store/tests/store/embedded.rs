//! What only the embedded database can suffer: a second process, kill -9, a full disk.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use orgsweep_store::{PlanRow, QueryLimits, Store, StoreConfig, StoreError};

use crate::support::{
    account, at, contents, failing, finish, inventory, new_sweep, on_embedded, record, snapshot,
};

/// Names the directory of the process that is going to be killed.
const CHILD: &str = "ORGSWEEP_TEST_STORE_DIRECTORY";

const ACCOUNTS: u32 = 400;

fn config(directory: &Path) -> StoreConfig {
    StoreConfig {
        data_dir: Some(directory.to_owned()),
        connect_timeout: Duration::from_mins(1),
        ..StoreConfig::default()
    }
}

/// This test's executable, running the named test in its other role.
fn other_role(test: &str, directory: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", test, "--nocapture", "--test-threads", "1"])
        .env(CHILD, directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    command
}

fn directory_of_other_role() -> Option<PathBuf> {
    std::env::var_os(CHILD).map(PathBuf::from)
}

/// Reads what the child prints until `enough`. What is left has to be kept: a child whose
/// output nobody reads would end.
fn read_until(child: &mut Child, mut enough: impl FnMut(&str) -> bool) -> BufReader<ChildStdout> {
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while output.read_line(&mut line).unwrap() > 0 {
        if enough(&line) {
            return output;
        }
        line.clear();
    }
    panic!("the child ended early");
}

/// Goes on with the sweep in the directory, or starts it; tells every account it recorded.
async fn sweep_in(directory: &Path) -> Store {
    let store = Store::open(&config(directory)).await.unwrap();
    let sweep = match store.unfinished_sweep().await.unwrap() {
        Some(unfinished) => unfinished.id,
        None => store.start_sweep(&new_sweep()).await.unwrap(),
    };
    let everyone: BTreeSet<_> = (1..=ACCOUNTS).map(account).collect();
    store
        .record_inventory(
            sweep,
            &inventory(1..=ACCOUNTS, at(0)),
            &everyone,
            &BTreeMap::new(),
            true,
        )
        .await
        .unwrap();
    for pending in store.pending_accounts(sweep).await.unwrap() {
        let number: u32 = pending.as_str().parse().unwrap();
        record(&store, sweep, &snapshot(number, 0), &failing(number), at(1)).await;
        println!("recorded {number}.");
    }
    finish(&store, sweep).await;
    store
}

#[tokio::test]
async fn what_was_recorded_survives_kill_9() {
    if let Some(directory) = directory_of_other_role() {
        sweep_in(&directory).await.close().await;
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("database");
    for number in [3_u32, 150, 290] {
        let mut child = other_role("embedded::what_was_recorded_survives_kill_9", &path)
            .spawn()
            .unwrap();
        let _output = read_until(&mut child, |line| {
            line.contains(&format!("recorded {number}."))
        });
        child.kill().unwrap();
        child.wait().unwrap();
        let store = Store::open(&config(&path)).await.unwrap();
        let sweep = store.unfinished_sweep().await.unwrap().unwrap();
        assert!(
            sweep.done >= u64::from(number),
            "{} of {number} are left",
            sweep.done
        );
        store.close().await;
    }
    let store = sweep_in(&path).await;
    let killed = contents(&store).await;
    store.close().await;

    let undisturbed = tempfile::tempdir().unwrap();
    let store = sweep_in(&undisturbed.path().join("database")).await;
    assert_eq!(contents(&store).await, killed);
    store.close().await;
}

#[tokio::test]
async fn a_second_process_is_told_that_the_directory_is_in_use() {
    if let Some(directory) = directory_of_other_role() {
        let error = Store::open(&config(&directory)).await.err().unwrap();
        assert!(matches!(error, StoreError::Locked { .. }), "{error}");
        println!("refused: {error}.");
        return;
    }
    let database = on_embedded().await;
    let directory = database.config.data_dir.clone().unwrap();
    let mut child = other_role(
        "embedded::a_second_process_is_told_that_the_directory_is_in_use",
        &directory,
    )
    .spawn()
    .unwrap();
    let _output = read_until(&mut child, |line| {
        line.contains("refused: the embedded database in")
    });
    assert!(child.wait().unwrap().success());
    let error = Store::open(&database.config).await.err().unwrap();
    assert!(matches!(error, StoreError::Locked { .. }), "{error}");
    database.store.close().await;
    let again = Store::open(&database.config).await.unwrap();
    again.close().await;
}

/// The shell's limit on the size of a file stands for a full disk: a write beyond it fails.
#[cfg(unix)]
#[tokio::test]
async fn a_full_disk_is_told_and_nothing_is_lost() {
    if let Some(directory) = directory_of_other_role() {
        let store = Store::open(&config(&directory)).await.unwrap();
        for written in 0.. {
            if let Err(error) = store.put_plan(&large_plan()).await {
                let again = store.put_plan(&large_plan()).await.unwrap_err();
                assert_eq!(again, error);
                println!("written {written}, then: {error}.");
                break;
            }
        }
        store.close().await;
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("database");
    // What the runtime unpacks once for all databases is larger than the limit, and the limit
    // larger than what the migrations have written of the log's first segment of 16 MiB.
    Store::open(&config(&path)).await.unwrap().close().await;
    let role = other_role("embedded::a_full_disk_is_told_and_nothing_is_lost", &path);
    let mut limited = Command::new("sh");
    limited
        .args(["-c", "trap '' XFSZ; ulimit -f 24576; exec \"$0\" \"$@\""])
        .arg(role.get_program())
        .args(role.get_args())
        .env(CHILD, &path)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let mut child = limited.spawn().unwrap();
    let mut told = String::new();
    let _output = read_until(&mut child, |line| {
        line.contains("written ") && {
            line.clone_into(&mut told);
            true
        }
    });
    assert!(child.wait().unwrap().success());
    assert!(
        told.contains("then: no space is left for the database in"),
        "{told}"
    );
    let written: usize = told
        .split_once("written ")
        .and_then(|(_, rest)| rest.split_once(','))
        .and_then(|(number, _)| number.parse().ok())
        .unwrap();
    assert!(written > 0);
    let store = Store::open(&config(&path)).await.unwrap();
    assert!(store.plans().await.unwrap().len() >= written);
    store.close().await;
}

/// A plan that does not compress to nothing.
fn large_plan() -> PlanRow {
    let words: Vec<String> = (0..4000)
        .map(|_| uuid::Uuid::now_v7().to_string())
        .collect();
    PlanRow {
        id: uuid::Uuid::now_v7(),
        digest: "d".to_owned(),
        created_at: at(0),
        expires_at: at(1),
        author: "a".to_owned(),
        reason: "r".to_owned(),
        document: serde_json::json!(words),
    }
}

#[tokio::test]
async fn a_query_is_given_up_at_its_time_limit() {
    let database = on_embedded().await;
    let limits = QueryLimits {
        timeout: Duration::from_millis(50),
        ..QueryLimits::default()
    };
    let answer = database
        .store
        .query("select count(*) from generate_series(1, 3000000)", &limits)
        .await;
    let expected = StoreError::QueryTimeout {
        limit: limits.timeout,
    };
    assert_eq!(answer, Err(expected));
    let next = database
        .store
        .query("select 1", &QueryLimits::default())
        .await
        .unwrap();
    assert_eq!(next.rows.len(), 1);
    database.store.close().await;
}

#[tokio::test]
async fn a_directory_that_cannot_be_made_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "not a directory").unwrap();
    let error = Store::open(&config(&file.join("database")))
        .await
        .err()
        .unwrap();
    assert!(matches!(error, StoreError::Embedded { .. }), "{error}");
}

#[tokio::test]
async fn a_long_path_is_no_obstacle() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("d".repeat(150));
    let store = Store::open(&config(&path)).await.unwrap();
    store.close().await;
}
