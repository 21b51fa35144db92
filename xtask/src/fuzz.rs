//! `cargo xtask fuzz`: libFuzzer on the targets in `fuzz/`, with stable Rust. Each
//! target starts from the vectors and what the generators make, within a limit of
//! memory and of time for one input. What breaks a target is kept, and the command
//! that shows it again is printed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace;

/// Feeds the fuzz targets of filter-pattern with inputs that reach ever more of it.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only this target, one of `fuzz/fuzz_targets`.
    #[arg(long)]
    target: Option<String>,
    /// Seconds for each target (default: 60).
    #[arg(long, conflicts_with = "runs")]
    seconds: Option<u64>,
    /// Inputs for each target, instead of a time.
    #[arg(long)]
    runs: Option<u64>,
    /// From which inputs are made.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    seed: u32,
    /// Start from what earlier runs found interesting as well; what is
    /// run then depends on them.
    #[arg(long)]
    keep_corpus: bool,
    /// Only give this file to the target, to see again what broke it.
    #[arg(long, requires = "target", conflicts_with_all = ["seconds", "runs"])]
    input: Option<PathBuf>,
}

/// More memory than this is a finding. The targets take some 100 MB, most of it
/// libFuzzer's own.
const MEMORY_MB: u32 = 1024;
/// One input that takes longer is a finding.
const SECONDS_PER_INPUT: u32 = 10;
/// Several patterns of AWS's length.
const LONGEST_INPUT: u32 = 4096;

/// What `cargo fuzz` builds with, without the sanitizers, which need nightly.
/// The code under test has no `unsafe` for them to look at.
const INSTRUMENTED: &str = "-Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares \
    --cfg fuzzing -Ccodegen-units=1";

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let all = targets()?;
    let chosen = match &arguments.target {
        None => all,
        Some(target) if all.contains(target) => vec![target.clone()],
        Some(target) => bail!("`{target}` is no target; there are {}", all.join(", ")),
    };
    let programs = build(&chosen)?;
    let folder = workspace::target()?.join("fuzz");
    if arguments.input.is_none() {
        let seeds = folder.join("seeds");
        if seeds.exists() {
            fs::remove_dir_all(&seeds)?;
        }
        workspace::run(
            workspace::cargo(&["run", "--quiet", "--package", "filter-pattern-verify"])?
                .args(["--example", "fuzz_seeds", "--"])
                .arg(seeds),
        )?;
    }
    for target in &chosen {
        fuzz(arguments, target, &programs.join(target), &folder)?;
    }
    Ok(())
}

fn sources() -> PathBuf {
    workspace::root().join("fuzz")
}

/// The names of the targets, in order.
fn targets() -> Result<Vec<String>> {
    let folder = sources().join("fuzz_targets");
    let mut names = Vec::new();
    for file in fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = file?.path();
        let name = path.file_stem().context("a file without a name")?;
        names.push(name.to_string_lossy().into_owned());
    }
    names.sort_unstable();
    Ok(names)
}

/// Builds the programs and says where they lie.
fn build(targets: &[String]) -> Result<PathBuf> {
    let host = host()?;
    let folder = workspace::target()?.join("fuzz/build");
    let mut command = workspace::cargo(&["build", "--quiet", "--release", "--locked"])?;
    // With a platform named, the flags are for the programs alone and not for
    // the build scripts, which have no libFuzzer to be instrumented for.
    command.args(["--target", &host]);
    for target in targets {
        command.args(["--bin", target]);
    }
    command
        .current_dir(sources())
        .env("CARGO_TARGET_DIR", &folder)
        .env("RUSTFLAGS", INSTRUMENTED)
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    workspace::run(&mut command).context("libFuzzer needs a C++ compiler (apt install g++)")?;
    Ok(folder.join(host).join("release"))
}

/// The platform that this machine is.
fn host() -> Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("-vV").output()?;
    let text = String::from_utf8(output.stdout)?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not say its host")?.to_owned())
}

fn fuzz(arguments: &Arguments, target: &str, program: &Path, folder: &Path) -> Result<()> {
    let crashes = crashes(folder, target);
    let corpus = folder.join("corpus").join(target);
    if !arguments.keep_corpus && corpus.exists() {
        fs::remove_dir_all(&corpus)?;
    }
    for folder in [&crashes, &corpus] {
        fs::create_dir_all(folder)?;
    }
    let mut command = Command::new(program);
    command
        .arg(format!("-rss_limit_mb={MEMORY_MB}"))
        .arg(format!("-timeout={SECONDS_PER_INPUT}"));
    if let Some(input) = &arguments.input {
        command.arg(input);
    } else {
        from_seeds(&mut command, arguments, target, folder);
    }
    let before = files(&crashes)?;
    if workspace::run(&mut command).is_ok() {
        println!("{target}: nothing found");
        return Ok(());
    }
    for crash in files(&crashes)? {
        if !before.contains(&crash) {
            let crash = crash.display();
            eprintln!("see it again: cargo xtask fuzz --target {target} --input {crash}");
        }
    }
    bail!(
        "the target `{target}` broke; what broke it is in {}",
        crashes.display()
    )
}

/// The arguments of a run that makes inputs, as libFuzzer has them.
fn from_seeds(command: &mut Command, arguments: &Arguments, target: &str, folder: &Path) {
    let until = match arguments.runs {
        Some(runs) => format!("-runs={runs}"),
        None => format!("-max_total_time={}", arguments.seconds.unwrap_or(60)),
    };
    let dictionary = sources().join("patterns.dict");
    command
        .args([until, format!("-seed={}", arguments.seed)])
        .arg(format!("-max_len={LONGEST_INPUT}"))
        .arg(format!("-dict={}", dictionary.display()))
        .arg(format!(
            "-artifact_prefix={}/",
            crashes(folder, target).display()
        ))
        .args(["-print_final_stats=1", "-verbosity=0"])
        .arg(folder.join("corpus").join(target))
        .arg(folder.join("seeds").join(target));
    let found = workspace::root()
        .join("crates/filter-pattern-verify/tests/fuzz_found")
        .join(target);
    if found.exists() {
        command.arg(found);
    }
}

/// Where what breaks a target is kept.
fn crashes(folder: &Path, target: &str) -> PathBuf {
    folder.join("crashes").join(target)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for file in fs::read_dir(folder)? {
        files.push(file?.path());
    }
    files.sort_unstable();
    Ok(files)
}
