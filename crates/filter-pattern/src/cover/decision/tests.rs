//! To prove is to decide without looking for an event: both say yes to the same
//! questions, for the same reasons.

use super::*;
use crate::cover::Budget;

/// Small patterns by number: every combination of a few conditions.
fn patterns(schema: &Schema) -> Vec<FilterPattern> {
    let fields = if schema.records() == crate::schema::Records::CloudTrail {
        [
            "eventName",
            "readOnly",
            "userIdentity.arn",
            "userIdentity.type",
            "eventType",
            "eventSource",
        ]
    } else {
        ["a", "b", "c[0]", "c[1].d", "e", "f"]
    };
    let tests = [
        "= x",
        "!= x",
        "= x*",
        "!= *y",
        "= CreateRoute",
        "= AwsApiCall",
        "= ec2.amazonaws.com",
        "!= AwsServiceEvent",
        "= StopLogging",
        "= %^x.y$%",
        "NOT EXISTS",
        "IS TRUE",
        "IS FALSE",
        "> 3",
        "= 4",
        "= ConsoleLogin",
        "= Root",
        "!= \"true\"",
        "= *:root",
    ];
    let condition = |number: usize| {
        let field = fields[number % fields.len()];
        format!("$.{field} {}", tests[number * 5 % tests.len()])
    };
    let joined = (0..60).map(|number| {
        let [one, other, third] = [1, 7, 11].map(|factor| condition(number * factor + factor));
        match number % 4 {
            0 => format!("{{ {one} }}"),
            1 => format!("{{ {one} || {other} }}"),
            2 => format!("{{ {one} && ({other} || {third}) }}"),
            _ => format!("{{ {one} || ({other} && {third}) }}"),
        }
    });
    joined.map(|text| text.parse().unwrap()).collect()
}

#[test]
fn what_is_proved_is_what_is_decided_with_yes() {
    let mut proved = 0;
    for schema in [Schema::any(), Schema::cloudtrail()] {
        let patterns = patterns(&schema);
        for (number, required) in patterns.iter().enumerate() {
            for step in [1, 2, 13, 29] {
                let one = &patterns[(number + step) % patterns.len()];
                let other = &patterns[(number * 3 + step) % patterns.len()];
                let required = [required];
                let (filters, except) = ([one, other], [&patterns[step]]);
                let asked = Patterns {
                    required: &required,
                    filters: &filters,
                    except: if number % 2 == 0 { &except } else { &[] },
                };
                let mut steps = Budget::default().remaining();
                let decided = match decide(&asked, &schema, &mut steps) {
                    Covers::Yes(proof) => Some(proof.assumptions().len()),
                    _ => None,
                };
                let mut steps = Budget::default().remaining();
                let found = prove(&asked, &schema, &mut steps);
                let found = found.map(|assumptions| assumptions.len());
                if !asked.are_covered_at_a_glance() {
                    assert_eq!(found, decided, "{required:?} by {filters:?}");
                }
                proved += usize::from(found.is_some());
            }
        }
    }
    assert!(proved > 40, "{proved}");
}

#[test]
fn what_words_cover_is_proved_as_it_is_decided() {
    let schema = Schema::any();
    let texts = [
        "ERROR",
        "ERROR x",
        "ERROR -x",
        "?ERROR ?x",
        "%^ERROR%",
        "\"ERROR x\"",
    ];
    let patterns = texts.map(|text| FilterPattern::parse(text).unwrap());
    let mut proved = 0;
    for required in &patterns {
        for filter in &patterns {
            let (required, filters) = ([required], [filter]);
            let asked = Patterns {
                required: &required,
                filters: &filters,
                except: &[],
            };
            let mut steps = Budget::default().remaining();
            let found = prove(&asked, &schema, &mut steps).is_some();
            let decided = decide(&asked, &schema, &mut steps).is_yes();
            assert_eq!(found, decided, "{required:?} by {filters:?}");
            proved += usize::from(found);
        }
    }
    assert!(proved > 10, "{proved}");
}
