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
use orgsweep_remediator::estimate::{Estimate, Speed, estimate};
use orgsweep_remediator::export::table::AccountNames;
use orgsweep_remediator::export::{ExportedFile, cloudformation, shell_script, table, terraform};

/// A snapshot without what changes with every edit of the catalog.
macro_rules! assert_read {
    ($text:expr) => {
        insta::with_settings!({filters => vec![
            (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "[id]"),
            (r"--digest [0-9a-f]{8}", "--digest [digest]"),
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
    assert_read!(table::page(
        &base_case(),
        &AccountNames::default(),
        false,
        Some(160)
    ));
}

#[test]
fn the_page_of_a_mixed_plan() {
    assert_read!(table::page(
        &mixed(),
        &AccountNames::default(),
        false,
        Some(160)
    ));
}

#[test]
fn the_page_of_many_steps_counts_them_by_kind() {
    let estate = Estate::of([recorded(MEMBER), recorded(OTHER)]);
    let plan = estate.plan(&estate.failing(), &options());
    assert_read!(table::page(
        &plan,
        &AccountNames::default(),
        false,
        Some(160)
    ));
}

#[test]
fn what_people_do_in_many_accounts_alike_is_listed_three_times_and_counted() {
    let estate = Estate::of((1..=5).map(|number| recorded(&format!("{number:012}"))));
    let plan = estate.plan(&estate.failing(), &options());
    let page = |whole| table::page(&plan, &AccountNames::default(), whole, None);
    assert_eq!(page(false).matches("open the mail").count(), 3);
    assert!(page(false).contains("and 2 more like it"));
    assert_eq!(page(true).matches("open the mail").count(), 5);
}

#[test]
fn the_page_of_an_empty_plan() {
    let plan = Estate::of([healthy(MEMBER)]).plan(&target(MEMBER, &s3()), &options());
    assert_read!(table::page(&plan, &AccountNames::default(), false, None));
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

/// The files one after the other, as they are read.
fn shown(files: &[ExportedFile]) -> String {
    let texts: Vec<String> = files
        .iter()
        .map(|file| format!("--- {}\n{}", file.path, file.text))
        .collect();
    texts.concat()
}

#[test]
fn the_terraform_of_the_base_case() {
    assert_read!(shown(&terraform(&base_case())));
}

#[test]
fn the_cloudformation_of_two_accounts_that_need_the_same() {
    let estate = Estate::of([recorded(MEMBER), recorded(OTHER)]);
    let targets = [MEMBER, OTHER]
        .iter()
        .flat_map(|id| target(id, &s3()))
        .collect();
    assert_read!(shown(&cloudformation(&estate.plan(&targets, &options()))));
}

#[test]
fn what_exists_is_changed_where_it_is_defined() {
    let files = terraform(&mixed());
    let changes = files.iter().find(|file| file.path == "CHANGES.md").unwrap();
    assert_read!(changes.text);
}

#[test]
fn an_estimate_counts_calls_and_names_the_quota_that_bounds_the_time() {
    let estate = Estate::of([recorded(MEMBER), recorded(OTHER)]);
    let plan = estate.plan(&estate.failing(), &options());
    let speed = |quota_share, accounts_at_once| Speed {
        quota_share,
        accounts_at_once,
    };
    let estimated = estimate(&plan, speed(0.5, 100));
    let bound = estimated.bound_by.clone().unwrap();
    // An alarm for each control, of three a second at most, and half of them ours: one in each.
    let alarms = plan.repairs.len() / 2;
    assert_eq!(
        (bound.quota, bound.calls),
        ("cloudwatch:PutMetricAlarm", alarms as u64)
    );
    // The canary, and the other account after it.
    assert_eq!((estimated.accounts, estimated.waves), (2, 2));
    let seconds = |estimated: &Estimate| (estimated.minutes * 60.0).round() as usize;
    assert_eq!(seconds(&estimated), 2 * (alarms - 1));
    insta::assert_snapshot!(estimated.sentence());
    // One alarm in each account waits for no other.
    let one = estate.plan(&target(MEMBER, &s3()), &options());
    let sentence = estimate(&one, speed(0.5, 100)).sentence();
    assert!(
        sentence.ends_with("in 1 account. No quota makes it wait, in 1 wave."),
        "{sentence}"
    );
    // Fourteen alarms, three in each second: in the seconds 0 to 4.
    let whole = estimate(&plan, speed(1.0, 100));
    assert_eq!(seconds(&whole), 2 * (alarms.div_ceil(3) - 1));
    let nothing = estimate(
        &Estate::of([healthy(MEMBER)]).plan(&target(MEMBER, &s3()), &options()),
        speed(0.5, 100),
    );
    assert_eq!((nothing.calls, nothing.bound_by), (0, None));
}

#[test]
fn more_accounts_than_are_changed_at_once_take_as_much_longer() {
    let numbers = (1..=41).map(|number| format!("{number:012}"));
    let estate = Estate::of(numbers.map(|number| recorded(&number)));
    let plan = estate.plan(&estate.failing(), &options());
    let seconds = |accounts_at_once| {
        let estimated = estimate(
            &plan,
            Speed {
                quota_share: 1.0,
                accounts_at_once,
            },
        );
        (
            (estimated.minutes * 60.0).round() as u64,
            estimated.sentence(),
        )
    };
    // One account, three, and thirty-seven, of four seconds each.
    let (at_once, sentence) = seconds(37);
    assert_eq!(at_once, 12);
    assert!(
        sentence.contains("in 3 waves with 37 accounts at once:"),
        "{sentence}"
    );
    let (some_at_once, _) = seconds(2);
    assert_eq!(some_at_once, 4 + 3 * 4 / 2 + 37 * 4 / 2);
    let (_, sentence) = seconds(41);
    assert!(sentence.contains("in 3 waves: "), "{sentence}");
}
