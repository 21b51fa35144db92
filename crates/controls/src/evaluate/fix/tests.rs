//! Every failure has its repair, and every printed command is what it looks like to
//! a shell and to the AWS CLI.

use std::process::Command;

use super::other_trails::OtherTrails;
use super::{Names, Repair, repair};
use crate::catalog::Catalog;
use crate::chain::judged::MutedBy;
use crate::finding::LinkKind;
use crate::reason::Reason;

/// The options that each command has, as the AWS CLI's reference lists them.
const DOCUMENTED: [(&str, &[&str]); 13] = [
    (
        "cloudtrail create-trail",
        &[
            "--name",
            "--s3-bucket-name",
            "--is-multi-region-trail",
            "--cloud-watch-logs-log-group-arn",
            "--cloud-watch-logs-role-arn",
        ],
    ),
    (
        "cloudtrail update-trail",
        &[
            "--name",
            "--is-multi-region-trail",
            "--include-global-service-events",
            "--cloud-watch-logs-log-group-arn",
            "--cloud-watch-logs-role-arn",
        ],
    ),
    ("cloudtrail start-logging", &["--name"]),
    ("cloudtrail get-trail-status", &["--name"]),
    ("cloudtrail get-event-selectors", &["--trail-name"]),
    ("logs create-log-group", &["--log-group-name"]),
    (
        "logs put-metric-filter",
        &[
            "--log-group-name",
            "--filter-name",
            "--metric-transformations",
            "--filter-pattern",
        ],
    ),
    (
        "cloudwatch put-metric-alarm",
        &[
            "--alarm-name",
            "--metric-name",
            "--namespace",
            "--statistic",
            "--period",
            "--evaluation-periods",
            "--threshold",
            "--comparison-operator",
            "--treat-missing-data",
            "--alarm-actions",
        ],
    ),
    (
        "cloudwatch delete-alarm-mute-rule",
        &["--alarm-mute-rule-name"],
    ),
    ("cloudwatch enable-alarm-actions", &["--alarm-names"]),
    ("sns create-topic", &["--name"]),
    ("sns get-topic-attributes", &["--topic-arn"]),
    (
        "sns subscribe",
        &["--topic-arn", "--protocol", "--notification-endpoint"],
    ),
];

/// A name that does harm where it is not quoted.
const HOSTILE: &str = "it's $(id); `id` \"x\", {a} && b";

fn each(check: impl Fn(Reason, &Repair)) {
    let control = &Catalog::builtin().controls()[0];
    for named in [false, true] {
        let names = Names {
            mute_rules: named
                .then(|| MutedBy {
                    rule: HOSTILE.to_owned(),
                    mutes_others: false,
                })
                .into_iter()
                .collect(),
            other_trails: OtherTrails::default(),
            control,
            pattern: "{ $.a = \"it's\" }",
            trail: None,
            group: named.then(|| {
                "arn:aws:logs:eu-west-1:111122223333:log-group:trail"
                    .parse()
                    .unwrap()
            }),
            waiting: None,
            counts_events: named,
            works: named,
            metric_elsewhere: named.then(|| (HOSTILE.to_owned(), HOSTILE.to_owned())),
            taken: named.then(|| control.id.to_string()).into_iter().collect(),
            metric: named.then(|| (HOSTILE.to_owned(), HOSTILE.to_owned())),
            alarm: None,
            topic: named.then(|| "arn:aws:sns:eu-west-1:111122223333:alerts".parse().unwrap()),
            weakest: named.then_some(LinkKind::Subscription),
            working_topic: None,
        };
        for reason in Reason::ALL {
            check(*reason, &repair(*reason, &names, &[]));
        }
    }
}

/// The words that a shell hands to `aws`.
fn words(command: &str) -> Vec<String> {
    let script = format!("aws() {{ printf '%s\\0' \"$@\"; }}; {command}");
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{command}"
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}

#[test]
fn every_command_consists_of_documented_options_and_whole_words() {
    each(|reason, repair| {
        for command in &repair.commands {
            let words = words(command);
            let called = words[..2].join(" ");
            let documented = DOCUMENTED.iter().find(|(name, _)| *name == called);
            let (_, options) =
                documented.unwrap_or_else(|| panic!("{reason}: `{called}` is not in the table"));
            let mut takes_a_value = false;
            for word in &words[2..] {
                if word.starts_with("--") {
                    let known = word == "--region" || options.contains(&word.as_str());
                    assert!(known, "{reason}: {word} of `{called}`");
                    takes_a_value = !["--is-multi-region-trail", "--include-global-service-events"]
                        .contains(&word.as_str());
                } else {
                    assert!(takes_a_value, "{reason}: stray word {word} in {command}");
                    takes_a_value = false;
                }
            }
            if let Some(at) = words.iter().position(|word| word == "--filter-pattern") {
                assert_eq!(words[at + 1], "{ $.a = \"it's\" }");
            }
        }
    });
}

#[test]
fn hostile_names_reach_the_command_as_they_are() {
    let counted = std::cell::Cell::new(0);
    each(|_, repair| {
        for command in &repair.commands {
            let words = words(command);
            if let Some(at) = words.iter().position(|word| word == "--namespace")
                && words[at + 1] != "CISBenchmark"
            {
                assert_eq!(words[at + 1], HOSTILE);
                counted.set(counted.get() + 1);
            }
        }
    });
    assert!(counted.get() > 0);
}

#[test]
fn every_failure_has_its_own_repair_in_words() {
    let passing = [
        Reason::Covered,
        Reason::CoveredByOrganizationTrail,
        Reason::ManagementAccountOnly,
    ];
    each(|reason, repair| {
        let nothing = repair.words == "nothing to do";
        assert_eq!(nothing, passing.contains(&reason), "{reason}");
        // `sweep again` is for facts that could not be read, which here are none.
        let again = repair.words == "sweep again";
        let owner = repair.words.contains("read account 111122223333");
        let unread = [Reason::FactUnread, Reason::OwnerUnread].contains(&reason);
        assert_eq!(again || owner, unread, "{reason}");
        assert!(!owner || reason == Reason::OwnerUnread, "{reason}");
    });
}

#[test]
fn no_command_replaces_what_it_does_not_know() {
    each(|reason, repair| {
        for command in &repair.commands {
            for replacing in [
                "put-event-selectors",
                "set-topic-attributes",
                "put-key-policy",
            ] {
                assert!(!command.contains(replacing), "{reason}: {command}");
            }
        }
    });
}

/// Putting a filter or an alarm replaces one of the same name, and what it did for other controls.
#[test]
fn what_is_put_has_a_name_that_nothing_has() {
    let id = Catalog::builtin().controls()[0].id.as_str();
    let counted = std::cell::Cell::new([0, 0]);
    each(|reason, repair| {
        for command in &repair.commands {
            let words = words(command);
            let put = ["--filter-name", "--alarm-name"];
            let Some(at) = words.iter().position(|word| put.contains(&word.as_str())) else {
                continue;
            };
            // Where names are known, the control's own is taken.
            let [mut plain, mut numbered] = counted.get();
            match words[at + 1].strip_prefix(id) {
                Some("") => plain += 1,
                Some("-2") => numbered += 1,
                _ => panic!("{reason}: {command}"),
            }
            counted.set([plain, numbered]);
        }
    });
    let [plain, numbered] = counted.get();
    assert!(plain > 10 && numbered > 10, "{plain} {numbered}");
}

#[test]
fn a_pending_subscription_waits_for_a_person() {
    each(|reason, repair| {
        if reason == Reason::SubscriptionPending {
            assert!(repair.commands.is_empty());
        }
    });
}
