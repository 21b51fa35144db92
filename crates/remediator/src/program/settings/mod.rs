//! Which database, which catalog and which AWS, and how long to wait for them: flags
//! before environment (`environment`) before the configuration file (`file`), as `orgsweep` has it.
//! Settings of sweeps are its own.

mod environment;
mod file;
mod making;

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use orgsweep_aws_access::{Access, AccessConfig, RoleConfig};
use orgsweep_controls::Catalog;
use orgsweep_store::{Store, StoreConfig};

use super::arguments::Common;
use super::usage;
use environment::Environment;
use file::{File, Span};
pub(crate) use making::Making;

/// How long the server waits for a transaction in which nothing is asked: of a process that was killed
/// it knows at once, and one on a busy machine may take a while.
const HANGING: Duration = Duration::from_mins(1);

/// The role that is assumed to change an account, when nobody says otherwise.
const ROLE_NAME: &str = "OrgsweepRemediator";

/// The settings that repairs need. Not `Debug`: some are secrets.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Settings {
    database_url: Option<String>,
    data_dir: Option<PathBuf>,
    connect_timeout: Option<Duration>,
    max_connections: Option<NonZeroU32>,
    catalog: Option<PathBuf>,
    aws: AwsSettings,
    making: Making,
}

/// Talking to AWS. Not `Debug`: the external id is a secret.
#[derive(Clone, Default, PartialEq)]
struct AwsSettings {
    endpoint_url: Option<String>,
    profile: Option<String>,
    region: Option<String>,
    quota_share: Option<f64>,
    call_timeout: Option<Duration>,
    call_deadline: Option<Duration>,
    max_attempts: Option<NonZeroU32>,
    role_name: Option<String>,
    external_id: Option<String>,
}

impl Settings {
    /// The settings as flags, environment and file have them.
    pub(crate) fn read(common: &Common) -> anyhow::Result<Self> {
        let variable = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        let asked_for = common
            .config
            .clone()
            .or_else(|| variable("ORGSWEEP_CONFIG").map(PathBuf::from));
        let file = file::read(asked_for.as_deref())?;
        Self::layered(common, &variable, file)
    }

    fn layered(
        common: &Common,
        variable: &dyn Fn(&str) -> Option<String>,
        file: File,
    ) -> anyhow::Result<Self> {
        let variables = Environment(variable);
        let variable = |name: &str| variables.text(name);
        let time = |name: &str, written: Option<Span>| -> anyhow::Result<Option<Duration>> {
            Ok(variables.time(name)?.or(written.map(|Span(time)| time)))
        };
        let number = |name: &str, written: Option<NonZeroU32>| {
            anyhow::Ok(variables.count(name)?.or(written))
        };
        let catalog = variable("ORGSWEEP_CONTROLS_CATALOG")
            .map(PathBuf::from)
            .or(file.controls.catalog);
        // `AWS_PROFILE`, `AWS_REGION` and `AWS_ENDPOINT_URL` are read by the SDK itself.
        let aws = AwsSettings {
            endpoint_url: common
                .endpoint_url
                .clone()
                .or_else(|| variable("ORGSWEEP_AWS_ENDPOINT_URL"))
                .or_else(|| variable("AWS_ENDPOINT_URL"))
                .or(file.aws.endpoint_url),
            profile: common
                .profile
                .clone()
                .or_else(|| variable("ORGSWEEP_AWS_PROFILE"))
                .or(file.aws.profile),
            region: common
                .region
                .clone()
                .or_else(|| variable("ORGSWEEP_AWS_REGION"))
                .or_else(|| variable("AWS_REGION"))
                .or_else(|| variable("AWS_DEFAULT_REGION"))
                .or(file.aws.region),
            quota_share: variables
                .share("ORGSWEEP_AWS_QUOTA_SHARE")?
                .or(file.aws.quota_share),
            call_timeout: time("ORGSWEEP_AWS_CALL_TIMEOUT", file.aws.call_timeout)?,
            call_deadline: time("ORGSWEEP_AWS_CALL_DEADLINE", file.aws.call_deadline)?,
            max_attempts: number("ORGSWEEP_AWS_MAX_ATTEMPTS", file.aws.max_attempts)?,
            role_name: variable("ORGSWEEP_REMEDIATOR_ROLE_NAME")
                .or_else(|| file.remediator.role_name.clone()),
            external_id: match variable("ORGSWEEP_ROLE_EXTERNAL_ID") {
                Some(id) => Some(id),
                None => variables
                    .in_file("ORGSWEEP_ROLE_EXTERNAL_ID_FILE")?
                    .or(file.role.external_id),
            },
        };
        // A directory that is asked for wins over a URL from elsewhere.
        let directory = if common.demo {
            Some(orgsweep_store::demo_data_dir()?)
        } else {
            common.data_dir.clone()
        };
        let (database_url, data_dir) = if directory.is_some() {
            (None, directory)
        } else {
            let url = common
                .database_url
                .clone()
                .or_else(|| variable("ORGSWEEP_DATABASE_URL"))
                .or_else(|| variable("DATABASE_URL"));
            let url = match url {
                Some(url) => Some(url),
                None => variables
                    .in_file("ORGSWEEP_DATABASE_URL_FILE")?
                    .or(file.database.url),
            };
            let data_dir = variable("ORGSWEEP_DATABASE_DATA_DIR")
                .map(PathBuf::from)
                .or(file.database.data_dir);
            (url, data_dir)
        };
        Ok(Self {
            database_url,
            data_dir,
            connect_timeout: time(
                "ORGSWEEP_DATABASE_CONNECT_TIMEOUT",
                file.database.connect_timeout,
            )?,
            max_connections: number(
                "ORGSWEEP_DATABASE_MAX_CONNECTIONS",
                file.database.max_connections,
            )?,
            catalog,
            aws,
            making: Making::layered(&variables, file.remediator)?,
        })
    }

