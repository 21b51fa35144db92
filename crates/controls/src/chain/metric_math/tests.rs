//! What expressions show: of known truth, and against trying every combination.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// Metrics `m1`, `m2` and `m3` that show these now, and nothing or 0 before.
fn moment<'a>(shown: &[(&'a str, &[Option<f64>])]) -> Moment<'a> {
    let set = |values: &[Option<f64>]| values.iter().copied().collect::<Shown>();
    Moment {
        now: shown
            .iter()
            .map(|(id, values)| (*id, set(values)))
            .collect(),
        before: shown
            .iter()
            .map(|(id, _)| (*id, set(&[None, Some(0.0)])))
            .collect(),
        at_rest: shown.iter().map(|(id, _)| (*id, Shown::NOTHING)).collect(),
        missing_among: MissingAmong::Skipped,
        seconds: Some(300.0),
    }
}

fn watched(text: &str) -> Result<Watched, String> {
    let expressions = Expressions::parse([("e1", text)].into_iter())?;
    let metrics = ["m1", "m2", "m3"].map(|id| (id, Some(300)));
    expressions.watched("e1", &metrics.into_iter().collect())
}

fn in_words(shown: &Shown) -> String {
    let options = shown.options();
    let words = options.map(|value| value.map_or("-".to_owned(), |value| value.to_string()));
    words.collect::<Vec<_>>().join(" ")
}

#[test]
#[rustfmt::skip]
fn expressions_show_what_the_documentation_says() {
    let metrics = moment(&[
        ("m1", &[Some(1.0)]),
        ("m2", &[None, Some(0.0), Some(2.0)]),
        ("m3", &[None]),
    ]);
    for (text, expected) in [
        ("m1",                          "1"),
        ("m2",                          "- 0 2"),
        ("m1 + m2",                     "1 3"),
        ("m1 - m2",                     "-1 1"),
        ("m3 + m3",                     "-"),
        ("m3 + 5",                      "-"),
        ("m2 / m2",                     "- 1"),
        ("m1 / m2",                     "- 0.5"),
        ("-m2",                         "- -2 0"),
        ("m1 * 100",                    "100"),
        ("m1 / PERIOD(m1)",             "0.0033333333333333335"),
        ("m2 > 1",                      "- 0 1"),
        ("m1 == 1 AND m2 == 2",         "0 1"),
        ("SUM([m1, m2, m3])",           "1 3"),
        ("SUM(METRICS())",              "1 3"),
        ("SUM(METRICS('3'))",           "-"),
        ("SUM(METRICS() * 2)",          "2 6"),
        ("SUM(-[m1, m2])",              "-3 -1"),
        ("AVG([m1, m3])",               "0.5"),
        ("MAX([m2, m3])",               "- 0 2"),
        ("MIN([m1, m2])",               "0 1"),
        ("METRIC_COUNT(METRICS()) * m1", "3"),
        ("LAST([m3, m1])",              "1"),
        ("FILL(m2, 0)",                 "0 2"),
        ("SUM(FILL(METRICS(), 4))",     "5 9"),
        ("FILL(m3, m1)",                "1"),
        ("FILL(m3, REPEAT)",            "- 0"),
        ("FILL(m1, LINEAR)",            "1"),
        ("IF(m2 > 0, m1, 5)",           "- 1 5"),
        ("IF(m2, m3)",                  "- 0"),
        ("IF(m1, m2, 7)",               "0 2"),
        ("TIME_SERIES(3) - m1",         "2"),
        ("DIFF(m1)",                    "- 1"),
        ("RATE(m1) * 300",              "- 1"),
        ("DIFF(m3)",                    "-"),
        ("FILL(DIFF(m1), 0)",           "0 1"),
        ("RUNNING_SUM(m1)",             "1"),
        ("CEIL(m1 / 2) + FLOOR(m2 / 3)", "1"),
        ("ABS(m1 - m2)",                "1"),
        // What is not decided says so.
        ("DIFF(FILL(m1, 0))",           "DIFF compares with the period before"),
        ("DIFF(m2) + m2",               "it looks at earlier values of the same metric several times"),
        ("RUNNING_SUM(FILL(m1, 1))",    "its running sum grows without events"),
        ("SUM(m1)",                     "SUM of one series looks at as many datapoints"),
        ("ANOMALY_DETECTION_BAND(m1)",  "an anomaly-detection band does not say"),
        ("SEARCH('{x} y', 'Sum', 300)", "CloudWatch makes no alarm of a search"),
        ("STDDEV([m1, m2])",            "the function STDDEV is not decided"),
        ("METRICS()",                   "the expression returns several series"),
        ("FILL(METRICS('m3'), 4)",      "the expression returns several series"),
        ("m9",                          "`m9` is no metric of the alarm"),
        ("e1 + 1",                      "`e1` is no metric of the alarm"),
        ("PERIOD(m1 + m2)",             "the function PERIOD is not decided"),
        ("1 / 0 + m1",                  "a division by zero"),
    ] {
        let shown = watched(text).and_then(|watched| watched.shows(&metrics));
        match shown {
            Ok(shown) => assert_eq!(in_words(&shown), expected, "{text}"),
            Err(why) => assert!(why.starts_with(expected), "{text}: {why}"),
        }
    }
}

