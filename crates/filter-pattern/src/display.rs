//! The canonical form of a pattern: one spelling for everything that means the
//! same structure. Reading it gives the same value again.

use std::fmt::{self, Display, Formatter, Write as _};

use crate::ast::{
    Ast, Condition, Expression, Field, FieldCondition, FieldList, Operand, Term, TermRole, Terms,
    Test,
};
use crate::parse::is_term_word;

impl Display for Ast {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => Ok(()),
            Self::Json(expression) => write!(formatter, "{{ {expression} }}"),
            Self::SpaceDelimited(fields) => fields.fmt(formatter),
            Self::Terms(terms) => terms.fmt(formatter),
            Self::Regex(regex) => write!(formatter, "%{}%", regex.as_str()),
        }
    }
}

impl Display for Expression {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let (parts, operator) = match self {
            Self::Condition(condition) => return condition.fmt(formatter),
            Self::And(parts) => (parts, " && "),
            Self::Or(parts) => (parts, " || "),
        };
        for (position, part) in parts.iter().enumerate() {
            if position > 0 {
                formatter.write_str(operator)?;
            }
            match part {
                Self::Condition(condition) => condition.fmt(formatter)?,
                nested => write!(formatter, "({nested})")?,
            }
        }
        Ok(())
    }
}

impl Display for Condition {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.selector, self.test)
    }
}

impl Display for Test {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equals(operand) => write!(formatter, "= {operand}"),
            Self::NotEquals(operand) => write!(formatter, "!= {operand}"),
            Self::Compare(comparison, number) => {
                write!(formatter, "{} {}", comparison.symbol(), number.as_str())
            }
            Self::IsNull => formatter.write_str("IS NULL"),
            Self::IsTrue => formatter.write_str("IS TRUE"),
            Self::IsFalse => formatter.write_str("IS FALSE"),
            Self::NotExists => formatter.write_str("NOT EXISTS"),
        }
    }
}

impl Display for Operand {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write_quoted(formatter, text.as_str()),
            Self::Number(number) => formatter.write_str(number.as_str()),
            Self::Regex(regex) => write!(formatter, "%{}%", regex.as_str()),
        }
    }
}

pub(crate) fn write_quoted(formatter: &mut Formatter<'_>, text: &str) -> fmt::Result {
    formatter.write_char('"')?;
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            formatter.write_char('\\')?;
        }
        formatter.write_char(character)?;
    }
    formatter.write_char('"')
}

impl Display for FieldList {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_char('[')?;
        for (position, field) in self.fields.iter().enumerate() {
            if position > 0 {
                formatter.write_str(", ")?;
            }
            match field {
                Field::Ellipsis => formatter.write_str("...")?,
                Field::Unnamed => {}
                Field::Named {
                    name,
                    condition: None,
                } => formatter.write_str(name)?,
                Field::Named {
                    name,
                    condition: Some(condition),
                } => write_condition(formatter, name, condition)?,
            }
        }
        formatter.write_char(']')
    }
}

/// Space-delimited patterns have no parentheses; `&&` binds tighter, and the
/// parser never nests a disjunction in a conjunction.
fn write_condition(
    formatter: &mut Formatter<'_>,
    name: &str,
    condition: &FieldCondition,
) -> fmt::Result {
    let (parts, operator) = match condition {
        FieldCondition::Test(test) => return write!(formatter, "{name} {test}"),
        FieldCondition::And(parts) => (parts, " && "),
        FieldCondition::Or(parts) => (parts, " || "),
    };
    for (position, part) in parts.iter().enumerate() {
        if position > 0 {
            formatter.write_str(operator)?;
        }
        write_condition(formatter, name, part)?;
    }
    Ok(())
}

impl Display for Terms {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        for (position, term) in self.terms.iter().enumerate() {
            if position > 0 {
                formatter.write_char(' ')?;
            }
            term.fmt(formatter)?;
        }
        Ok(())
    }
}

impl Display for Term {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self.role {
            TermRole::Required => {}
            TermRole::Excluded => formatter.write_char('-')?,
            TermRole::Optional => formatter.write_char('?')?,
        }
        if !self.text.is_empty() && self.text.chars().all(is_term_word) {
            formatter.write_str(&self.text)
        } else {
            write_quoted(formatter, &self.text)
        }
    }
}
