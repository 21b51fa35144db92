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

/// Operators of other languages, longer ones first, and what stands for them.
const OPERATORS: [(&str, &str); 6] = [
    ("===", "`=`"),
    ("==", "`=`"),
    ("!==", "`!=`"),
    ("<>", "`!=`"),
    ("=>", "`>=`"),
    ("=<", "`<=`"),
];

/// The same for operators that are words.
const WORDS: [(&str, &str); 9] = [
    ("NOTEXISTS", "`NOT EXISTS`"),
    ("NOT_EXISTS", "`NOT EXISTS`"),
    ("ISNULL", "`IS NULL`"),
    ("IS_NULL", "`IS NULL`"),
    ("ISTRUE", "`IS TRUE`"),
    ("ISFALSE", "`IS FALSE`"),
    ("LIKE", "`=` and a text with `*`"),
    ("CONTAINS", "`=` and a text with `*`"),
    (
        "IN",
        "`=` and a text, for each of several texts joined with `||`",
    ),
];

/// The error about an operator of another language.
pub(super) fn operator(cursor: &Cursor<'_>) -> Option<ParseError> {
    let rest = cursor.rest();
    let end = rest.find(|it: char| !it.is_ascii_alphanumeric() && it != '_');
    let word = &rest[..end.unwrap_or(rest.len())];
    let mut symbols = OPERATORS.into_iter();
    let symbol = symbols.find(|(symbol, _)| rest.starts_with(symbol));
    let found = symbol.or_else(|| {
        let mut words = WORDS.into_iter();
        let (_, instead) = words.find(|(known, _)| word.eq_ignore_ascii_case(known))?;
        Some((word, instead))
    });
    let (operator, instead) = found?;
    let span = cursor.at()..cursor.at() + operator.len();
    let message = format!("unknown operator `{operator}`");
    Some(ParseError::syntax(span, message).expecting(instead))
}

/// Quotation marks as word processors set them.
pub(super) fn is_typographic(character: char) -> bool {
    matches!(
        character,
        '“' | '”' | '„' | '‟' | '‘' | '’' | '‚' | '‛' | '«' | '»' | '‹' | '›'
    )
}

/// Characters as HTML escapes them.
const HTML: [(&str, char); 11] = [
    ("&quot;", '"'),
    ("&#34;", '"'),
    ("&#x22;", '"'),
    ("&ldquo;", '"'),
    ("&rdquo;", '"'),
    ("&apos;", '\''),
    ("&#39;", '\''),
    ("&amp;", '&'),
    ("&#38;", '&'),
    ("&lt;", '<'),
    ("&gt;", '>'),
];

/// The error about what another program made of a quotation mark or an operator that stands here.
pub(super) fn of_other_programs(cursor: &Cursor<'_>) -> Option<ParseError> {
    let (length, said, instead) = typographic(cursor.rest())
        .or_else(|| html(cursor.rest()))
        .or_else(|| escaped(cursor.rest()))?;
    let span = cursor.at()..cursor.at() + length;
    let message = format!("`{}` {said}", &cursor.rest()[..length]);
    Some(ParseError::syntax(span, message).expecting(format!("`{instead}`")))
}

/// How many bytes it takes, what it is, and what to write.
type Foreign = (usize, String, String);

fn typographic(rest: &str) -> Option<Foreign> {
    let mark = rest.chars().next().filter(|it| is_typographic(*it))?;
    let said = "is a typographic quotation mark; a text stands in straight ones";
    Some((mark.len_utf8(), said.to_owned(), "\"".to_owned()))
}

fn html(rest: &str) -> Option<Foreign> {
    let mut length = 0;
    let mut meant = String::new();
    while let Some((name, character)) = HTML
        .into_iter()
        .find(|(name, _)| rest[length..].starts_with(name))
    {
        length += name.len();
        meant.push(character);
    }
    (length > 0).then(|| (length, format!("is HTML for `{meant}`"), meant))
}

fn escaped(rest: &str) -> Option<Foreign> {
    [
        (
            "\\\"",
            "is a quotation mark as other programs escape it",
            "\"",
        ),
        ("\\$", "is a dollar sign as shells escape it", "$"),
    ]
    .into_iter()
    .find_map(|(known, said, instead)| {
        let stands_here = rest.starts_with(known);
        stands_here.then(|| (known.len(), said.to_owned(), instead.to_owned()))
    })
}

/// The error about a doubled quotation mark, of which the text just read is empty or the end is the
/// first one.
pub(super) fn doubled_mark(cursor: &Cursor<'_>, text: &str) -> Option<ParseError> {
    let next = cursor.peek()?;
    let at = match (text.is_empty(), next) {
        (true, _) if next == '"' || operand::is_bare(next) => cursor.at() - 2,
        (false, '"') => cursor.at() - 1,
        _ => return None,
    };
    let message = "`\"\"` is one quotation mark as other programs double it";
    Some(ParseError::syntax(at..at + 2, message).expecting("`\"`"))
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
