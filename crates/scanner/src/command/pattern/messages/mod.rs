//! Events and messages from files, directories and standard input, and what of
//! them could not be read. How a file is read is `reader`'s.

mod envelope;
mod files;
mod reader;

use std::path::PathBuf;

use crate::exit::usage;
use crate::output::number::{counted, grouped};
use crate::output::{escaped, terminal};

/// Unreadable places that are told one by one.
const MOST_TOLD: usize = 20;

/// An event or a log message, and where it stands.
pub(super) struct Message<'a> {
    pub(super) file: &'a str,
    /// Line on which it begins, from 1; of a document with several events that of the document.
    pub(super) line: usize,
    pub(super) text: &'a str,
}

impl Message<'_> {
    /// Whether it is no JSON object, which no JSON pattern matches.
    pub(super) fn is_no_object(&self) -> bool {
        !self.text.trim_start().starts_with('{')
    }
}

/// How many events are no JSON objects, in words; `None` when all are.
pub(super) fn no_objects_in_words(count: u64) -> Option<String> {
    match count {
        0 => None,
        1 => Some("1 of them is no JSON object; no JSON pattern matches it".to_owned()),
        _ => Some(format!(
            "{} of them are no JSON objects; no JSON pattern matches those",
            grouped(count)
        )),
    }
}

/// Something that could not be read.
struct Unreadable {
    file: String,
    /// Line, from 1, when it is a matter of one.
    line: Option<usize>,
    why: String,
}

/// What could not be read.
#[derive(Default)]
pub(super) struct Unread {
    /// The first places.
    told: Vec<String>,
    pub(super) count: u64,
}

impl Unread {
    fn note(&mut self, place: &Unreadable) {
        self.count += 1;
        if self.told.len() < MOST_TOLD {
            let line = place
                .line
                .map_or_else(String::new, |line| format!(":{line}"));
            self.told.push(format!(
                "{}{line}: cannot be read: {}",
                place.file, place.why
            ));
        }
    }

    /// Names the places.
    pub(super) fn tell(&self) {
        for place in &self.told {
            terminal::tell(&escaped(place));
        }
    }

    /// An error when something could not be read.
    pub(super) fn verdict(&self) -> anyhow::Result<()> {
        if self.count == 0 {
            return Ok(());
        }
        anyhow::bail!(
            "{} of the input could not be read; the counts are of the rest",
            counted(self.count, "part")
        )
    }
}

/// Hands over every message of the inputs: files, directories, `-` for standard input. Whether events
/// are wanted (`is_json`) or lines decides how they are read; a line of text where events are wanted is
/// handed over as it is, unless its file claims to hold JSON. What cannot be read is noted, and the rest read; that nothing can be read at all is bad usage.
pub(super) fn read_all(
    inputs: &[PathBuf],
    is_json: bool,
    unread: &mut Unread,
    found: &mut dyn FnMut(Message<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let files = files::files(inputs)
        .map_err(|error| usage(format!("the events cannot be read: {error}")))?;
    if files.is_empty() {
        return Err(usage(
            "no file with events is there: name files, or directories that hold .json, .jsonl, .log or .txt files (also .gz)",
        ));
    }
    let mut is_empty = true;
    for file in &files {
        let mut found = |message: Message<'_>| {
            is_empty = false;
            found(message)
        };
        reader::read(file, is_json, &mut found, &mut |place| unread.note(&place))?;
    }
    if is_empty && unread.count > 0 {
        return Err(usage(unread.told.join("\n")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    #[test]
    fn what_can_be_read_is_handed_over_and_the_rest_noted() {
        let directory = tempfile::tempdir().unwrap();
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(b"{\"Records\": [{\"a\": 1}]}").unwrap();
        let packed = packed.finish().unwrap();
        std::fs::write(directory.path().join("good.json.gz"), &packed).unwrap();
        std::fs::write(
            directory.path().join("torn.json.gz"),
            &packed[..packed.len() / 2],
        )
        .unwrap();
        let read = |inputs: &[PathBuf]| {
            let (mut unread, mut texts) = (Unread::default(), Vec::new());
            let result = read_all(inputs, true, &mut unread, &mut |message| {
                texts.push(message.text.to_owned());
                Ok(())
            });
            (result.is_ok(), texts, unread.count)
        };
        let both = read(&[directory.path().to_owned()]);
        assert_eq!(both, (true, vec!["{\"a\": 1}".to_owned()], 1));
        assert_eq!(
            read(&[directory.path().join("torn.json.gz")]),
            (false, vec![], 1)
        );
        assert!(!read(&[directory.path().join("missing.json")]).0);
        let empty = tempfile::tempdir().unwrap();
        assert!(!read(&[empty.path().to_owned()]).0);
    }
}
