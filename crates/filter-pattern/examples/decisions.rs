//! Decides the benchmarks' questions and prints one line of JSON for each:
//! `decisions [covered|with-a-hole|adversaries] [NAME]`. With `--once`, each is
//! decided once after a warm-up, in a function of its own, for tools that count
//! instructions.

#[path = "../benches/workload/mod.rs"]
mod workload;

use std::hint::black_box;
use std::time::Instant;

use filter_pattern::{CoverQuestion, Covers};
use workload::Question;

fn main() {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let once = arguments.iter().any(|argument| argument == "--once");
    arguments.retain(|argument| argument != "--once");
    let sets = [
        ("covered", workload::real_life as fn() -> Vec<Question>),
        ("with-a-hole", workload::with_a_hole),
        ("adversaries", workload::adversaries),
    ];
    for (set, questions) in sets {
        if arguments.first().is_some_and(|wanted| wanted != set) {
            continue;
        }
        for question in questions() {
            if arguments
                .get(1)
                .is_none_or(|wanted| *wanted == question.name)
            {
                println!("{}", measure(set, &question, once));
            }
        }
    }
}

fn measure(set: &str, question: &Question, once: bool) -> serde_json::Value {
    let filters = question.filters();
    let question_asked = CoverQuestion::new(&question.required, &filters);
    let (answer, steps) = black_box(question_asked.decide_counting());
    let rounds = match (once, set) {
        (true, _) => 1,
        (false, "adversaries") => 11,
        (false, _) => 1001,
    };
    let mut times: Vec<u128> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            black_box(decided(&question_asked));
            start.elapsed().as_nanos()
        })
        .collect();
    times.sort_unstable();
    let answer = match answer {
        Covers::Yes(_) => "yes",
        Covers::No(_) => "no",
        Covers::Unknown(_) => "unknown",
    };
    serde_json::json!({
        "set": set,
        "question": question.name,
        "filters": filters.len(),
        "answer": answer,
        "steps": steps,
        "p50_ns": times[times.len() / 2],
        "p99_ns": times[times.len() * 99 / 100],
    })
}

/// Where instructions are counted.
#[inline(never)]
fn decided(question: &CoverQuestion<'_>) -> Covers {
    black_box(question).decide()
}
