//! What an expression of metric math says: from its text to a tree. Nothing is
//! computed here.

use std::collections::BTreeSet;

/// An expression that was read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expression {
    Number(f64),
    Text(String),
    /// The identifier of a metric or of another expression.
    Id(String),
    List(Vec<Expression>),
    Operation(Operator, Box<(Expression, Expression)>),
    /// A function, in capitals, and its arguments.
    Call(String, Vec<Expression>),
}

/// What stands between two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Or,
    And,
    AtMost,
    AtLeast,
    Equal,
    Unequal,
    Below,
    Above,
    Plus,
    Minus,
    Times,
    Over,
}

/// Operators by how tightly they bind, loosest first.
const LEVELS: [&[(&str, Operator)]; 5] = [
    &[("OR", Operator::Or), ("||", Operator::Or)],
    &[("AND", Operator::And), ("&&", Operator::And)],
    &[
        ("<=", Operator::AtMost),
        (">=", Operator::AtLeast),
        ("==", Operator::Equal),
        ("!=", Operator::Unequal),
        ("<", Operator::Below),
        (">", Operator::Above),
    ],
    &[("+", Operator::Plus), ("-", Operator::Minus)],
    &[("*", Operator::Times), ("/", Operator::Over)],
];

/// Characters of an expression at most (API reference, `MetricDataQuery`).
const LONGEST: usize = 2048;

/// Expressions are nested so deep at most.
const DEEPEST: usize = 200;

impl Expression {
    /// Reads an expression, or says what in it cannot be read.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("it has more than {LONGEST} characters"));
        }
        let mut reader = Reader {
            tokens: tokens(text)?,
            next: 0,
            depth: 0,
        };
        let read = reader.level(0)?;
        if reader.next < reader.tokens.len() {
            return Err(format!("`{}` is not simulated", reader.peek()));
        }
        Ok(read)
    }

    /// The identifiers in it, and whether it asks for `METRICS()` besides.
    pub(crate) fn ids(&self) -> (BTreeSet<&str>, bool) {
        let (mut ids, mut all) = (BTreeSet::new(), false);
        self.add_ids(&mut ids, &mut all);
        (ids, all)
    }

    fn add_ids<'a>(&'a self, ids: &mut BTreeSet<&'a str>, all: &mut bool) {
        let parts = match self {
            Self::Number(_) | Self::Text(_) => return,
            Self::Id(id) => {
                ids.insert(id);
                return;
            }
            Self::Operation(_, sides) => {
                sides.0.add_ids(ids, all);
                return sides.1.add_ids(ids, all);
            }
            Self::List(items) => items,
            Self::Call(name, arguments) => {
                *all |= name == "METRICS";
                arguments
            }
        };
        for part in parts {
            part.add_ids(ids, all);
        }
    }
}

fn tokens(expression: &str) -> Result<Vec<String>, String> {
    let mut tokens = Vec::new();
    let mut rest = expression.trim_start();
    while let Some(first) = rest.chars().next() {
        let word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '.';
        let length = if first == '"' || first == '\'' {
            let end = rest[1..].find(first).ok_or("a text without end")?;
            end + 2
        } else if word(first) {
            rest.find(|letter| !word(letter)).unwrap_or(rest.len())
        } else {
            let double = ["<=", ">=", "==", "!=", "||", "&&"];
            let two = double.iter().any(|symbol| rest.starts_with(symbol));
            if two { 2 } else { first.len_utf8() }
        };
        tokens.push(rest[..length].to_owned());
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

struct Reader {
    tokens: Vec<String>,
    next: usize,
    depth: usize,
}

type Read = Result<Expression, String>;

impl Reader {
    fn peek(&self) -> &str {
        self.tokens.get(self.next).map_or("", String::as_str)
    }

    fn take(&mut self, wanted: &str) -> bool {
        let found = wanted.eq_ignore_ascii_case(self.peek());
        self.next += usize::from(found);
        found
    }

    fn need(&mut self, symbol: &str) -> Result<(), String> {
        if self.take(symbol) {
            return Ok(());
        }
        Err(format!("`{symbol}` expected before `{}`", self.peek()))
    }

    /// Operands with the operators of the level between them, from left to right.
    fn level(&mut self, level: usize) -> Read {
        let Some(operators) = LEVELS.get(level) else {
            return self.operand();
        };
        let mut left = self.level(level + 1)?;
        while let Some((_, operator)) = operators.iter().find(|(symbol, _)| self.take(symbol)) {
            let right = self.level(level + 1)?;
            left = Expression::Operation(*operator, Box::new((left, right)));
        }
        Ok(left)
    }

    fn operand(&mut self) -> Read {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("so many levels are not simulated".to_owned());
        }
        let read = self.operand_at_depth();
        self.depth -= 1;
        read
    }

    fn operand_at_depth(&mut self) -> Read {
        if self.take("-") {
            let operand = self.operand()?;
            let sides = Box::new((Expression::Number(0.0), operand));
            return Ok(Expression::Operation(Operator::Minus, sides));
        }
        if self.take("(") {
            let inner = self.level(0)?;
            self.need(")")?;
            return Ok(inner);
        }
        if self.take("[") {
            let mut items = vec![self.level(0)?];
            while self.take(",") {
                items.push(self.level(0)?);
            }
            self.need("]")?;
            return Ok(Expression::List(items));
        }
        let token = self.peek().to_owned();
        self.next += 1;
        if let Ok(number) = token.parse() {
            return Ok(Expression::Number(number));
        }
        if let Some(text) = token.strip_prefix(['"', '\'']) {
            return Ok(Expression::Text(text[..text.len() - 1].to_owned()));
        }
        if self.peek() == "(" {
            return self.call(&token.to_ascii_uppercase());
        }
        let is_id = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        if token.is_empty() || !token.chars().all(is_id) {
            return Err(format!("`{token}` is not simulated"));
        }
        Ok(Expression::Id(token))
    }

    fn call(&mut self, name: &str) -> Read {
        self.need("(")?;
        let mut arguments = Vec::new();
        while !self.take(")") {
            // REPEAT and LINEAR are words, not series.
            if let Some(word) = ["REPEAT", "LINEAR"]
                .into_iter()
                .find(|word| self.take(word))
            {
                arguments.push(Expression::Text(word.to_owned()));
            } else {
                arguments.push(self.level(0)?);
            }
            if !self.take(",") {
                self.need(")")?;
                break;
            }
        }
        Ok(Expression::Call(name.to_owned(), arguments))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identifiers_of_an_expression_are_found() {
        #[rustfmt::skip]
        let rows: [(&str, &[&str], bool); 5] = [
            ("m1 + e2 * 3",               &["e2", "m1"],       false),
            ("SUM(METRICS())",            &[],                 true),
            ("IF(m1 > 1, [m2, m3], 'x')", &["m1", "m2", "m3"], false),
            ("FILL(-m1, REPEAT)",         &["m1"],             false),
            ("1 AND 2",                   &[],                 false),
        ];
        for (text, ids, all) in rows {
            let expression = Expression::parse(text).unwrap();
            assert_eq!(
                expression.ids(),
                (ids.iter().copied().collect(), all),
                "{text}"
            );
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        let (deep, long) = ("(".repeat(2000), "m1 + ".repeat(1000) + "m1");
        for text in [
            "", "m1 +", "(m1", "[m1", "SUM(m1", "m1 m2", "'x", "ü", &deep, &long,
        ] {
            assert!(Expression::parse(text).is_err(), "{text}");
        }
    }
}
