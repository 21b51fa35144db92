//! The settings as the program uses them: typed, with everything checked.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use orgsweep_controls::ids::{AccountId, OrganizationId, Region};
use secrecy::SecretString;

use crate::config::file::AccountRole;
use crate::config::key::Key;
use crate::config::layers::{Layers, Source};
use crate::config::value::Value;
use crate::output::Format;

/// Every setting. Not `Debug`: some are secrets.
#[derive(Clone)]
pub(crate) struct Settings {
    /// The organization that may be swept; any, when not set.
    pub(crate) expected_organization: Option<OrganizationId>,
    /// Talking to AWS.
    pub(crate) aws: AwsSettings,
    /// The role in each account.
    pub(crate) role: RoleSettings,
    /// Selectors of what to sweep.
    pub(crate) include: Vec<String>,
    /// Selectors of what not to sweep.
    pub(crate) exclude: Vec<String>,
    /// Whether to read tags although no selector needs them.
    pub(crate) inventory_tags: bool,
    /// How old the stored inventory may be to stand in for one that cannot be read.
    pub(crate) inventory_fallback: Duration,
    /// Accounts in flight.
    pub(crate) concurrency: usize,
    /// How long a sweep may take.
    pub(crate) sweep_deadline: Duration,
    /// How young an unfinished sweep must be to be resumed by the next one.
    pub(crate) resume_within: Duration,
    /// Whether sweeps are shared with `orgsweep worker` processes.
    pub(crate) shared: bool,
    /// How long nights are kept whole when somebody prunes.
    pub(crate) keep_nights: Duration,
    /// The user's own controls.
    pub(crate) catalog: Option<PathBuf>,
    /// The file of recorded decisions.
    pub(crate) decisions: Option<PathBuf>,
    /// The framework that decides, when it is not the catalog's default.
    pub(crate) framework: Option<String>,
    /// Telling people what a sweep changed.
    pub(crate) notifications: NotificationSettings,
    /// The service.
    pub(crate) serve: ServeSettings,
    /// The database.
    pub(crate) database: DatabaseSettings,
    /// How results are printed.
    pub(crate) format: Format,
    /// Where traces are exported to; nowhere when not set.
    pub(crate) otlp_endpoint: Option<String>,
    /// Whether log lines are JSON.
    pub(crate) log_json: bool,
}

/// Talking to AWS.
#[derive(Clone)]
pub(crate) struct AwsSettings {
    /// Where every service is served, instead of AWS's own endpoints.
    pub(crate) endpoint_url: Option<String>,
    /// The profile that was asked for; `AWS_PROFILE` does not count.
    pub(crate) profile: Option<String>,
    /// The Region from which the organization is looked at.
    pub(crate) region: Option<Region>,
    /// Share of each published quota that a sweep may use.
    pub(crate) quota_share: f64,
    /// How long one attempt of a call may take.
    pub(crate) call_timeout: Duration,
    /// How long a call may take with its retries.
    pub(crate) call_deadline: Duration,
    /// How long an account may take.
    pub(crate) account_deadline: Duration,
    /// How often a call is tried.
    pub(crate) max_attempts: u32,
}

/// The role in each account.
#[derive(Clone)]
pub(crate) struct RoleSettings {
    /// Its name.
    pub(crate) name: String,
    /// External id.
    pub(crate) external_id: Option<String>,
    /// Session name.
    pub(crate) session_name: String,
    /// Source identity.
    pub(crate) source_identity: Option<String>,
    /// How long a session lasts.
    pub(crate) duration: Duration,
    /// Accounts in which the role is another.
    pub(crate) per_account: BTreeMap<AccountId, AccountRole>,
}

/// Telling people what a sweep changed.
#[derive(Clone)]
pub(crate) struct NotificationSettings {
    /// Whether a night on which nothing changed is not told.
    pub(crate) only_changes: bool,
    /// Whether a message that may have arrived is sent again.
    pub(crate) repeat_in_doubt: bool,
    /// How long a message is tried.
    pub(crate) give_up_after: Duration,
    /// The generic webhook.
    pub(crate) webhook_url: Option<SecretString>,
    /// Its bearer token.
    pub(crate) webhook_token: Option<SecretString>,
    /// Slack's incoming webhook.
    pub(crate) slack_url: Option<SecretString>,
    /// The SNS topic.
    pub(crate) sns_topic: Option<String>,
    /// Who is written to.
    pub(crate) email_to: Vec<String>,
    /// Who writes.
    pub(crate) email_from: Option<String>,
    /// The mail server.
    pub(crate) smtp_url: Option<SecretString>,
}

