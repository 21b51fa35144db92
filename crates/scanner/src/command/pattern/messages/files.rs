//! Which files hold the events: those that are named, and those below the
//! directories that are named.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// What files in a directory are read.
const ENDINGS: [&str; 8] = [
    ".json",
    ".jsonl",
    ".ndjson",
    ".log",
    ".txt",
    ".json.gz",
    ".jsonl.gz",
    ".log.gz",
];

/// The files of the inputs: a directory stands for those in it, at any depth, in order. Links are
/// followed; a directory that several of them lead to, or that one of them lies in, is read once.
pub(super) fn files(inputs: &[PathBuf]) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for input in inputs {
        if input.is_dir() {
            files_below(input, &mut BTreeSet::new(), &mut files)?;
        } else {
            files.push(input.clone());
        }
    }
    Ok(files)
}

fn files_below(
    directory: &Path,
    seen: &mut BTreeSet<PathBuf>,
    files: &mut Vec<PathBuf>,
) -> io::Result<()> {
    if !seen.insert(directory.canonicalize()?) {
        return Ok(());
    }
    let mut entries: Vec<PathBuf> = std::fs::read_dir(directory)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            files_below(&entry, seen, files)?;
        } else if is_of_interest(&entry) {
            files.push(entry);
        }
    }
    Ok(())
}

fn is_of_interest(file: &Path) -> bool {
    let name = file.to_string_lossy().to_lowercase();
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_searched_for_files_of_events() {
        let directory = tempfile::tempdir().unwrap();
        let inner = directory.path().join("2026/11");
        std::fs::create_dir_all(&inner).unwrap();
        for name in ["b.json.gz", "a.LOG", "picture.png"] {
            std::fs::write(inner.join(name), "").unwrap();
        }
        let files = files(&[directory.path().to_owned()]).unwrap();
        assert_eq!(files, [inner.join("a.LOG"), inner.join("b.json.gz")]);
    }

    #[cfg(unix)]
    #[test]
    fn links_between_directories_lead_into_no_loop() {
        use std::os::unix::fs::symlink;

        let directory = tempfile::tempdir().unwrap();
        let (one, other) = (directory.path().join("1"), directory.path().join("2"));
        std::fs::create_dir(&one).unwrap();
        std::fs::create_dir(&other).unwrap();
        std::fs::write(other.join("a.json"), "").unwrap();
        symlink(directory.path(), one.join("up")).unwrap();
        symlink(&one, other.join("back")).unwrap();
        let found = files(&[directory.path().to_owned()]).unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        // A link that is named, and one to a directory outside, are followed.
        let outside = tempfile::tempdir().unwrap();
        symlink(&other, outside.path().join("link")).unwrap();
        assert_eq!(files(&[outside.path().to_owned()]).unwrap().len(), 1);
        assert_eq!(files(&[outside.path().join("link")]).unwrap().len(), 1);
    }
}
