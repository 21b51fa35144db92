//! The grammar of JSON patterns, and its limits: one wildcard in a selector,
//! three selectors with a wildcard, two regular expressions.

use crate::ast::{
    Comparison, Condition, Expression, NumberLiteral, Operand, Segment, Selector, Span, Test,
};
use crate::limits;

use super::cursor::Cursor;
use super::error::{ParseError, ParseErrorKind};
use super::{habits, operand};

/// Reads `{ … }`; the text starts with the brace.
pub(super) fn pattern(text: &str) -> Result<Expression, ParseError> {
    let mut parser = Parser {
        cursor: Cursor::new(text),
        wildcard_selectors: 0,
        regexes: 0,
    };
    parser.cursor.bump();
    parser.cursor.skip_blanks();
    let expression = parser.disjunction(0)?;
    if !parser.cursor.eat("}") {
        return Err(parser.unexpected("`&&`, `||` or `}`"));
    }
    parser.cursor.skip_blanks();
    parser.cursor.expect_end()?;
    Ok(expression)
}

struct Parser<'a> {
    cursor: Cursor<'a>,
    wildcard_selectors: usize,
    regexes: usize,
}

impl Parser<'_> {
    /// An error about what stands here where conditions are joined.
    fn unexpected(&self, expected: &str) -> ParseError {
        habits::joining_word(&self.cursor).unwrap_or_else(|| self.cursor.unexpected(expected))
    }

    fn disjunction(&mut self, depth: usize) -> Result<Expression, ParseError> {
        let mut parts = vec![self.conjunction(depth)?];
        while self.cursor.eat("||") {
            self.cursor.skip_blanks();
            parts.push(self.conjunction(depth)?);
        }
        Ok(joined(parts, Expression::Or, |part| match part {
            Expression::Or(inner) => Ok(inner),
            other => Err(other),
        }))
    }

    fn conjunction(&mut self, depth: usize) -> Result<Expression, ParseError> {
        let mut parts = vec![self.primary(depth)?];
        while self.cursor.eat("&&") {
            self.cursor.skip_blanks();
            parts.push(self.primary(depth)?);
        }
        Ok(joined(parts, Expression::And, |part| match part {
            Expression::And(inner) => Ok(inner),
            other => Err(other),
        }))
    }

    fn primary(&mut self, depth: usize) -> Result<Expression, ParseError> {
        let start = self.cursor.at();
        if !self.cursor.eat("(") {
            let condition = self.condition()?;
            return Ok(Expression::Condition(condition));
        }
        if depth >= limits::NESTING {
            let message = format!("parentheses nest deeper than {}", limits::NESTING);
            return Err(ParseError::new(
                ParseErrorKind::TooDeep,
                start..start + 1,
                message,
            ));
        }
        self.cursor.skip_blanks();
        let inner = self.disjunction(depth + 1)?;
        if !self.cursor.eat(")") {
            return Err(self.unexpected("`&&`, `||` or `)`"));
        }
        self.cursor.skip_blanks();
        Ok(inner)
    }

    fn condition(&mut self) -> Result<Condition, ParseError> {
        let start = self.cursor.at();
        if self.cursor.peek() != Some('$') {
            return Err(self
                .cursor
                .unexpected("a property selector such as `$.eventName`, or `(`"));
        }
        let selector = selector_steps(&mut self.cursor, true)?;
        let selector_end = self.cursor.at();
        self.check_wildcards(&selector, start..selector_end)?;
        self.cursor.skip_blanks();
        let test = self.test()?;
        let span = Span {
            start,
            end: self.cursor.at(),
        };
        self.cursor.skip_blanks();
        self.after_condition(&test)?;
        Ok(Condition {
            selector,
            test,
            span,
        })
    }

    /// What follows a condition; a blank in an unquoted text gets its own message.
    fn after_condition(&self, test: &Test) -> Result<(), ParseError> {
        let rest = self.cursor.rest();
        if rest.starts_with("&&") || rest.starts_with("||") || rest.starts_with([')', '}']) {
            return Ok(());
        }
        let expected = "`&&`, `||`, `)` or `}`";
        let text_operand = matches!(
            test,
            Test::Equals(Operand::Text(_)) | Test::NotEquals(Operand::Text(_))
        );
        if !text_operand || !rest.starts_with(operand::is_bare) {
            return Err(self.unexpected(expected));
        }
        if let Some(error) = habits::joining_word_after_text(&self.cursor) {
            return Err(error);
        }
        let word = rest
            .split(|character| !operand::is_bare(character))
            .next()
            .unwrap_or_default();
        let span = self.cursor.at()..self.cursor.at() + word.len();
        let message =
            format!("unexpected `{word}`; a text with blanks stands in double quotation marks");
        Err(ParseError::syntax(span, message).expecting(expected))
    }

    fn check_wildcards(
        &mut self,
        selector: &Selector,
        span: std::ops::Range<usize>,
    ) -> Result<(), ParseError> {
        let wildcards = selector
            .segments()
            .iter()
            .filter(|segment| segment.is_wildcard())
            .count();
        if wildcards > limits::WILDCARDS_PER_SELECTOR {
            let message =
                format!("the selector has {wildcards} wildcards, AWS accepts one at most");
            return Err(ParseError::new(
                ParseErrorKind::WildcardsInSelector,
                span,
                message,
            ));
        }
        self.wildcard_selectors += wildcards;
        if self.wildcard_selectors > limits::WILDCARD_SELECTORS_PER_PATTERN {
            let message = "the pattern has more than three selectors with a wildcard; split it into several filters";
            return Err(ParseError::new(
                ParseErrorKind::WildcardSelectors,
                span,
                message,
            ));
        }
        Ok(())
    }

    fn test(&mut self) -> Result<Test, ParseError> {
        let start = self.cursor.at();
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
                return self
                    .number(comparison)
                    .map(|number| Test::Compare(comparison, number));
            }
        }
        if self.cursor.eat("=") {
            return self.operand().map(Test::Equals);
        }
        if self.cursor.eat_keyword("IS") {
            return self.is(start);
        }
        if self.cursor.eat_keyword("NOT") {
            self.cursor.skip_blanks();
            if self.cursor.eat_keyword("EXISTS") {
                return Ok(Test::NotExists);
            }
            return Err(self.cursor.unexpected("`EXISTS`"));
        }
        if self.cursor.eat_keyword("EXISTS") {
            let message =
                "AWS does not support `EXISTS`; write `= *` for a text or number that is there";
            return Err(ParseError::new(
                ParseErrorKind::Unsupported,
                start..self.cursor.at(),
                message,
            ));
        }
        Err(self
            .cursor
            .unexpected("an operator: `=`, `!=`, `<`, `>`, `<=`, `>=`, `IS` or `NOT EXISTS`"))
    }

    fn is(&mut self, start: usize) -> Result<Test, ParseError> {
        self.cursor.skip_blanks();
        for (keyword, test) in [
            ("NULL", Test::IsNull),
            ("TRUE", Test::IsTrue),
            ("FALSE", Test::IsFalse),
        ] {
            if self.cursor.eat_keyword(keyword) {
                return Ok(test);
            }
        }
        if self.cursor.eat_keyword("NOT") {
            return Err(habits::is_not(&mut self.cursor, start));
        }
        Err(self.cursor.unexpected("`NULL`, `TRUE` or `FALSE`"))
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

    fn number(&mut self, comparison: Comparison) -> Result<NumberLiteral, ParseError> {
        let start = self.cursor.at();
        let symbol = comparison.symbol();
        let expected = "a number without quotation marks";
        if self.cursor.peek() == Some('"') {
            let message = format!("`{symbol}` compares numbers, not texts");
            return Err(ParseError::syntax(start..start + 1, message).expecting(expected));
        }
        let text = operand::bare(&mut self.cursor).map_err(|error| error.expecting(expected))?;
        NumberLiteral::parse(text).ok_or_else(|| {
            let message = format!("`{symbol}` compares numbers, and `{text}` is none");
            ParseError::syntax(start..self.cursor.at(), message).expecting(expected)
        })
    }
}

