//! How much processor time judging takes: so many accounts (the first argument; 10,000) of an
//! organization against the whole catalog. Seven of ten are members of an organization trail, two
//! have whole chains of their own, one has its own spelling of a filter and an alarm that fails.
//! Prints one JSON object; `cargo xtask bench verdicts` runs it.

#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/verdicts/support.rs"]
mod support;

use std::hint::black_box;
use std::time::Instant;

use orgsweep_controls::{AccountSnapshot, Catalog, Evaluator};
use support::{S3, healthy, member, of_alarm, of_filter, owner, prescribed, relying_on};

fn main() {
    let wanted = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let accounts: u64 = wanted.unwrap_or(10_000);
    let snapshots: Vec<AccountSnapshot> = (0..accounts).map(account).collect();
    let relied_on = relying_on(owner());
    let evaluator = Evaluator::new(Catalog::builtin());
    let (began, cpu) = (Instant::now(), cpu_seconds());
    let mut findings = 0;
    for snapshot in &snapshots {
        findings += black_box(evaluator.evaluate(snapshot, &relied_on)).len();
    }
    let wall_s = began.elapsed().as_secs_f64();
    // On one thread the clock is the best guess where the processor's time is not told.
    let cpu_s = cpu_seconds()
        .zip(cpu)
        .map_or(wall_s, |(after, before)| after - before);
    let cpu_us_per_account = cpu_s * 1e6 / accounts.max(1) as f64;
    println!(
        "{}",
        serde_json::json!({
            "accounts": accounts,
            "controls": Catalog::builtin().controls().len(),
            "findings": findings,
            "cpu_s": cpu_s,
            "wall_s": wall_s,
            "cpu_us_per_account": cpu_us_per_account,
        })
    );
}

fn account(index: u64) -> AccountSnapshot {
    let id = format!("{:012}", 200_000_000_000 + index);
    match index % 10 {
        0..7 => member(&id),
        7 | 8 => healthy(&id),
        _ => {
            let mut snapshot = healthy(&id);
            // A spelling of its own, so that its proof is not remembered from another account.
            let spelt = format!("{} ", prescribed(S3))
                .replace(" || ", &format!("{:1$}|| ", "", index as usize % 97 + 1));
            of_filter(&mut snapshot, S3).pattern = spelt;
            of_alarm(&mut snapshot, "vpc-changes").actions_enabled = false;
            snapshot
        }
    }
}

/// Processor time of this process, where the system tells it (Linux counts in hundredths).
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks = |place: usize| fields.split_whitespace().nth(place)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0)
}
