//! The grammar of space-delimited patterns: `[ip, user, ..., status = 4*]`.

use crate::ast::{Comparison, Field, FieldCondition, FieldList, NumberLiteral, Operand, Test};
use crate::limits;

use super::cursor::Cursor;
use super::error::{ParseError, ParseErrorKind};
use super::{habits, operand};

/// Reads `[ … ]`; the text starts with the bracket.
pub(super) fn pattern(text: &str) -> Result<FieldList, ParseError> {
    let mut parser = Parser {
        cursor: Cursor::new(text),
        regexes: 0,
    };
    parser.cursor.bump();
    let mut fields = Vec::new();
    parser.cursor.skip_blanks();
    // `[]`, an example of `API_TestMetricFilter`.
    let mut open = !parser.cursor.eat("]");
    while open {
        parser.cursor.skip_blanks();
        fields.push(parser.field(&fields)?);
        parser.cursor.skip_blanks();
        open = !parser.cursor.eat("]");
        if open && !parser.cursor.eat(",") {
            if let Some(Field::Named {
                condition: Some(_), ..
            }) = fields.last()
                && let Some(error) = habits::joining_word(&parser.cursor)
            {
                return Err(error);
            }
            return Err(parser.cursor.unexpected("an operator, `,` or `]`"));
        }
    }
    parser.cursor.skip_blanks();
    parser.cursor.expect_end()?;
    Ok(FieldList { fields })
}

struct Parser<'a> {
    cursor: Cursor<'a>,
    regexes: usize,
}

impl Parser<'_> {
    fn field(&mut self, before: &[Field]) -> Result<Field, ParseError> {
        let start = self.cursor.at();
        if self.cursor.eat("...") {
            if before.contains(&Field::Ellipsis) {
                let message = "`...` stands once in a pattern at most";
                return Err(ParseError::syntax(start..self.cursor.at(), message));
            }
            return Ok(Field::Ellipsis);
        }
        if matches!(self.cursor.peek(), Some(',' | ']')) {
            return Ok(Field::Unnamed);
        }
        let name = self.name()?;
        self.cursor.skip_blanks();
        let condition = match self.cursor.peek() {
            Some('=' | '!' | '<' | '>') => {
                let test = self.test()?;
                Some(self.disjunction(&name, test, start)?)
            }
            _ => None,
        };
        Ok(Field::Named {
            name: name.into(),
            condition,
        })
    }

    fn name(&mut self) -> Result<String, ParseError> {
        let name = self.cursor.take_while(|character| {
            character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
        });
        if name.is_empty() {
            return Err(self.cursor.unexpected("a field name or `...`"));
        }
        Ok(name.to_owned())
    }

    /// Conditions joined by `&&` and `||`; the first test has been read.
    fn disjunction(
        &mut self,
        name: &str,
        first: Test,
        start: usize,
    ) -> Result<FieldCondition, ParseError> {
        let mut alternatives = vec![vec![FieldCondition::Test(first)]];
        loop {
            self.cursor.skip_blanks();
            if self.cursor.eat("||") {
                let test = self.next_test(name, start)?;
                alternatives.push(vec![FieldCondition::Test(test)]);
            } else if self.cursor.eat("&&") {
                let test = self.next_test(name, start)?;
                if let Some(last) = alternatives.last_mut() {
                    last.push(FieldCondition::Test(test));
                }
            } else {
                break;
            }
        }
        let single = |mut parts: Vec<FieldCondition>,
                      list: fn(Vec<FieldCondition>) -> FieldCondition| {
            if parts.len() == 1 {
                parts.remove(0)
            } else {
                list(parts)
            }
        };
        let parts = alternatives
            .into_iter()
            .map(|parts| single(parts, FieldCondition::And))
            .collect();
        Ok(single(parts, FieldCondition::Or))
    }

    fn next_test(&mut self, name: &str, field_start: usize) -> Result<Test, ParseError> {
        self.cursor.skip_blanks();
        let start = self.cursor.at();
        let next = self.name()?;
        // AWS's own example has `[w1=ERROR || W1=WARNING, w2]`.
        if !next.eq_ignore_ascii_case(name) {
            let message = format!("conditions on `{next}` stand in the field of `{name}`");
            let span = start.max(field_start)..self.cursor.at();
            return Err(ParseError::syntax(span, message).expecting(format!("`{name}`")));
        }
        self.cursor.skip_blanks();
        self.test()
    }

    fn test(&mut self) -> Result<Test, ParseError> {
        if let Some(error) = habits::operator(&self.cursor) {
            return Err(error);
        }
        if self.cursor.eat("!=") {
            return self.operand().map(Test::NotEquals);
        }
        for comparison in [
            Comparison::LessOrEqual,
            Comparison::GreaterOrEqual,
            Comparison::Less,
            Comparison::Greater,
        ] {
            if self.cursor.eat(comparison.symbol()) {
                self.cursor.skip_blanks();
                let start = self.cursor.at();
                let text =
                    operand::bare(&mut self.cursor).map_err(|error| error.expecting("a number"))?;
                let number = NumberLiteral::parse(text).ok_or_else(|| {
                    let message = format!(
                        "`{}` compares numbers, and `{text}` is none",
                        comparison.symbol()
                    );
                    ParseError::syntax(start..self.cursor.at(), message).expecting("a number")
                })?;
                return Ok(Test::Compare(comparison, number));
            }
        }
        if self.cursor.eat("=") {
            return self.operand().map(Test::Equals);
        }
        Err(self
            .cursor
            .unexpected("an operator: `=`, `!=`, `<`, `>`, `<=` or `>=`"))
    }

    fn operand(&mut self) -> Result<Operand, ParseError> {
        self.cursor.skip_blanks();
        let start = self.cursor.at();
        let operand = operand::operand(&mut self.cursor)?;
        if matches!(operand, Operand::Regex(_)) {
            self.regexes += 1;
            if self.regexes > limits::REGEXES_PER_PATTERN {
                let message = "the pattern has more than two regular expressions; split it into several filters";
                let span = start..self.cursor.at();
                return Err(ParseError::new(
                    ParseErrorKind::TooManyRegexes,
                    span,
                    message,
                ));
            }
        }
        Ok(operand)
    }
}