/// One part as it is, several as one list without nested lists of the same kind.
fn joined(
    mut parts: Vec<Expression>,
    list: impl Fn(Vec<Expression>) -> Expression,
    inner: impl Fn(Expression) -> Result<Vec<Expression>, Expression>,
) -> Expression {
    if parts.len() == 1 {
        return parts.remove(0);
    }
    let mut flat = Vec::with_capacity(parts.len());
    for part in parts {
        match inner(part) {
            Ok(nested) => flat.extend(nested),
            Err(other) => flat.push(other),
        }
    }
    list(flat)
}

/// Reads the steps of a selector, after an optional `$`.
pub(super) fn selector_steps(
    cursor: &mut Cursor<'_>,
    rooted: bool,
) -> Result<Selector, ParseError> {
    if rooted {
        cursor.bump();
    }
    let mut segments = Vec::new();
    loop {
        let first_unrooted = segments.is_empty() && !rooted;
        if cursor.eat(".") || (first_unrooted && cursor.peek() != Some('[')) {
            segments.push(match cursor.peek() {
                Some('*') => {
                    cursor.bump();
                    Segment::AnyKey
                }
                Some('[') => bracket(cursor)?,
                _ => key(cursor)?,
            });
        } else if cursor.peek() == Some('[') {
            segments.push(bracket(cursor)?);
        } else if segments.is_empty() {
            return Err(cursor.unexpected("`.` and a property name after `$`"));
        } else {
            return Ok(Selector::new(segments));
        }
    }
}

fn key(cursor: &mut Cursor<'_>) -> Result<Segment, ParseError> {
    let plain = |character: char| u8::try_from(character).is_ok_and(crate::ast::is_plain_key_byte);
    let key = cursor.take_while(plain);
    if key.is_empty() {
        return Err(cursor.unexpected("a property name, `*` or `['name']`"));
    }
    Ok(Segment::Key(key.into()))
}

/// `[0]`, `[*]`, `['key']` or `["key"]`.
fn bracket(cursor: &mut Cursor<'_>) -> Result<Segment, ParseError> {
    let start = cursor.at();
    cursor.bump();
    let segment = match cursor.peek() {
        Some('*') => {
            cursor.bump();
            Segment::AnyIndex
        }
        Some(quote @ ('\'' | '"')) => {
            cursor.bump();
            let key = cursor.take_while(|character| character != quote);
            if cursor.bump().is_none() {
                return Err(ParseError::syntax(
                    start..start + 2,
                    "the quoted key that starts here is not closed",
                )
                .expecting(format!("a closing `{quote}`")));
            }
            Segment::Key(key.into())
        }
        _ => {
            let digits = cursor.take_while(|character| character.is_ascii_digit());
            if digits.is_empty() {
                return Err(
                    cursor.unexpected("an index such as `0`, `*`, or a key in quotation marks")
                );
            }
            let index = digits.parse().map_err(|_| {
                ParseError::syntax(
                    start + 1..cursor.at(),
                    format!("`{digits}` is too large for an index"),
                )
            })?;
            Segment::Index(index)
        }
    };
    if !cursor.eat("]") {
        return Err(cursor.unexpected("`]`"));
    }
    Ok(segment)
}
