//! Reading field selection criteria.

use crate::limits;
use crate::parse::{Cursor, ParseError, ParseErrorKind, quoted_text};

use super::{Criterion, SystemField};

/// Reads parts joined by `OR`.
pub(super) fn disjunction(cursor: &mut Cursor<'_>, depth: usize) -> Result<Criterion, ParseError> {
    let mut parts = vec![conjunction(cursor, depth)?];
    while cursor.eat_keyword("OR") {
        cursor.skip_blanks();
        parts.push(conjunction(cursor, depth)?);
    }
    Ok(if parts.len() == 1 {
        parts.remove(0)
    } else {
        Criterion::Or(parts)
    })
}

fn conjunction(cursor: &mut Cursor<'_>, depth: usize) -> Result<Criterion, ParseError> {
    let mut parts = vec![primary(cursor, depth)?];
    while cursor.eat_keyword("AND") {
        cursor.skip_blanks();
        parts.push(primary(cursor, depth)?);
    }
    Ok(if parts.len() == 1 {
        parts.remove(0)
    } else {
        Criterion::And(parts)
    })
}

fn primary(cursor: &mut Cursor<'_>, depth: usize) -> Result<Criterion, ParseError> {
    let start = cursor.at();
    if cursor.eat("(") {
        if depth >= limits::NESTING {
            let message = format!("parentheses nest deeper than {}", limits::NESTING);
            return Err(ParseError::new(
                ParseErrorKind::TooDeep,
                start..start + 1,
                message,
            ));
        }
        cursor.skip_blanks();
        let inner = disjunction(cursor, depth + 1)?;
        if !cursor.eat(")") {
            return Err(cursor.unexpected("`AND`, `OR` or `)`"));
        }
        cursor.skip_blanks();
        return Ok(inner);
    }
    let Some(field) = SystemField::ALL
        .into_iter()
        .find(|field| cursor.eat(field.name()))
    else {
        return Err(cursor.unexpected("`@aws.account`, `@aws.region` or `(`"));
    };
    cursor.skip_blanks();
    let (negated, list) = operator(cursor)?;
    cursor.skip_blanks();
    let values = if list {
        values(cursor)?
    } else {
        vec![value(cursor)?]
    };
    cursor.skip_blanks();
    Ok(Criterion::Is {
        field,
        negated,
        values,
    })
}

/// Whether the operator negates, and whether a list follows.
fn operator(cursor: &mut Cursor<'_>) -> Result<(bool, bool), ParseError> {
    if cursor.eat("!=") {
        return Ok((true, false));
    }
    if cursor.eat("=") {
        return Ok((false, false));
    }
    let negated = cursor.eat_keyword("NOT");
    cursor.skip_blanks();
    if cursor.eat_keyword("IN") {
        return Ok((negated, true));
    }
    Err(cursor.unexpected("`=`, `!=`, `IN` or `NOT IN`"))
}

fn values(cursor: &mut Cursor<'_>) -> Result<Vec<Box<str>>, ParseError> {
    if !cursor.eat("[") {
        return Err(cursor.unexpected("`[`"));
    }
    let mut values = Vec::new();
    loop {
        cursor.skip_blanks();
        values.push(value(cursor)?);
        cursor.skip_blanks();
        if cursor.eat("]") {
            return Ok(values);
        }
        if !cursor.eat(",") {
            return Err(cursor.unexpected("`,` or `]`"));
        }
    }
}

fn value(cursor: &mut Cursor<'_>) -> Result<Box<str>, ParseError> {
    if cursor.peek() == Some('"') {
        return quoted_text(cursor).map(Into::into);
    }
    let bare = cursor.take_while(|character| character.is_ascii_alphanumeric() || character == '-');
    if bare.is_empty() {
        return Err(cursor.unexpected("a value in double quotation marks"));
    }
    Ok(bare.into())
}
