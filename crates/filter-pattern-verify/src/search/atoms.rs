//! The conditions of a question, each once, and what they say of a value.

use filter_pattern::ast::{Ast, Condition, Expression, Segment, Test};
use filter_pattern::{FilterPattern, OpenQuestion, Reading};

use crate::generate::{Case, Events};
use crate::reference::{self, Value};

/// The conditions of a question.
pub(super) struct Atoms<'a> {
    pub(super) conditions: Vec<&'a Condition>,
}

/// A way that a condition still has to go from some value.
#[derive(Clone, Copy)]
pub(super) struct Way<'a> {
    pub(super) condition: usize,
    pub(super) rest: &'a [Segment],
}

/// What the conditions say of a value: of one of the values that each stands
/// for, of all of them, and whether there is one.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct Answers {
    any: u128,
    all: u128,
    present: u128,
}

/// A pattern over the answers.
pub(super) enum Formula {
    All(Vec<Formula>),
    Any(Vec<Formula>),
    Atom(usize),
}

impl Formula {
    pub(super) fn holds(&self, answers: u128) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(answers)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(answers)),
            Self::Atom(atom) => answers >> atom & 1 == 1,
        }
    }
}

/// Conditions that keep records apart which the schema may tell apart.
static OF_RECORDS: std::sync::LazyLock<Vec<FilterPattern>> = std::sync::LazyLock::new(|| {
    let sources = crate::generate::SOURCES
        .iter()
        .map(|source| format!("$.eventSource = {source}"));
    let kinds = ["Root", "IAMUser", "AssumedRole", "FederatedUser"]
        .map(|kind| format!("$.userIdentity.type = {kind}"));
    let arns = ["root", "user/*", "assumed-role/*"]
        .map(|end| format!("$.userIdentity.arn = \"arn:*::*:{end}\""));
    let account = ["$.recipientAccountId = 111122223333".to_owned()];
    let texts = sources.chain(kinds).chain(arns).chain(account);
    texts
        .map(|text| format!("{{ {text} }}").parse().expect("a pattern"))
        .collect()
});

impl<'a> Atoms<'a> {
    /// The conditions of a question; nothing when there are too many.
    pub(super) fn of(case: &'a Case) -> Option<Self> {
        let mut conditions: Vec<&Condition> = Vec::new();
        let mut add = |pattern: &'a FilterPattern| {
            if let Ast::Json(expression) = pattern.ast() {
                for condition in expression.conditions() {
                    if !conditions.contains(&condition) {
                        conditions.push(condition);
                    }
                }
            }
        };
        case.patterns().for_each(&mut add);
        if case.events != Events::Any {
            let used: Vec<&[Segment]> =
                conditions.iter().map(|it| it.selector.segments()).collect();
            let starts = |name: &str| {
                used.iter()
                    .any(|way| matches!(way.first(), Some(Segment::Key(key)) if **key == *name))
            };
            let (named, identity) = (starts("eventName"), starts("userIdentity"));
            let known = case.events == Events::RecordsOfAccount;
            for pattern in OF_RECORDS.iter() {
                let text = pattern.to_string();
                let needed = text.contains("eventSource") && named
                    || text.contains("userIdentity") && identity
                    || text.contains("recipient") && known;
                if needed
                    && let Ast::Json(Expression::Condition(condition)) = pattern.ast()
                    && !conditions.contains(&condition)
                {
                    conditions.push(condition);
                }
            }
        }
        (conditions.len() <= 128).then_some(Self { conditions })
    }

    /// The ways of all conditions from the root of an event.
    pub(super) fn ways(&self) -> Vec<Way<'a>> {
        let way = |(condition, it): (usize, &&'a Condition)| Way {
            condition,
            rest: it.selector.segments(),
        };
        self.conditions.iter().enumerate().map(way).collect()
    }

    /// What conditions say of a value from which they have these ways to go.
    pub(super) fn of_value(
        &self,
        value: Option<&Value>,
        ways: &[Way<'_>],
        reading: Reading,
    ) -> Answers {
        let mut answers = Answers::default();
        for way in ways {
            let bit = 1_u128 << way.condition;
            answers.all |= bit;
            for value in reference::values_at(value, way.rest) {
                answers.present |= bit;
                if reference::test_holds(&self.conditions[way.condition].test, value, reading) {
                    answers.any |= bit;
                } else {
                    answers.all &= !bit;
                }
            }
        }
        answers
    }

    /// Which conditions hold for an event.
    pub(super) fn answers(&self, event: &Value, reading: Reading) -> u128 {
        let answers = self.of_value(Some(event), &self.ways(), reading);
        let mut every = 0;
        if reading.answers_yes(OpenQuestion::NotEqualsOnEveryElement) {
            for (number, condition) in self.conditions.iter().enumerate() {
                if matches!(condition.test, Test::NotEquals(_)) && condition.selector.has_wildcard()
                {
                    every |= 1_u128 << number;
                }
            }
        }
        answers.any & !every | answers.all & answers.present & every
    }

    /// A JSON pattern over the answers.
    pub(super) fn formula(&self, expression: &Expression) -> Formula {
        match expression {
            Expression::And(parts) => {
                Formula::All(parts.iter().map(|it| self.formula(it)).collect())
            }
            Expression::Or(parts) => {
                Formula::Any(parts.iter().map(|it| self.formula(it)).collect())
            }
            Expression::Condition(condition) => {
                let at = self.conditions.iter().position(|it| *it == condition);
                Formula::Atom(at.expect("all conditions are listed"))
            }
        }
    }
}
