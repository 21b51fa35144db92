//! Configuration and arguments that are wrong: refused with 2, where they are
//! wrong and what would be right; and where settings come from.

use orgsweep_tests::Installation;

#[tokio::test]
async fn mistakes_in_the_file_are_shown_with_line_and_suggestion() {
    let cases: [(&str, &[&str]); 6] = [
        ("[aws\nregion = 1", &["orgsweep.toml:1"]),
        (
            "\n[aws]\nregon = \"us-east-1\"\n",
            &["orgsweep.toml:3", "regon", "region"],
        ),
        (
            "[aws]\nregion = \"mars\"\n",
            &["orgsweep.toml:2", "mars", "eu-west-1"],
        ),
        (
            "[sweep]\nconcurrency = \"many\"\n",
            &["orgsweep.toml:2", "many"],
        ),
        (
            "expected_organization = \"acme\"\n",
            &["orgsweep.toml:1", "acme", "o-"],
        ),
        (
            "[aws]\ncall_timeout = \"soon\"\n",
            &["orgsweep.toml:2", "soon"],
        ),
    ];
    for (toml, words) in cases {
        Installation::embedded()
            .with_configuration(toml)
            .run(&["config", "show"])
            .await
            .with_code(2)
            .saying(words);
    }
}

#[tokio::test]
async fn a_named_file_that_is_not_there_is_refused() {
    Installation::embedded()
        .run(&["--config", "nowhere.toml", "config", "show"])
        .await
        .with_code(2)
        .saying(&["nowhere.toml"]);
}

#[tokio::test]
async fn an_unknown_control_is_refused_with_a_suggestion() {
    for arguments in [
        ["findings", "--control", "s3-bucket-policy-change"],
        ["controls", "show", "s3-bucket-policy-change"],
    ] {
        Installation::embedded()
            .run(&arguments)
            .await
            .with_code(2)
            .saying(&["`s3-bucket-policy-change`", "s3-bucket-policy-changes"]);
    }
}

#[tokio::test]
async fn an_invalid_region_or_account_or_verdict_is_refused() {
    let cases: [(&[&str], &str); 4] = [
        (&["sweep", "--region", "mars"], "mars"),
        (
            &["findings", "--reason", "no-such-reason"],
            "no-such-reason",
        ),
        (&["findings", "--verdict", "perhaps"], "perhaps"),
        (&["sweep", "--accounts", "11112222333x"], "11112222333x"),
    ];
    for (arguments, wrong) in cases {
        Installation::embedded()
            .run(arguments)
            .await
            .with_code(2)
            .saying(&[wrong]);
    }
}

#[tokio::test]
async fn a_mistake_in_a_catalog_is_shown_with_line_and_column() {
    let installation =
        Installation::embedded().with_configuration("[controls]\ncatalog = \"mine.toml\"\n");
    let builtin = std::fs::read_to_string(orgsweep_tests::workspace().join("config/controls.toml"))
        .expect("readable");
    let right = "pattern = '{ ($.eventName = ConsoleLogin) && ($.errorMessage = \"Failed authentication\") }'";
    let wrong = right.replace(" && ", " & ");
    let line = builtin
        .lines()
        .position(|line| line == right)
        .expect("the catalog has this pattern")
        + 1;
    let cases = [
        (builtin.replace(right, &wrong), format!("mine.toml:{line}:")),
        (
            "[[control]]\nid = \"Not A Slug\"\n".to_owned(),
            "mine.toml:".to_owned(),
        ),
        ("\n\n[[control]\n".to_owned(), "mine.toml:3:".to_owned()),
    ];
    for (toml, place) in cases {
        installation.write("mine.toml", &toml);
        installation
            .run(&["controls"])
            .await
            .with_code(2)
            .saying(&[&place, "^"]);
    }
}

#[tokio::test]
async fn flags_win_over_variables_over_the_file_and_show_says_so() {
    let mut installation = Installation::embedded().with_configuration(
        "[aws]\nmax_attempts = 3\n[sweep]\nconcurrency = 7\n[role]\nname = \"Audit\"\n",
    );
    installation.set("ORGSWEEP_SWEEP_CONCURRENCY", "8");
    installation.set("AWS_REGION", "eu-west-1");
    let shown = installation
        .run(&["--region", "eu-north-1", "config", "show"])
        .await
        .with_code(0)
        .stdout;
    for (setting, value, source) in [
        ("role.name", "Audit", "orgsweep.toml"),
        ("sweep.concurrency", "8", "ORGSWEEP_SWEEP_CONCURRENCY"),
        ("aws.region", "eu-north-1", "--region"),
        ("aws.max_attempts", "3", "orgsweep.toml"),
        ("aws.call_timeout", "10s", "default"),
    ] {
        let line = shown.lines().find(|line| line.contains(setting));
        let line = line.unwrap_or_else(|| panic!("{setting} is not shown:\n{shown}"));
        assert!(line.contains(value) && line.contains(source), "{line}");
    }
}

#[tokio::test]
async fn the_example_that_init_writes_is_accepted() {
    let installation = Installation::embedded();
    installation.run(&["config", "init"]).await.with_code(0);
    let written = installation.home().join("orgsweep.toml");
    assert!(
        written.exists(),
        "config init writes orgsweep.toml where it runs"
    );
    installation.run(&["config", "show"]).await.with_code(0);
    // A second time it must not overwrite what the user may have changed.
    installation.write("orgsweep.toml", "[sweep]\nconcurrency = 7\n");
    installation.run(&["config", "init"]).await.with_code(2);
    assert!(
        std::fs::read_to_string(&written)
            .expect("readable")
            .contains("= 7")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_names_the_command_that_was_typed() {
    let installation = Installation::embedded();
    for (typed, usage) in [
        (
            ["remediate", "--help", ""],
            "Usage: orgsweep remediate [OPTIONS] <COMMAND>",
        ),
        (
            ["remediate", "apply", "--help"],
            "Usage: orgsweep remediate apply [OPTIONS]",
        ),
        (
            ["iam", "policy", "--help"],
            "Usage: orgsweep iam policy [OPTIONS]",
        ),
    ] {
        let typed: Vec<&str> = typed.into_iter().filter(|word| !word.is_empty()).collect();
        let told = installation.run(&typed).await.with_code(0);
        assert!(told.stdout.contains(usage), "{told}");
        assert!(!told.stdout.contains("orgsweep-remediate"), "{told}");
    }
    let told = installation.run(&["remediate", "appply"]).await;
    told.with_code(2).saying(&["Usage: orgsweep remediate "]);
    // Whoever calls the program itself is told its own name.
    let own = orgsweep_tests::built("orgsweep-remediate");
    let told = installation.run_of(&own, &["--help"]).await.with_code(0);
    assert!(
        told.stdout.contains("Usage: orgsweep-remediate [OPTIONS]"),
        "{told}"
    );
}
