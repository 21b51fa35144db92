//! What to type next: commands that work as they are printed, for the same
//! database and organization.

use std::fmt::Write as _;

use orgsweep_store::SweepSummary;

use crate::cli::CommonFlags;
use crate::config::value::without_password;
use crate::program::quoted;

/// How the suggested commands reach the same database and organization.
#[derive(Debug, Clone)]
pub(crate) struct Hints {
    /// How this program is called.
    program: String,
    /// Flags that every suggested command needs, with a blank before.
    flags: String,
    /// Flags that commands which ask AWS need besides; `None` when AWS cannot be
    /// asked (a demo's organization is gone).
    aws: Option<String>,
}

impl Hints {
    /// Hints for somebody who typed these flags, and calls this program so.
    pub(crate) fn new(common: &CommonFlags, program: String) -> Self {
        let mut flags = String::new();
        if let Some(config) = common.config.as_ref().filter(|_| !common.demo) {
            let _ = write!(flags, " --config {}", quoted(config));
        }
        if let Some(directory) = &common.data_dir {
            let _ = write!(flags, " --data-dir {}", quoted(directory.as_ref()));
        }
        if common.demo {
            flags.push_str(" --demo");
        }
        if let Some(url) = &common.database_url {
            // A password is left to the environment.
            let shown = if without_password(url) == *url {
                quoted(url.as_ref())
            } else {
                "\"$DATABASE_URL\"".to_owned()
            };
            let _ = write!(flags, " --database-url {shown}");
        }
        let mut aws = String::new();
        for (flag, text) in [
            ("--endpoint-url", &common.endpoint_url),
            ("--profile", &common.profile),
            ("--region", &common.region),
        ] {
            if let Some(text) = text {
                let _ = write!(aws, " {flag} {}", quoted(text.as_ref()));
            }
        }
        Self {
            program,
            flags,
            aws: (!common.demo).then_some(aws),
        }
    }

    /// Commands that are worth typing next.
    pub(crate) fn commands(&self, summary: &SweepSummary) -> Vec<String> {
        let Self { program, flags, .. } = self;
        let mut commands = Vec::new();
        let worst = summary.causes.first();
        if let Some((cause, control)) =
            worst.and_then(|cause| Some((cause, cause.controls.first()?)))
        {
            commands.push(format!(
                "{program} explain{flags} {} {control}",
                cause.example
            ));
            commands.push(format!(
                "{program} findings{flags} --verdict {}",
                cause.verdict
            ));
        }
        if summary.failed > 0 {
            commands.push(format!("{program} accounts{flags} --outcome failed"));
            if let Some(aws) = &self.aws {
                commands.push(format!("{program} check-access{flags}{aws}"));
            }
        }
        commands.push(format!(
            "{program} query{flags} \"select account_name, control, reason from failing order by 1, 2\""
        ));
        commands
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::summary::tests::summary;

    fn commands(common: &CommonFlags) -> String {
        Hints::new(common, "orgsweep".to_owned())
            .commands(&summary())
            .join("\n")
    }

    #[test]
    fn a_demo_suggests_nothing_that_needs_its_organization() {
        let demo = CommonFlags {
            demo: true,
            ..CommonFlags::default()
        };
        let text = commands(&demo);
        assert!(text.contains("orgsweep findings --demo"), "{text}");
        assert!(!text.contains("check-access"), "{text}");
    }

    #[test]
    fn commands_lead_to_the_same_place_and_show_no_password() {
        let text = commands(&CommonFlags {
            database_url: Some("postgres://me:hunter2@db/orgsweep".to_owned()),
            profile: Some("audit".to_owned()),
            ..CommonFlags::default()
        });
        assert!(!text.contains("hunter2"), "{text}");
        assert!(
            text.contains("check-access --database-url \"$DATABASE_URL\" --profile audit"),
            "{text}"
        );
        let text = commands(&CommonFlags {
            database_url: Some("postgres://me@db/orgsweep".to_owned()),
            ..CommonFlags::default()
        });
        let url = "findings --database-url 'postgres://me@db/orgsweep' --verdict";
        assert!(text.contains(url), "{text}");
    }
}
