//! What stands after `=` and `!=`: a quoted text, a bare text, a number, a
//! regular expression. Shared by JSON and space-delimited patterns.

use crate::ast::{NumberLiteral, Operand, TextPattern};
use crate::regex::RegexPattern;

use super::cursor::Cursor;
use super::error::{ParseError, ParseErrorKind};
use super::habits;

/// Reads an operand; the cursor stands on its first character.
pub(super) fn operand(cursor: &mut Cursor<'_>) -> Result<Operand, ParseError> {
    match cursor.peek() {
        Some('"') => {
            let text = quoted(cursor)?;
            match habits::doubled_mark(cursor, &text) {
                Some(error) => Err(error),
                None => Ok(Operand::Text(TextPattern::new(text))),
            }
        }
        Some('%') => regex(cursor).map(Operand::Regex),
        Some('\'') => Err(ParseError::syntax(
            cursor.at()..cursor.at() + 1,
            "a text stands in double quotation marks, not in single ones",
        )
        .expecting("`\"`")),
        _ => {
            let text = bare(cursor)?;
            if let Some(character) = cursor.peek().filter(|next| needs_quotes(*next)) {
                return Err(quotes_needed(cursor, character));
            }
            Ok(match NumberLiteral::parse(text) {
                Some(number) => Operand::Number(number),
                None => Operand::Text(TextPattern::new(text)),
            })
        }
    }
}

/// Reads a text in double quotation marks. `\"` and `\\` stand for the second
/// character (undocumented; seen to work in filters that run); any other
/// backslash stands for itself.
pub(crate) fn quoted(cursor: &mut Cursor<'_>) -> Result<String, ParseError> {
    let start = cursor.at();
    cursor.bump();
    let mut text = String::new();
    loop {
        match cursor.bump() {
            None => {
                let message = "the text that starts here is not closed";
                let typographic = text.chars().rfind(|it| habits::is_typographic(*it));
                let message = match typographic {
                    Some(mark) => format!(
                        "{message}; `{mark}` is a typographic quotation mark and closes nothing"
                    ),
                    None => message.to_owned(),
                };
                return Err(
                    ParseError::syntax(start..start + 1, message).expecting("a closing `\"`")
                );
            }
            Some('"') => return Ok(text),
            Some('\\') if matches!(cursor.peek(), Some('"' | '\\')) => text.extend(cursor.bump()),
            Some(character) => text.push(character),
        }
    }
}

/// Reads a text without quotation marks.
pub(super) fn bare<'a>(cursor: &mut Cursor<'a>) -> Result<&'a str, ParseError> {
    let text = cursor.take_while(is_bare);
    if text.is_empty() {
        if let Some(character) = cursor.peek().filter(|next| needs_quotes(*next)) {
            return Err(quotes_needed(cursor, character));
        }
        return Err(cursor.unexpected("a text, a number, `*` or a regular expression between `%`"));
    }
    Ok(text)
}

/// Characters that may stand in a text without quotation marks. AWS documents
/// letters, digits and `_`, but its own examples and CIS's use the others too.
/// "Strings that have unicode and other characters such as ‘@,‘ ‘$,' ‘\,' etc.
/// must be enclosed in double quotes to be valid." (`FilterAndPatternSyntax`, 2018)
pub(super) fn is_bare(character: char) -> bool {
    character.is_ascii_alphanumeric()
        || matches!(
            character,
            '_' | '.' | '*' | '-' | ':' | '/' | '#' | '+' | '~' | '?'
        )
}

/// Whether a character is one that people write into such a text although it
/// needs quotation marks.
pub(super) fn needs_quotes(character: char) -> bool {
    !character.is_ascii() && !character.is_whitespace() || matches!(character, '@' | '$' | '\\')
}

fn quotes_needed(cursor: &Cursor<'_>, character: char) -> ParseError {
    if let Some(error) = habits::of_other_programs(cursor) {
        return error;
    }
    let span = cursor.at()..cursor.at() + character.len_utf8();
    let message =
        format!("unexpected `{character}`; a text with it stands in double quotation marks");
    ParseError::syntax(span, message)
}

/// Reads a regular expression between percent signs.
pub(super) fn regex(cursor: &mut Cursor<'_>) -> Result<RegexPattern, ParseError> {
    let start = cursor.at();
    cursor.bump();
    let text = cursor.take_while(|character| character != '%');
    if cursor.bump().is_none() {
        return Err(ParseError::syntax(
            start..start + 1,
            "the regular expression that starts here is not closed",
        )
        .expecting("a closing `%`"));
    }
    RegexPattern::new(text).map_err(|error| {
        let span = start + 1 + error.span().start..start + 1 + error.span().end;
        ParseError::new(ParseErrorKind::Regex, span, error.message())
    })
}
