//! Generated patterns and events, from a seed, for the differential tests.

use filter_pattern::ast::{
    Ast, Comparison, Condition, Expression, NumberLiteral, Operand, Segment, Selector, Span, Test,
    TextPattern,
};
use filter_pattern::regex::RegexPattern;
use filter_pattern::{Event, EventValue, FilterPattern};

/// A small generator of numbers, the same on every machine.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 16) % bound as u64).expect("a small number")
    }

    pub(crate) fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }
}

pub(crate) const TEXTS: &[&str] = &["", "x", "y", "12", "12.0", "-3", "true", "xy", "xyx", "é"];
pub(crate) const GLOBS: &[&str] = &["*", "x*", "*x", "*y*", "x*x", "1*", "*xy*x", "**", "*2"];
pub(crate) const NUMBERS: &[&str] = &["12", "12.0", "-3", "0", "1e1", "12.5", "007"];
pub(crate) const REGEXES: &[&str] = &[
    "x",
    "^x",
    "y$",
    "^[xy]+$",
    "^.{2}$",
    "1[0-9]",
    "^$",
    "x|^y",
    "^-?[0-9.]+$",
];

fn key(name: &str) -> Segment {
    Segment::Key(name.into())
}

/// The selectors that patterns use; few, so that conditions meet.
pub(crate) fn selectors(wildcards: bool) -> Vec<Selector> {
    let mut selectors = vec![
        Selector::new([key("a")]),
        Selector::new([key("a")]),
        Selector::new([key("b")]),
        Selector::new([key("b"), key("c")]),
        Selector::new([key("b"), Segment::Index(0)]),
        Selector::new([key("b"), Segment::Index(1)]),
    ];
    if wildcards {
        selectors.push(Selector::new([key("b"), Segment::AnyIndex]));
        selectors.push(Selector::new([Segment::AnyKey]));
        selectors.push(Selector::new([key("b"), Segment::AnyKey]));
        selectors.push(Selector::new([Segment::AnyKey, key("c")]));
        selectors.push(Selector::new([key("b"), Segment::AnyIndex, key("c")]));
    }
    selectors
}

fn operand(random: &mut Random) -> Operand {
    match random.below(7) {
        0..=2 => Operand::Text(TextPattern::new(random.pick(TEXTS))),
        3 | 4 => Operand::Text(TextPattern::new(random.pick(GLOBS))),
        5 => Operand::Number(NumberLiteral::parse(random.pick(NUMBERS)).expect("a number")),
        _ => Operand::Regex(RegexPattern::new(random.pick(REGEXES)).expect("a regex")),
    }
}

fn test(random: &mut Random) -> Test {
    match random.below(14) {
        0..=4 => Test::Equals(operand(random)),
        5..=7 => Test::NotEquals(operand(random)),
        8 | 9 => {
            let comparison = random.pick(&[
                Comparison::Less,
                Comparison::LessOrEqual,
                Comparison::Greater,
                Comparison::GreaterOrEqual,
            ]);
            Test::Compare(
                comparison,
                NumberLiteral::parse(random.pick(NUMBERS)).expect("a number"),
            )
        }
        10 => Test::IsNull,
        11 => Test::IsTrue,
        12 => Test::IsFalse,
        _ => Test::NotExists,
    }
}

fn expression(random: &mut Random, depth: usize, selectors: &[Selector]) -> Expression {
    if depth == 0 || random.below(3) == 0 {
        return Expression::Condition(Condition {
            selector: random.pick(selectors),
            test: test(random),
            span: Span::default(),
        });
    }
    let conjunction = random.below(2) == 0;
    let mut parts = Vec::new();
    for _ in 0..2 + random.below(2) {
        // Parts of the same kind are one flat list.
        match (conjunction, expression(random, depth - 1, selectors)) {
            (true, Expression::And(inner)) | (false, Expression::Or(inner)) => parts.extend(inner),
            (_, part) => parts.push(part),
        }
    }
    if conjunction {
        Expression::And(parts)
    } else {
        Expression::Or(parts)
    }
}

pub(crate) fn pattern(random: &mut Random, depth: usize, wildcards: bool) -> FilterPattern {
    FilterPattern::from_ast(Ast::Json(expression(random, depth, &selectors(wildcards))))
}

/// Texts and numbers around everything that generated patterns tell apart.
pub(crate) fn leaves() -> Vec<EventValue> {
    let texts = [
        "", "x", "y", "12", "12.0", "-3", "0", "1e1", "007", "12.5", "true", "false", "xy", "xyx",
        "é", "z", "xx", "yx", "xxyx", "1z", "zy", "z2", "yy", "zxz", "xyxyx",
    ];
    let numbers = [
        "12", "12.0", "12.00", "1.2e1", "-3", "-3.0", "0", "-0", "10", "10.0", "7", "11", "12.5",
        "12.50", "12.3", "-4", "-1", "5", "8", "13", "100", "1e2", "2",
    ];
    let mut leaves = vec![
        EventValue::Null,
        EventValue::Bool(true),
        EventValue::Bool(false),
        EventValue::Object(vec![]),
        EventValue::Array(vec![]),
    ];
    leaves.extend(texts.map(|text| EventValue::String(text.into())));
    leaves.extend(numbers.map(|text| EventValue::Number(text.into())));
    leaves
}

