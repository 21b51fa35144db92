//! The roles and policies that people deploy allow what a sweep calls, and
//! nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use orgsweep_aws_access::{inventory_permissions, requested_permissions, required_permissions};

/// Every `service:Action` in a file of the repository.
fn actions_in(file: &str) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(file);
    let text =
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == ':'))
        .filter(|word| {
            word.split_once(':').is_some_and(|(service, action)| {
                !service.is_empty()
                    && service.bytes().all(|b| b.is_ascii_lowercase())
                    && action.starts_with(|c: char| c.is_ascii_uppercase())
                    && action.bytes().all(|b| b.is_ascii_alphanumeric())
            })
        })
        // The condition key of the trust policy is no action.
        .filter(|word| *word != "sts:ExternalId")
        .map(str::to_owned)
        .collect()
}

fn named(permissions: &[&str]) -> BTreeSet<String> {
    permissions.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn the_role_in_each_account_may_do_what_a_sweep_calls_and_no_more() {
    let mut role = named(required_permissions());
    // Of the trust policy.
    role.extend(named(&["sts:AssumeRole", "sts:SetSourceIdentity"]));
    for file in [
        "config/deploy/readonly-role.cfn.yaml",
        "config/deploy/readonly-role.tf",
    ] {
        assert_eq!(actions_in(file), role, "{file}");
    }
}

#[test]
fn the_caller_may_list_the_organization_assume_the_role_and_read_its_own_account() {
    let mut caller = named(required_permissions());
    caller.extend(named(inventory_permissions()));
    caller.extend(named(&["sts:AssumeRole", "sts:SetSourceIdentity"]));
    caller.extend(named(requested_permissions()));
    assert_eq!(actions_in("config/deploy/caller-policy.json"), caller);
}

#[test]
fn the_readme_names_each_permission_of_the_role() {
    let readme = actions_in("README.md");
    let missing: Vec<_> = required_permissions()
        .iter()
        .filter(|name| !readme.contains(**name))
        .collect();
    assert!(missing.is_empty(), "README.md does not name {missing:?}");
}
