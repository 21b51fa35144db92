//! `cargo xtask bench patterns`: how long coverage decisions take, in steps,
//! nanoseconds and, where valgrind is installed, instructions, which repeat on
//! every machine of the same kind.

use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::figures::output;
use super::{Arguments, example};

const EXAMPLE: &str = "decisions";

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let program = example("filter-pattern", EXAMPLE)?;
    let printed = output(&mut Command::new(&program))?;
    let mut rows: Vec<Value> = printed
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()
        .context("reading what the program printed")?;
    let counts = !arguments.no_instructions && has_valgrind();
    if counts {
        for row in rows.iter_mut().filter(|row| row["set"] != "adversaries") {
            let count = instructions(&program, row)?;
            row["instructions"] = json!(count);
        }
    }
    let medians: Vec<(&str, Value)> = ["covered", "with-a-hole"]
        .into_iter()
        .map(|set| (set, medians(&rows, set)))
        .collect();
    if arguments.format == "json" {
        let medians: serde_json::Map<String, Value> = medians
            .into_iter()
            .map(|(set, value)| (set.to_owned(), value))
            .collect();
        println!("{}", json!({ "questions": rows, "medians": medians }));
    } else {
        table(&rows);
        for (set, value) in medians {
            println!("median {set}: {value}");
        }
    }
    if !counts && !arguments.no_instructions {
        eprintln!("no instruction counts: valgrind is not installed (apt install valgrind)");
    }
    Ok(())
}

fn has_valgrind() -> bool {
    let mut command = Command::new("valgrind");
    command.arg("--version").stdout(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Instructions of one decision, as callgrind counts them.
fn instructions(program: &std::path::Path, row: &Value) -> Result<u64> {
    let text = |key: &str| row[key].as_str().unwrap_or_default();
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .args([
            "--collect-atstart=no",
            "--toggle-collect=*decisions*decided*",
        ])
        .arg(program)
        .args(["--once", text("set"), text("question")]);
    let result = command.output().context("running valgrind")?;
    let messages = String::from_utf8_lossy(&result.stderr);
    messages
        .lines()
        .find_map(|line| line.split_once("Collected : "))
        .and_then(|(_, count)| count.trim().parse().ok())
        .with_context(|| format!("valgrind counted nothing for {}", text("question")))
}

/// The medians of a set's figures.
fn medians(rows: &[Value], set: &str) -> Value {
    let median = |key: &str| {
        let of_set = rows.iter().filter(|row| row["set"] == set);
        let mut values: Vec<u64> = of_set.filter_map(|row| row[key].as_u64()).collect();
        values.sort_unstable();
        values.get(values.len() / 2).copied()
    };
    json!({
        "p50_ns": median("p50_ns"),
        "steps": median("steps"),
        "instructions": median("instructions"),
    })
}

fn table(rows: &[Value]) {
    println!(
        "{:<12} {:<38} {:<8} {:>8} {:>12} {:>12}",
        "SET", "QUESTION", "ANSWER", "STEPS", "P50 µs", "INSTRUCTIONS"
    );
    for row in rows {
        let text = |key: &str| row[key].as_str().unwrap_or_default();
        let nanoseconds = row["p50_ns"].as_u64().unwrap_or_default();
        println!(
            "{:<12} {:<38} {:<8} {:>8} {:>12} {:>12}",
            text("set"),
            text("question"),
            text("answer"),
            row["steps"],
            format!("{}.{}", nanoseconds / 1000, nanoseconds % 1000 / 100),
            row["instructions"]
                .as_u64()
                .map_or(String::new(), |count| count.to_string()),
        );
    }
}
