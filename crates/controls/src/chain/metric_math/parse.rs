//! Metric-math expressions, read into a tree. Only the syntax; what functions
//! mean is `evaluate`'s.

use super::shown::Shown;

/// A metric-math expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expression {
    Number(f64),
    Text(String),
    Name(String),
    Negated(Box<Expression>),
    Binary(Operator, Box<Expression>, Box<Expression>),
    Call(String, Vec<Expression>),
    List(Vec<Expression>),
    /// In the place of a part of which is known what it can show.
    Known(Shown),
}

impl Expression {
    /// What it is made of.
    pub(super) fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Number(_) | Self::Text(_) | Self::Name(_) | Self::Known(_) => Vec::new(),
            Self::Negated(inner) => vec![inner],
            Self::Binary(_, left, right) => vec![left, right],
            Self::Call(_, parts) | Self::List(parts) => parts.iter().collect(),
        }
    }

    /// The same, each part changed.
    pub(super) fn with_parts<E>(
        &self,
        change: &mut dyn FnMut(&Self) -> Result<Self, E>,
    ) -> Result<Self, E> {
        let mut all = |parts: &[Self]| parts.iter().map(&mut *change).collect::<Result<_, _>>();
        Ok(match self {
            Self::Number(_) | Self::Text(_) | Self::Name(_) | Self::Known(_) => self.clone(),
            Self::Call(function, parts) => Self::Call(function.clone(), all(parts)?),
            Self::List(parts) => Self::List(all(parts)?),
            Self::Negated(inner) => Self::Negated(Box::new(change(inner)?)),
            Self::Binary(operator, left, right) => {
                Self::Binary(*operator, Box::new(change(left)?), Box::new(change(right)?))
            }
        })
    }

    /// Whether `test` is true of it or of something in it.
    pub(super) fn has(&self, test: &dyn Fn(&Self) -> bool) -> bool {
        test(self) || self.parts().into_iter().any(|part| part.has(test))
    }

    /// Whether the function of this name is called in it.
    pub(super) fn calls(&self, name: &str) -> bool {
        self.has(&|part| matches!(part, Self::Call(function, _) if function == name))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
}

/// Operators by how loosely they bind, loosest first.
const LEVELS: &[&[(&str, Operator)]] = &[
    &[("||", Operator::Or), ("OR", Operator::Or)],
    &[("&&", Operator::And), ("AND", Operator::And)],
    &[
        ("==", Operator::Equal),
        ("!=", Operator::NotEqual),
        ("<=", Operator::LessOrEqual),
        (">=", Operator::GreaterOrEqual),
        ("<", Operator::Less),
        (">", Operator::Greater),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("/", Operator::Divide)],
    &[("^", Operator::Power)],
];

/// Reads an expression; `None` when it has another syntax.
pub(super) fn parse(text: &str) -> Option<Expression> {
    let mut parser = Parser { rest: text };
    let expression = parser.level(0, 0)?;
    parser.blanks();
    parser.rest.is_empty().then_some(expression)
}

const DEEPEST: usize = 64;

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, token: &str) -> bool {
        self.blanks();
        let Some(rest) = self.rest.strip_prefix(token) else {
            return false;
        };
        let word = token.chars().all(char::is_alphabetic);
        if word && rest.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
            return false;
        }
        self.rest = rest;
        true
    }

    fn level(&mut self, level: usize, depth: usize) -> Option<Expression> {
        let Some(operators) = LEVELS.get(level) else {
            return self.unary(depth);
        };
        let mut left = self.level(level + 1, depth)?;
        while let Some((_, operator)) = operators.iter().find(|(token, _)| self.take(token)) {
            let right = self.level(level + 1, depth)?;
            left = Expression::Binary(*operator, Box::new(left), Box::new(right));
        }
        Some(left)
    }

    fn unary(&mut self, depth: usize) -> Option<Expression> {
        if depth > DEEPEST {
            return None;
        }
        if self.take("-") {
            return Some(Expression::Negated(Box::new(self.unary(depth + 1)?)));
        }
        if self.take("(") {
            let inner = self.level(0, depth + 1)?;
            return self.take(")").then_some(inner);
        }
        if self.take("[") {
            return Some(Expression::List(self.list("]", depth)?));
        }
        for quote in ["\"", "'"] {
            if self.take(quote) {
                let (text, rest) = self.rest.split_once(quote)?;
                self.rest = rest;
                return Some(Expression::Text(text.to_owned()));
            }
        }
        let word = self.word()?;
        if let Ok(number) = word.parse::<f64>()
            && word.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        {
            return Some(Expression::Number(number));
        }
        if self.take("(") {
            return Some(Expression::Call(
                word.to_ascii_uppercase(),
                self.list(")", depth)?,
            ));
        }
        Some(Expression::Name(word))
    }

    fn list(&mut self, close: &str, depth: usize) -> Option<Vec<Expression>> {
        let mut items = Vec::new();
        if self.take(close) {
            return Some(items);
        }
        loop {
            items.push(self.level(0, depth + 1)?);
            if self.take(close) {
                return Some(items);
            }
            if !self.take(",") {
                return None;
            }
        }
    }

    fn word(&mut self) -> Option<String> {
        self.blanks();
        let end = self
            .rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'))
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!word.is_empty()).then(|| word.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precedence_calls_and_lists() {
        let name = |text: &str| Box::new(Expression::Name(text.to_owned()));
        assert_eq!(
            parse("m1 + m2 * 2 >= 1").unwrap(),
            Expression::Binary(
                Operator::GreaterOrEqual,
                Box::new(Expression::Binary(
                    Operator::Add,
                    name("m1"),
                    Box::new(Expression::Binary(
                        Operator::Multiply,
                        name("m2"),
                        Box::new(Expression::Number(2.0))
                    ))
                )),
                Box::new(Expression::Number(1.0))
            )
        );
        assert_eq!(
            parse("sum([m1, m2])").unwrap(),
            Expression::Call(
                "SUM".to_owned(),
                vec![Expression::List(vec![*name("m1"), *name("m2")])]
            )
        );
        for text in ["", "m1 +", "SUM(m1", "m1 m2", "[m1", "\"m1"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
