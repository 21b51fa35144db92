use super::*;
use crate::ast::TextPattern;

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
