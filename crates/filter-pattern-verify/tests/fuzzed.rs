//! What the fuzz targets check, on the inputs that fuzzing starts from, on those
//! that it found something with, and on damaged ones. `cargo xtask fuzz` goes on
//! from there.

use std::fs;
use std::path::Path;

use filter_pattern_verify::random::Random;
use filter_pattern_verify::{fuzzing, generate};

#[test]
fn fuzz_targets_accept_what_fuzzing_starts_from() {
    for (name, target) in fuzzing::TARGETS {
        let seeds = fuzzing::seeds(name);
        assert!(seeds.len() > 100, "{name}: {} seeds", seeds.len());
        for seed in seeds {
            target(seed.as_bytes());
        }
    }
}

#[test]
fn fuzz_targets_accept_what_fuzzing_found() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz_found");
    for (name, target) in fuzzing::TARGETS {
        let Ok(files) = fs::read_dir(folder.join(name)) else {
            continue;
        };
        for file in files {
            let file = file.expect("a file").path();
            eprintln!("{}", file.display());
            target(&fs::read(file).expect("the input"));
        }
    }
}

#[test]
fn every_fuzz_target_has_its_program() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/fuzz_targets");
    let mut programs: Vec<String> = fs::read_dir(folder)
        .expect("the programs")
        .map(|file| file.expect("a file").file_name().into_string())
        .map(|name| name.expect("a name").replace(".rs", ""))
        .collect();
    programs.sort_unstable();
    let mut targets = fuzzing::TARGETS.map(|(name, _)| name);
    targets.sort_unstable();
    assert_eq!(programs, targets);
}

#[test]
fn fuzz_targets_survive_generated_and_damaged_inputs() {
    let mut random = Random::new(5);
    for _ in 0..4_000 {
        let pattern = generate::pattern(&mut random);
        let other = generate::pattern(&mut random);
        let line = generate::line(&mut random, false);
        let mut inputs = [
            pattern.to_string().into_bytes(),
            format!("{pattern}\n{line}").into_bytes(),
            format!("{pattern}\n{other}").into_bytes(),
            generate::Criteria::generate(&mut random, 2)
                .text(&mut random)
                .into_bytes(),
        ];
        for ((_, target), input) in fuzzing::TARGETS.iter().zip(&mut inputs) {
            target(input);
            for _ in 0..random.below(4) {
                let at = random.below(input.len() + 1);
                let byte = *random.pick(b"{}[]()$.*=!<>&|\"%\\'-?@,0 \n\xc3x");
                match random.below(3) {
                    0 => input.insert(at, byte),
                    1 if at < input.len() => input[at] = byte,
                    _ => input.truncate(at),
                }
            }
            target(input);
        }
    }
}
