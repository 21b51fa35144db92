//! What a caller chooses about talking to AWS: where, as whom, how fast, how
//! patiently. Reading it from files and flags is the program's own business.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::time::Duration;

use orgsweep_controls::{AccountId, Arn, Region};

use crate::errors::AccessError;

/// How to reach AWS.
#[derive(Clone)]
pub struct AccessConfig {
    /// One URL for every service, for example a simulator's; `None` is AWS itself.
    pub endpoint_url: Option<String>,
    /// Profile of the AWS configuration files whose credentials are used, whatever
    /// the environment holds; `None` is the default chain, `AWS_PROFILE` included.
    pub profile: Option<String>,
    /// The Region that is asked first in every account; `None` is the one of the
    /// environment or the profile, else the partition's main Region.
    pub region: Option<Region>,
    /// The role that is assumed in each account.
    pub role: RoleConfig,
    /// Share of each published quota that is used at most, above 0 and up to 1.
    pub quota_share: f64,
    /// Time for one attempt of a call.
    pub call_timeout: Duration,
    /// Time for a call with its retries, without the time spent waiting for the budget.
    pub call_deadline: Duration,
    /// Time for one account, from the moment its session is open.
    pub account_deadline: Duration,
    /// Attempts of a call, the first included.
    pub max_attempts: u32,
}

impl Default for AccessConfig {
    fn default() -> Self {
        Self {
            endpoint_url: None,
            profile: None,
            region: None,
            role: RoleConfig::default(),
            quota_share: 0.5,
            call_timeout: Duration::from_secs(10),
            call_deadline: Duration::from_secs(30),
            account_deadline: Duration::from_mins(2),
            max_attempts: 6,
        }
    }
}

impl fmt::Debug for AccessConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessConfig")
            .field("endpoint_url", &self.endpoint_url.is_some())
            .field("profile", &self.profile)
            .field("region", &self.region)
            .field("role", &self.role)
            .field("quota_share", &self.quota_share)
            .field("call_timeout", &self.call_timeout)
            .field("call_deadline", &self.call_deadline)
            .field("account_deadline", &self.account_deadline)
            .field("max_attempts", &self.max_attempts)
            .finish()
    }
}

/// An access key that is given instead of found, for example a simulator's.
#[derive(Clone)]
pub struct StaticCredentials {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) session_token: Option<String>,
}

impl StaticCredentials {
    /// An access key, with the token of its session if it is a temporary one.
    pub fn new(
        access_key_id: impl Into<String>,
        secret_access_key: impl Into<String>,
        session_token: Option<String>,
    ) -> Self {
        Self {
            access_key_id: access_key_id.into(),
            secret_access_key: secret_access_key.into(),
            session_token,
        }
    }
}

impl fmt::Debug for StaticCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StaticCredentials(hidden)")
    }
}

/// The role that is assumed in each account.
#[derive(Clone)]
pub struct RoleConfig {
    /// Its name; may contain a path, for example `audit/OrgsweepReadOnly`.
    pub name: String,
    /// External id that its trust policy asks for.
    pub external_id: Option<String>,
    /// Session name, seen in the accounts' CloudTrail.
    pub session_name: String,
    /// Source identity, seen in the accounts' CloudTrail.
    pub source_identity: Option<String>,
    /// How long a session lasts. Role chaining allows one hour at most.
    pub duration: Duration,
    /// Accounts in which the role or the external id is another one.
    pub per_account: BTreeMap<AccountId, RoleOverride>,
}

impl Default for RoleConfig {
    fn default() -> Self {
        Self {
            name: "OrgsweepReadOnly".to_owned(),
            external_id: None,
            session_name: "orgsweep".to_owned(),
            source_identity: None,
            duration: Duration::from_hours(1),
            per_account: BTreeMap::new(),
        }
    }
}

impl fmt::Debug for RoleConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoleConfig")
            .field("name", &self.name)
            .field("external_id", &Hidden(self.external_id.is_some()))
            .field("session_name", &self.session_name)
            .field("source_identity", &self.source_identity)
            .field("duration", &self.duration)
            .field("per_account", &self.per_account)
            .finish()
    }
}

/// What differs in one account. `None` keeps the general setting.
#[derive(Clone, Default)]
pub struct RoleOverride {
    /// Name (path included) or whole ARN of the role.
    pub role: Option<String>,
    /// External id.
    pub external_id: Option<String>,
}

impl fmt::Debug for RoleOverride {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoleOverride")
            .field("role", &self.role)
            .field("external_id", &Hidden(self.external_id.is_some()))
            .finish()
    }
}

/// Prints whether a value is set, never the value.
struct Hidden(bool);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0 { "set" } else { "not set" })
    }
}

impl AccessConfig {
    /// Refuses settings that AWS would refuse in every account.
    pub(crate) fn validate(&self) -> Result<(), AccessError> {
        let role = &self.role;
        check_role("role name", &role.name)?;
        check_external_id(role.external_id.as_deref())?;
        for (account, different) in &role.per_account {
            if let Some(text) = &different.role {
                check_role(&format!("role of account {account}"), text)?;
            }
            check_external_id(different.external_id.as_deref())?;
        }
        check_session_text("session name", &role.session_name)?;
        if let Some(identity) = &role.source_identity {
            check_session_text("source identity", identity)?;
            if identity.starts_with("aws:") {
                return Err(invalid(
                    "source identity",
                    identity,
                    "a text that does not begin with `aws:`",
                ));
            }
        }
        let seconds = role.duration.as_secs();
        if !(900..=43_200).contains(&seconds) {
            let found = format!("{seconds} s");
            return Err(invalid(
                "session duration",
                &found,
                "between 900 s and 43200 s",
            ));
        }
        if !(self.quota_share > 0.0 && self.quota_share <= 1.0) {
            return Err(invalid(
                "quota share",
                &self.quota_share.to_string(),
                "above 0 and at most 1",
            ));
        }
        if self.max_attempts == 0 {
            return Err(invalid("number of attempts", "0", "at least 1"));
        }
        if let Some(url) = &self.endpoint_url
            && !(url.starts_with("http://") || url.starts_with("https://"))
        {
            return Err(invalid(
                "endpoint URL",
                url,
                "a URL that begins with `http://` or `https://`",
            ));
        }
        // A URL of the settings wins over the variable for all services.
        let wins = |name: &OsString| self.endpoint_url.is_some() && name == "AWS_ENDPOINT_URL";
        check_endpoint_variables(std::env::vars_os().filter(|(name, _)| !wins(name)))
    }
}

