//! `chains`: compares verdicts with what happens, and exits with 1 when one of
//! them is contradicted. `cargo xtask verify chains` runs it.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use orgsweep_chain_verify::verify;

/// Compares verdicts on random organizations with what happens in the simulator.
#[derive(Parser)]
struct Arguments {
    /// How many verdicts to compare at least.
    #[arg(long, default_value_t = 100_000)]
    count: usize,
    /// Seed of the first organization; the others follow.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

fn main() -> ExitCode {
    run().unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn run() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    // The result of installing it twice is the same.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let shows_progress = std::io::stderr().is_terminal();
    let progress = |chains: usize| {
        if shows_progress {
            eprint!("\r{chains} of {} verdicts", arguments.count);
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let report = runtime.block_on(verify(arguments.count, arguments.seed, &progress))?;
    if shows_progress {
        eprintln!();
    }
    match arguments.format {
        Format::Text => print!("{report}"),
        Format::Json => println!("{}", serde_json::to_string_pretty(&report)?),
    }
    Ok(if report.disagreements == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
