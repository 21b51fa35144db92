//! Single patterns at AWS's limit of 1,024 characters that are made to be hard for
//! some part of the engine: many of one construct, deep, long, or alternating, and
//! random mixtures. The commands that ask several questions about one pattern
//! are timed on them.

mod mixture;

use filter_pattern::FilterPattern;

use super::text::{joined, letter, pattern};
use mixture::mixtures;

/// A hard pattern by name, with one that differs from it a little.
pub(crate) struct HardPattern {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) pattern: FilterPattern,
    pub(crate) alike: FilterPattern,
}

/// All hard patterns.
pub(crate) fn hard_patterns() -> Vec<HardPattern> {
    let made = shapes().into_iter().chain(mixtures());
    made.map(|(name, text, alike)| HardPattern {
        name,
        pattern: pattern(&text),
        alike: pattern(&alike),
        text,
    })
    .collect()
}

/// Characters between a pattern's braces that are left for its conditions.
const ROOM: usize = 1018;

fn shapes() -> Vec<(String, String, String)> {
    let mut made = Vec::new();
    let mut add = |name: &str, text: String, from: &str, to: &str| {
        let alike = text.replacen(from, to, 1);
        assert_ne!(text, alike, "{name}");
        made.push((name.to_owned(), text, alike));
    };
    let many = |one: &dyn Fn(usize) -> String, operator: &str| joined((0..400).map(one), operator);
    for (word, operator) in [("all", "&&"), ("any", "||")] {
        let mut add_many = |name: &str, one: &dyn Fn(usize) -> String, from: &str, to: &str| {
            add(&format!("{word} of {name}"), many(one, operator), from, to);
        };
        add_many("elements", &|it| format!("$.a[{it}]=1"), "=1", "=2");
        add_many(
            "elements not there",
            &|it| format!("$.a[{it}] NOT EXISTS"),
            "[1] NOT EXISTS",
            "[1]=x",
        );
        add_many(
            "elements of elements",
            &|it| format!("$.a[{}][{}]!=x", it % 7, it),
            "!=x",
            "=x",
        );
        add_many(
            "far elements",
            &|it| format!("$.a[{}].b=1", it * 40 + 7),
            "=1",
            "=2",
        );
        add_many("fields", &|it| format!("$.f{it}=*x*"), "=*x*", "=*y*");
        add_many(
            "fields that differ",
            &|it| format!("$.f{it}!=x"),
            "!=x",
            "!=y",
        );
        add_many(
            "texts that differ",
            &|it| format!("$.a!=x{it}"),
            "!=x7",
            "!=y",
        );
        add_many(
            "names",
            &|it| format!("$.eventName={}{it}", letter(it)),
            "=b1",
            "=y",
        );
        add_many(
            "wildcards",
            &|it| format!("$.a=*{}{}*", letter(it), letter(it * 3 + it / 26)),
            "=*c",
            "=*x",
        );
        add_many(
            "wildcards not met",
            &|it| format!("$.a!={}*{}", letter(it), letter(it * 3)),
            "!=c",
            "!=x",
        );
        add_many(
            "wildcards in names",
            &|it| format!("$.eventName=*{}{}*", letter(it), letter(it * 5 + it / 26)),
            "=*c",
            "=*x",
        );
        add_many("bounds", &|it| format!("$.a>{it}.5"), ">3.5", ">4.1");
        add_many(
            "bounds far away",
            &|it| format!("$.a<1e{}", it * 997),
            "<1e0",
            "<2",
        );
        add_many(
            "numbers with wildcards",
            &|it| format!("$.a=*{it}*"),
            "=*3*",
            "=*x*",
        );
        add_many(
            "numbers and texts",
            &|it| format!("$.a!={it}&&$.a!=\"{it}\""),
            "!=3",
            "!=x",
        );
        add_many(
            "kinds",
            &|it| {
                let test = [" IS NULL", " IS TRUE", " NOT EXISTS", "=*"][it % 4];
                format!("$.k{}{test}", it % 9)
            },
            " IS NULL",
            "=x",
        );
        add_many(
            "deep fields",
            &|it| format!("$.a.b.c.d.e.f{it}.g.h=1"),
            "=1",
            "=2",
        );
    }
    for (outer, inner) in [("&&", "||"), ("||", "&&")] {
        let name = |what: &str| format!("{what}, {outer} over {inner}");
        let pairs = |one: &dyn Fn(usize) -> (String, String)| {
            many(
                &|it| {
                    let (left, right) = one(it);
                    format!("({left}{inner}{right})")
                },
                outer,
            )
        };
        add(
            &name("pairs of fields"),
            pairs(&|it| (format!("$.f{it}=1"), format!("$.f{}=2", it + 1))),
            "=1",
            "=3",
        );
        add(
            &name("pairs of the same fields"),
            pairs(&|it| (format!("$.f{}=1", it % 11), format!("$.f{}=2", it * 7 % 11))),
            "=1",
            "=3",
        );
        add(
            &name("pairs of wildcards"),
            pairs(&|it| {
                (
                    format!("$.a=*{}*", letter(it)),
                    format!("$.b!=*{}*", letter(it * 7)),
                )
            }),
            "=*c",
            "=*x",
        );
        add(
            &name("pairs of names"),
            pairs(&|it| {
                (
                    format!("$.eventName=N{it}*"),
                    format!("$.eventSource!=*s{}.amazonaws.com", it % 3),
                )
            }),
            "=N1",
            "=X",
        );
        add(
            &name("pairs of bounds"),
            pairs(&|it| (format!("$.a>{it}"), format!("$.b<{}", it % 13))),
            ">1",
            ">1.5",
        );
        let mut nested = "$.f0=0".to_owned();
        for it in 1..90 {
            let operator = if it % 2 == 0 { outer } else { inner };
            let more = format!("({nested}){operator}$.f{}=*{}", it * 7 % 17, it % 5);
            if more.len() > ROOM {
                break;
            }
            nested = more;
        }
        add(&name("nested"), format!("{{ {nested} }}"), "f0=0", "f0=1");
    }
    let long_text = |piece: &str| {
        format!(
            "{{ $.eventName = \"{}\" }}",
            piece.repeat(1000 / piece.len())
        )
    };
    add("many wildcards in a text", long_text("*a"), "*a", "*b");
    add(
        "wildcards over pairs in a text",
        long_text("*ab"),
        "*ab",
        "*ba",
    );
    add(
        "many wildcards in two texts",
        format!(
            "{{ $.a = \"{}\" && $.a != \"{}\" }}",
            "*ab".repeat(160),
            "*ba".repeat(160)
        ),
        "*ab",
        "*b",
    );
    add(
        "many wildcards in six texts",
        format!(
            "{{ {} }}",
            (0..6)
                .map(|it| format!(
                    "$.a {} \"{}*\"",
                    if it % 2 == 0 { "=" } else { "!=" },
                    format!("*{}{}", letter(it), letter(it + 1)).repeat(48)
                ))
                .collect::<Vec<_>>()
                .join(" && ")
        ),
        "*ab",
        "*b",
    );
    add("a long plain text", long_text("abcdefghij"), "abc", "xbc");
    add(
        "two regular expressions",
        "{ $.a = %[a-m]{90}x[a-z]{90}% && $.a != %[n-z].{120}y% }".to_owned(),
        "90",
        "91",
    );
    add(
        "two long regular expressions",
        format!(
            "{{ $.a = %{}% || $.a = %{}% }}",
            "[a-f]?".repeat(80),
            "[b-g]*".repeat(80)
        ),
        "[a-f]",
        "[a-g]",
    );
    add(
        "regular expressions of choices",
        format!(
            "{{ $.a = %{}% && $.b = %{}% }}",
            (0..120)
                .map(|it| format!("{}{}", letter(it), letter(it * 7)))
                .collect::<Vec<_>>()
                .join("|"),
            (0..120)
                .map(|it| format!("{}{}", letter(it * 5), letter(it)))
                .collect::<Vec<_>>()
                .join("|")
        ),
        "aa",
        "ab",
    );
    add(
        "regular expressions and wildcards",
        joined(
            ["$.a = %a.{60}b%".to_owned(), "$.a != %b.{50}a%".to_owned()]
                .into_iter()
                .chain((0..90).map(|it| format!("$.a!=*{}{}*", letter(it), letter(it * 3 + 1)))),
            "&&",
        ),
        "60",
        "61",
    );
    add(
        "wildcard selectors",
        joined(
            [
                "$.a[*]=x".to_owned(),
                "$.a[*]!=*y*".to_owned(),
                "$.a.*!=z".to_owned(),
            ]
            .into_iter()
            .chain((0..90).map(|it| format!("$.a[{}]=*{}", it % 40, letter(it)))),
            "&&",
        ),
        "=x",
        "=xx",
    );
    add(
        "wildcard selectors and fields",
        joined(
            [
                "$.*=x".to_owned(),
                "$.*!=*y*".to_owned(),
                "$.a[*].b!=z".to_owned(),
            ]
            .into_iter()
            .chain((0..90).map(|it| format!("$.f{it}=*{}", letter(it)))),
            "||",
        ),
        "=x",
        "=xx",
    );
    add(
        "steps",
        format!("{{ $.{}k = 1 }}", "a.".repeat(500)),
        "= 1",
        "= 2",
    );
    add(
        "steps of steps",
        format!(
            "{{ $.{}k = 1 && $.{}l != 2 }}",
            "a.".repeat(240),
            "a.".repeat(240)
        ),
        "= 1",
        "= 2",
    );
    add(
        "elements of one element",
        format!("{{ $.a{} = 1 }}", "[0]".repeat(330)),
        "= 1",
        "= 2",
    );
    add(
        "elements of elements of elements",
        joined(
            (0..200).map(|it| format!("$.a{}=1", format!("[{it}]").repeat(1 + it % 9))),
            "&&",
        ),
        "=1",
        "=2",
    );
    add(
        "the farthest element",
        "{ $.a[4294967295] = 1 || $.a[4000].b = x && $.a[4095][4095] = y }".to_owned(),
        "= 1",
        "= 2",
    );
    add(
        "parentheses",
        format!("{{ {}$.a = 1{} }}", "(".repeat(190), ")".repeat(190)),
        "= 1",
        "= 2",
    );
    add(
        "long numbers",
        format!(
            "{{ $.a > {} && $.a < {} && $.a = *7* }}",
            "9".repeat(300),
            "9".repeat(301)
        ),
        "*7*",
        "*8*",
    );
    add(
        "numbers with far exponents",
        "{ $.a > 1e999999999 && $.a != 1e-999999999 && $.a = *e* && $.b <= -1e400000 }".to_owned(),
        "*e*",
        "*E*",
    );
    add(
        "words",
        (0..170)
            .map(|it| format!("-w{it}"))
            .collect::<Vec<_>>()
            .join(" "),
        "w3",
        "v3",
    );
    add(
        "words of letters",
        (0..250)
            .map(|it| format!("{}{}", letter(it), letter(it * 3)))
            .collect::<Vec<_>>()
            .join(" "),
        "cg",
        "cx",
    );
    add(
        "optional words",
        (0..250)
            .map(|it| format!("?{}", letter(it * 3)))
            .collect::<Vec<_>>()
            .join(" "),
        "?d",
        "?xyz",
    );
    add(
        "a regular expression alone",
        format!("%{}%", "[a-f]?".repeat(160)),
        "[a-f]",
        "[a-g]",
    );
    add(
        "fields of a line",
        format!(
            "[{}]",
            (0..90)
                .map(|it| format!("f{it}=*{}*", letter(it)))
                .collect::<Vec<_>>()
                .join(",")
        ),
        "=*c",
        "=*x",
    );
    add(
        "conditions of a field of a line",
        format!(
            "[f={},..., g]",
            (0..60)
                .map(|it| format!("*{}*||f!=x{it}", letter(it)))
                .collect::<Vec<_>>()
                .join("&&f=")
        ),
        "*c",
        "*x",
    );
    made
}
