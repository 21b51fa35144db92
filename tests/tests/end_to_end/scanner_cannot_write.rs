//! The scanner cannot change AWS: only the remediator (and `orgsim`, which
//! answers) names an operation that does. The operations are those of the AWS
//! SDK crates in the lock file, so that a new SDK version cannot smuggle one in.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use orgsweep_tests::workspace;
use serde_json::Value;

/// Crates that may name operations that change something.
const WRITERS: [&str; 2] = ["remediator", "orgsim"];

/// Operations that a crate may name although AWS counts them as writes, because they change
/// nothing that is audited: a notification goes to a topic that the user has named for it.
const ALLOWED: [(&str, &str); 1] = [("notify", "publish")];

/// How the names of operations begin that change nothing. Everything else is
/// taken for a change, the unknown included.
const READING: [&str; 9] = [
    "assume_role",
    "describe_",
    "get_",
    "list_",
    "lookup_",
    "search_",
    "filter_log_events",
    "test_",
    "check_",
];

#[test]
fn only_the_remediator_names_an_operation_that_changes_aws() {
    let changing = changing_operations();
    for expected in [
        "put_metric_filter",
        "create_trail",
        "delete_topic",
        "set_alarm_state",
        "subscribe",
    ] {
        assert!(
            changing.contains(expected),
            "the SDKs have no {expected}: {changing:?}"
        );
    }
    for expected in ["describe_alarms", "assume_role", "get_topic_attributes"] {
        assert!(!changing.contains(expected), "{expected} changes nothing");
    }

    let mut found = Vec::new();
    let mut files = 0;
    for folder in folders_of_readers() {
        if !depends_on_an_sdk(&folder) {
            continue;
        }
        for file in rust_files(&folder) {
            files += 1;
            let source = fs::read_to_string(&file).expect("readable");
            for operation in operations_named_in(&source, &changing) {
                let allowed = ALLOWED
                    .iter()
                    .any(|(name, allowed)| folder.ends_with(name) && operation == *allowed);
                if allowed {
                    continue;
                }
                found.push(format!("{} names {operation}", file.display()));
            }
        }
    }
    assert!(
        files > 0,
        "no crate but the remediator speaks to AWS: the search is broken"
    );
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_call_of_an_operation_is_seen_however_it_is_written() {
    let changing = BTreeSet::from(["put_metric_filter".to_owned()]);
    let calls = [
        "client.put_metric_filter().send()",
        "client\n    .put_metric_filter ( )\n    .send()",
        "aws_sdk_cloudwatchlogs::operation::put_metric_filter::PutMetricFilter",
    ];
    for call in calls {
        assert_eq!(
            operations_named_in(call, &changing),
            ["put_metric_filter"],
            "{call}"
        );
    }
    for other in [
        "describe_metric_filters()",
        "// put_metric_filter is the remediator's",
    ] {
        assert!(operations_named_in(other, &changing).is_empty(), "{other}");
    }
}

/// Names of the operations of every AWS SDK crate that change something.
fn changing_operations() -> BTreeSet<String> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        // Those of other platforms have not been downloaded by whoever builds for this one.
        .args(["--filter-platform", "host-tuple"])
        .current_dir(workspace())
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let mut operations = BTreeSet::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        if !name.starts_with("aws-sdk-") {
            continue;
        }
        let manifest = Path::new(package["manifest_path"].as_str().expect("a path"));
        let folder = manifest.parent().expect("a folder").join("src/operation");
        for entry in fs::read_dir(&folder).expect("SDK crates have operations") {
            let path = entry.expect("readable").path();
            let operation = path
                .file_stem()
                .and_then(|stem| stem.to_str())
                .expect("a name");
            if !READING.iter().any(|prefix| operation.starts_with(prefix)) {
                operations.insert(operation.to_owned());
            }
        }
    }
    operations
}

fn folders_of_readers() -> Vec<PathBuf> {
    fs::read_dir(workspace().join("crates"))
        .expect("there are crates")
        .map(|entry| entry.expect("readable").path())
        .filter(|folder| !WRITERS.iter().any(|writer| folder.ends_with(writer)))
        .collect()
}

fn depends_on_an_sdk(folder: &Path) -> bool {
    fs::read_to_string(folder.join("Cargo.toml"))
        .expect("a crate has a manifest")
        .contains("aws-sdk-")
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("readable") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// Operations that a source calls (`.operation()`, as the SDKs' fluent
/// builders begin) or whose module it names.
fn operations_named_in(source: &str, operations: &BTreeSet<String>) -> Vec<String> {
    let dense: String = source.split_whitespace().collect();
    operations
        .iter()
        .filter(|operation| {
            dense.contains(&format!(".{operation}()"))
                || dense.contains(&format!("operation::{operation}"))
        })
        .cloned()
        .collect()
}
