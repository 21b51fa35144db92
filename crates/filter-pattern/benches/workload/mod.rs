//! The questions that benchmarks time, instruction counts count and tests bound:
//! the fifteen controls against unions as operators have them, and patterns at
//! AWS's limits that are made to be hard.

pub(crate) mod text;

use filter_pattern::FilterPattern;

use text::{joined, letter, pattern};

/// A question by name.
pub(crate) struct Question {
    pub(crate) name: String,
    pub(crate) required: FilterPattern,
    pub(crate) filters: Vec<FilterPattern>,
}

impl Question {
    fn new(name: impl Into<String>, required: &str, filters: &[String]) -> Self {
        Self {
            name: name.into(),
            required: pattern(required),
            filters: filters.iter().map(|text| pattern(text)).collect(),
        }
    }

    /// The filters as questions take them.
    pub(crate) fn filters(&self) -> Vec<&FilterPattern> {
        self.filters.iter().collect()
    }
}

/// The patterns of the fifteen controls with their names.
pub(crate) fn controls() -> Vec<(String, String)> {
    let data: serde_json::Value =
        serde_json::from_str(include_str!("../../tests/data/control_patterns.json")).expect("JSON");
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    let controls = data.as_array().expect("a list").iter();
    controls
        .map(|control| (text(&control["control"]), text(&control["pattern"])))
        .collect()
}

/// Filters that have nothing to do with the controls, as a log group of an
/// organization's trail collects them.
fn foreign(count: usize) -> Vec<String> {
    let services = [
        (
            "lambda",
            "UpdateFunctionCode20150331v2",
            "CreateFunction20150331",
        ),
        ("rds", "ModifyDBInstance", "DeleteDBInstance"),
        ("ecs", "UpdateService", "DeregisterTaskDefinition"),
        ("secretsmanager", "GetSecretValue", "PutSecretValue"),
        ("ssm", "StartSession", "SendCommand"),
        ("guardduty", "DeleteDetector", "StopMonitoringMembers"),
        ("route53", "ChangeResourceRecordSets", "DeleteHostedZone"),
        ("eks", "UpdateClusterConfig", "DeleteCluster"),
    ];
    let one = |number: usize| {
        let (service, first, second) = services[number % services.len()];
        match number % 4 {
            0 => format!(
                "{{ $.eventSource = {service}.amazonaws.com && ($.eventName = {first} || $.eventName = {second}) }}"
            ),
            1 => format!(
                "{{ ($.eventName = {first}) && ($.errorCode NOT EXISTS) && ($.awsRegion = eu-west-{}) }}",
                number % 3 + 1
            ),
            2 => format!(
                "{{ $.eventSource = {service}.amazonaws.com && $.userIdentity.arn = \"*:assumed-role/team-{number}/*\" }}"
            ),
            _ => format!(
                "{{ $.eventName = \"{}*\" && $.userIdentity.sessionContext.sessionIssuer.userName != \"deploy-{number}\" }}",
                &second[..6]
            ),
        }
    };
    (0..count).map(one).collect()
}

/// The controls against a log group's filters: each control's own pattern split
/// by Region, among those of all other controls and as many foreign ones.
pub(crate) fn real_life() -> Vec<Question> {
    let controls = controls();
    let split = |pattern: &str| {
        let inner = pattern.trim().trim_start_matches('{').trim_end_matches('}');
        ["=", "!="].map(|operator| format!("{{ ($.awsRegion {operator} us-east-1) && ({inner}) }}"))
    };
    let mut group: Vec<String> = controls.iter().flat_map(|(_, text)| split(text)).collect();
    group.retain(|text| text.chars().count() <= 1024);
    group.extend(foreign(77 - group.len()));
    let questions = controls.iter();
    questions
        .map(|(name, text)| Question::new(name, text, &group))
        .collect()
}

/// The same with a hole: no filter hears of calls from one address.
pub(crate) fn with_a_hole() -> Vec<Question> {
    let controls = controls();
    let narrowed = |pattern: &str| {
        let inner = pattern.trim().trim_start_matches('{').trim_end_matches('}');
        format!("{{ ({inner}) && ($.sourceIPAddress != 192.0.2.10) }}")
    };
    let mut group: Vec<String> = controls.iter().map(|(_, text)| narrowed(text)).collect();
    group.retain(|text| text.chars().count() <= 1024);
    group.extend(foreign(30));
    let questions = controls.iter();
    questions
        .map(|(name, text)| Question::new(name, text, &group))
        .collect()
}

