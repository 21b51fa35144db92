//! What every subcommand gets: the common flags, and from them the settings,
//! the catalog, the store and the access to AWS, each made when asked for.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Once;
use std::time::Duration;

use anyhow::Context as _;
use orgsweep_aws_access::{Access, AccessConfig, RoleConfig, RoleOverride};
use orgsweep_controls::Catalog;
use orgsweep_notify::{Channels, EmailConfig, SnsConfig, WebhookConfig};
use orgsweep_store::{Store, StoreConfig};

use crate::cli::CommonFlags;
use crate::config::layers::Flag;
use crate::config::suggest::nearest;
use crate::config::value::Value;
use crate::config::{Key, Layers, Settings, Source, environment, file, locate};
use crate::decisions::DecisionBook;
use crate::exit::usage;
use crate::output::picture::Picture;
use crate::output::style::{DOUBTFUL, styled};
use crate::output::{Format, escaped, terminal};

/// What every subcommand gets.
pub(crate) struct Context {
    pub(crate) common: CommonFlags,
}

impl Context {
    /// The settings' values with their sources. `flags` are the subcommand's own.
    pub(crate) fn layers(&self, flags: Vec<Flag>) -> anyhow::Result<Layers> {
        let variables: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, text)| Some((name.into_string().ok()?, text.into_string().ok()?)))
            .collect();
        let named = self.common.config.clone().or_else(|| {
            let path = variables
                .get("ORGSWEEP_CONFIG")
                .filter(|path| !path.is_empty())?;
            Some(path.into())
        });
        let file = match locate::file(named.as_deref())? {
            Some(path) => Some(file::read(&path)?),
            None => None,
        };
        let environment = environment::read(&variables)?;
        // Settings are asked for more than once; people are warned once.
        static WARNED: Once = Once::new();
        WARNED.call_once(|| warn_of(&environment.warnings));
        let mut all = self.common.settings();
        all.extend(flags);
        let mut layers = Layers::new(file, environment, all)?;
        if self.common.demo {
            layers.remove(Key::DatabaseUrl);
            let directory = orgsweep_store::demo_data_dir()?.display().to_string();
            layers.set(Key::DataDir, Value::Text(directory), "--demo");
        } else if let Some((_, Source::Flag(_))) = layers.get(Key::DataDir) {
            // A directory that is asked for wins over a URL from the environment or the file.
            layers.remove(Key::DatabaseUrl);
        }
        Ok(layers)
    }

    /// The settings.
    pub(crate) fn settings(&self) -> anyhow::Result<Settings> {
        Ok(Settings::new(&self.layers(Vec::new())?))
    }

    /// The settings, with what flags of the subcommand set.
    pub(crate) fn settings_with(&self, flags: Vec<Flag>) -> anyhow::Result<Settings> {
        Ok(Settings::new(&self.layers(flags)?))
    }

    /// The form of results, for commands that need no configuration.
    pub(crate) fn format(&self) -> Format {
        self.common.format.unwrap_or_default()
    }
}

/// Tells the user what they should know.
pub(crate) fn warn_of(remarks: &[String]) {
    for remark in remarks {
        terminal::tell(&format!(
            "{} {}",
            styled(DOUBTFUL, "warning:"),
            escaped(remark)
        ));
    }
}

/// The controls: the built-in ones, extended by the user's file, as the framework requires
/// them.
pub(crate) fn catalog(settings: &Settings) -> anyhow::Result<Catalog> {
    catalog_of(settings, settings.catalog.as_deref())
}

/// The controls, extended by that file instead of the configured one.
pub(crate) fn catalog_of(settings: &Settings, file: Option<&Path>) -> anyhow::Result<Catalog> {
    let catalog = match file {
        None => Catalog::builtin().clone(),
        Some(path) => catalog_from(path)?,
    };
    match &settings.framework {
        None => Ok(catalog),
        Some(framework) => for_framework(&catalog, framework),
    }
}

/// The recorded decisions, about controls of the catalog.
pub(crate) fn decisions(settings: &Settings, catalog: &Catalog) -> anyhow::Result<DecisionBook> {
    match &settings.decisions {
        None => Ok(DecisionBook::default()),
        Some(path) => crate::decisions::read(path, catalog),
    }
}