#[test]
fn many_metrics_are_no_matter_where_extremes_or_shared_parts_stand_for_them() {
    let ids: Vec<String> = (1..=15).map(|number| format!("m{number}")).collect();
    let counter: Shown = [None, Some(1.0), Some(7.0)].into_iter().collect();
    let all: possible::Showing<'_> = ids
        .iter()
        .map(|id| (id.as_str(), counter.clone()))
        .collect();
    let moment = Moment {
        now: all.clone(),
        before: all.clone(),
        at_rest: all,
        missing_among: MissingAmong::Skipped,
        seconds: Some(300.0),
    };
    let metrics = ids.iter().map(|id| (id.as_str(), Some(300))).collect();
    for (text, expected) in [
        ("SUM(METRICS())", Ok("- 1 105")),
        (
            "MAX(METRICS()) - SUM(METRICS('m'))",
            Err("it combines too many metrics"),
        ),
        ("AVG(FILL(METRICS(), 0)) * 15", Ok("0 105")),
        ("IF(SUM(METRICS()) > 100, SUM(METRICS()), 0)", Ok("- 0 105")),
        ("e2 * e2", Ok("- 1 49")),
        (
            "IF(m1 > 0, m1, 0) + IF(m2 > 0, m2, 0) + IF(m3 > 0, m3, 0) + IF(m4 > 0, m4, 0) + IF(m5 > 0, m5, 0) + IF(m6 > 0, m6, 0) + IF(m7 > 0, m7, 0) + IF(m8 > 0, m8, 0)",
            Ok("- 1 56"),
        ),
        (
            "m1 * m2 + m2 * m3 + m3 * m4 + m4 * m5 + m5 * m6 + m6 * m7 + m7 * m8 + m8 * m1",
            Err("it combines too many metrics"),
        ),
        (
            "m1 + m2 + m3 + m4 + m5 + m6 + m7 + m8 + m9 + m10 + m11 >= 1",
            Ok("- 1"),
        ),
    ] {
        let texts = [("e1", text), ("e2", "MAX(METRICS())")];
        let expressions = Expressions::parse(texts.into_iter()).unwrap();
        let watched = expressions.watched("e1", &metrics).unwrap();
        let shown = watched.shows(&moment).map(Shown::extremes);
        let told = shown.as_ref().map(in_words);
        assert_eq!(
            told.as_deref().map_err(|why| why.as_str()),
            expected,
            "{text}"
        );
    }
}

/// Expressions over `m1`, `m2` and `m3`, each as often as it likes.
fn expression() -> impl Strategy<Value = String> {
    let leaf = select(&["m1", "m2", "m3", "0", "1", "2", "0.5"]).prop_map(str::to_owned);
    leaf.prop_recursive(4, 16, 3, |inner| {
        let operator = select(&[
            "+", "-", "*", "/", "<", "<=", ">", ">=", "==", "!=", "AND", "OR",
        ]);
        prop_oneof![
            (inner.clone(), operator, inner.clone())
                .prop_map(|(a, operator, b)| format!("({a} {operator} {b})")),
            (
                select(&["SUM", "MAX", "MIN", "AVG"]),
                prop::collection::vec(inner.clone(), 1..4)
            )
                .prop_map(|(function, of)| format!("{function}([{}])", of.join(", "))),
            (inner.clone(), select(&["0", "1", "m1"]))
                .prop_map(|(filled, with)| format!("FILL({filled}, {with})")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("IF({a}, {b}, {c})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("IF({a}, {b})")),
            (select(&["ABS", "CEIL", "FLOOR", "-"]), inner)
                .prop_map(|(function, of)| format!("{function}({of})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_shown_is_what_some_combination_shows(
        text in expression(),
        values in prop::collection::vec(
            prop::collection::vec(select(&[None, Some(0.0), Some(0.5), Some(1.0), Some(7.0), Some(-1.0)]), 1..4),
            3,
        ),
        missing_among in select(&[MissingAmong::Skipped, MissingAmong::Zero]),
    ) {
        let Ok(watched) = watched(&text) else { return Ok(()) };
        let ids = ["m1", "m2", "m3"];
        let together = Moment {
            missing_among,
            ..moment(&[(ids[0], &values[0]), (ids[1], &values[1]), (ids[2], &values[2])])
        };
        let mut each = Some(Shown::default());
        for a in &values[0] {
            for b in &values[1] {
                for c in &values[2] {
                    let alone = Moment {
                        missing_among,
                        ..moment(&[(ids[0], &[*a]), (ids[1], &[*b]), (ids[2], &[*c])])
                    };
                    let shown = watched.shows(&alone).ok();
                    each = each.zip(shown).map(|(all, shown)| all.or(&shown));
                }
            }
        }
        if let (Ok(shown), Some(each)) = (watched.shows(&together), each) {
            prop_assert_eq!(in_words(&shown.extremes()), in_words(&each.extremes()), "{}", text);
        }
    }
}
