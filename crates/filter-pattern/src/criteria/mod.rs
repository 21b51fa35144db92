//! Field selection criteria: the second, separate language by which a metric
//! filter is narrowed to log events of some accounts or Regions
//! (`@aws.account IN ["111122223333"]`, `fieldSelectionCriteria` of
//! PutMetricFilter). AWS documents `=`, `!=`, `AND`, `OR`, `IN` and `NOT IN`.

mod parse;

use std::fmt;
use std::str::FromStr;

use crate::ast::{Ast, Condition, Expression, Operand, Selector, Span, Test, TextPattern};
use crate::display::write_quoted;
use crate::limits;
use crate::parse::{Cursor, ParseError, ParseErrorKind};
use crate::pattern::FilterPattern;

/// Which log events a metric filter looks at, by where they come from.
///
/// ```
/// use filter_pattern::FieldSelectionCriteria;
///
/// let criteria: FieldSelectionCriteria = r#"@aws.account IN ["111122223333"]"#.parse()?;
/// assert!(criteria.admits("111122223333", "eu-west-1"));
/// assert!(!criteria.admits("444455556666", "eu-west-1"));
/// # Ok::<(), filter_pattern::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FieldSelectionCriteria {
    /// Nothing for empty criteria, which admit everything.
    root: Option<Criterion>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Criterion {
    And(Vec<Criterion>),
    Or(Vec<Criterion>),
    Is {
        field: SystemField,
        negated: bool,
        values: Vec<Box<str>>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum SystemField {
    Account,
    Region,
}

impl SystemField {
    const ALL: [Self; 2] = [Self::Account, Self::Region];

    fn name(self) -> &'static str {
        match self {
            Self::Account => "@aws.account",
            Self::Region => "@aws.region",
        }
    }
}

impl FieldSelectionCriteria {
    /// Reads criteria; an empty text admits everything.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let length = text.chars().count();
        if length > limits::CRITERIA_CHARACTERS {
            let message = format!(
                "the criteria have {length} characters, AWS accepts {} at most",
                limits::CRITERIA_CHARACTERS
            );
            return Err(ParseError::new(
                ParseErrorKind::TooLong,
                0..text.len(),
                message,
            ));
        }
        let mut cursor = Cursor::new(text);
        cursor.skip_blanks();
        if cursor.peek().is_none() {
            return Ok(Self { root: None });
        }
        let root = parse::disjunction(&mut cursor, 0)?;
        cursor.expect_end()?;
        Ok(Self { root: Some(root) })
    }

    /// Whether log events from this account and Region are looked at.
    pub fn admits(&self, account: &str, region: &str) -> bool {
        self.root
            .as_ref()
            .is_none_or(|root| root.holds(account, region))
    }

    /// The criteria as a pattern over the two properties of an event that hold
    /// its account and its Region (`$.recipientAccountId` and `$.awsRegion` in
    /// CloudTrail's records), for events that have both as texts; `None` when a
    /// listed value has a `*`, which a pattern would read as a wildcard.
    ///
    /// ```
    /// use filter_pattern::FieldSelectionCriteria;
    ///
    /// let criteria: FieldSelectionCriteria = r#"@aws.region NOT IN ["eu-west-1", "eu-west-2"]"#.parse()?;
    /// let pattern = criteria.as_pattern(&"recipientAccountId".parse()?, &"awsRegion".parse()?).expect("no `*`");
    /// assert_eq!(pattern.to_string(), r#"{ $.awsRegion != "eu-west-1" && $.awsRegion != "eu-west-2" }"#);
    /// # Ok::<(), filter_pattern::ParseError>(())
    /// ```
    pub fn as_pattern(&self, account: &Selector, region: &Selector) -> Option<FilterPattern> {
        let Some(root) = &self.root else {
            return Some(FilterPattern::empty());
        };
        let expression = root.as_expression(account, region)?;
        Some(FilterPattern::from_ast(Ast::Json(expression)))
    }
}

impl Criterion {
    fn holds(&self, account: &str, region: &str) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.holds(account, region)),
            Self::Or(parts) => parts.iter().any(|part| part.holds(account, region)),
            Self::Is {
                field,
                negated,
                values,
            } => {
                let value = match field {
                    SystemField::Account => account,
                    SystemField::Region => region,
                };
                values.iter().any(|listed| **listed == *value) != *negated
            }
        }
    }
}

impl Criterion {
    fn as_expression(&self, account: &Selector, region: &Selector) -> Option<Expression> {
        let (parts, all) = match self {
            Self::And(parts) | Self::Or(parts) => (
                parts
                    .iter()
                    .map(|part| part.as_expression(account, region))
                    .collect::<Option<Vec<_>>>()?,
                matches!(self, Self::And(_)),
            ),
            Self::Is {
                field,
                negated,
                values,
            } => {
                let selector = match field {
                    SystemField::Account => account,
                    SystemField::Region => region,
                };
                let condition = |value: &str| {
                    let operand = Operand::Text(TextPattern::new(value));
                    let test = if *negated {
                        Test::NotEquals(operand)
                    } else {
                        Test::Equals(operand)
                    };
                    Expression::Condition(Condition {
                        selector: selector.clone(),
                        test,
                        span: Span::default(),
                    })
                };
                if values.iter().any(|value| value.contains('*')) {
                    return None;
                }
                let conditions = values.iter().map(|value| condition(value)).collect();
                (conditions, *negated)
            }
        };
        Some(flat(parts, all))
    }
}

