//! What people write out of habit from other languages, and what stands for it in
//! filter patterns.

use super::cursor::Cursor;
use super::error::{ParseError, ParseErrorKind};
use super::operand;

/// The error about `and` or `or` where conditions are joined; `None` when neither
/// stands here.
pub(super) fn joining_word(cursor: &Cursor<'_>) -> Option<ParseError> {
    let (word, operator) = word_and_operator(cursor)?;
    let span = cursor.at()..cursor.at() + word.len();
    let message = format!("unexpected `{word}`; conditions are joined with `{operator}`");
    Some(ParseError::syntax(span, message).expecting(format!("`{operator}` and a condition")))
}

/// [`joining_word`] after a text without quotation marks, of which a word in small
/// letters may be a part: it joins conditions when another one follows.
pub(super) fn joining_word_after_text(cursor: &Cursor<'_>) -> Option<ParseError> {
    let (word, _) = word_and_operator(cursor)?;
    let after = cursor.rest()[word.len()..].trim_start();
    let joins =
        word.bytes().all(|byte| byte.is_ascii_uppercase()) || after.starts_with(['$', '(', '"']);
    if joins { joining_word(cursor) } else { None }
}

fn word_and_operator<'a>(cursor: &Cursor<'a>) -> Option<(&'a str, &'static str)> {
    let rest = cursor.rest();
    let end = rest.find(|character| !operand::is_bare(character));
    let word = &rest[..end.unwrap_or(rest.len())];
    [("and", "&&"), ("or", "||")]
        .into_iter()
        .find_map(|(known, operator)| word.eq_ignore_ascii_case(known).then_some((word, operator)))
}

/// The error about `IS NOT`, which was read from `start` on, by the word that follows.
pub(super) fn is_not(cursor: &mut Cursor<'_>, start: usize) -> ParseError {
    let span = start..cursor.at();
    cursor.skip_blanks();
    let instead = [
        ("EXISTS", "; write `NOT EXISTS`"),
        (
            "NULL",
            "; write `= *` for a text or number that is there, `NOT EXISTS` for what is not there",
        ),
        (
            "TRUE",
            "; write `IS FALSE`, and `NOT EXISTS` for what is not there",
        ),
        (
            "FALSE",
            "; write `IS TRUE`, and `NOT EXISTS` for what is not there",
        ),
    ]
    .into_iter()
    .find_map(|(keyword, instead)| cursor.eat_keyword(keyword).then_some(instead));
    let message = format!(
        "AWS does not support `IS NOT`{}",
        instead.unwrap_or_default()
    );
    ParseError::new(ParseErrorKind::Unsupported, span, message)
}