    /// How new things look.
    pub(crate) fn making(&self) -> &Making {
        &self.making
    }

    /// Where the database is: its URL, or the directory of the embedded one; neither for the
    /// default directory.
    pub(crate) fn database(&self) -> (Option<&str>, Option<&Path>) {
        (self.database_url.as_deref(), self.data_dir.as_deref())
    }

    /// Whether it is said where AWS is, so that AWS itself is not asked.
    pub(crate) fn names_endpoint(&self) -> bool {
        self.aws.endpoint_url.is_some()
    }

    /// Access to AWS with a role in each account that may change it.
    pub(crate) async fn access(
        &self,
        role_name: Option<&str>,
        external_id: Option<&str>,
    ) -> anyhow::Result<Access> {
        let access = Access::connect(self.access_config(role_name, external_id)?).await?;
        for note in access.notes() {
            super::output::tell(&format!("warning: {note}"));
        }
        Ok(access)
    }

    fn access_config(
        &self,
        role_name: Option<&str>,
        external_id: Option<&str>,
    ) -> anyhow::Result<AccessConfig> {
        let aws = &self.aws;
        let region = aws.region.as_deref().map(str::parse).transpose();
        let defaults = AccessConfig::default();
        Ok(AccessConfig {
            quota_share: aws.quota_share.unwrap_or(defaults.quota_share),
            call_timeout: aws.call_timeout.unwrap_or(defaults.call_timeout),
            call_deadline: aws.call_deadline.unwrap_or(defaults.call_deadline),
            max_attempts: aws
                .max_attempts
                .map_or(defaults.max_attempts, NonZeroU32::get),
            endpoint_url: aws.endpoint_url.clone(),
            profile: aws.profile.clone(),
            region: region.map_err(|error| usage(format!("the Region: {error}")))?,
            role: RoleConfig {
                name: role_name
                    .or(aws.role_name.as_deref())
                    .unwrap_or(ROLE_NAME)
                    .to_owned(),
                external_id: external_id
                    .or(aws.external_id.as_deref())
                    .map(str::to_owned),
                session_name: "orgsweep-remediator".to_owned(),
                ..RoleConfig::default()
            },
            ..defaults
        })
    }

    /// The database, migrated.
    pub(crate) async fn store(&self) -> anyhow::Result<Store> {
        Ok(Store::open(&self.store_config()).await?)
    }

    fn store_config(&self) -> StoreConfig {
        let defaults = StoreConfig::default();
        StoreConfig {
            database_url: self.database_url.clone(),
            data_dir: self.data_dir.clone(),
            connect_timeout: self.connect_timeout.unwrap_or(defaults.connect_timeout),
            max_connections: self
                .max_connections
                .map_or(defaults.max_connections, NonZeroU32::get),
            // A connection that was lost unnoticed must not keep steps from being recorded.
            idle_transactions: Some(HANGING),
            ..defaults
        }
    }

    /// The controls: the built-in ones, extended by the user's file.
    pub(crate) fn catalog(&self) -> anyhow::Result<Catalog> {
        let Some(path) = &self.catalog else {
            return Ok(Catalog::builtin().clone());
        };
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("the catalog `{}` cannot be read", path.display()))?;
        Catalog::builtin_extended_by(&text)
            .map_err(|error| usage(format!("the catalog `{}`: {error}", path.display())))
    }
}

#[cfg(test)]
mod tests {
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
}
