//! Pages that must name everything: reason codes, dependencies.

use std::fs;

use orgsweep_controls::Reason;
use orgsweep_tests::workspace;

#[test]
fn every_reason_code_has_its_line_in_verdicts() {
    let page = read("docs/VERDICTS.md");
    let missing: Vec<_> = Reason::ALL
        .iter()
        .filter(|reason| !page.contains(&format!("`{reason}`")))
        .collect();
    assert!(
        missing.is_empty(),
        "docs/VERDICTS.md does not name {missing:?}"
    );
}

#[test]
fn every_dependency_has_its_line() {
    let page = read("docs/DEPENDENCIES.md");
    let manifest = read("Cargo.toml");
    let names: Vec<&str> = manifest
        .lines()
        .skip_while(|line| *line != "[workspace.dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.contains("path = "))
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name)
        .collect();
    assert!(names.len() > 30, "{names:?}");
    // The AWS SDK's services share a line: `aws-sdk-account, -cloudtrail …`.
    let listed = |name: &str| page.contains(name.strip_prefix("aws-sdk").unwrap_or(name));
    let missing: Vec<_> = names.iter().filter(|name| !listed(name)).collect();
    assert!(
        missing.is_empty(),
        "docs/DEPENDENCIES.md does not name {missing:?}"
    );
}

fn read(path: &str) -> String {
    fs::read_to_string(workspace().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
