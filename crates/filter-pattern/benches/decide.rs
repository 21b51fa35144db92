//! Wall time of coverage decisions: `cargo bench -p filter-pattern`.

mod workload;

use divan::{Bencher, black_box};
use filter_pattern::{Schema, covers};
use workload::Question;

fn main() {
    divan::main();
}

fn names(questions: Vec<Question>) -> Vec<String> {
    questions
        .into_iter()
        .map(|question| question.name)
        .collect()
}

fn time(bencher: Bencher<'_, '_>, questions: Vec<Question>, name: &str) {
    let question = questions
        .into_iter()
        .find(|question| question.name == name)
        .expect("a question of this name");
    let filters = question.filters();
    let schema = Schema::cloudtrail();
    bencher.bench_local(|| covers(black_box(&question.required), &filters, &schema));
}

/// Each control against its own pattern split by Region, in a group of 77.
#[divan::bench(args = names(workload::real_life()))]
fn covered(bencher: Bencher<'_, '_>, name: &str) {
    time(bencher, workload::real_life(), name);
}

/// Each control against a narrowed filter, in a group of 44: an event escapes.
#[divan::bench(args = names(workload::with_a_hole()))]
fn with_a_hole(bencher: Bencher<'_, '_>, name: &str) {
    time(bencher, workload::with_a_hole(), name);
}

/// Patterns at AWS's limits that are made to be hard.
#[divan::bench(args = names(workload::adversaries()), sample_count = 10)]
fn adversary(bencher: Bencher<'_, '_>, name: &str) {
    time(bencher, workload::adversaries(), name);
}
