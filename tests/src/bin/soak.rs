//! `orgsweep-soak`: what `cargo xtask soak` runs. Prints what was held after each sweep; ends
//! with 1 when something grew.

use std::process::ExitCode;

use clap::Parser;
use orgsim::Scenario;
use orgsweep_tests::soak::{Sample, Sweeper, soak};
use serde_json::json;

/// Sweep after sweep of the demo organization, with changes in between.
#[derive(Parser)]
struct Cli {
    /// Sweeps of one service, and as many on the command line.
    #[arg(long, default_value_t = 50)]
    sweeps: usize,
    /// How the result is printed.
    #[arg(long, value_parser = ["text", "json"], default_value = "text")]
    format: String,
}

/// By how much the memory of later sweeps may exceed that of earlier ones.
const MORE_MEMORY: f64 = 1.1;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut violations = Vec::new();
    let mut runs = Vec::new();
    for (name, sweeper) in [
        ("service", Sweeper::Service),
        ("command_line", Sweeper::CommandLine),
    ] {
        let soaked = soak(&Scenario::demo(), cli.sweeps, sweeper).await;
        for (number, sample) in soaked.samples.iter().enumerate() {
            eprintln!("{name} {}: {}", number + 1, line(sample));
        }
        let memory: Vec<u64> = soaked
            .samples
            .iter()
            .filter_map(|it| it.memory_kib)
            .collect();
        let (early, late) = (middle(&memory, 1), middle(&memory, 4));
        if late as f64 > early as f64 * MORE_MEMORY {
            violations.push(format!(
                "memory of the {name}: {early} KiB, then {late} KiB"
            ));
        }
        violations.extend(soaked.violations);
        let first = soaked.samples.get(2).map(shown);
        let last = soaked.samples.last().map(shown);
        runs.push(json!({
            "by": name,
            "sweeps": soaked.samples.len(),
            "memory_kib": { "early": early, "late": late },
            "third": first,
            "last": last,
        }));
    }
    if cli.format == "json" {
        println!("{}", json!({ "runs": runs, "violations": violations }));
    } else {
        for run in &runs {
            println!("{run:#}");
        }
        println!("{} things grew", violations.len());
        for violation in &violations {
            println!("- {violation}");
        }
    }
    ExitCode::from(u8::from(!violations.is_empty()))
}

/// The median of one fifth of the samples.
fn middle(samples: &[u64], fifth: usize) -> u64 {
    let length = samples.len() / 5;
    let mut part = samples[fifth * length..(fifth + 1) * length].to_vec();
    part.sort_unstable();
    part.get(part.len() / 2).copied().unwrap_or_default()
}

fn line(sample: &Sample) -> String {
    let shown = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |it| it.to_string());
    format!(
        "{} KiB, {} threads, {} tasks, {} files, {} connections, {} rows, {} KiB of tables",
        shown(sample.memory_kib),
        shown(sample.threads.map(|it| it as u64)),
        shown(sample.tasks.map(|it| it as u64)),
        shown(sample.files.map(|it| it as u64)),
        sample.connections,
        sample.rows.values().sum::<i64>(),
        sample.bytes / 1024,
    )
}

fn shown(sample: &Sample) -> serde_json::Value {
    json!({
        "memory_kib": sample.memory_kib,
        "threads": sample.threads,
        "tasks": sample.tasks,
        "files": sample.files,
        "connections": sample.connections,
        "table_bytes": sample.bytes,
        "rows": sample.rows,
    })
}
