//! Which of flag, variable and file counts, and what is refused.

use super::*;

fn file() -> File {
    toml::from_str(
        "[database]\nurl = 'postgres://file'\ndata_dir = 'file-dir'\n\
         [controls]\ncatalog = 'mine.toml'\n[sweep]\nconcurrency = 3\n",
    )
    .unwrap()
}

#[test]
fn flags_come_before_the_environment_and_that_before_the_file() {
    let url = |flag: Option<&str>, variable: Option<&str>| {
        let common = Common {
            database_url: flag.map(ToOwned::to_owned),
            ..Common::default()
        };
        let named = |name: &str| {
            (name == "DATABASE_URL")
                .then(|| variable.map(ToOwned::to_owned))
                .flatten()
        };
        Settings::layered(&common, &named, file())
            .unwrap()
            .database_url
    };
    assert_eq!(
        url(Some("postgres://flag"), Some("postgres://variable")).as_deref(),
        Some("postgres://flag")
    );
    assert_eq!(
        url(None, Some("postgres://variable")).as_deref(),
        Some("postgres://variable")
    );
    assert_eq!(url(None, None).as_deref(), Some("postgres://file"));
}

#[test]
fn a_directory_that_is_asked_for_wins_over_a_url_from_elsewhere() {
    let common = Common {
        data_dir: Some("here".into()),
        ..Common::default()
    };
    let settings = Settings::layered(&common, &|_| None, file()).unwrap();
    assert_eq!(settings.database_url, None);
    assert_eq!(settings.data_dir, Some(PathBuf::from("here")));
    assert_eq!(settings.catalog, Some(PathBuf::from("mine.toml")));
}

/// The settings of a file, with these variables set.
fn settings(file: &str, variables: &[(&str, &str)]) -> anyhow::Result<Settings> {
    let named = |name: &str| {
        let set = variables.iter().find(|(variable, _)| *variable == name);
        set.map(|(_, text)| (*text).to_owned())
    };
    Settings::layered(&Common::default(), &named, toml::from_str(file)?)
}

#[test]
fn calls_and_connections_wait_as_long_as_the_file_says() {
    let file = "[aws]\ncall_timeout = '3s'\ncall_deadline = '1m'\nmax_attempts = 2\n\
                [database]\nconnect_timeout = '500ms'\nmax_connections = 4\n";
    let settings_of_file = settings(file, &[]).unwrap();
    let access = settings_of_file.access_config(None, None).unwrap();
    assert_eq!(access.call_timeout, Duration::from_secs(3));
    assert_eq!(access.call_deadline, Duration::from_mins(1));
    assert_eq!(access.max_attempts, 2);
    let store = settings_of_file.store_config();
    assert_eq!(store.connect_timeout, Duration::from_millis(500));
    assert_eq!(store.max_connections, 4);

    let variables = [
        ("ORGSWEEP_AWS_CALL_TIMEOUT", "4s"),
        ("ORGSWEEP_AWS_MAX_ATTEMPTS", "3"),
        ("ORGSWEEP_DATABASE_CONNECT_TIMEOUT", "2s"),
    ];
    let changed = settings(file, &variables).unwrap();
    let access = changed.access_config(None, None).unwrap();
    assert_eq!(access.call_timeout, Duration::from_secs(4));
    assert_eq!(access.call_deadline, Duration::from_mins(1));
    assert_eq!(access.max_attempts, 3);
    assert_eq!(
        changed.store_config().connect_timeout,
        Duration::from_secs(2)
    );
}

#[test]
fn a_plan_is_as_fast_as_the_settings_let_calls_be() {
    let percent = |share: f64| (share * 100.0).round() as u32;
    let share = |file: &str, variables: &[(&str, &str)]| {
        let settings = settings(file, variables).unwrap();
        let access = settings.access_config(None, None).unwrap();
        let of_plans = percent(settings.speed().quota_share);
        assert_eq!(of_plans, percent(access.quota_share));
        of_plans
    };
    let file = "[aws]\nquota_share = 0.25\n";
    assert_eq!(share("", &[]), 50);
    assert_eq!(share(file, &[]), 25);
    assert_eq!(share(file, &[("ORGSWEEP_AWS_QUOTA_SHARE", "1")]), 100);
}

#[test]
fn secrets_can_be_in_files_that_variables_name() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("secret");
    std::fs::write(&path, "postgres://mounted\n").unwrap();
    let path = path.to_str().unwrap();
    let file = "[database]\nurl = 'postgres://file'\n[role]\nexternal_id = 'file'\n";
    let mounted = [
        ("ORGSWEEP_DATABASE_URL_FILE", path),
        ("ORGSWEEP_ROLE_EXTERNAL_ID_FILE", path),
    ];
    let read = settings(file, &mounted).unwrap();
    assert_eq!(read.database_url.as_deref(), Some("postgres://mounted"));
    assert_eq!(read.aws.external_id.as_deref(), Some("postgres://mounted"));
    let named = [("DATABASE_URL", "postgres://variable"), mounted[0]];
    let read = settings(file, &named).unwrap();
    assert_eq!(read.database_url.as_deref(), Some("postgres://variable"));
    let missing = settings(file, &[("ORGSWEEP_DATABASE_URL_FILE", "nowhere")]);
    let told = missing.err().unwrap().to_string();
    assert!(told.contains("ORGSWEEP_DATABASE_URL_FILE"), "{told}");
}

#[test]
fn without_settings_calls_and_connections_wait_as_they_do_in_sweeps() {
    let settings = settings("", &[]).unwrap();
    let (access, defaults) = (
        settings.access_config(None, None).unwrap(),
        AccessConfig::default(),
    );
    assert_eq!(access.call_timeout, defaults.call_timeout);
    assert_eq!(access.call_deadline, defaults.call_deadline);
    assert_eq!(access.max_attempts, defaults.max_attempts);
    let (store, defaults) = (settings.store_config(), StoreConfig::default());
    assert_eq!(store.connect_timeout, defaults.connect_timeout);
    assert_eq!(store.max_connections, defaults.max_connections);
}

#[test]
fn what_is_no_time_and_no_number_is_refused_with_what_is_expected() {
    let refused = |file: &str, variables: &[(&str, &str)]| {
        settings(file, variables).err().unwrap().to_string()
    };
    let file = refused("[aws]\ncall_timeout = 'soon'\n", &[]);
    assert!(file.contains("a whole number and a unit"), "{file}");
    for (name, text, expected) in [
        (
            "ORGSWEEP_AWS_CALL_DEADLINE",
            "30",
            "a whole number and a unit",
        ),
        ("ORGSWEEP_AWS_MAX_ATTEMPTS", "0", "a whole number from 1"),
        ("ORGSWEEP_AWS_QUOTA_SHARE", "half", "a number above 0"),
    ] {
        let told = refused("", &[(name, text)]);
        assert!(told.contains(name) && told.contains(expected), "{told}");
    }
}
