//! Text from AWS made safe for a terminal: a name can hold escape sequences,
//! carriage returns and marks that reverse the direction of writing.
//! Every printer sends foreign text through here.

use std::borrow::Cow;

/// The text with control characters and direction marks shown as `\u{…}`.
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push_str("\\t"),
            unsafe_one if is_unsafe(unsafe_one) => safe.extend(unsafe_one.escape_unicode()),
            fine => safe.push(fine),
        }
    }
    Cow::Owned(safe)
}

/// Whether a character could change what a terminal shows of the others.
pub(crate) fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' | '\u{061C}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_write_to_the_terminal() {
        for (name, shown) in [
            ("plain name", "plain name"),
            ("Zürich 🦀", "Zürich 🦀"),
            ("red\u{1b}[31m", "red\\u{1b}[31m"),
            (
                "\u{1b}]8;;https://evil\u{7}link",
                "\\u{1b}]8;;https://evil\\u{7}link",
            ),
            ("over\rwritten", "over\\rwritten"),
            ("two\nlines\tand tabs", "two\\nlines\\tand tabs"),
            ("back\u{8}space", "back\\u{8}space"),
            ("\u{202e}desrever", "\\u{202e}desrever"),
            ("\u{2066}isolated\u{2069}", "\\u{2066}isolated\\u{2069}"),
            ("c1 \u{9b}31m", "c1 \\u{9b}31m"),
        ] {
            assert_eq!(escaped(name), shown);
        }
    }
}
