//! The settings, declared once: name in the file, kind, default, and the
//! environment variables of other programs that are honoured.

use crate::config::value::Kind;

/// Declares the settings.
macro_rules! settings {
    ($($variant:ident = $name:literal, $kind:expr, $default:expr, $also:expr;)*) => {
        /// A setting.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Key {
            $(#[doc = $name] $variant,)*
        }

        impl Key {
            /// Every setting, in the order of the example file.
            pub(crate) const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its dotted name in the file, for example `sweep.concurrency`.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// What values it takes.
            pub(crate) fn kind(self) -> Kind {
                match self { $(Self::$variant => $kind),* }
            }

            /// Its default, as it would be written in an environment variable.
            pub(crate) fn default_text(self) -> Option<&'static str> {
                match self { $(Self::$variant => $default),* }
            }

            /// Environment variables of other programs that set it, too.
            pub(crate) fn other_variables(self) -> &'static [&'static str] {
                match self { $(Self::$variant => $also),* }
            }
        }
    };
}

settings! {
    ExpectedOrganization = "expected_organization", Kind::Organization, None, &[];

    EndpointUrl = "aws.endpoint_url", Kind::Text, None, &["AWS_ENDPOINT_URL"];
    Profile = "aws.profile", Kind::Text, None, &["AWS_PROFILE"];
    Region = "aws.region", Kind::Region, None, &["AWS_REGION", "AWS_DEFAULT_REGION"];
    QuotaShare = "aws.quota_share", Kind::Fraction, Some("0.5"), &[];
    CallTimeout = "aws.call_timeout", Kind::Duration, Some("10s"), &[];
    CallDeadline = "aws.call_deadline", Kind::Duration, Some("30s"), &[];
    AccountDeadline = "aws.account_deadline", Kind::Duration, Some("2m"), &[];
    MaxAttempts = "aws.max_attempts", Kind::Count, Some("6"), &[];

    RoleName = "role.name", Kind::Text, Some("OrgsweepReadOnly"), &[];
    RoleExternalId = "role.external_id", Kind::Secret, None, &[];
    RoleSessionName = "role.session_name", Kind::Text, Some("orgsweep"), &[];
    RoleSourceIdentity = "role.source_identity", Kind::Text, None, &[];
    RoleDuration = "role.duration", Kind::Duration, Some("1h"), &[];

    RemediatorRoleName = "remediator.role_name", Kind::Text, Some("OrgsweepRemediator"), &[];
    RemediatorNamespace = "remediator.namespace", Kind::Text, Some("CISBenchmark"), &[];
    RemediatorName = "remediator.name", Kind::Text, Some("orgsweep-{control}"), &[];
    RemediatorTopic = "remediator.topic", Kind::Text, Some("orgsweep-alarms"), &[];
    RemediatorSubscribe = "remediator.subscribe", Kind::List, Some(""), &[];
    RemediatorTags = "remediator.tags", Kind::List, Some(""), &[];
    RemediatorOwnerTags = "remediator.owner_tags", Kind::List, Some("owner team"), &[];
    RemediatorCodeTags = "remediator.code_tags", Kind::List, Some(""), &[];

    Include = "selection.include", Kind::List, Some(""), &[];
    Exclude = "selection.exclude", Kind::List, Some(""), &[];

    InventoryTags = "inventory.tags", Kind::Switch, Some("false"), &[];
    InventoryFallback = "inventory.fallback_max_age", Kind::Duration, Some("7d"), &[];

    Concurrency = "sweep.concurrency", Kind::Count, Some("64"), &[];
    SweepDeadline = "sweep.deadline", Kind::Duration, Some("6h"), &[];
    ResumeWithin = "sweep.resume_within", Kind::Duration, Some("12h"), &[];
    Shared = "sweep.shared", Kind::Switch, Some("false"), &[];

    Catalog = "controls.catalog", Kind::Path, None, &[];
    Decisions = "controls.decisions", Kind::Path, None, &[];
    Framework = "controls.framework", Kind::Text, None, &[];

    NotifyWhen = "notifications.when", Kind::OneOf(&["always", "changes"]), Some("always"), &[];
    NotifyInDoubt = "notifications.when_in_doubt", Kind::OneOf(&["repeat", "hold"]), Some("repeat"), &[];
    NotifyGiveUp = "notifications.give_up_after", Kind::Duration, Some("3d"), &[];
    WebhookUrl = "notifications.webhook_url", Kind::Secret, None, &[];
    WebhookToken = "notifications.webhook_token", Kind::Secret, None, &[];
    SlackUrl = "notifications.slack_url", Kind::Secret, None, &[];
    SnsTopic = "notifications.sns_topic", Kind::Text, None, &[];
    EmailTo = "notifications.email_to", Kind::List, Some(""), &[];
    EmailFrom = "notifications.email_from", Kind::Text, None, &[];
    SmtpUrl = "notifications.smtp_url", Kind::Secret, None, &[];

    ServeListen = "serve.listen", Kind::Text, Some("127.0.0.1:8787"), &[];
    ServeToken = "serve.token", Kind::Secret, None, &[];
    ServeSchedule = "serve.schedule", Kind::Text, Some("0 2 * * *"), &[];
    ServeZone = "serve.time_zone", Kind::Text, Some("UTC"), &[];
    ServeCatchUp = "serve.catch_up", Kind::Duration, Some("12h"), &[];

    DatabaseUrl = "database.url", Kind::DatabaseUrl, None, &["DATABASE_URL"];
    DataDir = "database.data_dir", Kind::Path, None, &[];
    ConnectTimeout = "database.connect_timeout", Kind::Duration, Some("10s"), &[];
    MaxConnections = "database.max_connections", Kind::Count, Some("8"), &[];
    KeepNights = "database.keep_nights", Kind::Duration, Some("400d"), &[];

    OutputFormat = "output.format", Kind::OneOf(&["table", "json", "jsonl", "csv"]), Some("table"), &[];
    OtlpEndpoint = "telemetry.otlp_endpoint", Kind::Text, None, &["OTEL_EXPORTER_OTLP_ENDPOINT"];

    LogFormat = "log.format", Kind::OneOf(&["text", "json"]), Some("text"), &[];
}

impl Key {
    /// The setting of that dotted name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|key| key.name() == name)
    }

    /// Its own environment variable, for example `ORGSWEEP_SWEEP_CONCURRENCY`.
    pub(crate) fn variable(self) -> String {
        format!("ORGSWEEP_{}", self.name().replace('.', "_").to_uppercase())
    }

    /// The variable that names a file with its value, as secrets are mounted in containers:
    /// `ORGSWEEP_NOTIFICATIONS_SLACK_URL_FILE`. Only secrets have one.
    pub(crate) fn file_variable(self) -> Option<String> {
        matches!(self.kind(), Kind::Secret | Kind::DatabaseUrl)
            .then(|| format!("{}_FILE", self.variable()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::value::Value;

    #[test]
    fn every_default_is_a_valid_value() {
        for key in Key::ALL {
            if let Some(text) = key.default_text() {
                assert!(Value::from_text(key.kind(), text).is_ok(), "{}", key.name());
            }
        }
    }

    #[test]
    fn no_two_settings_share_a_variable() {
        let mut seen = std::collections::BTreeSet::new();
        for key in Key::ALL {
            assert!(seen.insert(key.variable()), "{}", key.name());
            if let Some(variable) = key.file_variable() {
                assert!(seen.insert(variable), "{}", key.name());
            }
            for other in key.other_variables() {
                assert!(seen.insert((*other).to_owned()), "{other}");
            }
        }
    }
}
