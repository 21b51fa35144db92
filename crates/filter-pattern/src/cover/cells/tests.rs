use super::*;
use crate::ast::TextPattern;
use crate::cover::formula::Literal;
use crate::cover::problem::Patterns;
use crate::pattern::FilterPattern;
use crate::schema::Schema;

#[test]
fn positions_are_those_of_the_bits() {
    assert_eq!(positions(&[]), [0_usize; 0]);
    assert_eq!(positions(&[1 | 1 << 63, 0, 1 << 2]), [0, 63, 130]);
}

#[test]
fn spellings_are_of_the_same_number_and_as_many_as_are_needed() {
    for text in ["0", "5", "-12", "0.25", "-3.5", "120", "1e30"] {
        let value = Decimal::parse(text);
        let spellings = spellings(text, 3);
        assert_eq!(spellings[0], text);
        for spelling in &spellings {
            assert!(is_json_number(spelling), "{spelling}");
            assert_eq!(Decimal::parse(spelling), value, "{spelling}");
        }
        let mut different = spellings.clone();
        different.sort_unstable();
        different.dedup();
        assert!(different.len() > 3, "{spellings:?}");
    }
    assert!(spellings("5", 2).contains(&"5.00".to_owned()));
    assert!(spellings("5", 0).contains(&"5e-0".to_owned()));
    assert!(spellings("5", 0).contains(&"50e-1".to_owned()));
    assert!(spellings("5", 0).contains(&"0.5e1".to_owned()));
}

#[test]
fn a_number_operand_is_met_by_its_own_text_alone() {
    let operand = Operand::Text(TextPattern::new("5*"));
    assert!(operand_matches(&operand, "50") && !operand_matches(&operand, "05"));
    let literal = crate::ast::NumberLiteral::parse("5").expect("a number");
    let operand = Operand::Number(literal);
    assert!(operand_matches(&operand, "5") && !operand_matches(&operand, "5.0"));
}

#[test]
fn what_a_cell_has_is_the_same_whatever_was_asked_before() {
    let texts = [
        "{ $.a = *a* || $.a = *b* || $.a = *ab* || $.a = x* || $.a = *z || $.a = %[0-9]% || $.a = *1* }",
        "{ $.a != y* || $.a != *w* || $.a != %^x[ab]% || $.a != *12 || $.a = 5 || $.a > 11 }",
    ];
    let patterns = texts.map(|text| FilterPattern::parse(text).expect("a pattern"));
    let schema = Schema::any();
    let asked = Patterns {
        required: &[&patterns[0]],
        filters: &[&patterns[1]],
        except: &[],
    };
    let problem = Problem::new(&asked, &schema);
    let number = problem.find_field(&"$.a".parse().expect("a selector"));
    let number = number.expect("the field that patterns are about");
    let field = &problem.fields[number];
    let with_language = |it: &&Literal| it.field == number && it.language.is_some();
    let literals: Vec<&Literal> = problem
        .formula
        .literals
        .iter()
        .filter(with_language)
        .collect();
    let mut seed = 1_usize;
    let mut next = |bound: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % bound
    };
    let mut cells = Cells::new(&problem);
    let (mut some, mut none) = (0, 0);
    for _ in 0..100 {
        let mut state = problem.unrestricted.clone();
        for _ in 0..4 {
            let (literal, polarity) = (literals[next(literals.len())], next(2) == 0);
            if state.narrow(field, literal, polarity).is_err() {
                break;
            }
            for (class, _) in field.classes.list.iter().enumerate() {
                if !field.classes.list[class].is_cell() || !state.has_class(field, class) {
                    continue;
                }
                let found = cells.fill(&state, number, class, &mut 1_000_000);
                let alone = Cells::new(&problem).fill(&state, number, class, &mut 1_000_000);
                match (&found, &alone) {
                    (Filled::Value(value), Filled::Value(_)) => {
                        let text = value.as_text().expect("a text or a number");
                        assert!(cells.admits_text(&state, number, text), "{text}");
                        some += 1;
                    }
                    (Filled::Empty, Filled::Empty) => none += 1,
                    (Filled::Undecided, Filled::Undecided) => {}
                    _ => panic!("{found:?} and {alone:?}"),
                }
            }
        }
    }
    assert!(some > 100 && none > 10, "{some} {none}");
}
