//! The scenario language: what is refused and where, what is claimed about each
//! account, and that the same text makes the same world.

use std::collections::BTreeSet;
use std::process::Command;

use crate::support::SMALL;
use orgsim::{ExpectedOutcome, Scenario, World};

/// orgsweep's reason codes, each of which the demo has to show.
const REASONS: [&str; 43] = [
    "covered",
    "covered_by_organization_trail",
    "management_account_only",
    "no_trail",
    "no_log_group",
    "trail_not_multi_region",
    "trail_not_logging",
    "trail_delivery_fails",
    "organization_trail_owner_only",
    "trail_selectors_exclude",
    "trail_no_global_events",
    "log_group_missing",
    "log_group_class",
    "no_filter",
    "filter_on_abandoned_group",
    "filter_does_not_cover",
    "filter_invalid",
    "filter_on_transformed_logs",
    "filter_field_selection",
    "no_alarm",
    "alarm_wrong_metric",
    "alarm_never_fires",
    "alarm_needs_more_events",
    "alarm_always_firing",
    "alarm_fires_once",
    "alarm_conditional",
    "alarm_actions_disabled",
    "alarm_no_action",
    "alarm_muted",
    "action_wrong_place",
    "action_not_notifying",
    "topic_missing",
    "topic_policy_denies",
    "topic_key_denies",
    "no_subscription",
    "subscription_pending",
    "subscription_filtered",
    "fact_unread",
    "region_denied_by_policy",
    "owner_unread",
    "undecided",
    "alarm_undecided",
    "policy_undecided",
];

