//! Accounts that are judged alike: their findings differ in nothing but their own numbers, and an
//! account of which anything else is known is judged by itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use orgsweep_controls::decision::Accepted;
use orgsweep_controls::evaluate::Alike;
use orgsweep_controls::snapshot::{Arrivals, Delivery};
use orgsweep_controls::{AccountSnapshot, Catalog, Evaluator, ReliedOn, UnreadCause, evaluate};

use crate::decisions::accepting;
use crate::support::*;

const OTHER: &str = "444455556666";
/// A control whose pattern has no digit.
const VPC: &str = "vpc-changes";

/// The keys of both accounts when they rely on the same.
fn keys(relied_on: &ReliedOn) -> [Option<Alike>; 2] {
    let evaluator = Evaluator::new(Catalog::builtin());
    [OWN, OTHER].map(|id| evaluator.alike(&member(id), relied_on))
}

fn assert_alike(relied_on: &ReliedOn) {
    let [one, other] = keys(relied_on);
    assert!(one.is_some());
    assert_eq!(one, other);
    let told = |id: &str| {
        let findings = evaluate(Catalog::builtin(), &member(id), relied_on);
        serde_json::to_string(&findings).unwrap()
    };
    assert_eq!(told(OWN).replace(OWN, OTHER), told(OTHER));
}

/// The log group's streams tell whose events arrive.
fn with_arrivals(accounts: &[(&str, Delivery)]) -> AccountSnapshot {
    let mut owner = owner();
    of_group(&mut owner).arrivals = Some(known(Arrivals {
        accounts: accounts
            .iter()
            .map(|(id, delivery)| (account(id), delivery.clone()))
            .collect(),
        complete: true,
        settled: true,
    }));
    owner
}

#[test]
fn members_of_an_organization_trail_are_judged_alike_whether_it_works_or_not() {
    assert_alike(&relying_on(owner()));
    let mut broken = owner();
    of_alarm(&mut broken, S3).actions_enabled = false;
    assert_alike(&relying_on(broken));
    let mut narrow = owner();
    of_filter(&mut narrow, S3).pattern = "{ $.eventName = PutBucketPolicy }".to_owned();
    assert_alike(&relying_on(narrow));
    let both = [(OWN, Delivery::Fresh), (OTHER, Delivery::Fresh)];
    assert_alike(&relying_on(with_arrivals(&both)));
}

#[test]
fn members_of_an_owner_that_was_not_read_are_judged_alike() {
    let mut relied_on = ReliedOn {
        management_account: Some(account(OWNER)),
        ..ReliedOn::default()
    };
    assert_alike(&relied_on);
    let why = unread("sts", "AssumeRole", UnreadCause::Denied);
    relied_on.unread.insert(account(OWNER), why);
    assert_alike(&relied_on);
}

#[test]
fn what_asks_for_accounts_without_numbers_tells_none_apart() {
    let mut owner = owner();
    of_filter(&mut owner, VPC).pattern = format!(
        "{{ ({}) && ($.recipientAccountId = *) }}",
        prescribed(VPC).trim_matches(['{', '}', ' '])
    );
    assert_alike(&relying_on(owner));
}

#[test]
fn a_filter_that_tells_account_numbers_apart_leaves_each_account_to_itself() {
    for narrowing in [
        format!("$.recipientAccountId = \"{OWN}\""),
        "$.recipientAccountId = \"1*\"".to_owned(),
        "$.userIdentity.accountId != \"444455556666\"".to_owned(),
        "$.userIdentity.arn = \"arn:aws:iam::12*\"".to_owned(),
    ] {
        let mut owner = owner();
        of_filter(&mut owner, S3).pattern = format!(
            "{{ ({}) && ({narrowing}) }}",
            prescribed(S3).trim_matches(['{', '}', ' '])
        );
        assert_eq!(keys(&relying_on(owner)), [None, None], "{narrowing}");
    }
    let mut selected = owner();
    of_filter(&mut selected, S3).field_selection = Some(format!("@aws.account = \"{OWN}\""));
    assert_eq!(keys(&relying_on(selected)), [None, None]);
}

#[test]
fn accounts_differ_when_what_arrives_of_them_does() {
    let relied_on = relying_on(with_arrivals(&[(OWN, Delivery::Fresh)]));
    let [one, other] = keys(&relied_on);
    assert!(one.is_some() && other.is_some());
    assert_ne!(one, other);
}

#[test]
fn accounts_differ_when_their_facts_or_those_of_their_owner_do() {
    let evaluator = Evaluator::new(Catalog::builtin());
    let relied_on = relying_on(owner());
    let key = evaluator.alike(&member(OWN), &relied_on);
    assert!(key.is_some());
    let mut fewer = member(OTHER);
    value(&mut fewer.regions).pop();
    assert_ne!(evaluator.alike(&fewer, &relied_on), key);
    let mut single = member(OTHER);
    of_trail(&mut single).multi_region = false;
    assert_ne!(evaluator.alike(&single, &relied_on), key);
    // Read again, the owner may say something else.
    assert_ne!(evaluator.alike(&member(OTHER), &relying_on(owner())), key);
    let nobody = ReliedOn {
        snapshots: BTreeMap::new(),
        ..relying_on(owner())
    };
    assert_ne!(evaluator.alike(&member(OTHER), &nobody), key);
}

#[test]
fn an_account_with_something_of_its_own_is_judged_by_itself() {
    let evaluator = Evaluator::new(Catalog::builtin());
    let relied_on = relying_on(owner());
    assert_eq!(evaluator.alike(&healthy(OWN), &relied_on), None);
    assert_eq!(evaluator.alike(&owner(), &relied_on), None);
    let mut with_a_trail = member(OWN);
    value(with_a_trail.trails.get_mut(&home()).unwrap()).push(trail(OWN, "own", HOME));
    assert_eq!(evaluator.alike(&with_a_trail, &relied_on), None);
    let decided_about = ReliedOn {
        decisions: Arc::new(accepting(
            "one",
            Accepted::DeniedRegions {
                regions: Vec::new(),
            },
        )),
        ..relied_on
    };
    assert_eq!(evaluator.alike(&member(OWN), &decided_about), None);
}
