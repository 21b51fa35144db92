//! `filter-pattern-verify`: a whole run, as `cargo xtask verify patterns` starts
//! it. The report goes to standard output, progress and times to standard error.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use clap::{Parser, ValueEnum};
use filter_pattern_verify::run::Plan;

/// Checks filter-pattern against a second implementation and exhaustive search.
#[derive(Debug, Parser)]
struct Arguments {
    /// Pairs of a pattern and a message; a tenth as many coverage questions.
    #[arg(long, default_value_t = 1_000_000)]
    count: u64,
    /// From which all cases are made.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How the report is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// With so many pairs every construct is generated.
const REACHES_ALL: u64 = 20_000;

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Text,
    Json,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let plan = Plan::new(arguments.count, arguments.seed);
    let started = Instant::now();
    let shown = AtomicU64::new(0);
    let report = plan.run(&|part, done, cases| {
        let seconds = started.elapsed().as_secs();
        if done == cases || shown.fetch_max(seconds + 1, Ordering::Relaxed) <= seconds {
            eprintln!("{part}: {done} of {cases} cases after {seconds} s");
        }
    });
    match arguments.format {
        Format::Text => println!("{report}"),
        Format::Json => println!("{:#}", report.to_json(arguments.seed)),
    }
    // A run of a few cases cannot reach everything.
    let unreached = arguments.count >= REACHES_ALL && !report.nodes.missing().is_empty();
    if report.disagreements > 0 || unreached {
        for it in &report.shown {
            eprintln!(
                "\ndisagreement: {} (case {})\n  {}",
                it.check, it.case, it.shown
            );
        }
        eprintln!(
            "{} disagreements; constructs that were never generated: {:?}",
            report.disagreements,
            report.nodes.missing()
        );
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
