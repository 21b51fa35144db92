//! JSON and JSON lines. Characters that could change what a terminal shows are
//! written as `\uXXXX`, which says the same to every JSON reader.

use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

use crate::output::escape::is_unsafe;

/// The value on several lines, with a line end.
pub(crate) fn pretty(value: &impl Serialize) -> serde_json::Result<String> {
    written(value, Safe(PrettyFormatter::new()))
}

/// The value on one line, with a line end.
pub(crate) fn line(value: &impl Serialize) -> serde_json::Result<String> {
    written(value, Safe(CompactFormatter))
}

/// JSON text on several lines, every token as it was written: numbers keep
/// their digits.
pub(crate) fn indented(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    let mut characters = json.chars().filter(|c| !c.is_control()).peekable();
    let line_end = |out: &mut String, depth: usize| {
        out.push('\n');
        out.push_str(&"  ".repeat(depth));
    };
    while let Some(character) = characters.next() {
        if in_text {
            in_text = escaped || character != '"';
            escaped = !escaped && character == '\\';
            out.push_str(&super::escaped(character.encode_utf8(&mut [0; 4])));
            continue;
        }
        match character {
            ' ' => {}
            '{' | '[' => {
                out.push(character);
                let closing = if character == '{' { '}' } else { ']' };
                while characters.next_if_eq(&' ').is_some() {}
                if characters.next_if_eq(&closing).is_some() {
                    out.push(closing);
                } else {
                    depth += 1;
                    line_end(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line_end(&mut out, depth);
                out.push(character);
            }
            ',' => {
                out.push(',');
                line_end(&mut out, depth);
            }
            ':' => out.push_str(": "),
            _ => {
                in_text = character == '"';
                out.push(character);
            }
        }
    }
    out.push('\n');
    out
}

fn written(value: &impl Serialize, formatter: impl Formatter) -> serde_json::Result<String> {
    let mut bytes = Vec::new();
    value.serialize(&mut serde_json::Serializer::with_formatter(
        &mut bytes, formatter,
    ))?;
    bytes.push(b'\n');
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A formatter that writes unsafe characters of strings as escapes.
struct Safe<F>(F);

/// Passes methods on to the inner formatter.
macro_rules! passed_on {
    ($($method:ident($($argument:ident: $kind:ty),*);)*) => {
        $(fn $method<W: ?Sized + io::Write>(&mut self, writer: &mut W, $($argument: $kind),*) -> io::Result<()> {
            self.0.$method(writer, $($argument),*)
        })*
    };
}

impl<F: Formatter> Formatter for Safe<F> {
    passed_on! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first: bool);
        begin_object_value();
        end_object_value();
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut safe_from = 0;
        for (at, character) in fragment.char_indices().filter(|(_, c)| is_unsafe(*c)) {
            writer.write_all(&fragment.as_bytes()[safe_from..at])?;
            // INVARIANT: every unsafe character is in the Basic Multilingual Plane.
            write!(writer, "\\u{:04x}", u32::from(character))?;
            safe_from = at + character.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[safe_from..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_characters_are_escaped_and_read_back_the_same() {
        let name = "a\u{1b}[31m\u{202e}b\u{7f}\u{9b}ü";
        let text = line(&[name]).unwrap();
        assert_eq!(text, "[\"a\\u001b[31m\\u202eb\\u007f\\u009bü\"]\n");
        assert_eq!(serde_json::from_str::<Vec<String>>(&text).unwrap(), [name]);
    }

    #[test]
    fn indenting_keeps_every_token() {
        let json =
            r#"{"a":{"price": 1.10,"empty":{},"list":[ ],"t":"x, \"y\": {z}"},"n":[1e400,null]}"#;
        let text = indented(json);
        insta::assert_snapshot!(text);
        let without_blanks = |text: &str| text.replace([' ', '\n'], "");
        assert_eq!(without_blanks(&text), without_blanks(json));
    }

    #[test]
    fn pretty_is_indented() {
        assert_eq!(
            pretty(&serde_json::json!({"a": [1]})).unwrap(),
            "{\n  \"a\": [\n    1\n  ]\n}\n"
        );
    }
}