#[test]
fn a_faulty_scenario_is_told_in_a_line_wherever_the_program_runs() {
    let ended = Command::new(env!("CARGO_BIN_EXE_orgsim"))
        .args(["serve", "--scenario", "nowhere.toml"])
        .env("RUST_BACKTRACE", "1")
        .output()
        .unwrap();
    assert_eq!(ended.status.code(), Some(1));
    let told = String::from_utf8(ended.stderr).unwrap();
    assert!(told.starts_with("error: nowhere.toml: "), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
}

#[test]
fn the_example_and_the_large_organization_can_be_built() {
    let world = World::build(&Scenario::example());
    assert_eq!(world.accounts().count(), 200);
    let large = Scenario::parse(include_str!("../../data/large.toml")).unwrap();
    assert_eq!(World::build(&large).accounts().count(), 10_000);
}

#[test]
fn the_demo_has_sixty_accounts_and_shows_every_reason() {
    let world = World::build(&Scenario::demo());
    assert_eq!(world.accounts().count(), 60);
    let mut shown = BTreeSet::new();
    let mut unread = BTreeSet::new();
    for account in world.accounts() {
        match world.expected(account).unwrap() {
            ExpectedOutcome::Done(findings) => {
                assert_eq!(findings.len(), 15);
                shown.extend(findings.into_iter().filter_map(|finding| finding.reason));
            }
            ExpectedOutcome::Failed { reason } | ExpectedOutcome::Skipped { reason } => {
                unread.insert(reason);
            }
        }
    }
    assert_eq!(shown, BTreeSet::from(REASONS));
    assert_eq!(
        unread,
        BTreeSet::from(["closed", "role_not_assumable", "suspended"])
    );
}

#[test]
fn one_scenario_makes_one_world() {
    let content = || {
        let world = World::build(&Scenario::demo());
        let accounts: Vec<String> = world.accounts().map(str::to_owned).collect();
        accounts
            .iter()
            .map(|account| format!("{:?}", *world.account(account).unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(content(), content());
}

#[test]
fn shares_divide_what_the_counts_leave() {
    let text = r#"
        [organization]
        accounts = 10000
        [delegated_administrator]
        [[organization_trail]]
        name = "all"
        [[group]]
        name = "few"
        count = 98
        [[group]]
        name = "third"
        share = 0.3333
        chain = "no_filter"
        organization_trails = []
        [[group]]
        name = "rest"
        share = 0.6667
        chain = "organization_trail"
    "#;
    let world = World::build(&Scenario::parse(text).unwrap());
    assert_eq!(world.accounts().count(), 10_000);
    let organization = world.organization();
    let named = |prefix| {
        organization
            .members()
            .filter(|member| member.name.starts_with(prefix))
            .count()
    };
    assert_eq!(
        (named("few-"), named("third-"), named("rest-")),
        (98, 3300, 6600)
    );
}

#[test]
fn errors_say_where_and_what() {
    let broken = |line: &str| format!("[organization]\n[[group]]\nname = \"a\"\n{line}\n");
    #[rustfmt::skip]
    let cases = [
        (broken("chain = \"heathy\""),                                 "line 4, column 9: `heathy` is no chain; there are healthy, "),
        (broken("chain = \"no_filter\"\ncontrols = [\"s3\"]"),        "line 5, column 13: there is no control `s3`; there are unauthorized-api-calls, "),
        (broken("chain = \"no_trail\"\ncontrols = [\"root-usage\"]"), "line 4, column 9: `no_trail` concerns every control"),
        (broken("chain = \"organization_trail\""),                    "line 4, column 9: there is no organization trail"),
        (broken("chian = \"healthy\""),                               "line 4, column 1: unknown field `chian`"),
        (broken("share = 1.5"),                                       "line 4, column 9: a share lies between 0 and 1"),
        (broken("share = 0.5"),                                       "line 4, column 9: shares need `organization.accounts`"),
        (broken("numbers = [\"12\"]"),                                "line 4, column 12: an account number has twelve digits"),
        (broken("region = \"eu-west-9\""),                            "line 4, column 10: Region `eu-west-9` is not enabled"),
        (broken("state = \"gone\""),                                  "line 4, column 9: `gone` is no account state"),
        (broken("chain = \"owner_unread\""),                          "line 4, column 9: `owner_unread` needs `log_group_in`"),
        (broken("organization_trails = [\"x\"]"),                     "line 4, column 24: there is no organization trail `x`"),
        (broken("[[group]]\nname = \"a\""),                           "line 5, column 8: there are two groups named `a`"),
        (broken("[[fault]]\nkind = \"slow\""),                        "line 5, column 8: `slow` is no fault"),
        (broken("[[fault]]\nkind = \"hang\"\ncall = \"ec2:X\""),      "line 6, column 8: there is no service `ec2`"),
        ("[organization]\nid = \"o-1\"".to_owned(),                   "line 2, column 6: an organization id is `o-`"),
        ("[[group]]\ncount = 1".to_owned(),                           "line 1, column 1: missing field `name`"),
        ("[organization]\naccounts = 3".to_owned(),                   "the counts make 1 accounts, not `organization.accounts = 3`"),
    ];
    for (text, expected) in cases {
        let error = Scenario::parse(&text).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{text}\n{error}\n{expected}");
    }
}

#[test]
fn numbers_are_not_given_twice() {
    let text = SMALL.replace("\"555555555555\"", "\"333333333333\"");
    let error = Scenario::parse(&text).unwrap_err();
    assert_eq!(
        error.message(),
        "account number `333333333333` is taken already"
    );
    assert_eq!(&text[error.span().unwrap()], "\"333333333333\"");
}

#[test]
fn claims_follow_the_best_chain() {
    let text = SMALL.replace(
        "name = \"everyone\"",
        "name = \"everyone\"\nbroken = [{ chain = \"no_alarm\", controls = [\"vpc-changes\"] }]",
    );
    let world = World::build(&Scenario::parse(&text).unwrap());
    let claim = |account: &str, control: &str| {
        let Some(ExpectedOutcome::Done(findings)) = world.expected(account) else {
            panic!("{account} is read");
        };
        let finding = findings
            .into_iter()
            .find(|finding| finding.control == control);
        let finding = finding.unwrap();
        (finding.verdict, finding.reason)
    };
    #[rustfmt::skip]
    let cases = [
        ("333333333333", "root-usage",            Some("pass"),           Some("covered_by_organization_trail")),
        ("333333333333", "vpc-changes",           Some("fail"),           Some("no_alarm")),
        ("444444444444", "vpc-changes",           Some("pass"),           Some("covered")),
        ("444444444444", "root-usage",            Some("pass"),           None),
        ("555555555555", "root-usage",            Some("fail"),           Some("no_trail")),
        ("555555555555", "organizations-changes", Some("not_applicable"), Some("management_account_only")),
        ("111111111111", "organizations-changes", Some("pass"),           None),
    ];
    for (account, control, verdict, reason) in cases {
        assert_eq!(
            claim(account, control),
            (verdict, reason),
            "{account} {control}"
        );
    }
    assert_eq!(world.expected("999999999999"), None);
}