/// The service.
#[derive(Clone)]
pub(crate) struct ServeSettings {
    /// Address to listen on.
    pub(crate) listen: String,
    /// Token that begins sweeps.
    pub(crate) token: Option<SecretString>,
    /// When to sweep, as a cron pattern.
    pub(crate) schedule: String,
    /// Its time zone.
    pub(crate) time_zone: String,
    /// How late a sweep that was missed is made up for.
    pub(crate) catch_up: Duration,
}

/// The database.
#[derive(Clone)]
pub(crate) struct DatabaseSettings {
    /// The server's database; the embedded one when not set.
    pub(crate) url: Option<String>,
    /// Where the embedded one lives, when not in the user's data directory.
    pub(crate) data_dir: Option<PathBuf>,
    /// How long to wait for a connection.
    pub(crate) connect_timeout: Duration,
    /// Connections at most.
    pub(crate) max_connections: u32,
}

impl Settings {
    /// Reads the settings out of the layers.
    pub(crate) fn new(layers: &Layers) -> Self {
        let read = Reader(layers);
        Self {
            expected_organization: read.parsed(Key::ExpectedOrganization),
            aws: AwsSettings {
                endpoint_url: read.text(Key::EndpointUrl),
                profile: read.chosen_profile(),
                region: read.parsed(Key::Region),
                quota_share: read.fraction(Key::QuotaShare),
                call_timeout: read.duration(Key::CallTimeout),
                call_deadline: read.duration(Key::CallDeadline),
                account_deadline: read.duration(Key::AccountDeadline),
                max_attempts: read.count(Key::MaxAttempts),
            },
            role: RoleSettings {
                name: read.text(Key::RoleName).unwrap_or_default(),
                external_id: read.text(Key::RoleExternalId),
                session_name: read.text(Key::RoleSessionName).unwrap_or_default(),
                source_identity: read.text(Key::RoleSourceIdentity),
                duration: read.duration(Key::RoleDuration),
                per_account: layers.per_account.clone(),
            },
            include: read.list(Key::Include),
            exclude: read.list(Key::Exclude),
            inventory_tags: read.switch(Key::InventoryTags),
            inventory_fallback: read.duration(Key::InventoryFallback),
            concurrency: read.count(Key::Concurrency) as usize,
            sweep_deadline: read.duration(Key::SweepDeadline),
            resume_within: read.duration(Key::ResumeWithin),
            shared: read.switch(Key::Shared),
            keep_nights: read.duration(Key::KeepNights),
            catalog: read.text(Key::Catalog).map(PathBuf::from),
            decisions: read.text(Key::Decisions).map(PathBuf::from),
            framework: read.text(Key::Framework),
            notifications: NotificationSettings {
                only_changes: read.text(Key::NotifyWhen).as_deref() == Some("changes"),
                repeat_in_doubt: read.text(Key::NotifyInDoubt).as_deref() != Some("hold"),
                give_up_after: read.duration(Key::NotifyGiveUp),
                webhook_url: read.secret(Key::WebhookUrl),
                webhook_token: read.secret(Key::WebhookToken),
                slack_url: read.secret(Key::SlackUrl),
                sns_topic: read.text(Key::SnsTopic),
                email_to: read.list(Key::EmailTo),
                email_from: read.text(Key::EmailFrom),
                smtp_url: read.secret(Key::SmtpUrl),
            },
            serve: ServeSettings {
                listen: read.text(Key::ServeListen).unwrap_or_default(),
                token: read.secret(Key::ServeToken),
                schedule: read.text(Key::ServeSchedule).unwrap_or_default(),
                time_zone: read.text(Key::ServeZone).unwrap_or_default(),
                catch_up: read.duration(Key::ServeCatchUp),
            },
            database: DatabaseSettings {
                url: read.text(Key::DatabaseUrl),
                data_dir: read.text(Key::DataDir).map(PathBuf::from),
                connect_timeout: read.duration(Key::ConnectTimeout),
                max_connections: read.count(Key::MaxConnections),
            },
            format: match read.text(Key::OutputFormat).as_deref() {
                Some("json") => Format::Json,
                Some("jsonl") => Format::Jsonl,
                Some("csv") => Format::Csv,
                _ => Format::Table,
            },
            otlp_endpoint: read.text(Key::OtlpEndpoint),
            log_json: read.text(Key::LogFormat).as_deref() == Some("json"),
        }
    }
}

