//! The examples of `docs/PATTERNS.md` and of the README's pattern section are
//! run, and print what the pages show.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use orgsweep_tests::{Installation, built, workspace};

use crate::simulated::Simulated;

/// A command of a page and the lines that it shows below it.
struct Example {
    command: String,
    shown: Vec<String>,
}

/// The commands in the `console` blocks of a page's part.
fn examples(page: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let (mut inside, mut continued) = (false, false);
    for line in page.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
            continued = false;
        } else if !inside {
        } else if let Some(command) = line.strip_prefix("$ ") {
            continued = command.ends_with('\\');
            examples.push(Example {
                command: command.to_owned(),
                shown: Vec::new(),
            });
        } else if let Some(example) = examples.last_mut() {
            if continued {
                example.command.push('\n');
                example.command.push_str(line);
                continued = line.ends_with('\\');
            } else {
                example.shown.push(line.to_owned());
            }
        }
    }
    examples
}

/// Whether the lines are those that are shown, where `…` alone stands for any lines and at a line's
/// end for the rest of it.
fn are_as_shown(printed: &[&str], shown: &[&str]) -> bool {
    match (shown.split_first(), printed.split_first()) {
        (None, None) => true,
        (Some((&"…", shown)), _) => {
            (0..=printed.len()).any(|skipped| are_as_shown(&printed[skipped..], shown))
        }
        (Some((line, shown)), Some((found, printed))) => {
            let fits = match line.strip_suffix('…') {
                Some(start) => found.starts_with(start),
                None => line == found,
            };
            fits && are_as_shown(printed, shown)
        }
        _ => false,
    }
}

/// The files that the pages' examples name.
fn write_files(home: &Path) {
    let archive = r#"{"Records": [
        {"eventSource": "s3.amazonaws.com", "eventName": "PutBucketPolicy", "awsRegion": "eu-west-1"},
        {"eventSource": "s3.amazonaws.com", "eventName": "GetObject", "awsRegion": "eu-west-1"}
    ]}"#;
    let filters = r#"{"metricFilters": [
        {"filterName": "root", "filterPattern": "{ $.userIdentity.type = Root }",
         "metricTransformations": [{"metricName": "root", "metricNamespace": "CIS", "metricValue": "1"}]},
        {"filterName": "root-again", "filterPattern": "{ $.userIdentity.type = \"Root\" && $.eventType != AwsServiceEvent }",
         "metricTransformations": [{"metricName": "root", "metricNamespace": "CIS", "metricValue": "1"}]}
    ]}"#;
    fs::create_dir(home.join("archive")).expect("a new directory");
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(archive.as_bytes()).expect("it is memory");
    let packed = packed.finish().expect("it is memory");
    fs::write(home.join("archive/a.json.gz"), packed).expect("it can be written");
    fs::write(home.join("filters.json"), filters).expect("it can be written");
}

/// Runs each example and compares.
async fn check(page: &str, least: usize) {
    let simulated = Simulated::demo().await;
    let mut installation = simulated.installation(Installation::embedded());
    write_files(installation.home());
    let program = built("orgsweep");
    let directory = program.parent().expect("it is in a directory").display();
    installation.set("PATH", &format!("{directory}:/usr/local/bin:/usr/bin:/bin"));
    let examples = examples(page);
    assert!(examples.len() >= least, "only {} examples", examples.len());
    for example in examples {
        let shell = Path::new("/bin/sh");
        let ended = installation.run_of(shell, &["-c", &example.command]).await;
        let printed = format!("{}{}", ended.stdout, ended.stderr);
        let printed: Vec<&str> = printed.lines().collect();
        let shown: Vec<&str> = example.shown.iter().map(String::as_str).collect();
        let fits = if shown.is_empty() {
            ended.code == Some(0)
        } else {
            are_as_shown(&printed, &shown)
        };
        assert!(fits, "$ {}\n{ended}", example.command);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_on_patterns_shows_what_is_printed() {
    let page = fs::read_to_string(workspace().join("docs/PATTERNS.md")).expect("there is one");
    check(&page, 10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_readme_s_examples_of_patterns_run() {
    let readme = fs::read_to_string(workspace().join("README.md")).expect("there is one");
    let (_, section) = readme
        .split_once("\n## Filter patterns\n")
        .expect("there is a section on patterns");
    let section = section.split("\n## ").next().unwrap_or_default();
    check(section, 3).await;
}

#[test]
fn a_page_that_shows_something_else_is_found_out() {
    let page = "text\n```console\n$ a \\\n    b\none\n…\nlast li…\n$ c\n```\n```sql\n$ d\n```\n";
    let examples = examples(page);
    let commands: Vec<&str> = examples.iter().map(|it| it.command.as_str()).collect();
    assert_eq!(commands, ["a \\\n    b", "c"]);
    let shown: Vec<&str> = examples[0].shown.iter().map(String::as_str).collect();
    #[rustfmt::skip]
    let table: [(&[&str], bool); 5] = [
        (&["one", "two", "three", "last line"], true),
        (&["one", "last line"],                 true),
        (&["one", "two"],                       false),
        (&["one", "last line", "more"],         false),
        (&["two", "last line"],                 false),
    ];
    for (printed, fits) in table {
        assert_eq!(are_as_shown(printed, &shown), fits, "{printed:?}");
    }
}
