//! Texts that nobody would like to print, store or parse.

use std::fmt::Write as _;

use fastrand::Rng;

/// What a terminal, a spreadsheet, a browser, a chat, a shell or a database could take for more
/// than text.
pub const HOSTILE_TEXTS: [&str; 24] = [
    "\u{1b}[31mred\u{1b}[0m",
    "\u{1b}]8;;https://evil.example\u{7}link\u{1b}]8;;\u{7}",
    "\u{1b}]0;title\u{7}",
    "\u{1b}[2J\u{1b}[H",
    "over\rwritten",
    "two\nlines",
    "tab\tbed",
    "\u{9b}2J",
    "\u{202e}desrever",
    "\u{2066}isolated\u{2069}",
    "\u{2028}line\u{feff}",
    "nul\0nul",
    "\u{7f}\u{8}\u{8}back",
    "=HYPERLINK(\"https://evil.example\",\"x\")",
    "+1+cmd|' /C calc'!A0",
    "@SUM(1)",
    "-2+3",
    "\t=1+1",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "<!channel> <https://evil.example|x> &amp; *bold*",
    "'; drop table finding; --",
    "%s%n{}{0}$HOME`id`$(id)\\",
    "../../../../etc/passwd",
    "e\u{301}\u{302}\u{303}\u{10ffff}\u{200b}",
];

/// How deep a text is nested.
const DEPTH: usize = 50_000;

/// The first character of the private area that stands for control characters until an XML answer
/// is written: XML 1.0 can only refer to them.
const PLACEHOLDERS: u32 = 0xf_0000;

/// A hostile text, in most cases behind the one that was there.
pub(super) fn hostile(text: &str, random: &mut Rng) -> String {
    let evil = HOSTILE_TEXTS[random.usize(..HOSTILE_TEXTS.len())];
    match random.u8(0..4) {
        0 => evil.to_owned(),
        1 => format!("{evil}{text}"),
        _ => format!("{text}{evil}"),
    }
}

/// A text that a parser which calls itself would read with as many calls.
pub(super) fn deep(random: &mut Rng) -> String {
    let around =
        |open: &str, inner: &str, close: &str| open.repeat(DEPTH) + inner + &close.repeat(DEPTH);
    match random.u8(0..8) {
        0 => around("(", "", ")"),
        1 => format!("{{ {} }}", around("(", "$.eventName = \"x\"", ")")),
        2 => format!("{}ALARM(x)", "NOT ".repeat(DEPTH)),
        3 => around("(", "ALARM(\"x\")", ")"),
        4 => around("[", "", "]"),
        5 => around("{\"a\":", "1", "}"),
        6 => format!("{{ $.a{} = 1 }}", ".a".repeat(DEPTH)),
        _ => format!("{}ALARM(x)", "ALARM(x) AND ".repeat(DEPTH)),
    }
}

/// The text with placeholders for what XML cannot hold.
pub(super) fn with_placeholders(text: &str) -> String {
    text.chars()
        .map(|character| {
            let placeholder = char::from_u32(PLACEHOLDERS + u32::from(character));
            match placeholder {
                Some(placeholder) if character.is_control() => placeholder,
                _ => character,
            }
        })
        .collect()
}

/// An XML answer with references (`&#27;`) in the place of placeholders.
pub(super) fn with_references(xml: &str) -> String {
    let mut out = String::with_capacity(xml.len());
    for character in xml.chars() {
        match u32::from(character).checked_sub(PLACEHOLDERS) {
            Some(code) if code <= 0x9f => {
                // Writing to a string does not fail.
                let _ = write!(out, "&#{code};");
            }
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_travel_through_xml_as_references() {
        let text = with_placeholders("a\u{1b}[31m\u{9b}é");
        assert!(!text.chars().any(char::is_control));
        assert_eq!(with_references(&text), "a&#27;[31m&#155;é");
    }
}
