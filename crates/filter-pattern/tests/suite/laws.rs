//! Laws of the language, on generated patterns: printing and reading are inverse
//! for every kind, regular expressions mean what an independent engine says, and
//! the ways to ask whether something matches agree.

use filter_pattern::ast::{
    Ast, Comparison, Condition, Expression, Field, FieldCondition, FieldList, NumberLiteral,
    Operand, Segment, Selector, Span, Term, TermRole, Terms, Test, TextPattern,
};
use filter_pattern::regex::RegexPattern;
use filter_pattern::{Event, FieldSelectionCriteria, FilterPattern, ParseErrorKind};
use proptest::prelude::*;
use proptest::sample::select;
use regex_automata::Input;
use regex_automata::dfa::{Automaton as _, dense};

/// A regular expression as AWS writes it and as the other engine does.
type Spelled = (String, String);

fn one_of(pairs: &'static [(&'static str, &'static str)]) -> impl Strategy<Value = Spelled> {
    select(pairs).prop_map(|(ours, theirs)| (ours.to_owned(), theirs.to_owned()))
}

fn atom() -> impl Strategy<Value = Spelled> {
    one_of(&[
        ("a", "a"),
        ("b", "b"),
        ("7", "7"),
        ("_", "_"),
        ("-", r"\x2D"),
        (" ", r"\x20"),
        (":", ":"),
        (".", "."),
        (r"\d", "[0-9]"),
        (r"\D", "[^0-9]"),
        (r"\s", r"[ \t\n\v\f\r]"),
        (r"\S", r"[^ \t\n\v\f\r]"),
        (r"\w", "[0-9A-Za-z_]"),
        (r"\W", "[^0-9A-Za-z_]"),
        (r"\.", r"\."),
        (r"\x28", r"\("),
        (r"\-", "-"),
        ("[ab]", "[ab]"),
        ("[^a]", "[^a]"),
        ("[a-c7]", "[a-c7]"),
        (r"[^\d_]", "[^0-9_]"),
        (r"[\w-]", "[0-9A-Za-z_-]"),
        ("[.*]", r"[\.\*]"),
    ])
}

fn repetition() -> impl Strategy<Value = Spelled> {
    one_of(&[
        ("", ""),
        ("", ""),
        ("*", "*"),
        ("+", "+"),
        ("?", "?"),
        ("{2}", "{2}"),
        ("{1,}", "{1,}"),
        ("{,2}", "{0,2}"),
        ("{0,3}", "{0,3}"),
        ("+?", "+?"),
    ])
}

fn joined(parts: Vec<Spelled>, separator: &str) -> Spelled {
    let (ours, theirs): (Vec<String>, Vec<String>) = parts.into_iter().unzip();
    (ours.join(separator), theirs.join(separator))
}

fn branch() -> impl Strategy<Value = Spelled> {
    let piece = (atom(), repetition())
        .prop_map(|((ours, theirs), (times, other))| (ours + &times, theirs + &other));
    let anchored = (
        select(vec!["", "", "^"]),
        prop::collection::vec(piece, 1..4),
        select(vec!["", "", "$"]),
    );
    anchored.prop_map(|(start, pieces, end)| {
        let (ours, theirs) = joined(pieces, "");
        (
            format!("{start}{ours}{end}"),
            format!("{start}{theirs}{end}"),
        )
    })
}

fn regular_expression() -> impl Strategy<Value = Spelled> {
    prop::collection::vec(branch(), 1..3).prop_map(|branches| joined(branches, "|"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(800))]

    #[test]
    fn regular_expressions_mean_what_another_engine_says(
        (ours, theirs) in regular_expression(),
        texts in prop::collection::vec("[ab7_:.( é\n-]{0,8}", 4),
    ) {
        let regex = RegexPattern::new(&ours).map_err(|error| TestCaseError::fail(format!("{ours}: {error}")))?;
        let other = dense::DFA::new(&theirs).map_err(|error| TestCaseError::fail(format!("{theirs}: {error}")))?;
        for text in texts {
            let found = other.try_search_fwd(&Input::new(&text)).expect("no byte stops it").is_some();
            prop_assert_eq!(regex.is_match(&text), found, "%{}% on {:?}", ours, text);
        }
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z*.\"\\\\%{}\\[\\] \n'é&|,-]{0,8}",
        select(vec![
            "12", "*", "", "Root", "TRUE", "1e3", "\\", "\"", "\\\""
        ])
        .prop_map(str::to_owned),
    ]
}

