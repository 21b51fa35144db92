//! Which database, which catalog and which AWS: flags before environment before
//! the configuration file, as `orgsweep` has it. Settings of sweeps are its own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use directories::ProjectDirs;
use orgsweep_aws_access::{Access, AccessConfig, RoleConfig};
use orgsweep_controls::Catalog;
use orgsweep_store::{Store, StoreConfig};
use serde::Deserialize;

use super::arguments::Common;
use super::usage;

/// The role that is assumed to change an account, when nobody says otherwise.
const ROLE_NAME: &str = "OrgsweepRemediator";

/// The settings that repairs need. Not `Debug`: some are secrets.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Settings {
    database_url: Option<String>,
    data_dir: Option<PathBuf>,
    catalog: Option<PathBuf>,
    aws: AwsSettings,
}

/// Talking to AWS. Not `Debug`: the external id is a secret.
#[derive(Clone, Default, PartialEq)]
struct AwsSettings {
    endpoint_url: Option<String>,
    profile: Option<String>,
    region: Option<String>,
    quota_share: Option<f64>,
    role_name: Option<String>,
    external_id: Option<String>,
}

/// The part of the configuration file that is read here.
#[derive(Default, Deserialize)]
#[serde(default)]
struct File {
    database: DatabaseSection,
    controls: ControlsSection,
    aws: AwsSection,
    role: RoleSection,
    remediator: RemediatorSection,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AwsSection {
    endpoint_url: Option<String>,
    profile: Option<String>,
    region: Option<String>,
    quota_share: Option<f64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RoleSection {
    external_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RemediatorSection {
    role_name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DatabaseSection {
    url: Option<String>,
    data_dir: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ControlsSection {
    catalog: Option<PathBuf>,
}

impl Settings {
    /// The settings as flags, environment and file have them.
    pub(crate) fn read(common: &Common) -> anyhow::Result<Self> {
        let variable = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        let asked_for = common
            .config
            .clone()
            .or_else(|| variable("ORGSWEEP_CONFIG").map(PathBuf::from));
        let file = read_file(asked_for.as_deref())?;
        Self::layered(common, &variable, file)
    }

    fn layered(
        common: &Common,
        variable: &dyn Fn(&str) -> Option<String>,
        file: File,
    ) -> anyhow::Result<Self> {
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
            quota_share: match variable("ORGSWEEP_AWS_QUOTA_SHARE") {
                Some(text) => Some(text.parse().map_err(|_| {
                    usage("`ORGSWEEP_AWS_QUOTA_SHARE` is a number above 0 and at most 1")
                })?),
                None => file.aws.quota_share,
            },
            role_name: variable("ORGSWEEP_REMEDIATOR_ROLE_NAME").or(file.remediator.role_name),
            external_id: variable("ORGSWEEP_ROLE_EXTERNAL_ID").or(file.role.external_id),
        };
        // A directory that is asked for wins over a URL from elsewhere.
        let directory = if common.demo {
            Some(orgsweep_store::demo_data_dir()?)
        } else {
            common.data_dir.clone()
        };
        if directory.is_some() {
            return Ok(Self {
                database_url: None,
                data_dir: directory,
                catalog,
                aws,
            });
        }
        let url = common
            .database_url
            .clone()
            .or_else(|| variable("ORGSWEEP_DATABASE_URL"))
            .or_else(|| variable("DATABASE_URL"))
            .or(file.database.url);
        let data_dir = variable("ORGSWEEP_DATABASE_DATA_DIR")
            .map(PathBuf::from)
            .or(file.database.data_dir);
        Ok(Self {
            database_url: url,
            data_dir,
            catalog,
            aws,
        })
    }

    /// Where the database is: its URL, or the directory of the embedded one; neither for the
    /// default directory.
    pub(crate) fn database(&self) -> (Option<&str>, Option<&Path>) {
        (self.database_url.as_deref(), self.data_dir.as_deref())
    }

    /// Access to AWS with a role in each account that may change it.
    pub(crate) async fn access(
        &self,
        role_name: Option<&str>,
        external_id: Option<&str>,
    ) -> anyhow::Result<Access> {
        let aws = &self.aws;
        let region = aws.region.as_deref().map(str::parse).transpose();
        let defaults = AccessConfig::default();
        let config = AccessConfig {
            quota_share: aws.quota_share.unwrap_or(defaults.quota_share),
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
        };
        let access = Access::connect(config).await?;
        for note in access.notes() {
            super::output::tell(&format!("warning: {note}"));
        }
        Ok(access)
    }

    /// The database, migrated.
    pub(crate) async fn store(&self) -> anyhow::Result<Store> {
        let config = StoreConfig {
            database_url: self.database_url.clone(),
            data_dir: self.data_dir.clone(),
            connect_timeout: Duration::from_secs(10),
            ..StoreConfig::default()
        };
        Ok(Store::open(&config).await?)
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

fn directories() -> Option<ProjectDirs> {
    ProjectDirs::from("", "", "orgsweep")
}

/// The file that was asked for (it must exist), else `orgsweep.toml` in the
/// working directory, else that in the user's configuration directory.
fn read_file(asked_for: Option<&Path>) -> anyhow::Result<File> {
    let path = if let Some(path) = asked_for {
        path.to_owned()
    } else {
        let user = directories().map(|found| found.config_dir().join("orgsweep.toml"));
        let candidates = [Some(PathBuf::from("orgsweep.toml")), user];
        match candidates.into_iter().flatten().find(|path| path.is_file()) {
            Some(path) => path,
            None => return Ok(File::default()),
        }
    };
    let text = std::fs::read_to_string(&path).map_err(|error| {
        usage(format!(
            "the configuration file `{}` cannot be read: {error}",
            path.display()
        ))
    })?;
    toml::from_str(&text).map_err(|error| {
        usage(format!(
            "the configuration file `{}` cannot be used: {}; `orgsweep config show` says where",
            path.display(),
            error.message()
        ))
    })
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
}