/// Refuses what the SDK does not take: a variable for an endpoint that is set to nothing.
fn check_endpoint_variables(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Result<(), AccessError> {
    let mut empty = variables.filter(|(_, value)| value.is_empty());
    let named = empty.find_map(|(name, _)| {
        let name = name.into_string().ok()?;
        name.starts_with("AWS_ENDPOINT_URL").then_some(name)
    });
    match named {
        Some(name) => Err(invalid(&name, "", "a URL; unset it to speak to AWS itself")),
        None => Ok(()),
    }
}

fn invalid(setting: &str, found: &str, expected: &'static str) -> AccessError {
    AccessError::InvalidConfig {
        setting: setting.to_owned(),
        found: found.to_owned(),
        expected,
    }
}

fn check_role(setting: &str, text: &str) -> Result<(), AccessError> {
    const EXPECTED: &str =
        "a role name (like `OrgsweepReadOnly` or `audit/OrgsweepReadOnly`) or a role ARN";
    let valid = if text.starts_with("arn:") {
        text.parse::<Arn>().is_ok_and(|arn| {
            arn.service() == "iam" && arn.account().is_some() && arn.resource().starts_with("role/")
        })
    } else {
        let name = text.rsplit('/').next().unwrap_or_default();
        (1..=64).contains(&name.len())
            && text.len() <= 512
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"+=,.@_-/".contains(&b))
    };
    if valid {
        Ok(())
    } else {
        Err(invalid(setting, text, EXPECTED))
    }
}

fn check_session_text(setting: &str, text: &str) -> Result<(), AccessError> {
    let valid = (2..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+=,.@_-".contains(&b));
    if valid {
        Ok(())
    } else {
        Err(invalid(
            setting,
            text,
            "2 to 64 letters, digits or `+=,.@_-`",
        ))
    }
}

fn check_external_id(external_id: Option<&str>) -> Result<(), AccessError> {
    let valid = external_id.is_none_or(|text| {
        (2..=1224).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&b))
    });
    if valid {
        Ok(())
    } else {
        // The external id itself stays out of the message.
        Err(invalid(
            "external id",
            "(hidden)",
            "2 to 1224 letters, digits or `_+=,.@:/-`",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Change = fn(&mut AccessConfig);

    fn set(setting: &mut Option<String>, value: &str) {
        *setting = Some(value.to_owned());
    }

    #[test]
    fn an_endpoint_variable_that_is_set_to_nothing_is_named() {
        let check = |name: &str, value: &str| {
            check_endpoint_variables([(name.into(), value.into())].into_iter())
        };
        assert!(check("AWS_ENDPOINT_URL", "http://127.0.0.1:1").is_ok());
        assert!(check("AWS_PROFILE", "").is_ok());
        for name in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"] {
            let error = check(name, "").unwrap_err().to_string();
            assert!(
                error.contains(name) && error.contains("unset it"),
                "{error}"
            );
        }
    }

    fn with(change: impl FnOnce(&mut AccessConfig)) -> Result<(), AccessError> {
        let mut config = AccessConfig::default();
        change(&mut config);
        config.validate()
    }

    #[test]
    fn settings_that_aws_would_refuse_everywhere_are_refused_at_once() {
        let refused: [(&str, Change); 9] = [
            ("role name", |c| c.role.name.clear()),
            ("role name", |c| c.role.name.insert(0, ' ')),
            ("role name", |c| c.role.name.insert_str(0, "arn:aws:s3:::")),
            ("session name", |c| c.role.session_name.truncate(1)),
            ("source identity", |c| {
                set(&mut c.role.source_identity, "aws:me");
            }),
            ("session duration", |c| c.role.duration /= 5),
            ("quota share", |c| c.quota_share = 0.0),
            ("number of attempts", |c| c.max_attempts = 0),
            ("endpoint URL", |c| set(&mut c.endpoint_url, "localhost:1")),
        ];
        for (setting, change) in refused {
            let error = with(change).unwrap_err().to_string();
            assert!(error.contains(setting), "{error}");
        }
        assert!(with(|_| {}).is_ok());
        assert!(with(|c| c.role.name = "audit/team/ReadOnly".to_owned()).is_ok());
        assert!(with(|c| c.role.name = "arn:aws-cn:iam::111122223333:role/a/b".to_owned()).is_ok());
    }

    #[test]
    fn secrets_appear_neither_in_debug_output_nor_in_errors() {
        let mut config = AccessConfig::default();
        config.role.external_id = Some("s3cr3t id".to_owned());
        let credentials = StaticCredentials::new("s3cr3t", "s3cr3t", Some("s3cr3t".to_owned()));
        assert!(!format!("{config:?} {credentials:?}").contains("s3cr3t"));
        assert!(
            !config
                .validate()
                .unwrap_err()
                .to_string()
                .contains("s3cr3t")
        );
    }
}