fn number() -> impl Strategy<Value = NumberLiteral> {
    select(vec![
        "0", "-0", "+1", "12.50", "1e3", "-1.5E-7", "007", ".5", "1e999",
    ])
    .prop_map(|text| NumberLiteral::parse(text).expect("a number"))
}

fn operand() -> impl Strategy<Value = Operand> {
    prop_oneof![
        4 => text().prop_map(|text| Operand::Text(TextPattern::new(text))),
        2 => number().prop_map(Operand::Number),
        1 => regular_expression()
            .prop_map(|(ours, _)| Operand::Regex(RegexPattern::new(&ours).expect("supported"))),
    ]
}

fn comparison() -> impl Strategy<Value = Test> {
    let comparisons = vec![
        Comparison::Less,
        Comparison::LessOrEqual,
        Comparison::Greater,
        Comparison::GreaterOrEqual,
    ];
    prop_oneof![
        operand().prop_map(Test::Equals),
        operand().prop_map(Test::NotEquals),
        (select(comparisons), number()).prop_map(|(it, number)| Test::Compare(it, number)),
    ]
}

fn selector() -> impl Strategy<Value = Selector> {
    let segment = prop_oneof![
        4 => "[a-zA-Z0-9_-]{1,5}".prop_map(|key| Segment::Key(key.into())),
        1 => "[a-z. \"é*]{0,4}".prop_map(|key| Segment::Key(key.into())),
        1 => "[a-z. 'é]{0,4}".prop_map(|key| Segment::Key(key.into())),
        1 => any::<u32>().prop_map(Segment::Index),
    ];
    let wildcard = select(vec![
        None,
        None,
        Some(Segment::AnyKey),
        Some(Segment::AnyIndex),
    ]);
    (prop::collection::vec(segment, 1..4), wildcard).prop_map(|(mut segments, wildcard)| {
        segments.extend(wildcard);
        Selector::new(segments)
    })
}

fn expression() -> impl Strategy<Value = Expression> {
    let test = prop_oneof![
        6 => comparison(),
        1 => Just(Test::IsNull),
        1 => Just(Test::IsTrue),
        1 => Just(Test::IsFalse),
        1 => Just(Test::NotExists),
    ];
    let condition = (selector(), test).prop_map(|(selector, test)| {
        Expression::Condition(Condition {
            selector,
            test,
            span: Span::default(),
        })
    });
    condition.prop_recursive(3, 8, 3, |inner| {
        (any::<bool>(), prop::collection::vec(inner, 2..4)).prop_map(|(all, parts)| {
            // Parts of the same kind are one flat list.
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
        })
    })
}

fn field() -> impl Strategy<Value = Field> {
    let test = || comparison().prop_map(FieldCondition::Test);
    let all = || {
        prop_oneof![
            2 => test(),
            1 => prop::collection::vec(test(), 2..3).prop_map(FieldCondition::And),
        ]
    };
    let condition = prop_oneof![
        3 => all(),
        1 => prop::collection::vec(all(), 2..3).prop_map(FieldCondition::Or),
    ];
    prop_oneof![
        5 => ("[a-zA-Z0-9_-]{1,6}", prop::option::of(condition))
            .prop_map(|(name, condition)| Field::Named { name: name.into(), condition }),
        1 => Just(Field::Unnamed),
    ]
}

fn field_list() -> impl Strategy<Value = FieldList> {
    let lists = (prop::collection::vec(field(), 0..4), any::<Option<u8>>());
    lists.prop_map(|(mut fields, ellipsis)| {
        if let Some(at) = ellipsis {
            fields.insert(usize::from(at) % (fields.len() + 1), Field::Ellipsis);
        }
        // `[]` is no field, not one without a name.
        if fields == [Field::Unnamed] {
            fields.clear();
        }
        FieldList { fields }
    })
}

fn terms() -> impl Strategy<Value = Terms> {
    let roles = vec![TermRole::Required, TermRole::Excluded, TermRole::Optional];
    let text = text().prop_filter("a phrase is not blank", |text| !text.trim().is_empty());
    let term = (select(roles), text).prop_map(|(role, text)| Term {
        role,
        text: text.into(),
    });
    prop::collection::vec(term, 1..4).prop_map(|terms| Terms { terms })
}

