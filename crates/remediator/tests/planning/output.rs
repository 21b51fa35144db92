//! What people read: the page, the JSON and the script of a plan, and that a
//! shell accepts the script.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::estate::{Estate, options, target};
use crate::support::{
    MANAGEMENT, MEMBER, OTHER, bare, first_topic, healthy, management, member_of_organization,
    recorded, s3, status,
};
use orgsweep_remediator::Plan;
use orgsweep_remediator::export::{shell_script, table};

/// A snapshot without what changes with every edit of the catalog.
macro_rules! assert_read {
    ($text:expr) => {
        insta::with_settings!({filters => vec![
            (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "[id]"),
            (r"[0-9a-f]{64}", "[sha256]"),
        ]}, { insta::assert_snapshot!($text); });
    };
}

fn base_case() -> Plan {
    Estate::of([recorded(MEMBER)]).plan(&target(MEMBER, &s3()), &options())
}

/// An organization in which much is broken in different ways.
fn mixed() -> Plan {
    let mut not_logging = healthy("222233334444");
    status(&mut not_logging).logging = false;
    let mut closed_topic = healthy("333344445555");
    first_topic(&mut closed_topic).policy = Some(r#"{"Statement":[]}"#.to_owned());
    let estate = Estate::of([
        management(recorded(MANAGEMENT)),
        member_of_organization(MEMBER),
        member_of_organization(OTHER),
        not_logging,
        closed_topic,
        healthy("555566667777"),
        bare("666677778888"),
    ]);
    let targets = estate
        .snapshots
        .keys()
        .map(|id| (id.clone(), s3()))
        .collect();
    estate.plan(&targets, &options())
}

#[test]
fn the_page_of_the_base_case() {
    assert_read!(table::page(&base_case(), false, Some(160)));
}

#[test]
fn the_page_of_a_mixed_plan() {
    assert_read!(table::page(&mixed(), false, Some(160)));
}

#[test]
fn the_page_of_many_steps_counts_them_by_kind() {
    let estate = Estate::of([recorded(MEMBER), recorded(OTHER)]);
    let plan = estate.plan(&estate.failing(), &options());
    assert_read!(table::page(&plan, false, Some(160)));
}

#[test]
fn the_page_of_an_empty_plan() {
    let plan = Estate::of([healthy(MEMBER)]).plan(&target(MEMBER, &s3()), &options());
    assert_read!(table::page(&plan, false, None));
}

#[test]
fn the_json_of_the_base_case() {
    let json = serde_json::to_string_pretty(&base_case()).unwrap();
    assert_read!(json);
}

#[test]
fn a_plan_is_read_back_from_its_json() {
    for plan in [base_case(), mixed()] {
        let stored = serde_json::to_value(&plan).unwrap();
        let read: Plan = serde_json::from_value(stored).unwrap();
        assert_eq!(read, plan);
        assert!(read.is_intact());
    }
}

#[test]
fn the_script_of_a_mixed_plan() {
    assert_read!(shell_script(&mixed()));
}

#[test]
fn a_shell_accepts_the_scripts() {
    for plan in [base_case(), mixed()] {
        let mut shell = Command::new("bash")
            .arg("-n")
            .stdin(Stdio::piped())
            .spawn()
            .expect("bash reads what it does not run");
        let mut stdin = shell.stdin.take().unwrap();
        stdin.write_all(shell_script(&plan).as_bytes()).unwrap();
        drop(stdin);
        assert!(shell.wait().unwrap().success());
    }
}
