//! From text to [`Ast`]. This file tells the pattern kinds apart and checks the
//! limits that hold for all of them; each kind's grammar has a file.

mod cursor;
mod error;
mod habits;
mod json;
mod operand;
mod space_delimited;
mod terms;

pub(crate) use cursor::Cursor;
pub use error::{ParseError, ParseErrorKind};
pub(crate) use operand::quoted as quoted_text;
pub(crate) use terms::is_word as is_term_word;

use crate::ast::{Ast, Selector};
use crate::limits;

/// Reads a pattern of any kind.
pub(crate) fn pattern(text: &str) -> Result<Ast, ParseError> {
    let length = text.chars().count();
    if length > limits::PATTERN_CHARACTERS {
        let start = text
            .char_indices()
            .nth(limits::PATTERN_CHARACTERS)
            .map_or(0, |(at, _)| at);
        let message = format!(
            "the pattern has {length} characters, AWS accepts {} at most; split it into several filters",
            limits::PATTERN_CHARACTERS
        );
        return Err(ParseError::new(
            ParseErrorKind::TooLong,
            start..text.len(),
            message,
        ));
    }
    let trimmed = text.trim_start();
    if trimmed.is_empty() {
        return Ok(Ast::Empty);
    }
    let blanks = text.len() - trimmed.len();
    match trimmed.as_bytes()[0] {
        opening @ (b'{' | b'[') if blanks > 0 => {
            let opening = char::from(opening);
            Err(ParseError::syntax(
                0..blanks,
                format!("AWS rejects a pattern with blanks before `{opening}`; remove them"),
            )
            .expecting(format!("`{opening}` as the first character")))
        }
        b'{' => json::pattern(text).map(Ast::Json),
        b'[' => space_delimited::pattern(text).map(Ast::SpaceDelimited),
        b'%' => terms::regex(text).map(Ast::Regex),
        _ => terms::pattern(text),
    }
}

/// Reads a property selector alone, with or without the leading `$.`.
pub(crate) fn selector(text: &str) -> Result<Selector, ParseError> {
    let mut cursor = Cursor::new(text);
    let selector = json::selector_steps(&mut cursor, text.starts_with('$'))?;
    cursor.expect_end()?;
    Ok(selector)
}
