//! The part of the configuration file that repairs need, and where that file is.
//! The whole of it is checked by `orgsweep`, which also says where a mistake stands.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use directories::ProjectDirs;
use orgsweep_aws_access::duration;
use serde::Deserialize;

use crate::program::usage;

/// The part of the configuration file that is read here. Not `Debug`: some of it is secret.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct File {
    pub(super) database: DatabaseSection,
    pub(super) controls: ControlsSection,
    pub(super) aws: AwsSection,
    pub(super) role: RoleSection,
    pub(super) remediator: RemediatorSection,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct AwsSection {
    pub(super) endpoint_url: Option<String>,
    pub(super) profile: Option<String>,
    pub(super) region: Option<String>,
    pub(super) quota_share: Option<f64>,
    pub(super) call_timeout: Option<Span>,
    pub(super) call_deadline: Option<Span>,
    pub(super) max_attempts: Option<NonZeroU32>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RoleSection {
    pub(super) external_id: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RemediatorSection {
    pub(super) role_name: Option<String>,
    pub(super) namespace: Option<String>,
    pub(super) name: Option<String>,
    pub(super) topic: Option<String>,
    pub(super) subscribe: Option<Vec<String>>,
    pub(super) tags: Option<Vec<String>>,
    pub(super) owner_tags: Option<Vec<String>>,
    pub(super) code_tags: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct DatabaseSection {
    pub(super) url: Option<String>,
    pub(super) data_dir: Option<PathBuf>,
    pub(super) connect_timeout: Option<Span>,
    pub(super) max_connections: Option<NonZeroU32>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ControlsSection {
    pub(super) catalog: Option<PathBuf>,
}

/// A span of time as it stands in the file, for example `"10s"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Span(pub(super) Duration);

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        duration::parse(&text).map(Self)
    }
}

/// The file that was asked for (it must exist), else `orgsweep.toml` in the
/// working directory, else that in the user's configuration directory.
pub(super) fn read(asked_for: Option<&Path>) -> anyhow::Result<File> {
    let path = if let Some(path) = asked_for {
        path.to_owned()
    } else {
        let user = ProjectDirs::from("", "", "orgsweep")
            .map(|found| found.config_dir().join("orgsweep.toml"));
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
