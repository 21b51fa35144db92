//! Databases that are not as they should be: down, lost in the middle of a
//! sweep, newer than the program, in use, full.

use std::path::{Path, PathBuf};
use std::process::Command;

use orgsweep_tests::{CuttableConnection, Database, Installation, until, workspace};

use crate::failing_aws::account_row;
use crate::simulated::Simulated;

#[tokio::test]
async fn a_database_that_is_down_is_named_without_its_password() {
    let mut installation = Installation::embedded();
    // Nothing listens on the discard port of this machine.
    installation.set(
        "DATABASE_URL",
        "postgres://orgsweep:a-password@127.0.0.1:9/orgsweep",
    );
    for arguments in [
        &["findings"][..],
        &["sweep"],
        &["migrate"],
        &["query", "select 1"],
    ] {
        let ended = installation
            .run(arguments)
            .await
            .with_code(1)
            .saying(&["127.0.0.1:9"]);
        assert!(!ended.stderr.contains("a-password"), "{ended}");
        assert!(!ended.stdout.contains("a-password"), "{ended}");
    }
}

#[tokio::test]
async fn a_database_url_that_is_none_is_refused() {
    let mut installation = Installation::embedded();
    installation.set("DATABASE_URL", "mysql://root:a-password@localhost/orgsweep");
    let ended = installation
        .run(&["findings"])
        .await
        .with_code(2)
        .saying(&["postgres://"]);
    assert!(!ended.stderr.contains("a-password"), "{ended}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_lost_in_mid_sweep_ends_the_sweep_which_resumes_later() {
    let simulated = Simulated::demo().await;
    let database = Database::new().await;
    let connection = CuttableConnection::to(database.listens()).await;
    let mut installation = simulated.installation(Installation::embedded().keeping_in(database));
    let direct = installation.database().url();
    let through = installation
        .database()
        .url_through(connection.address(), "a-password");
    installation.set("DATABASE_URL", &through);
    installation.set("ORGSWEEP_SWEEP_CONCURRENCY", "2");
    simulated.slow_down(20);

    let sweep = installation.start(&["sweep"]);
    until("some accounts are done", || async {
        let done = installation.database().number(DONE).await?;
        (done >= 5).then_some(())
    })
    .await;
    connection.cut();
    let ended = sweep
        .end()
        .await
        .with_code(1)
        .saying(&["database", "--resume"]);
    assert!(!ended.stderr.contains("a-password"), "{ended}");

    simulated.slow_down(0);
    installation.set("DATABASE_URL", &direct);
    installation.run(&["sweep", "--resume"]).await.with_code(0);
    simulated.assert_found_as_expected(&installation).await;
    assert_eq!(
        installation
            .database()
            .number("select count(*) from sweep")
            .await,
        Some(1)
    );
}

const DONE: &str = "select count(*) from sweep_account where outcome = 'done'";

/// What the database does not take of one account must not end the night of all others, nor stand in
/// the way of every resumption.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_the_database_does_not_take_fails_alone() {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::on_server().await);
    installation.run(&["migrate"]).await.with_code(0);
    let account = simulated.some_healthy_account();
    let database = installation.database();
    database
        .execute(&format!(
            "create function refused() returns trigger language plpgsql as $$
             begin
                if new.outcome = 'done' and new.account_no =
                    (select account_no from account where account_id = '{account}')
                then raise exception 'too large for a value' using errcode = 'program_limit_exceeded';
                end if;
                return new;
             end $$"
        ))
        .await;
    database
        .execute(
            "create trigger refused before update on sweep_account
             for each row execute function refused()",
        )
        .await;
    installation.run(&["sweep"]).await.with_code(0);
    let row = account_row(&installation, &account).await;
    assert_eq!(row["outcome"], "failed", "{row}");
    assert_eq!(row["reason"], "not_recorded", "{row}");
    let message = row["message"].as_str().unwrap_or_default();
    assert!(message.contains("too large for a value"), "{row}");
    simulated
        .assert_found_as_expected_except(&installation, &[&account])
        .await;
    simulated
        .assert_every_account_has_an_outcome(&installation)
        .await;
}

#[tokio::test]
async fn a_database_newer_than_the_program_is_refused() {
    let installation = Installation::on_server().await;
    installation.run(&["migrate"]).await.with_code(0);
    installation
        .database()
        .execute(
            "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
             values (99990101000000, 'from the future', true, '\\x00', 0)",
        )
        .await;
    installation
        .run(&["findings"])
        .await
        .with_code(1)
        .saying(&["newer"]);
}

#[tokio::test]
async fn migrating_twice_changes_nothing() {
    let installation = Installation::on_server().await;
    installation.run(&["migrate"]).await.with_code(0);
    let applied = "select count(*) from _sqlx_migrations";
    let before = installation.database().number(applied).await;
    assert!(before >= Some(1));
    installation.run(&["migrate"]).await.with_code(0);
    assert_eq!(installation.database().number(applied).await, before);
}

#[tokio::test]
async fn several_programs_may_migrate_at_once() {
    let installation = Installation::on_server().await;
    let started: Vec<_> = (0..4).map(|_| installation.start(&["migrate"])).collect();
    for program in started {
        program.end().await.with_code(0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_embedded_database_in_use_by_another_program_is_refused() {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::embedded());
    installation.run(&["migrate"]).await.with_code(0);
    simulated.hang_everything();
    let sweep = installation.start(&["sweep"]);
    until("the sweep holds the database", || async {
        (!simulated.calls().is_empty()).then_some(())
    })
    .await;
    installation
        .run(&["findings"])
        .await
        .with_code(1)
        .saying(&["in use"]);
    sweep.signal("KILL").await;
    sweep.end().await;
    installation.run(&["findings"]).await.with_code(0);
}

/// The disk is made full by a small library that is loaded before libc: from a
/// number of bytes on, writing below a directory says that no space is left.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_ends_the_sweep_with_a_message_and_loses_nothing() {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::embedded());
    installation.run(&["sweep"]).await.with_code(0);
    let before = installation
        .query("select count(*)::text as n from posture")
        .await;

    simulated.silence_every_alarm();
    let library = full_disk_library(installation.home());
    let mut command = installation.command(&["sweep"]);
    command
        .env("LD_PRELOAD", &library)
        .env("FULL_DISK_UNDER", installation.home());
    command.env("FULL_DISK_BYTES", "65536");
    orgsweep_tests::Running::start(command)
        .end()
        .await
        .with_code(1)
        .saying(&["no space is left"]);

    let after = installation
        .query("select count(*)::text as n from posture")
        .await;
    assert_eq!(after, before, "what was there is still there");
    installation.run(&["sweep"]).await.with_code(0);
}

fn full_disk_library(directory: &Path) -> PathBuf {
    let library = directory.join("full_disk.so");
    let output = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&library)
        .arg(workspace().join("tests/full_disk/full_disk.c"))
        .arg("-ldl")
        .output()
        .expect("there is the C compiler that Rust links with");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    library
}
