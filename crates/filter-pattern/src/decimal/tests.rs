use super::*;

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap_or_else(|| panic!("`{text}` is a number"))
}

#[test]
fn equal_values_have_equal_representations() {
    for (left, right) in [
        ("12", "12.0"),
        ("1e3", "1000"),
        ("0.001", "1e-3"),
        ("007", "7"),
        ("-0", "0"),
        ("+5", "5"),
        (".5", "0.5"),
        ("-.05e1", "-0.5"),
        ("1200e-2", "12"),
    ] {
        assert_eq!(decimal(left), decimal(right), "{left} and {right}");
    }
}

#[test]
fn order_is_that_of_the_numbers() {
    let ascending = [
        "-1e9", "-12.5", "-12", "-0.1", "0", "1e-9", "0.1", "2", "10", "1e30",
    ];
    for pair in ascending.windows(2) {
        assert!(
            decimal(pair[0]) < decimal(pair[1]),
            "{} < {}",
            pair[0],
            pair[1]
        );
    }
}

#[test]
fn texts_compare_as_their_values_do() {
    let texts = [
        "0",
        "-0",
        "0.000",
        "00",
        "1",
        "-1",
        "1.0",
        "1e0",
        "10e-1",
        "12.34",
        "12.340",
        "1234e-2",
        "-12.34",
        "1e999999999999",
        "-1e999999999999",
        "1e-999999999999",
        ".5",
        "0.50",
        "123456789012345678901",
        "123456789012345678902",
        "100",
        "1e2",
        "99.999",
    ];
    for left in texts {
        for right in texts {
            let expected = decimal(left).cmp(&decimal(right));
            assert_eq!(
                decimal(right).compared_with(left),
                Some(expected),
                "{left} and {right}"
            );
        }
    }
    assert_eq!(decimal("1").compared_with("x"), None);
}

#[test]
fn texts_that_are_no_numbers_are_refused() {
    for text in [
        "", "-", ".", "-.", "5.", "1e", "e5", ".e5", "1e+", "0x10", "1.2.3", "12a", "١", "--1",
    ] {
        assert_eq!(Decimal::parse(text), None, "{text}");
    }
}

#[test]
fn the_text_of_a_value_has_that_value() {
    for text in ["0", "-3", "12.25", "0.001", "1e40", "-1e-40", "1e21", "100"] {
        assert_eq!(decimal(&decimal(text).to_text()), decimal(text), "{text}");
    }
}

#[test]
fn a_value_between_two_bounds_lies_between_them() {
    for (low, high) in [
        ("1", "3"),
        ("1", "2"),
        ("0.1", "0.2"),
        ("-1", "0"),
        ("-5.5", "7"),
    ] {
        let (low, high) = (decimal(low), decimal(high));
        let middle = Decimal::between(Some(&low), Some(&high)).expect("there is one");
        assert!(low < middle && middle < high);
    }
    assert!(Decimal::between(Some(&decimal("1e400")), None).expect("above") > decimal("1e400"));
    assert!(Decimal::between(None, Some(&decimal("-1e400"))).expect("below") < decimal("-1e400"));
    assert!(Decimal::between(Some(&decimal("4.5")), None).expect("above") > decimal("4.5"));
    assert!(Decimal::between(None, Some(&decimal("-4.5"))).expect("below") < decimal("-4.5"));
}

#[test]
fn a_value_between_two_bounds_is_a_whole_number_where_one_is_near() {
    #[rustfmt::skip]
    let table = [
        (Some("0.5"),  Some("3"),    "1"),
        (Some("0.25"), Some("3"),    "1"),
        (Some("-3"),   Some("-0.5"), "-2"),
        (Some("1.25"), Some("1.75"), "1.5"),
        (Some("1.2"),  Some("1.25"), "1.225"),
        (Some("2.75"), None,         "3"),
        (None,         Some("-2.5"), "-4"),
        (None,         None,         "0"),
    ];
    for (low, high, expected) in table {
        let bounds = [low, high].map(|bound| bound.map(decimal));
        let between = Decimal::between(bounds[0].as_ref(), bounds[1].as_ref());
        assert_eq!(between, Some(decimal(expected)), "{low:?} {high:?}");
    }
}

#[test]
fn plain_digits_are_given_up_to_the_number_that_is_wanted() {
    let digits = |text: &str| {
        let both = decimal(text).plain_digits(4)?;
        let [whole, fraction] = [both.0, both.1].map(|it| String::from_utf8(it).unwrap());
        Some((whole, fraction))
    };
    #[rustfmt::skip]
    let table = [
        ("0",       Some(("", ""))),
        ("12.34",   Some(("12", "34"))),
        ("12.345",  None),
        ("1e3",     Some(("1000", ""))),
        ("1e4",     None),
        ("-0.0012", Some(("", "0012"))),
        ("1e-5",    Some(("", "00001"))),
        ("1e-6",    None),
        ("12345",   None),
    ];
    for (text, expected) in table {
        let expected = expected.map(|(whole, fraction)| (whole.to_owned(), fraction.to_owned()));
        assert_eq!(digits(text), expected, "{text}");
    }
}

#[test]
fn a_text_is_the_plainest_one() {
    #[rustfmt::skip]
    let table = [
        ("100",     "100"),
        ("1e20",    "100000000000000000000"),
        ("1e21",    "1e21"),
        ("1234567890123456789012", "1234567890123456789012e0"),
        ("12.50",   "12.5"),
        ("0.12",    "0.12"),
        ("1e-12",   "0.000000000001"),
        ("1.5e-13", "15e-14"),
        ("-3",      "-3"),
    ];
    for (text, plainest) in table {
        assert_eq!(decimal(text).to_text(), plainest, "{text}");
    }
}

#[test]
fn between_bounds_that_no_arithmetic_holds_is_a_value_next_to_one() {
    const LONG: &str = "1111111111111111111111111111111111111111e-100";
    #[rustfmt::skip]
    let table = [
        (Some("1e100"),    None,            "1e101"),
        (None,             Some("-1e100"),  "-1e101"),
        (Some("1e100"),    Some("1e200"),   "1e101"),
        (Some("-1e200"),   Some("-1e100"),  "-1e101"),
        (Some("0"),        Some(LONG),      "1111111111111111111111111111111111111111e-101"),
        (Some("1e100"),    Some("1.2e100"), "1.001e100"),
        (Some("1e100"),    Some("1e101"),   "1.01e100"),
        (Some("-1.2e100"), Some("-1e100"),  "-1.001e100"),
        // As many digits as arithmetic holds.
        (Some("100000000000000000000000000000000001"), Some("100000000000000000000000000000000003"),
         "100000000000000000000000000000000002"),
    ];
    for (low, high, expected) in table {
        let bounds = [low, high].map(|bound| bound.map(decimal));
        let between = Decimal::between(bounds[0].as_ref(), bounds[1].as_ref());
        assert_eq!(between, Some(decimal(expected)), "{low:?} {high:?}");
    }
}