/// Parts as one expression without nested lists of the same kind.
fn flat(mut parts: Vec<Expression>, all: bool) -> Expression {
    if parts.len() == 1 {
        return parts.remove(0);
    }
    let parts = parts.into_iter().flat_map(|part| match part {
        Expression::And(inner) if all => inner,
        Expression::Or(inner) if !all => inner,
        other => vec![other],
    });
    if all {
        Expression::And(parts.collect())
    } else {
        Expression::Or(parts.collect())
    }
}

impl FromStr for FieldSelectionCriteria {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for FieldSelectionCriteria {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root
            .as_ref()
            .map_or(Ok(()), |root| root.fmt(formatter))
    }
}

impl fmt::Display for Criterion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (parts, operator) = match self {
            Self::And(parts) => (parts, " AND "),
            Self::Or(parts) => (parts, " OR "),
            Self::Is {
                field,
                negated,
                values,
            } => {
                let operator = match (negated, values.len()) {
                    (false, 1) => "=",
                    (true, 1) => "!=",
                    (false, _) => "IN",
                    (true, _) => "NOT IN",
                };
                write!(formatter, "{} {operator} ", field.name())?;
                if let [value] = &values[..] {
                    return write_quoted(formatter, value);
                }
                for (position, value) in values.iter().enumerate() {
                    formatter.write_str(if position == 0 { "[" } else { ", " })?;
                    write_quoted(formatter, value)?;
                }
                return formatter.write_str("]");
            }
        };
        for (position, part) in parts.iter().enumerate() {
            if position > 0 {
                formatter.write_str(operator)?;
            }
            match part {
                Self::Is { .. } => part.fmt(formatter)?,
                nested => write!(formatter, "({nested})")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn criteria(text: &str) -> FieldSelectionCriteria {
        text.parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn criteria_admit_by_account_and_region() {
        #[rustfmt::skip]
        let table = [
            ("",                                                                  true,  true),
            ("@aws.region = \"us-east-1\"",                                       true,  false),
            ("@aws.region != us-east-1",                                          false, true),
            ("@aws.account IN [\"1\", \"2\"]",                                    true,  false),
            ("@aws.account NOT IN [\"1\"]",                                       false, true),
            ("@aws.account = 1 AND @aws.region = eu-west-1",                      false, false),
            ("@aws.account = 1 OR @aws.region = eu-west-1",                       true,  true),
            ("(@aws.account = 3 or @aws.account = 1) and @aws.region != eu-west-1", true, false),
        ];
        for (text, first, second) in table {
            assert_eq!(criteria(text).admits("1", "us-east-1"), first, "{text}");
            assert_eq!(
                criteria(text).admits("3", "eu-west-1"),
                second && !text.starts_with('('),
                "{text}"
            );
            assert_eq!(
                criteria(&criteria(text).to_string()),
                criteria(text),
                "{text}"
            );
        }
    }

    #[test]
    fn nested_criteria_are_one_list_as_a_pattern() {
        #[rustfmt::skip]
        let table = [
            ("@aws.account != 1 AND @aws.region NOT IN [a, b]",
             "{ $.i != 1 && $.r != \"a\" && $.r != \"b\" }"),
            ("@aws.account = 1 OR @aws.region IN [a, b]",
             "{ $.i = 1 || $.r = \"a\" || $.r = \"b\" }"),
            ("(@aws.account = 1 AND @aws.region = a) AND @aws.region != b",
             "{ $.i = 1 && $.r = \"a\" && $.r != \"b\" }"),
            ("@aws.account = 1 AND @aws.region IN [a, b]",
             "{ $.i = 1 && ($.r = \"a\" || $.r = \"b\") }"),
            ("@aws.account = 1 OR @aws.region NOT IN [a, b]",
             "{ $.i = 1 || $.r != \"a\" && $.r != \"b\" }"),
        ];
        let (account, region) = ("i".parse().unwrap(), "r".parse().unwrap());
        for (text, expected) in table {
            let pattern = criteria(text).as_pattern(&account, &region).expect(text);
            let expected = expected.replace("$.i != 1", "$.i != \"1\"");
            let expected = expected.replace("$.i = 1", "$.i = \"1\"");
            assert_eq!(Ok(pattern), expected.parse(), "{text}");
        }
    }

    #[test]
    fn malformed_criteria_are_refused_where_they_break() {
        for (text, at) in [
            ("@aws.user = 1", 0),
            ("@aws.account IN", 15),
            ("@aws.account = 1 XOR", 17),
            ("(@aws.account = 1", 17),
        ] {
            let error = FieldSelectionCriteria::parse(text).expect_err(text);
            assert_eq!(error.span().start, at, "{text}: {error}");
        }
    }

    #[test]
    fn criteria_are_at_most_as_long_as_aws_accepts() {
        let of_length = |length: usize| {
            let start = "@aws.account = ";
            format!("{start}{}", "1".repeat(length - start.len()))
        };
        let longest = limits::CRITERIA_CHARACTERS;
        assert!(FieldSelectionCriteria::parse(&of_length(longest)).is_ok());
        for length in [longest + 1, longest + 2] {
            let error = FieldSelectionCriteria::parse(&of_length(length)).expect_err("too long");
            assert_eq!(error.kind(), ParseErrorKind::TooLong);
        }
    }
}
