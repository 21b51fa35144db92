//! `cargo xtask bench store`: months of nights of a large organization in a throw-away
//! PostgreSQL, and of a smaller one in the embedded database: the first night, one without
//! change, and every documented view (`crates/scanner/examples/nights`).

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::database::Database;
use super::figures::table;
use super::process::{load, measured};
use super::{Arguments, Wanted, built};
use crate::{python, workspace};

/// Accounts in the embedded database, or as many as are asked for when those are fewer.
const EMBEDDED_ACCOUNTS: u32 = 1_000;

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let (_, examples) = built(Wanted {
        programs: &[],
        examples: &["nights"],
        embedded: !arguments.server_only,
    })?;
    let program = examples.join("nights");
    let nights = |accounts: u32, place: [&str; 2]| -> Result<Value> {
        let before = load();
        let mut command = Command::new(&program);
        command.args([accounts.to_string(), arguments.nights.to_string()]);
        let ended = measured(command.args(place))?.fine("filling and asking the store")?;
        let mut figures: Value =
            serde_json::from_str(&ended.stdout).context("reading what it printed")?;
        figures["peak_rss_mib"] = json!(ended.usage.peak_rss_mib.round());
        figures["load"] = json!(before);
        Ok(figures)
    };
    let python = python::environment()?;
    let database = Database::start(&python)?;
    let server = nights(arguments.accounts(), ["server", database.url()])?;
    drop(database);
    let embedded = if arguments.server_only {
        Value::Null
    } else {
        let directory = workspace::target()?.join("bench/embedded");
        if directory.exists() {
            fs::remove_dir_all(&directory)?;
        }
        let place = directory.to_string_lossy().into_owned();
        let figures = nights(
            arguments.accounts().min(EMBEDDED_ACCOUNTS),
            ["embedded", &place],
        );
        fs::remove_dir_all(&directory)?;
        figures?
    };
    if arguments.as_json() {
        println!("{:#}", json!({ "server": server, "embedded": embedded }));
        return Ok(());
    }
    for (place, figures) in [("PostgreSQL", &server), ("embedded", &embedded)] {
        if !figures.is_null() {
            print(place, figures);
        }
    }
    Ok(())
}

fn print(place: &str, figures: &Value) {
    println!(
        "{place}: {} accounts, {} nights, {} findings in {} periods, {} MiB",
        figures["accounts"],
        figures["nights"],
        figures["findings"],
        figures["periods"],
        figures["database_mib"]
    );
    let nights = ["first_night", "changed_night", "unchanged_night"].map(|night| {
        let mut row = figures[night].clone();
        row["night"] = json!(night);
        row
    });
    let columns = [
        "night",
        "seconds",
        "bytes",
        "share_of_first_percent",
        "turned",
        "new_snapshots",
    ];
    print!("{}", table(&columns, &nights));
    let views = figures["views"].as_array().cloned().unwrap_or_default();
    let columns = ["view", "p50_ms", "p95_ms", "rows", "question"];
    print!("{}", table(&columns, &views));
    for view in views.iter().filter(|view| !view["plan"].is_null()) {
        println!("\n{}", view["question"].as_str().unwrap_or_default());
        println!("{}", view["plan"].as_str().unwrap_or_default());
    }
}