/// Hard questions at AWS's limits.
pub(crate) fn adversaries() -> Vec<Question> {
    let contains = |operator: &'static str, shift: usize| {
        move |number: usize| {
            let (first, second) = (letter(number + shift), letter(number / 26 + number));
            format!("$.a{operator}*{first}{second}*")
        }
    };
    let ends = |number: usize| format!("$.a=*{}{}", letter(number), letter(number * 7 + 3));
    let all = joined((0..99).map(contains("=", 0)), "&&");
    let any = joined((0..99).map(contains("=", 0)), "||");
    let none = joined((0..99).map(contains("!=", 0)), "&&");
    let choices = |field: char, value: usize| {
        joined(
            (0..60).map(|number| format!("($.{field}{number}={value}||$.{field}{}=2)", number + 1)),
            "&&",
        )
    };
    let pigeons = |first: char| {
        joined(
            (0..9).flat_map(|hole| {
                (0..9).map(move |bird| format!("($.{first}{bird}={hole}&&$.q{hole}={bird})"))
            }),
            "||",
        )
    };
    let alternating = |shift: usize| {
        let mut text = "$.f0=0".to_owned();
        for number in 1..60 {
            let operator = if number % 2 == 0 { "&&" } else { "||" };
            text = format!("({text}){operator}$.f{}=0", number * 7 % 11 + shift);
            if text.len() > 940 {
                break;
            }
        }
        format!("{{ {text} }}")
    };
    let regex = |length: usize| {
        format!(
            "{{ $.a = %a.{{{length}}}b% && $.a != %b.{{{}}}a% }}",
            length - 9
        )
    };
    let numbers = |part: &str| {
        joined(
            (0..60).map(|number| format!("($.a>{number}||$.a<-{number}{part})")),
            "&&",
        )
    };
    let long = format!("{{ $.a = \"{}\" }}", "*ab".repeat(330));
    let longer = format!("{{ $.a = \"{}*\" }}", "*ba".repeat(330));
    let wildcards = "{ $.a[*].b = \"*x*y*z*\" && $.b.*= %x.{40}y% && $.c[*] != \"*q*r\" }";
    let group = |one: &dyn Fn(usize) -> String| (0..100).map(one).collect::<Vec<_>>();
    let many_texts = group(&|filter| {
        joined(
            (0..99).map(|it| format!("$.a=\"{}{filter}-{it}\"", letter(it))),
            "||",
        )
    });
    let many_wildcards = group(&|filter| {
        joined(
            (0..99).map(|it| format!("$.a=*{}{filter}{}*", letter(it), letter(it * 3 + filter))),
            "||",
        )
    });
    let many_fields = group(&|filter| {
        joined(
            (0..40).map(|it| format!("($.x{0} NOT EXISTS&&$.y{0} NOT EXISTS)", filter * 20 + it)),
            "||",
        )
    });
    let many_choices = group(&|filter| {
        joined(
            (0..60).map(|it| {
                format!(
                    "($.f{}=0||$.f{}=1)",
                    (it * 7 + filter) % 50,
                    (it * 11 + filter) % 50
                )
            }),
            "&&",
        )
    });
    let many_regexes = group(&|filter| {
        format!(
            "{{ $.a = %{}.{{{}}}{}% && $.a != %^[a-z]{{{}}}$% }}",
            letter(filter),
            60 + filter % 30,
            letter(filter + 5),
            filter
        )
    });
    let many_numbers =
        group(&|filter| joined((0..70).map(|it| format!("$.a>{}.{filter}", it * 3)), "&&"));
    let many_elements = group(&|filter| {
        joined(
            (0..99).map(|it| format!("$.a[{}]=1", filter * 90 + it)),
            "||",
        )
    });
    let deep = |filter: usize| format!("{{ $.{}f{filter} = 1 }}", "a.".repeat(500));
    let every = "{ $.a = * }";
    let one = |text: &str| vec![text.to_owned()];
    vec![
        Question::new("contained in all, by any", &all, &one(&any)),
        Question::new("contained in any, by all", &any, &one(&all)),
        Question::new("contained in all, by none", &all, &one(&none)),
        Question::new("contained in none, by any", &none, &one(&any)),
        Question::new("contained in any, by none", &any, &one(&none)),
        Question::new("many endings", &all, &one(&joined((0..99).map(ends), "||"))),
        Question::new(
            "chains of choices",
            &choices('x', 1),
            &one(&choices('y', 1)),
        ),
        Question::new(
            "chains of the same choices",
            &choices('x', 1),
            &one(&choices('x', 3)),
        ),
        Question::new("pigeons and holes", &pigeons('p'), &one(&pigeons('r'))),
        Question::new(
            "alternating and / or",
            &alternating(0),
            &one(&alternating(1)),
        ),
        Question::new("counted repetitions", &regex(100), &one(&regex(90))),
        Question::new("many bounds", &numbers(".5"), &one(&numbers(".25"))),
        Question::new("330 wildcards in a text", &long, &one(&longer)),
        Question::new(
            "wildcards, letters and repetitions",
            &all,
            &one(&regex(100)),
        ),
        Question::new(
            "wildcard selectors",
            wildcards,
            &one(&wildcards.replace("*x*y*z*", "*x*z*y*")),
        ),
        Question::new("100 filters of texts", every, &many_texts),
        Question::new("100 filters of wildcards", every, &many_wildcards),
        Question::new(
            "100 filters of wildcards, all letters",
            &all,
            &many_wildcards,
        ),
        Question::new("100 filters of many fields", "{ $.r = 1 }", &many_fields),
        Question::new("100 filters of choices", "{ $.f0 = * }", &many_choices),
        Question::new("100 filters of repetitions", every, &many_regexes),
        Question::new("100 filters of bounds", "{ $.a > 0 }", &many_numbers),
        Question::new("100 filters of elements", "{ $.a[0] = * }", &many_elements),
        Question::new(
            "100 filters of deep fields",
            &deep(0),
            &group(&|it| deep(it + 1)),
        ),
    ]
}
