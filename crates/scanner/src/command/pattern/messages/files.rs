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

/// Of these, those whose name says that they hold JSON and nothing else.
const JSON_ENDINGS: [&str; 5] = [".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz"];

/// The files of the inputs: a directory stands for those in it, at any depth, in order; pipes and
/// sockets in it are left out, reading them could take for ever. Links are followed; a directory that several of them lead to, or that one of them lies in, is read once.
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
        // What cannot be looked at is named when it is read.
        let kind = entry.metadata().map(|metadata| metadata.file_type()).ok();
        if kind.is_some_and(|kind| kind.is_dir()) {
            files_below(&entry, seen, files)?;
        } else if kind.is_none_or(|kind| kind.is_file()) && ends_with(&entry, &ENDINGS) {
            files.push(entry);
        }
    }
    Ok(())
}

/// Whether a file's name says that it holds JSON and nothing else.
pub(super) fn is_json_by_name(file: &Path) -> bool {
    ends_with(file, &JSON_ENDINGS)
}

fn ends_with(file: &Path, endings: &[&str]) -> bool {
    let name = file.to_string_lossy().to_lowercase();
    endings.iter().any(|ending| name.ends_with(ending))
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

    #[cfg(unix)]
    #[test]
    fn only_regular_files_of_a_directory_are_read() {
        use std::os::unix::fs::symlink;
        use std::os::unix::net::UnixListener;

        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        std::fs::write(at("a.json"), "").unwrap();
        symlink(at("a.json"), at("b.json")).unwrap();
        let made = std::process::Command::new("mkfifo")
            .arg(at("c.json"))
            .status();
        assert!(made.unwrap().success());
        symlink(at("c.json"), at("d.json")).unwrap();
        let _socket = UnixListener::bind(at("e.json")).unwrap();
        // Reading it says what is wrong with it.
        symlink(at("missing"), at("f.json")).unwrap();
        let found = files(&[directory.path().to_owned()]).unwrap();
        assert_eq!(found, [at("a.json"), at("b.json"), at("f.json")]);
        // What is named is read, whatever it is: a shell's `<(…)` is a pipe.
        assert_eq!(files(&[at("c.json")]).unwrap(), [at("c.json")]);
    }
}
