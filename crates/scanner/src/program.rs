//! How the user can call this program again: the word that suggested commands
//! begin with.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The program's name.
pub(crate) const NAME: &str = "orgsweep";

/// `orgsweep` when it is on the search path, else the way to this very file, so
/// that suggested commands work as they are printed.
pub(crate) fn callable() -> String {
    let Ok(exe) = std::env::current_exe() else {
        return NAME.to_owned();
    };
    let here = std::env::current_dir().unwrap_or_default();
    let search_path = std::env::var_os("PATH").unwrap_or_default();
    if is_on(&search_path, &exe) {
        NAME.to_owned()
    } else {
        quoted(exe.strip_prefix(&here).unwrap_or(&exe))
    }
}

/// Whether the first program of our name on a search path is this file.
fn is_on(search_path: &OsStr, exe: &Path) -> bool {
    let found = std::env::split_paths(search_path)
        .map(|directory| directory.join(format!("{NAME}{}", std::env::consts::EXE_SUFFIX)))
        .find(|path| path.is_file());
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| PathBuf::from(path));
    found.is_some_and(|found| real(&found) == real(exe))
}

/// A path as a word for a shell.
pub(crate) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+~:\\".contains(c);
    if text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_enough_when_the_search_path_leads_here() {
        let directory = tempfile::tempdir().unwrap();
        let exe = directory
            .path()
            .join(format!("{NAME}{}", std::env::consts::EXE_SUFFIX));
        std::fs::write(&exe, "").unwrap();
        assert!(is_on(directory.path().as_os_str(), &exe));
        assert!(!is_on(OsStr::new(""), &exe));
        assert!(!is_on(
            directory.path().as_os_str(),
            Path::new("elsewhere/orgsweep")
        ));
    }

    #[test]
    fn paths_are_quoted_for_a_shell() {
        for (path, word) in [
            ("target/debug/orgsweep", "target/debug/orgsweep"),
            ("my tools/orgsweep", "'my tools/orgsweep'"),
            ("it's/orgsweep", r"'it'\''s/orgsweep'"),
        ] {
            assert_eq!(quoted(Path::new(path)), word);
        }
    }
}
