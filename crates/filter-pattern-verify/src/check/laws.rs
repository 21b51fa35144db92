//! Laws that hold between answers, whatever the patterns are.

use filter_pattern::{Covers, FilterPattern, Schema, covers, equivalent, never_matches, overlap};

use crate::generate::{Case, Effect, Events};
use crate::random::Random;
use crate::report::Report;

/// Checks the promise of a mutation always, the other laws now and then.
pub(super) fn check(
    random: &mut Random,
    number: u64,
    case: &Case,
    answer: &Covers,
    report: &mut Report,
) {
    let schema = case.schema();
    let mut broken = |law: &'static str, holds: bool| {
        report.count(format!("law.{law}"));
        if !holds {
            report.disagree(law, number, || case.to_string());
        }
    };
    mutation(case, answer, &schema, &mut broken);
    if !random.once_in(4) {
        return;
    }
    let (required, filter) = (&case.required, &case.filters[0]);
    broken(
        "a pattern covers itself",
        covers(required, &[required], &schema).is_yes(),
    );
    let never = never_matches(required, &schema);
    broken(
        "nothing covers only what never matches",
        agree(&covers(required, &[], &schema), &never),
    );
    let both = overlap(required, filter, &schema);
    broken(
        "overlap has no direction",
        agree(&both, &overlap(filter, required, &schema)),
    );
    let there = equivalent(required, filter, &schema);
    broken(
        "equivalence has no direction",
        agree(&there, &equivalent(filter, required, &schema)),
    );
    broken(
        "what never matches overlaps nothing",
        !(never.is_yes() && is_no(&both)),
    );
    let one = covers(required, &[filter], &schema);
    broken(
        "equivalent patterns cover each other",
        !(there.is_yes() && is_no(&one)),
    );
    broken(
        "what overlaps nothing is covered only when it never matches",
        !(both.is_yes() && one.is_yes() && is_no(&never)),
    );
    if case.except.is_empty() {
        broken(
            "another filter takes nothing away",
            !(one.is_yes() && is_no(answer)),
        );
        let mut reversed: Vec<&FilterPattern> = case.filters.iter().collect();
        reversed.reverse();
        broken(
            "filters have no order",
            agree(answer, &covers(required, &reversed, &schema)),
        );
    } else {
        let plain = Case {
            except: Vec::new(),
            ..case.clone()
        };
        broken(
            "an exclusion takes nothing away",
            !(plain.answer().is_yes() && is_no(answer)),
        );
    }
    if let Some(second) = case.filters.get(1) {
        let chain = one.is_yes() && covers(filter, &[second], &schema).is_yes();
        broken(
            "coverage is transitive",
            !(chain && is_no(&covers(required, &[second], &schema))),
        );
    }
    if case.events == Events::Records {
        let any = Case {
            events: Events::Any,
            ..case.clone()
        };
        broken(
            "what covers any object covers records",
            !(any.answer().is_yes() && is_no(answer)),
        );
    }
}

/// What a mutation promises about the filters that it made.
fn mutation(
    case: &Case,
    answer: &Covers,
    schema: &Schema,
    broken: &mut impl FnMut(&'static str, bool),
) {
    let Some((_, effect)) = case.made_by else {
        return;
    };
    let required = &case.required;
    let back = |schema: &Schema| {
        case.filters
            .iter()
            .any(|filter| is_no(&covers(filter, &[required], schema)))
    };
    match effect {
        Effect::Same | Effect::SameAmongRecords => {
            broken("the same in other words covers", !is_no(answer));
            broken("the same in other words is covered", !back(schema));
        }
        Effect::Fewer => broken("what narrows is covered", !back(schema)),
        Effect::More => broken("what widens covers", !is_no(answer)),
    }
}

fn is_no(answer: &Covers) -> bool {
    matches!(answer, Covers::No(_))
}

/// Whether two answers do not contradict each other.
fn agree(left: &Covers, right: &Covers) -> bool {
    !(left.is_yes() && is_no(right) || is_no(left) && right.is_yes())
}
