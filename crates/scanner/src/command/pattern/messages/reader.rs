//! One file of events or messages: JSON lines, JSON documents, CloudTrail's
//! `{"Records": […]}`, what AWS's commands print events in (`envelope`), plain lines, any of them compressed with gzip. A line is in
//! memory at a time, or a document over several lines. A line of text among events is
//! an event that no JSON pattern matches, unless the file's name says that it holds JSON.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Message, Unreadable, envelope, files};

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
    let may_hold_text = !files::is_json_by_name(file);
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
            if may_hold_text && is_text(&text, &error) {
                found(Message {
                    file: &name,
                    line,
                    text: &text,
                })?;
            } else if is_first && error.is_eof() {
                // A document over several lines: what is left of the file belongs to it.
                return documents(&name, text, &mut lines, found, unreadable);
            } else {
                unreadable(Unreadable {
                    file: name.clone(),
                    line: Some(line),
                    why: in_words(&error),
                });
            }
        }
        is_first = false;
    }
}

/// Whether a line that is no JSON is a line of text, rather than JSON that is malformed or cut off:
/// an object begins with `{`; `[` begins a list, or the bracketed time or level of a log line.
fn is_text(line: &str, error: &serde_json::Error) -> bool {
    match line.trim_start().as_bytes().first() {
        Some(b'{') => false,
        Some(b'[') => !error.is_eof(),
        _ => true,
    }
}