/// The catalog, judged by another framework.
fn for_framework(catalog: &Catalog, id: &str) -> anyhow::Result<Catalog> {
    if id == catalog.framework() {
        return Ok(catalog.clone());
    }
    catalog.for_framework(id).ok_or_else(|| {
        let known: Vec<&str> = catalog.frameworks().iter().map(|f| f.id.as_str()).collect();
        let hint = nearest(id, known.iter().copied())
            .map(|meant| format!("did you mean `{meant}`? "))
            .unwrap_or_default();
        usage(format!(
            "there is no framework `{id}`; {hint}the catalog has {}",
            known.join(", ")
        ))
    })
}

fn catalog_from(path: &Path) -> anyhow::Result<Catalog> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("the catalog `{}` cannot be read", path.display()))?;
    Catalog::builtin_extended_by(&text).map_err(|error| {
        Picture {
            title: "the catalog cannot be used",
            origin: &path.display().to_string(),
            source: &text,
            span: error.span().unwrap_or(0..0),
            label: &error.message(),
            help: error.advice(),
        }
        .into_error()
    })
}

/// The database, migrated.
pub(crate) async fn store(settings: &Settings) -> anyhow::Result<Store> {
    Ok(Store::open(&store_config(settings)).await?)
}

/// How long a process that takes part in a shared sweep may be silent within a transaction.
const HANGING: Duration = Duration::from_secs(8);

/// How to reach the database.
pub(crate) fn store_config(settings: &Settings) -> StoreConfig {
    StoreConfig {
        database_url: settings.database.url.clone(),
        data_dir: settings.database.data_dir.clone(),
        connect_timeout: settings.database.connect_timeout,
        max_connections: settings.database.max_connections,
        // Other processes wait for the accounts of one that hangs.
        idle_transactions: settings.shared.then_some(HANGING),
        ..StoreConfig::default()
    }
}

/// The channels by which people are told, as far as they are set.
pub(crate) async fn channels(settings: &Settings) -> anyhow::Result<Channels> {
    let set = &settings.notifications;
    let webhook = set.webhook_url.clone().map(|url| WebhookConfig {
        url,
        token: set.webhook_token.clone(),
    });
    let sns = set.sns_topic.clone().map(|topic| SnsConfig {
        topic,
        profile: settings.aws.profile.clone(),
        endpoint_url: settings.aws.endpoint_url.clone(),
    });
    let email = match (&set.smtp_url, &set.email_from, set.email_to.as_slice()) {
        (None, None, []) => None,
        (Some(smtp_url), Some(from), [_, ..]) => Some(EmailConfig {
            smtp_url: smtp_url.clone(),
            from: from.clone(),
            to: set.email_to.clone(),
        }),
        _ => {
            return Err(usage(
                "e-mail needs all of `notifications.smtp_url`, `notifications.email_from` and `notifications.email_to`",
            ));
        }
    };
    Channels::new(
        webhook.as_ref(),
        set.slack_url.as_ref(),
        sns.as_ref(),
        email.as_ref(),
    )
    .await
    .map_err(|error| usage(error.to_string()))
}

/// Access to AWS.
pub(crate) async fn access(settings: &Settings) -> anyhow::Result<Access> {
    let access = Access::connect(access_config(settings)).await?;
    warn_of(&access.notes());
    Ok(access)
}

/// How to talk to AWS.
fn access_config(settings: &Settings) -> AccessConfig {
    let role = &settings.role;
    AccessConfig {
        endpoint_url: settings.aws.endpoint_url.clone(),
        profile: settings.aws.profile.clone(),
        region: settings.aws.region.clone(),
        role: RoleConfig {
            name: role.name.clone(),
            external_id: role.external_id.clone(),
            session_name: role.session_name.clone(),
            source_identity: role.source_identity.clone(),
            duration: role.duration,
            per_account: role
                .per_account
                .iter()
                .map(|(account, other)| {
                    let role = RoleOverride {
                        role: other.role.clone(),
                        external_id: other.external_id.clone(),
                    };
                    (account.clone(), role)
                })
                .collect(),
        },
        quota_share: settings.aws.quota_share,
        call_timeout: settings.aws.call_timeout,
        call_deadline: settings.aws.call_deadline,
        account_deadline: settings.aws.account_deadline,
        max_attempts: settings.aws.max_attempts,
    }
}
