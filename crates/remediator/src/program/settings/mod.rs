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
use orgsweep_remediator::estimate::Speed;
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

/// Accounts that are changed at once unless somebody says otherwise: each waits for its own quotas nearly
/// all of the time, and takes about half a megabyte.
pub(crate) const ACCOUNTS_AT_ONCE: usize = 1_000;

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

    /// How fast a plan is carried out unless `apply` is told otherwise.
    pub(crate) fn speed(&self) -> Speed {
        Speed {
            quota_share: self.quota_share(),
            accounts_at_once: ACCOUNTS_AT_ONCE,
        }
    }

    /// Share of each quota that is used.
    fn quota_share(&self) -> f64 {
        let default = AccessConfig::default().quota_share;
        self.aws.quota_share.unwrap_or(default)
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
            quota_share: self.quota_share(),
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
mod tests;
