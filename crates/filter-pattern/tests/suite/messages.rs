//! Words about words: what is left undecided says what stands in the way.

use filter_pattern::{CoverQuestion, Covers, FilterPattern, Schema, Why};

fn pattern(text: &str) -> FilterPattern {
    FilterPattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn a_question_about_words_says_whether_other_patterns_stand_in_the_way() {
    type Row = (
        &'static str,
        &'static [&'static str],
        &'static [&'static str],
        Schema,
        &'static str,
    );
    #[rustfmt::skip]
    let table: [Row; 10] = [
        ("a", &["a b"],       &[],          Schema::any(),        "no"),
        ("a", &["a"],         &[],          Schema::any(),        "yes"),
        ("-a", &["-a b", "-a -b"], &[],     Schema::any(),        "yes"),
        ("-a", &["-a b"],     &["-b"],      Schema::any(),        "yes"),
        ("a", &["[x]"],       &[],          Schema::any(),        "not json"),
        ("a", &["[x]", "[]"], &[],          Schema::any(),        "not json"),
        ("a", &[],            &["[x]"],     Schema::any(),        "not json"),
        ("a", &["[x]"],       &["[x, y]"],  Schema::any(),        "not json"),
        ("zzz", &["aws"],     &[],          Schema::cloudtrail(), "not json"),
        ("zzz", &["qqq"],     &[],          Schema::cloudtrail(), "no"),
    ];
    for (required, filters, except, schema, expected) in table {
        let [filters, except] = [filters, except]
            .map(|texts| texts.iter().map(|text| pattern(text)).collect::<Vec<_>>());
        let [filters, except] =
            [&filters, &except].map(|patterns| patterns.iter().collect::<Vec<_>>());
        let required = pattern(required);
        let answer = CoverQuestion {
            except: &except,
            schema: &schema,
            ..CoverQuestion::new(&required, &filters)
        }
        .decide();
        let found = match &answer {
            Covers::Yes(_) => "yes",
            Covers::No(_) => "no",
            Covers::Unknown(Why::NotJson) => "not json",
            Covers::Unknown(_) => "unknown",
        };
        assert_eq!(
            found, expected,
            "{required} {filters:?} {except:?}: {answer:?}"
        );
    }
}
