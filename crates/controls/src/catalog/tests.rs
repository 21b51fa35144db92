//! The compiled-in catalog holds what the sources say, and a user's file is
//! read strictly.

use super::*;

const OWN: &str = r#"
[[control]]
id = "guardduty-off"
number = 101
title = "GuardDuty switched off"

[[control.requirement]]
pattern = '{ $.eventName = DeleteDetector }'
"#;

#[test]
fn the_compiled_in_catalog_has_the_fifteen_controls_in_order() {
    let numbers: Vec<u32> = Catalog::builtin()
        .controls()
        .iter()
        .map(|c| c.number)
        .collect();
    assert_eq!(numbers, (1..=15).collect::<Vec<_>>());
    assert_eq!(Catalog::builtin().framework(), "cis-7.0.0");
    let s3 = Catalog::builtin()
        .control(&"s3-bucket-policy-changes".parse().unwrap())
        .unwrap();
    assert_eq!(s3.cis_number("7.0.0"), Some("5.8"));
    assert_eq!(s3.cis_number("1.2.0"), Some("3.8"));
    assert_eq!(s3.security_hub.as_deref(), Some("CloudWatch.8"));
}

#[test]
fn every_control_has_a_requirement_in_every_framework_that_numbers_it() {
    for control in Catalog::builtin().controls() {
        for version in control.cis.keys() {
            let framework = format!("cis-{version}");
            assert!(
                control.requirement(&framework).is_some(),
                "{} {framework}",
                control.id
            );
        }
        let hub = control.requirement("security-hub").is_some();
        assert_eq!(hub, control.security_hub.is_some(), "{}", control.id);
    }
}

#[test]
fn a_users_file_adds_and_replaces_controls() {
    let added = Catalog::builtin_extended_by(OWN).unwrap();
    assert_eq!(added.controls().len(), 16);
    assert_ne!(added.digest(), Catalog::builtin().digest());

    let replacing = OWN
        .replace("guardduty-off", "vpc-changes")
        .replace("number = 101", "number = 14");
    let replaced = Catalog::builtin_extended_by(&replacing).unwrap();
    assert_eq!(replaced.controls().len(), 15);
    let control = replaced.control(&"vpc-changes".parse().unwrap()).unwrap();
    assert_eq!(control.title, "GuardDuty switched off");
    assert!(control.requirement("cis-7.0.0").is_some());
}

#[test]
fn errors_point_at_line_and_column() {
    let cases = [
        ("unknown key", OWN.replace("title", "titel"), 5, 1),
        ("bad id", OWN.replace("guardduty-off", "GuardDuty"), 3, 6),
        ("bad pattern", OWN.replace("DeleteDetector }", ""), 8, 12),
        (
            "unknown framework",
            OWN.replace("pattern", "frameworks = [\"cis-9\"]\npattern"),
            8,
            15,
        ),
        ("taken number", OWN.replace("101", "3"), 3, 6),
        (
            "no event to wait for",
            OWN.replace(
                "\n\n[[control.req",
                "\nalarm = { events = 0, within_seconds = 60 }\n\n[[control.req",
            ),
            6,
            9,
        ),
        (
            "no requirement",
            OWN[..OWN.find("[[control.req").unwrap()].to_owned(),
            3,
            6,
        ),
        (
            "default framework",
            format!("default_framework = \"cis-9\"\n{OWN}"),
            1,
            21,
        ),
    ];
    for (name, toml, line, column) in cases {
        let error = Catalog::builtin_extended_by(&toml).unwrap_err();
        assert_eq!(error.line(), line, "{name}: {error}");
        assert!(error.column() >= column, "{name}: {error}");
        assert!(error.span().is_some(), "{name}");
    }
}

#[test]
fn a_pattern_error_points_into_the_pattern() {
    let toml = OWN.replace("= DeleteDetector", "== DeleteDetector");
    let error = Catalog::builtin_extended_by(&toml).unwrap_err();
    let span = error.span().unwrap();
    let pattern = toml.find("{ $.").unwrap();
    assert!(
        span.start > pattern && span.end <= pattern + 40,
        "{error}: {span:?}"
    );
}