/// Reads values by kind. Layers hold only values that fit their setting's
/// kind, and every setting that must have a value has a default.
struct Reader<'a>(&'a Layers);

impl Reader<'_> {
    fn value(&self, key: Key) -> Option<&Value> {
        self.0.get(key).map(|(value, _)| value)
    }

    fn text(&self, key: Key) -> Option<String> {
        match self.value(key) {
            Some(Value::Text(text)) => Some(text.clone()),
            _ => None,
        }
    }

    fn secret(&self, key: Key) -> Option<SecretString> {
        self.text(key).map(SecretString::from)
    }

    /// The profile that was asked for. `AWS_PROFILE` is left to the SDK, for which
    /// credentials in the environment come first, as for every AWS program.
    fn chosen_profile(&self) -> Option<String> {
        match self.0.get(Key::Profile) {
            Some((_, Source::Variable(name))) if name == "AWS_PROFILE" => None,
            _ => self.text(Key::Profile),
        }
    }

    fn parsed<T: std::str::FromStr>(&self, key: Key) -> Option<T> {
        self.text(key)?.parse().ok()
    }

    fn list(&self, key: Key) -> Vec<String> {
        match self.value(key) {
            Some(Value::List(texts)) => texts.clone(),
            _ => Vec::new(),
        }
    }

    fn switch(&self, key: Key) -> bool {
        matches!(self.value(key), Some(Value::Switch(true)))
    }

    fn count(&self, key: Key) -> u32 {
        match self.value(key) {
            // INVARIANT: counts fit 32 bits (checked when read).
            Some(Value::Count(number)) => u32::try_from(*number).unwrap_or(u32::MAX),
            _ => 1,
        }
    }

    fn fraction(&self, key: Key) -> f64 {
        match self.value(key) {
            Some(Value::Fraction(number)) => *number,
            _ => 1.0,
        }
    }

    fn duration(&self, key: Key) -> Duration {
        match self.value(key) {
            Some(Value::Duration(span)) => *span,
            _ => Duration::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::environment::Environment;
    use crate::config::{EXAMPLE, file};

    fn defaults() -> Layers {
        Layers::new(None, Environment::default(), Vec::new()).unwrap()
    }

    #[test]
    fn the_defaults_are_what_the_documentation_says() {
        let settings = Settings::new(&defaults());
        assert_eq!(settings.concurrency, 64);
        assert_eq!(settings.aws.account_deadline, Duration::from_mins(2));
        assert_eq!(settings.role.name, "OrgsweepReadOnly");
        assert!(settings.include.is_empty() && settings.database.url.is_none());
    }

    #[test]
    fn the_example_file_is_valid_as_it_is_and_sets_nothing() {
        let file = file::parse("orgsweep.toml".as_ref(), EXAMPLE).unwrap();
        assert!(file.values.is_empty() && file.per_account.is_empty());
    }

    #[test]
    fn the_example_file_shows_every_setting_with_its_default() {
        // Commented settings are `#name = value`; prose is `# text`.
        let uncommented: String = EXAMPLE
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(setting) if setting.starts_with(|c: char| c.is_ascii_lowercase()) => {
                    format!("{setting}\n")
                }
                _ => format!("{line}\n"),
            })
            .collect();
        let file = file::parse("orgsweep.toml".as_ref(), &uncommented).unwrap();
        for key in Key::ALL {
            let (shown, _) = file
                .values
                .get(key)
                .unwrap_or_else(|| panic!("the example lacks `{}`", key.name()));
            if let Some((default, _)) = defaults().get(*key) {
                assert_eq!(shown, default, "{}", key.name());
            }
        }
    }
}