fn value(random: &mut Random, leaves: &[EventValue], depth: usize) -> EventValue {
    match random.below(5) {
        0 if depth > 0 => EventValue::Array(
            (0..random.below(4))
                .map(|_| value(random, leaves, depth - 1))
                .collect(),
        ),
        1 if depth > 0 => {
            let keys = ["c", "d"];
            let members =
                (0..random.below(3)).map(|at| (keys[at].into(), value(random, leaves, depth - 1)));
            EventValue::Object(members.collect())
        }
        _ => random.pick(leaves),
    }
}

pub(crate) fn event(random: &mut Random, leaves: &[EventValue]) -> Event {
    let mut members = Vec::new();
    for name in ["a", "b", "e"] {
        if random.below(4) > 0 {
            members.push((name.into(), value(random, leaves, 2)));
        }
    }
    Event::from_members(members)
}

/// Fields of CloudTrail records with texts that they may have.
const TRAIL: &[(&[&str], &[&str])] = &[
    (
        &["eventName"],
        &[
            "StopLogging",
            "CreatePolicy",
            "ConsoleLogin",
            "DescribeInstances",
        ],
    ),
    (
        &["eventSource"],
        &[
            "cloudtrail.amazonaws.com",
            "iam.amazonaws.com",
            "signin.amazonaws.com",
        ],
    ),
    (&["awsRegion"], &["us-east-1", "eu-west-1"]),
    (
        &["errorCode"],
        &["AccessDenied", "Client.UnauthorizedOperation"],
    ),
    (&["readOnly"], &["true", "false"]),
    (&["userIdentity", "type"], &["Root", "IAMUser"]),
    (
        &["userIdentity", "arn"],
        &[
            "arn:aws:iam::111122223333:root",
            "arn:aws:iam::111122223333:user/x",
        ],
    ),
    (&["additionalEventData", "MFAUsed"], &["Yes", "No"]),
    (&["requestParameters", "x"], &["1", "y"]),
    (&["recipientAccountId"], &["111122223333"]),
];

const TRAIL_GLOBS: &[&str] = &[
    "*",
    "S*",
    "*Logging",
    "*amazonaws*",
    "us-*",
    "*Operation",
    "*:root",
    "AccessDenied*",
];

fn trail_condition(random: &mut Random) -> Condition {
    let (keys, texts) = random.pick(TRAIL);
    let text = |random: &mut Random| match random.below(3) {
        0 => random.pick(TRAIL_GLOBS),
        _ => random.pick(texts),
    };
    let test = match random.below(10) {
        0..=4 => Test::Equals(Operand::Text(TextPattern::new(text(random)))),
        5..=6 => Test::NotEquals(Operand::Text(TextPattern::new(text(random)))),
        7 => Test::NotExists,
        8 => Test::IsTrue,
        _ => Test::IsNull,
    };
    Condition {
        selector: Selector::of_keys(keys.iter().copied()),
        test,
        span: Span::default(),
    }
}

/// A pattern about CloudTrail records.
pub(crate) fn trail_pattern(random: &mut Random) -> FilterPattern {
    let mut clauses = Vec::new();
    for _ in 0..=random.below(3) {
        let mut parts: Vec<Expression> = (0..=random.below(2))
            .map(|_| Expression::Condition(trail_condition(random)))
            .collect();
        clauses.push(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Expression::Or(parts)
        });
    }
    let expression = if clauses.len() == 1 {
        clauses.remove(0)
    } else {
        Expression::And(clauses)
    };
    FilterPattern::from_ast(Ast::Json(expression))
}

type Members = Vec<(Box<str>, EventValue)>;

/// An event with the fields of CloudTrail records; not always an admissible one.
pub(crate) fn trail_event(random: &mut Random) -> Event {
    let text = |text: &str| EventValue::String(text.into());
    let mut members: Members = ["eventTime", "sourceIPAddress", "eventID"]
        .map(|key| (key.into(), text("x")))
        .into();
    members.push(("eventVersion".into(), text("1.11")));
    members.push(("eventType".into(), text("AwsApiCall")));
    let mut nested: Vec<(&str, Members)> = vec![
        ("userIdentity", vec![]),
        ("additionalEventData", vec![]),
        ("requestParameters", vec![]),
        ("responseElements", vec![]),
    ];
    for (keys, texts) in TRAIL {
        let value = match (keys[0], random.below(8)) {
            ("eventName" | "eventSource" | "awsRegion", 0) => text("other"),
            ("readOnly", 0..=4) => EventValue::Bool(random.below(2) == 0),
            ("requestParameters", 0) => EventValue::Null,
            ("requestParameters", 1) => EventValue::Number("1".into()),
            ("errorCode" | "userIdentity", 0) => text("OtherOperation"),
            ("eventName" | "eventSource" | "awsRegion", _) | (_, 1..=4) => text(random.pick(texts)),
            _ => continue,
        };
        match keys {
            [key] => members.push(((*key).into(), value)),
            [parent, key] => {
                if let Some((_, members)) = nested.iter_mut().find(|(name, _)| name == parent) {
                    members.push(((*key).into(), value));
                }
            }
            _ => {}
        }
    }
    for (name, inner) in nested {
        let empty = inner.is_empty();
        let value = match name {
            "additionalEventData" if empty => continue,
            "requestParameters" | "responseElements" if empty => EventValue::Null,
            _ => EventValue::Object(inner),
        };
        members.push((name.into(), value));
    }
    Event::from_members(members)
}
