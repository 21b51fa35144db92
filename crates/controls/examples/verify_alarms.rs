//! Compares the decision on generated alarms with CloudWatch's evaluation, step
//! by step: `verify_alarms COUNT SEED`. Prints one JSON object; the exit code is 1
//! when one alarm is decided otherwise than it is evaluated. `cargo xtask verify
//! alarms` runs it.

#[path = "../tests/alarms/agreement.rs"]
mod agreement;
#[path = "../tests/alarms/generated.rs"]
mod generated;
#[path = "../tests/alarms/math.rs"]
mod math;
#[path = "../tests/alarms/simulation.rs"]
mod simulation;

use std::collections::BTreeMap;
use std::process::ExitCode;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::json;

fn main() -> ExitCode {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let (Some(Ok(count)), Some(Ok(seed))) = (numbers.next(), numbers.next()) else {
        eprintln!("usage: verify_alarms COUNT SEED");
        return ExitCode::from(2);
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut agreed: BTreeMap<&str, u64> = BTreeMap::new();
    let mut disagreements = Vec::new();
    for _ in 0..count {
        let case = match generated::case().new_tree(&mut runner) {
            Ok(tree) => tree.current(),
            Err(why) => {
                eprintln!("no alarm could be generated: {why}");
                return ExitCode::FAILURE;
            }
        };
        match agreement::compare(&case) {
            Ok(decision) => *agreed.entry(decision).or_default() += 1,
            Err(why) => disagreements.push(json!({
                "why": why,
                "transformation": case.transformation,
                "alarm": case.alarm,
                "traffic": case.traffic,
                "gaps": case.gaps,
            })),
        }
    }
    let report = json!({
        "alarms": count,
        "seed": seed,
        "decisions": agreed,
        "disagreements": disagreements.len(),
        "examples": disagreements.iter().take(3).collect::<Vec<_>>(),
    });
    println!("{report}");
    if disagreements.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