fn pattern() -> impl Strategy<Value = Ast> {
    prop_oneof![
        1 => Just(Ast::Empty),
        6 => expression().prop_map(Ast::Json),
        4 => field_list().prop_map(Ast::SpaceDelimited),
        3 => terms().prop_map(Ast::Terms),
        1 => regular_expression().prop_map(|(ours, _)| Ast::Regex(RegexPattern::new(&ours).expect("supported"))),
    ]
}

/// Whether a pattern is beyond a limit, which generated ones may be.
fn beyond_a_limit(printed: &str) -> bool {
    use ParseErrorKind as Kind;
    FilterPattern::parse(printed).is_err_and(|error| {
        matches!(
            error.kind(),
            Kind::TooLong | Kind::TooManyRegexes | Kind::WildcardSelectors
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn what_is_printed_reads_back_as_the_same_pattern(ast in pattern()) {
        let pattern = FilterPattern::from_ast(ast);
        let printed = pattern.to_string();
        if !beyond_a_limit(&printed) {
            let again = FilterPattern::parse(&printed);
            prop_assert_eq!(again.as_ref(), Ok(&pattern), "{}", printed);
            prop_assert_eq!(again.expect("it parsed").to_string(), printed);
        }
    }

    #[test]
    fn the_ways_to_ask_agree(
        ast in pattern(),
        message in prop_oneof![
            "[ab7 \"\\[\\]ERO-]{0,16}".prop_map(String::from),
            r#"\{"[ab]":("[a7 ]{0,3}"|7|7\.0|null|true|\[7,"a"\]),"b":\{"a":-?7\}\}"#.prop_map(String::from),
        ],
    ) {
        let pattern = FilterPattern::from_ast(ast);
        let matches = pattern.matches_message(&message);
        prop_assert_eq!(pattern.test(&message).is_some(), matches);
        prop_assert_eq!(pattern.answer_message(&message).matches(), matches);
        if let Ok(event) = Event::parse(&message) {
            prop_assert_eq!(pattern.answer(&event).matches(), pattern.matches(&event));
            prop_assert_eq!(pattern.matches(&event), pattern.matches_message(&event.to_json()));
        }
    }
}

/// Criteria as text, with names that are often the event's.
fn criteria() -> impl Strategy<Value = String> {
    let one = prop_oneof![
        select(vec!["=", "!="]).prop_flat_map(|operator| select(vec![
            "@aws.account",
            "@aws.region"
        ])
        .prop_map(move |field| format!("{field} {operator} \"a\""))),
        (
            select(vec!["@aws.account", "@aws.region"]),
            select(vec!["IN", "NOT IN", "in", "not  in"]),
            prop::collection::vec(select(vec!["\"a\"", "\"b\"", "\"c \\\"d\\\\\"", "e"]), 1..4),
        )
            .prop_map(|(field, operator, values)| format!(
                "{field} {operator} [{}]",
                values.join(",")
            )),
    ];
    one.prop_recursive(3, 8, 3, |inner| {
        (
            select(vec![" AND ", " OR ", " and ", " or "]),
            prop::collection::vec(inner, 2..4),
        )
            .prop_map(|(operator, parts)| format!("({})", parts.join(operator)))
    })
}

proptest! {
    #[test]
    fn criteria_read_back_and_mean_the_same_as_patterns(text in criteria()) {
        let criteria = FieldSelectionCriteria::parse(&text)
            .map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
        let printed = criteria.to_string();
        let again = FieldSelectionCriteria::parse(&printed);
        prop_assert_eq!(again.as_ref(), Ok(&criteria), "{}", printed);
        let selector = |name: &str| name.parse::<Selector>().expect("a name");
        let pattern = criteria
            .as_pattern(&selector("account"), &selector("region"))
            .expect("no `*` in it");
        for account in ["a", "b", "c \"d\\", "e"] {
            for region in ["a", "e", "f"] {
                let event = serde_json::json!({ "account": account, "region": region });
                prop_assert_eq!(
                    pattern.matches(&Event::from_value(&event)),
                    criteria.admits(account, region),
                    "{} on {} and {}", text, account, region
                );
            }
        }
    }
}
