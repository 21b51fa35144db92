//! Events and messages from files: JSON lines, JSON documents, CloudTrail's
//! `{"Records": […]}`, plain lines, any of them compressed with gzip, single files
//! and whole directories. A line is in memory at a time, or a document over several lines.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use serde::Deserialize;
use serde_json::value::RawValue;

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

/// An event or a log message, and where it stands.
pub(super) struct Message<'a> {
    pub(super) file: &'a str,
    /// Line on which it begins, from 1; of a document with several events that of the document.
    pub(super) line: usize,
    pub(super) text: &'a str,
}

/// Something that could not be read.
pub(super) struct Unreadable {
    pub(super) file: String,
    /// Line, from 1, when it is a matter of one.
    pub(super) line: Option<usize>,
    pub(super) why: String,
}

/// The files of the inputs: a directory stands for those in it, at any depth, in order.
pub(super) fn files(inputs: &[PathBuf]) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for input in inputs {
        if input.is_dir() {
            files_below(input, &mut files)?;
        } else {
            files.push(input.clone());
        }
    }
    Ok(files)
}

fn files_below(directory: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(directory)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            files_below(&entry, files)?;
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

/// Hands over every message of the file. Whether events are wanted (`is_json`) or lines decides how
/// the file is read; what cannot be read is handed over too, and the rest of the file still read.
pub(super) fn read(
    file: &Path,
    is_json: bool,
    found: &mut dyn FnMut(Message<'_>) -> anyhow::Result<()>,
    unreadable: &mut dyn FnMut(Unreadable),
) -> anyhow::Result<()> {
    let name = file.display().to_string();
    let opened: io::Result<Box<dyn BufRead>> = if file.as_os_str() == "-" {
        uncompressed(BufReader::new(io::stdin()))
    } else {
        File::open(file).and_then(|file| uncompressed(BufReader::new(file)))
    };
    let mut lines = match opened {
        Ok(reader) => Lines {
            reader,
            number: 0,
            bytes: Vec::new(),
        },
        Err(error) => {
            unreadable(Unreadable {
                file: name,
                line: None,
                why: error.to_string(),
            });
            return Ok(());
        }
    };
    let mut is_first = true;
    loop {
        let text = match lines.next() {
            Ok(Some(text)) => text.to_owned(),
            Ok(None) => return Ok(()),
            Err(why) => {
                let ends = why.ends_the_file;
                unreadable(Unreadable {
                    file: name.clone(),
                    line: Some(lines.number),
                    why: why.text,
                });
                if ends {
                    return Ok(());
                }
                continue;
            }
        };
        if !is_json {
            found(Message {
                file: &name,
                line: lines.number,
                text: &text,
            })?;
            continue;
        }
        if text.trim().is_empty() {
            continue;
        }
        let line = lines.number;
        if let Err(error) = events(&name, line, &text, found)? {
            // A document over several lines: what is left of the file belongs to it.
            if is_first && error.is_eof() {
                return document(&name, text, &mut lines, found, unreadable);
            }
            unreadable(Unreadable {
                file: name.clone(),
                line: Some(line),
                why: error.to_string(),
            });
        }
        is_first = false;
    }
}

/// The rest of a file whose first line does not end a JSON value.
fn document(
    name: &str,
    mut text: String,
    lines: &mut Lines,
    found: &mut dyn FnMut(Message<'_>) -> anyhow::Result<()>,
    unreadable: &mut dyn FnMut(Unreadable),
) -> anyhow::Result<()> {
    let first_line = lines.number;
    let mut rest = String::new();
    let read = lines.reader.read_to_string(&mut rest);
    text.push('\n');
    text.push_str(&rest);
    let mut why = read.err().map(|error| error.to_string());
    let mut values = serde_json::Deserializer::from_str(&text).into_iter::<Box<RawValue>>();
    let (mut line, mut counted) = (first_line, 0);
    loop {
        let before = values.byte_offset();
        line += text[counted..before].matches('\n').count();
        counted = before;
        match values.next() {
            None => break,
            Some(Ok(value)) => {
                if let Err(error) = events(name, line, value.get(), found)? {
                    why = Some(error.to_string());
                }
            }
            Some(Err(error)) => {
                why = Some(error.to_string());
                break;
            }
        }
    }
    if let Some(why) = why {
        unreadable(Unreadable {
            file: name.to_owned(),
            line: None,
            why,
        });
    }
    Ok(())
}

/// CloudTrail's files hold one object with all records.
#[derive(Deserialize)]
struct Records<'a> {
    #[serde(rename = "Records", borrow)]
    records: Vec<&'a RawValue>,
}

/// The events of one JSON text: the records of a CloudTrail file, the elements of a list, or itself.
fn events(
    file: &str,
    line: usize,
    text: &str,
    found: &mut dyn FnMut(Message<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<Result<(), serde_json::Error>> {
    let whole: &RawValue = match serde_json::from_str(text) {
        Ok(whole) => whole,
        Err(error) => return Ok(Err(error)),
    };
    let several = if let Ok(Records { records }) = serde_json::from_str(whole.get()) {
        records
    } else if let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(whole.get()) {
        list
    } else {
        vec![whole]
    };
    for event in several {
        found(Message {
            file,
            line,
            text: event.get(),
        })?;
    }
    Ok(Ok(()))
}

/// The reader itself, or what it holds when that is compressed.
fn uncompressed<R: BufRead + 'static>(mut reader: R) -> io::Result<Box<dyn BufRead>> {
    if reader.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
        Ok(Box::new(BufReader::new(MultiGzDecoder::new(reader))))
    } else {
        Ok(Box::new(reader))
    }
}

/// The lines of a file, without their ends and without a byte order mark.
struct Lines {
    reader: Box<dyn BufRead>,
    number: usize,
    bytes: Vec<u8>,
}

struct BadLine {
    text: String,
    /// Whether nothing more can be read.
    ends_the_file: bool,
}

impl Lines {
    fn next(&mut self) -> Result<Option<&str>, BadLine> {
        self.bytes.clear();
        self.number += 1;
        let read = self.reader.read_until(b'\n', &mut self.bytes);
        let read = read.map_err(|error| BadLine {
            text: error.to_string(),
            ends_the_file: true,
        })?;
        if read == 0 {
            return Ok(None);
        }
        let mut line = self.bytes.as_slice();
        line = line.strip_suffix(b"\n").unwrap_or(line);
        line = line.strip_suffix(b"\r").unwrap_or(line);
        if self.number == 1 {
            line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        }
        std::str::from_utf8(line).map(Some).map_err(|_| BadLine {
            text: "not UTF-8".to_owned(),
            ends_the_file: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    /// Messages with their lines, and the lines that cannot be read.
    type Everything = (Vec<(usize, String)>, Vec<Option<usize>>);

    /// A file's text, its messages, its unreadable lines.
    type Row = (
        &'static str,
        &'static [(usize, &'static str)],
        &'static [Option<usize>],
    );

    fn read_all(file: &Path, is_json: bool) -> Everything {
        let (mut messages, mut bad) = (Vec::new(), Vec::new());
        let mut found = |message: Message<'_>| {
            messages.push((message.line, message.text.to_owned()));
            Ok(())
        };
        read(file, is_json, &mut found, &mut |unreadable| {
            bad.push(unreadable.line);
        })
        .unwrap();
        (messages, bad)
    }

    #[test]
    fn every_form_of_a_file_gives_its_events() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("events");
        #[rustfmt::skip]
        let rows: [Row; 7] = [
            ("{\"a\": 1}\n\n{\"a\": 12.0}\n",              &[(1, "{\"a\": 1}"), (3, "{\"a\": 12.0}")], &[]),
            ("{\"Records\": [{\"a\": 1}, {\"a\": 2}]}",    &[(1, "{\"a\": 1}"), (1, "{\"a\": 2}")],    &[]),
            ("[{\"a\": 1}]",                               &[(1, "{\"a\": 1}")],                       &[]),
            ("{\n \"a\":\n 1}\n{\"b\": 2}\n",              &[(1, "{\n \"a\":\n 1}"), (3, "{\"b\": 2}")], &[]),
            ("{\"a\": 1}\nnonsense\n{\"a\": 2}",           &[(1, "{\"a\": 1}"), (3, "{\"a\": 2}")],    &[Some(2)]),
            ("\u{feff}{\"a\": 1}\r\n",                     &[(1, "{\"a\": 1}")],                       &[]),
            ("{\n \"a\": ",                                &[],                                        &[None]),
        ];
        for (text, expected, unreadable) in rows {
            std::fs::write(&file, text).unwrap();
            let (messages, bad) = read_all(&file, true);
            let expected: Vec<(usize, String)> = expected
                .iter()
                .map(|(line, text)| (*line, (*text).to_owned()))
                .collect();
            assert_eq!(messages, expected, "{text}");
            assert_eq!(bad, unreadable, "{text}");
        }
        std::fs::write(&file, b"plain\n\xff\nlines\n").unwrap();
        let (messages, bad) = read_all(&file, false);
        assert_eq!(messages, [(1, "plain".to_owned()), (3, "lines".to_owned())]);
        assert_eq!(bad, [Some(2)]);
    }

    #[test]
    fn directories_are_searched_and_compressed_files_read() {
        let directory = tempfile::tempdir().unwrap();
        let inner = directory.path().join("2026/11");
        std::fs::create_dir_all(&inner).unwrap();
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(b"{\"Records\": [{\"a\": 1}]}").unwrap();
        let packed = packed.finish().unwrap();
        std::fs::write(inner.join("good.json.gz"), &packed).unwrap();
        std::fs::write(inner.join("torn.json.gz"), &packed[..packed.len() / 2]).unwrap();
        std::fs::write(inner.join("picture.png"), b"\x89PNG").unwrap();
        let files = files(&[directory.path().to_owned()]).unwrap();
        let names: Vec<_> = files.iter().map(|file| file.file_name().unwrap()).collect();
        assert_eq!(names, ["good.json.gz", "torn.json.gz"]);
        assert_eq!(read_all(&files[0], true).0.len(), 1);
        let (messages, bad) = read_all(&files[1], true);
        assert!(messages.is_empty());
        assert_eq!(bad.len(), 1);
    }
}
