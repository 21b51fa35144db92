//! What a filter pattern says, as values. Parsing makes these, printing writes
//! them, the evaluator and the coverage proof read them. No behaviour of AWS
//! lives here.

mod operand;
mod selector;
mod span;

pub use operand::{NumberLiteral, Operand, TextPattern};
pub(crate) use selector::is_plain_key_byte;
pub use selector::{Segment, Selector};
pub use span::Span;

use crate::regex::RegexPattern;

/// A filter pattern of any of the kinds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ast {
    /// The empty pattern, which matches every message.
    Empty,
    /// `{ … }`: conditions on the properties of a JSON event.
    Json(Expression),
    /// `[ … ]`: conditions on the fields of a space-delimited message.
    SpaceDelimited(FieldList),
    /// Words and phrases that a message contains or not.
    Terms(Terms),
    /// `%…%`: a regular expression that a message contains.
    Regex(RegexPattern),
}

/// Which of the pattern kinds a pattern is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PatternKind {
    /// The empty pattern.
    Empty,
    /// `{ … }`
    Json,
    /// `[ … ]`
    SpaceDelimited,
    /// Words and phrases.
    Terms,
    /// `%…%`
    Regex,
}

/// Conditions joined by `&&` and `||`.
///
/// Parentheses leave no trace: nested conjunctions and disjunctions of the
/// same kind are one flat list, so that two spellings of the same structure
/// are equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Expression {
    /// All of them; at least two.
    And(Vec<Expression>),
    /// Any of them; at least two.
    Or(Vec<Expression>),
    /// One condition.
    Condition(Condition),
}

impl Expression {
    /// Every condition, in the order of the text.
    pub fn conditions(&self) -> Vec<&Condition> {
        let mut found = Vec::new();
        self.collect_conditions(&mut found);
        found
    }

    fn collect_conditions<'a>(&'a self, found: &mut Vec<&'a Condition>) {
        match self {
            Self::And(parts) | Self::Or(parts) => {
                for part in parts {
                    part.collect_conditions(found);
                }
            }
            Self::Condition(condition) => found.push(condition),
        }
    }
}

/// One condition on one property: `$.eventName = PutBucketPolicy`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Condition {
    /// The property.
    pub selector: Selector,
    /// What must hold for it.
    pub test: Test,
    /// Where it stands in the text.
    pub span: Span,
}

/// What a condition asks of a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Test {
    /// `= operand`
    Equals(Operand),
    /// `!= operand`; never matches a missing property
    NotEquals(Operand),
    /// `< > <= >=` with a number
    Compare(Comparison, NumberLiteral),
    /// `IS NULL`
    IsNull,
    /// `IS TRUE`
    IsTrue,
    /// `IS FALSE`
    IsFalse,
    /// `NOT EXISTS`
    NotExists,
}

impl Test {
    pub(crate) fn has_regex(&self) -> bool {
        matches!(
            self,
            Self::Equals(Operand::Regex(_)) | Self::NotEquals(Operand::Regex(_))
        )
    }
}

/// The four orderings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    /// How the operator is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    /// Whether `left operator right` holds, given how left compares to right.
    pub fn holds(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

/// The fields of a space-delimited pattern. Without any (`[]`) it matches every
/// message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FieldList {
    /// The fields in order.
    pub fields: Vec<Field>,
}

/// One entry of a space-delimited pattern.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// `...`: any number of fields without a name.
    Ellipsis,
    /// Nothing between two commas: one field without a name
    /// (`[..., status_code = 4*, ]`).
    Unnamed,
    /// A named field, with what must hold for it.
    Named {
        /// The name, without the `$` that extracted values carry.
        name: Box<str>,
        /// The condition, if it has one.
        condition: Option<FieldCondition>,
    },
}

impl Field {
    pub(crate) fn has_regex(&self) -> bool {
        match self {
            Self::Named {
                condition: Some(condition),
                ..
            } => condition.has_regex(),
            Self::Named { .. } | Self::Ellipsis | Self::Unnamed => false,
        }
    }
}

/// Conditions on one field of a space-delimited message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FieldCondition {
    /// All of them; at least two.
    And(Vec<FieldCondition>),
    /// Any of them; at least two.
    Or(Vec<FieldCondition>),
    /// One test of the field's text.
    Test(Test),
}

impl FieldCondition {
    fn has_regex(&self) -> bool {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().any(Self::has_regex),
            Self::Test(test) => test.has_regex(),
        }
    }
}

/// Words and phrases of an unstructured pattern.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Terms {
    /// The terms in the order of the text.
    pub terms: Vec<Term>,
}

/// One word or phrase.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Term {
    /// What the term asks.
    pub role: TermRole,
    /// The text that a message contains or not.
    pub text: Box<str>,
}

/// What a term asks of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TermRole {
    /// `word`: the message contains it.
    Required,
    /// `-word`: the message does not contain it.
    Excluded,
    /// `?word`: the message contains at least one of these. Ignored as soon as
    /// the pattern holds a term of another role.
    Optional,
}
