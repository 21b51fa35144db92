//! The tests' own Python: a virtual environment under `target/test-support`
//! with what `tests/requirements.txt` lists, made again when that changes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::workspace;

/// Oldest Python that the requirements run on.
const OLDEST: (u32, u32) = (3, 10);

/// The environment's interpreter; makes the environment first when there is
/// none, or one for other requirements.
pub(crate) fn environment() -> Result<PathBuf> {
    let requirements = workspace::root().join("tests/requirements.txt");
    let wanted = fs::read_to_string(&requirements)
        .with_context(|| format!("cannot read `{}`", requirements.display()))?;
    let directory = workspace::test_support()?.join("python");
    let interpreter = directory.join("bin/python");
    // Written last: an installation that was cut short is done again.
    let stamp = directory.join("installed-requirements.txt");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) && runs(&interpreter) {
        return Ok(interpreter);
    }

    if directory.exists() {
        fs::remove_dir_all(&directory)
            .with_context(|| format!("cannot remove `{}`", directory.display()))?;
    }
    fs::create_dir_all(&directory)?;
    let system = system_python()?;
    workspace::run(Command::new(&system).args(["-m", "venv"]).arg(&directory))
        .context("cannot make a Python environment: install Python's venv module")?;
    workspace::run(
        Command::new(&interpreter)
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--requirement",
            ])
            .arg(&requirements),
    )
    .context("cannot install what tests/requirements.txt lists")?;
    fs::write(&stamp, wanted)?;
    Ok(interpreter)
}

fn runs(interpreter: &Path) -> bool {
    Command::new(interpreter)
        .args(["-c", ""])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The first Python on the path that is new enough; `PYTHON` names another.
fn system_python() -> Result<String> {
    let named = std::env::var("PYTHON").ok();
    let candidates = named
        .iter()
        .map(String::as_str)
        .chain(["python3", "python"]);
    let mut found = Vec::new();
    for candidate in candidates {
        let Ok(output) = Command::new(candidate)
            .args([
                "-c",
                "import sys; print(sys.version_info[0], sys.version_info[1])",
            ])
            .output()
        else {
            continue;
        };
        match version(&String::from_utf8_lossy(&output.stdout)) {
            Some(version) if version >= OLDEST => return Ok(candidate.to_owned()),
            Some((major, minor)) => found.push(format!("`{candidate}` is {major}.{minor}")),
            None => {}
        }
    }
    let (major, minor) = OLDEST;
    bail!(
        "the tests need Python {major}.{minor} or newer ({}): install it, or name one in the variable PYTHON",
        if found.is_empty() {
            "found none".to_owned()
        } else {
            found.join(", ")
        }
    )
}

fn version(printed: &str) -> Option<(u32, u32)> {
    let (major, minor) = printed.trim().split_once(' ')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert!(version("3 9\n").unwrap() < OLDEST);
        assert!(version("3 11\n").unwrap() > OLDEST);
        assert_eq!(version("no python"), None);
    }
}
