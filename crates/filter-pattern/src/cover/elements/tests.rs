use super::*;
use crate::ast::Ast;
use crate::pattern::FilterPattern;

/// The elements of each container for conditions in a required pattern and in
/// filters, as `prefix: steps`; `None` when there are too many.
fn elements_of(required: &str, filters: &[&str]) -> Option<Vec<String>> {
    let parsed =
        |text: &str| FilterPattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let required = parsed(required);
    let filters: Vec<FilterPattern> = filters.iter().map(|text| parsed(text)).collect();
    let mut wildcards = Vec::new();
    let mut drafts = Drafts::default();
    let patterns = filters.iter().map(|filter| (filter, false));
    for (pattern, is_required) in [(&required, true)].into_iter().chain(patterns) {
        let Ast::Json(expression) = pattern.ast() else {
            panic!("{pattern} is no JSON pattern");
        };
        for condition in expression.conditions() {
            if condition.selector.has_wildcard() {
                wildcards.push((condition, is_required));
            } else {
                drafts.add(&condition.selector);
            }
        }
    }
    let elements = expand(&wildcards, &mut drafts, &Schema::any());
    let shown = |container: &Container| {
        let prefix = Selector::new(&*container.prefix);
        let mut steps: Vec<String> = container
            .steps
            .iter()
            .map(|step| match step {
                Segment::Index(index) => index.to_string(),
                Segment::Key(key) => key.to_string(),
                other => panic!("{other:?} names no element"),
            })
            .collect();
        steps.sort_by_key(|step| (step.len(), step.clone()));
        format!("{prefix}: {}", steps.join(" "))
    };
    (!elements.incomplete).then(|| elements.containers.iter().map(shown).collect())
}

#[test]
fn containers_have_the_elements_that_patterns_name_and_one_for_each_condition() {
    #[rustfmt::skip]
    let table: [(&str, &[&str], &[&str]); 14] = [
        ("{ $.i[*].a = 1 }", &[],                                             &["$.i: 0"]),
        ("{ $.i[*].a = 1 && $.i[*].b = 1 }", &[],                             &["$.i: 0 1"]),
        // The same condition twice needs one element.
        ("{ $.i[*].a = 1 && ($.i[*].a = 1 || $.x = 1) }", &[],                &["$.i: 0"]),
        // A filter that asks for some element is not helped by another one; one
        // that asks for all of them can be.
        ("{ $.i[*].a = 1 }", &["{ $.i[*].b = 1 }"],                           &["$.i: 0"]),
        ("{ $.i[*].a = 1 }", &["{ $.i[*].b != 1 }"],                          &["$.i: 0 1"]),
        ("{ $.x = 1 }",      &["{ $.i[*].b = 1 }"],                           &["$.i: "]),
        // Named elements and all before them.
        ("{ $.i[2].a = 1 }", &["{ $.i[*].a = 1 }"],                           &["$.i: 0 1 2"]),
        ("{ $.i[2].a = 1 && $.i[*].a = 1 }", &[],                             &["$.i: 0 1 2 3"]),
        // Conditions on another container do not count.
        ("{ $.i[*].a = 1 && $.j[*].a = 1 && $.j[*].b = 2 }", &[],             &["$.i: 0", "$.j: 0 1"]),
        ("{ $.i[*].a = 1 && $.i.*.a = 1 }", &[],                              &["$.i: 0", "$.i: other1"]),
        // Keys that patterns name, and names that none of them uses.
        ("{ $.m.*.a = 1 && $.m.k.a = 2 }", &[],                               &["$.m: k other1"]),
        ("{ $.m.*.a = 1 && $.m.other1.a = 2 && $.m.other2.a = 2 }", &[],      &["$.m: other1 other2 other3"]),
        ("{ $.m.*.a = 1 && $.m.*.b = 2 }", &["{ $.m.other2.a = 1 }"],         &["$.m: other1 other2 other3"]),
        // Elements of one container name elements of another one.
        ("{ $.a[*].b[1] = 1 }", &["{ $.a[0].b[*] = 2 }"],                     &["$.a: 0 1", "$.a[0].b: 0 1"]),
    ];
    for (required, filters, expected) in table {
        let found = elements_of(required, filters);
        let expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
        assert_eq!(found, Some(expected), "{required} {filters:?}");
    }
}

#[test]
fn a_container_with_too_many_elements_is_left_undecided() {
    let named = |index: u32| format!("{{ $.i[*].a = 1 && $.i[{index}].a = 2 }}");
    let most = u32::try_from(MOST_ELEMENTS).expect("small");
    // The named ones, all before them, and one for the condition.
    let elements = elements_of(&named(most - 2), &[]).expect("as many as are allowed");
    assert_eq!(elements[0].split(' ').count(), 1 + MOST_ELEMENTS);
    for index in [most - 1, most, most + 1, most + 2, 4_000_000_000] {
        assert_eq!(elements_of(&named(index), &[]), None, "{index}");
    }
}
