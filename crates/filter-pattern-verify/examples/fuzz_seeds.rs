//! Writes the inputs that fuzzing starts from, one file each, into FOLDER/TARGET:
//! `cargo run --package filter-pattern-verify --example fuzz_seeds -- FOLDER`.

use std::path::Path;
use std::{env, fs, io};

use filter_pattern_verify::fuzzing::{TARGETS, seeds};

fn main() -> io::Result<()> {
    let folder = env::args_os().nth(1).expect("a folder is given");
    for (target, _) in TARGETS {
        let folder = Path::new(&folder).join(target);
        fs::create_dir_all(&folder)?;
        for (number, seed) in seeds(target).iter().enumerate() {
            fs::write(folder.join(format!("seed-{number:04}")), seed)?;
        }
    }
    Ok(())
}