/// The rest of a file whose first line does not end a JSON value: documents over several lines. After
/// what cannot be read it goes on with the next line that begins an object, which is all that is lost
/// when the first one of JSON lines is cut off.
fn documents(
    name: &str,
    mut text: String,
    lines: &mut Lines,
    found: &mut dyn FnMut(Message<'_>) -> anyhow::Result<()>,
    unreadable: &mut dyn FnMut(Unreadable),
) -> anyhow::Result<()> {
    let mut line = lines.number;
    let mut rest = Vec::new();
    let read = lines.reader.read_to_end(&mut rest);
    text.push('\n');
    let mut cannot_read = |line: Option<usize>, why: String| {
        unreadable(Unreadable {
            file: name.to_owned(),
            line,
            why,
        });
    };
    if let Err(error) = read {
        cannot_read(None, error.to_string());
    }
    match std::str::from_utf8(&rest) {
        Ok(rest) => text.push_str(rest),
        Err(error) => {
            let fine = String::from_utf8_lossy(&rest[..error.valid_up_to()]);
            text.push_str(&fine);
            cannot_read(Some(line + line_ends(&text)), "not UTF-8".to_owned());
        }
    }
    let mut left = text.as_str();
    loop {
        let blank = left.len() - left.trim_start().len();
        line += line_ends(&left[..blank]);
        left = &left[blank..];
        let mut values = serde_json::Deserializer::from_str(left).into_iter::<Box<RawValue>>();
        let end = match values.next() {
            Some(Ok(value)) => {
                if let Err(error) = events(name, line, value.get(), found)? {
                    cannot_read(Some(line), in_words(&error));
                }
                values.byte_offset()
            }
            Some(Err(error)) => {
                let mut words = in_words(&error);
                if error.line() > 1 {
                    // Writing to a `String` cannot fail.
                    let _ = write!(words, " on line {}", line + error.line() - 1);
                }
                cannot_read(Some(line), words);
                next_object(left)
            }
            None => return Ok(()),
        };
        line += line_ends(&left[..end]);
        left = &left[end..];
    }
}

/// Where the next line begins that begins an object; the end when there is none.
fn next_object(text: &str) -> usize {
    text.find("\n{").map_or(text.len(), |at| at + 1)
}

fn line_ends(text: &str) -> usize {
    text.matches('\n').count()
}

/// The error without its place in the part that was read, which says nothing about the file.
fn in_words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
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
    let all = match serde_json::from_str::<&RawValue>(text) {
        Ok(whole) => vec![whole],
        Err(error) => match documents_of_one_line(text) {
            Some(documents) => documents,
            None => return Ok(Err(error)),
        },
    };
    for whole in all {
        let several = if let Ok(Records { records }) = serde_json::from_str(whole.get()) {
            records
        } else if let Some(messages) = envelope::messages(whole.get()) {
            for text in &messages {
                found(Message { file, line, text })?;
            }
            continue;
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
    }
    Ok(Ok(()))
}

/// Objects that follow each other without a line's end between them, as CloudTrail's files do when they
/// are put one behind the other; `None` when they are something else.
fn documents_of_one_line(text: &str) -> Option<Vec<&RawValue>> {
    let values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    let all: Vec<&RawValue> = values.collect::<Result<_, _>>().ok()?;
    let are_objects = all.iter().all(|value| value.get().starts_with('{'));
    are_objects.then_some(all)
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
        let file = directory.path().join("events.jsonl");
        #[rustfmt::skip]
        let rows: [Row; 13] = [
            ("{\"a\": 1}\n\n{\"a\": 12.0}\n",              &[(1, "{\"a\": 1}"), (3, "{\"a\": 12.0}")], &[]),
            ("{\"Records\": [{\"a\": 1}, {\"a\": 2}]}",    &[(1, "{\"a\": 1}"), (1, "{\"a\": 2}")],    &[]),
            ("{\"Records\": [{\"a\": 1}]}{\"Records\": [{\"a\": 2}]}", &[(1, "{\"a\": 1}"), (1, "{\"a\": 2}")], &[]),
            ("{\"a\": 1} {\"a\": ",                        &[],                                        &[Some(1)]),
            ("[{\"a\": 1}]",                               &[(1, "{\"a\": 1}")],                       &[]),
            ("{\n \"a\":\n 1}\n{\"b\": 2}\n",              &[(1, "{\n \"a\":\n 1}"), (4, "{\"b\": 2}")], &[]),
            ("{\"a\": 1}\nnonsense\n{\"a\": 2}",           &[(1, "{\"a\": 1}"), (3, "{\"a\": 2}")],    &[Some(2)]),
            ("\u{feff}{\"a\": 1}\r\n",                     &[(1, "{\"a\": 1}")],                       &[]),
            ("{\n \"a\": ",                                &[],                                        &[Some(1)]),
            // The first line is cut off: the others are not lost.
            ("{\"a\": [1,\n{\"b\": 1}\n{\"b\": 2}\n",     &[(2, "{\"b\": 1}"), (3, "{\"b\": 2}")],     &[Some(1)]),
            ("{\"a\": \"x\n{\"b\": 1}\n",                  &[(2, "{\"b\": 1}")],                       &[Some(1)]),
            ("{\n \"a\" 1\n}\n{\n \"b\": 1\n}\n",         &[(4, "{\n \"b\": 1\n}")],                &[Some(1)]),
            ("[\n{\"a\": 1},\n{\"a\": 2}\n]",             &[(1, "{\"a\": 1}"), (1, "{\"a\": 2}")],    &[]),
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
    fn lines_of_text_are_events_unless_the_file_says_that_it_holds_json() {
        let directory = tempfile::tempdir().unwrap();
        let text = "t\n[INFO] started\n{\"a\": 1}\n{\"a\": \n[\"b\",\n[1] x\n\"y\"\n";
        let read_as = |name: &str| {
            let file = directory.path().join(name);
            std::fs::write(&file, text).unwrap();
            let (messages, bad) = read_all(&file, true);
            let lines: Vec<usize> = messages.iter().map(|(line, _)| *line).collect();
            let bad: Vec<usize> = bad.into_iter().flatten().collect();
            (lines, bad)
        };
        for name in ["events.log", "events.TXT", "events"] {
            assert_eq!(read_as(name), (vec![1, 2, 3, 6, 7], vec![4, 5]), "{name}");
        }
        // The first line, `t`, could be the beginning of `true`.
        assert_eq!(read_as("events.JSON"), (vec![3], vec![1, 4]));
    }
}
