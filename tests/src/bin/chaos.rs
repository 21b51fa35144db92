//! `orgsweep-chaos`: what `cargo xtask chaos` runs. Prints what it did and which
//! rules were broken; ends with 1 when one was.

use std::process::ExitCode;

use clap::Parser;
use orgsweep_tests::chaos::{
    Story, Undisturbed, disturbed_sweep, killed_migrations, killed_sweep, killed_workers,
    malformed_answers,
};
use serde_json::json;

/// Sweeps through faults, and programs that are killed, from a seed.
#[derive(Parser)]
struct Cli {
    /// Sweeps with faults.
    #[arg(long, default_value_t = 50)]
    runs: u64,
    /// Kills of sweeps, at least.
    #[arg(long, default_value_t = 200)]
    kills: u32,
    /// Kills of migrations, about.
    #[arg(long, default_value_t = 40)]
    migrations: u32,
    /// Kills of workers, about.
    #[arg(long, default_value_t = 40)]
    workers: u32,
    /// Sweeps whose answers are malformed.
    #[arg(long, default_value_t = 20)]
    answers: u64,
    /// From which everything is drawn; a run has the seed plus its number.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How the result is printed.
    #[arg(long, value_parser = ["text", "json"], default_value = "text")]
    format: String,
}

/// Kills in a row before a sweep is let through.
const KILLS_IN_A_ROW: u32 = 8;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let undisturbed = Undisturbed::of_demo().await;
    let mut stories = Vec::new();
    for run in 0..cli.runs {
        let story = disturbed_sweep(cli.seed + run, &undisturbed).await;
        tell(&story);
        stories.push(story);
    }
    for run in 0..cli.answers {
        let story = malformed_answers(cli.seed + run, &undisturbed).await;
        tell(&story);
        stories.push(story);
    }
    let mut kills = 0;
    let mut seed = cli.seed;
    while kills < cli.kills {
        let story = killed_sweep(seed, KILLS_IN_A_ROW, &undisturbed).await;
        tell(&story);
        kills += story.kills;
        seed += 1;
        stories.push(story);
    }
    let (mut kills, mut seed) = (0, cli.seed);
    while kills < cli.workers {
        let story = killed_workers(seed, KILLS_IN_A_ROW, &undisturbed).await;
        tell(&story);
        kills += story.kills;
        seed += 1;
        stories.push(story);
    }
    if cli.migrations > 0 {
        let story = killed_migrations(cli.seed, cli.migrations).await;
        tell(&story);
        stories.push(story);
    }
    let violations: Vec<String> = stories
        .iter()
        .flat_map(|story| &story.violations)
        .cloned()
        .collect();
    if cli.format == "json" {
        println!(
            "{}",
            json!({
                "seed": cli.seed,
                "runs": cli.runs,
                "kills": stories.iter().map(|story| story.kills).sum::<u32>(),
                "violations": violations.len(),
                "broken": violations,
            })
        );
    } else {
        println!(
            "{} runs, {} kills, {} rules broken",
            stories.len(),
            stories.iter().map(|story| story.kills).sum::<u32>(),
            violations.len()
        );
        for violation in &violations {
            println!("- {violation}");
        }
    }
    ExitCode::from(u8::from(!violations.is_empty()))
}

/// A line per run on standard error, and what was broken.
fn tell(story: &Story) {
    eprintln!(
        "seed {}: {}; {}",
        story.seed,
        story.disturbances.join(", "),
        story.endings.join(" | ")
    );
    for violation in &story.violations {
        eprintln!("  BROKEN {violation}");
    }
}
