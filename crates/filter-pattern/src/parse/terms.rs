//! The grammar of unstructured patterns: words, phrases, `-` and `?`, and a
//! regular expression that stands alone.

use crate::ast::{Ast, Term, TermRole, Terms};
use crate::regex::RegexPattern;

use super::cursor::Cursor;
use super::error::ParseError;
use super::{habits, operand};

/// Reads `%…%`; the text starts with blanks or the percent sign.
pub(super) fn regex(text: &str) -> Result<RegexPattern, ParseError> {
    let mut cursor = Cursor::new(text);
    cursor.skip_blanks();
    let regex = operand::regex(&mut cursor)?;
    cursor.skip_blanks();
    cursor.expect_end()?;
    Ok(regex)
}

/// Reads words and phrases; nothing is left of a pattern that matches everything.
pub(super) fn pattern(text: &str) -> Result<Ast, ParseError> {
    let mut cursor = Cursor::new(text);
    let mut terms = Vec::new();
    loop {
        cursor.skip_blanks();
        if cursor.peek().is_none() {
            return Ok(without_blank_phrases(terms));
        }
        terms.push(term(&mut cursor)?);
    }
}

/// "You can match everything in your log events with double quotation marks",
/// `" "` (`FilterAndPatternSyntax`): a phrase of blanks asks nothing.
fn without_blank_phrases(mut terms: Vec<Term>) -> Ast {
    let is_blank = |term: &Term| term.text.trim().is_empty();
    let optional_alone = terms.iter().all(|term| term.role == TermRole::Optional);
    if optional_alone && terms.iter().any(is_blank) {
        return Ast::Empty;
    }
    terms.retain(|term| term.role == TermRole::Excluded || !is_blank(term));
    // Beside other terms optional ones are ignored, even when nothing is left of those.
    let all_optional = terms.iter().all(|term| term.role == TermRole::Optional);
    if all_optional && !optional_alone {
        return Ast::Empty;
    }
    Ast::Terms(Terms { terms })
}

fn term(cursor: &mut Cursor<'_>) -> Result<Term, ParseError> {
    let role = if cursor.eat("-") {
        TermRole::Excluded
    } else if cursor.eat("?") {
        TermRole::Optional
    } else {
        TermRole::Required
    };
    if role == TermRole::Excluded {
        // `"ERROR" - "Exiting"`, an example of `FilterAndPatternSyntax` of 2018.
        cursor.skip_blanks();
    }
    let start = cursor.at();
    let text: Box<str> = if cursor.peek() == Some('"') {
        let phrase = operand::quoted(cursor)?;
        if phrase.is_empty() {
            let message =
                "AWS refuses an empty phrase; a pattern without any text matches everything";
            return Err(ParseError::syntax(start..cursor.at(), message).expecting("a text"));
        }
        phrase.into()
    } else {
        cursor.take_while(is_word).into()
    };
    match cursor.peek() {
        None => {}
        Some(character) if character.is_whitespace() => {}
        Some(character) => {
            if let Some(error) = habits::of_other_programs(cursor) {
                return Err(error);
            }
            let span = cursor.at()..cursor.at() + character.len_utf8();
            let message = format!(
                "unexpected `{character}`; a term with other characters than letters, digits and `_` stands in double quotation marks"
            );
            return Err(ParseError::syntax(span, message).expecting("a blank or the end"));
        }
    }
    if cursor.at() == start {
        return Err(cursor.unexpected("a term"));
    }
    Ok(Term { role, text })
}

/// Whether a character may stand in a term without quotation marks: "Terms that
/// include characters other than alphanumeric or underscore must be placed
/// inside double quotation marks." (`FilterAndPatternSyntax`)
pub(crate) fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}
