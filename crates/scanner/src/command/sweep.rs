//! `orgsweep sweep`: reads the organization, judges every account, keeps the
//! results, and says what came out.

use std::sync::Arc;

use clap::Args;
use orgsweep_controls::ids::AccountId;
use orgsweep_notify::Channel;
use orgsweep_store::SweepSummary;
use tracing::Instrument as _;

use crate::command::framework::FrameworkArgument;
use crate::config::layers::{Flag, FlagValue};
use crate::config::{Key, Settings};
use crate::context::{self, Context};
use crate::exit::{self, Exit, usage};
use crate::notifications;
use crate::output::{Format, json, terminal};
use crate::program;
use crate::sweep::ending::Performed;
use crate::sweep::hints::Hints;
use crate::sweep::numbering::Numbering;
use crate::sweep::perform::{Request, perform};
use crate::sweep::plan::Scope;
use crate::sweep::resume::Wish;
use crate::sweep::selection::Selection;
use crate::sweep::{interruption, summary};
use crate::telemetry::Trace;

/// Read the organization and judge every account.
///
/// Goes on with an unfinished sweep of the last hours by itself. Ctrl-C stops
/// cleanly; nothing that was read is lost.
#[derive(Debug, Args)]
#[command(after_help = exit::TABLE)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) scope: ScopeArguments,

    #[command(flatten)]
    framework: FrameworkArgument,

    /// Accounts in flight at once [default: 64].
    #[arg(long, value_name = "NUMBER")]
    concurrency: Option<String>,

    /// How long the sweep may take, for example 2h [default: 6h].
    #[arg(long, value_name = "DURATION")]
    deadline: Option<String>,

    /// Go on with the unfinished sweep, however old it is.
    #[arg(long, conflicts_with = "fresh")]
    resume: bool,

    /// Start anew; an unfinished sweep is given up.
    #[arg(long)]
    fresh: bool,

    /// What started the sweep; kept with it.
    #[arg(long, value_name = "WORD", default_value = "manual")]
    trigger: String,

    /// End with 3 when a finding fails.
    #[arg(long)]
    fail_on_findings: bool,

    /// End with 4 when a selected account could not be read.
    #[arg(long)]
    fail_on_incomplete: bool,
}

/// Which accounts, and as whom; the same for `sweep` and `check-access`.
#[derive(Debug, Args)]
pub(crate) struct ScopeArguments {
    /// Read these accounts, without asking AWS Organizations.
    #[arg(long, value_name = "ACCOUNT,…", value_delimiter = ',', conflicts_with_all = ["this_account", "include", "exclude"])]
    accounts: Vec<String>,

    /// Read the caller's own account, without asking AWS Organizations.
    #[arg(long, conflicts_with_all = ["include", "exclude"])]
    this_account: bool,

    /// Read only these: account=…, ou=…, tag=…, name=… (can be repeated).
    #[arg(long, value_name = "SELECTOR")]
    include: Vec<String>,

    /// Leave these out: account=…, ou=…, tag=…, name=… (can be repeated).
    #[arg(long, value_name = "SELECTOR")]
    exclude: Vec<String>,

    /// Role that is assumed in each account [default: OrgsweepReadOnly].
    #[arg(long, value_name = "NAME")]
    role_name: Option<String>,

    /// External id that the role asks for.
    #[arg(long, value_name = "TEXT")]
    external_id: Option<String>,

    /// Refuse to read another organization than this.
    #[arg(long, value_name = "ID")]
    expected_organization: Option<String>,
}

impl ScopeArguments {
    /// The settings that these flags set.
    pub(crate) fn settings(&self) -> Vec<Flag> {
        let one = |key, flag, text: &Option<String>| {
            text.clone().map(|text| (key, flag, FlagValue::One(text)))
        };
        let several = |key, flag, texts: &[String]| {
            (!texts.is_empty()).then(|| (key, flag, FlagValue::Several(texts.to_vec())))
        };
        [
            several(Key::Include, "--include", &self.include),
            several(Key::Exclude, "--exclude", &self.exclude),
            one(Key::RoleName, "--role-name", &self.role_name),
            one(Key::RoleExternalId, "--external-id", &self.external_id),
            one(
                Key::ExpectedOrganization,
                "--expected-organization",
                &self.expected_organization,
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// The accounts that are asked about.
    pub(crate) fn scope(&self, settings: &Settings) -> anyhow::Result<Scope> {
        if self.this_account {
            return Ok(Scope::ThisAccount);
        }
        if !self.accounts.is_empty() {
            let mut accounts = self
                .accounts
                .iter()
                .map(|text| text.trim().parse::<AccountId>())
                .collect::<Result<Vec<_>, _>>()
                .map_err(|error| usage(format!("`--accounts`: {error}")))?;
            accounts.sort();
            accounts.dedup();
            return Ok(Scope::Accounts(accounts));
        }
        let selection = Selection::new(&settings.include, &settings.exclude)
            .map_err(|error| usage(error.to_string()))?;
        Ok(Scope::Organization(selection))
    }
}

impl Arguments {
    fn settings(&self) -> Vec<Flag> {
        let mut flags = self.scope.settings();
        flags.extend(self.framework.settings());
        for (key, flag, text) in [
            (Key::Concurrency, "--concurrency", &self.concurrency),
            (Key::SweepDeadline, "--deadline", &self.deadline),
        ] {
            flags.extend(text.clone().map(|text| (key, flag, FlagValue::One(text))));
        }
        flags
    }

    fn wish(&self) -> Wish {
        match (self.resume, self.fresh) {
            (true, _) => Wish::Resume,
            (_, true) => Wish::Fresh,
            _ => Wish::Whatever,
        }
    }
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> anyhow::Result<Exit> {
    let settings = Settings::new(&context.layers(arguments.settings())?);
    let channels = context::channels(&settings).await?;
    let request = Request {
        scope: arguments.scope.scope(&settings)?,
        wish: arguments.wish(),
        trigger: arguments.trigger.clone(),
        channels: channels
            .configured()
            .into_iter()
            .map(Channel::as_str)
            .collect(),
        counts: Arc::default(),
        verbosity: context.common.verbose,
    };
    let catalog = context::catalog(&settings)?;
    let decisions = context::decisions(&settings, &catalog)?;
    let interruption = interruption::token();
    let store = context::store(&settings).await?;
    let trace = Trace::new();
    let span = tracing::info_span!("sweep", trace_id = %trace, trigger = request.trigger);
    trace.takes(&span);
    let performed = async {
        let access = context::access(&settings).await?;
        perform(
            &settings,
            &catalog,
            &decisions,
            &access,
            &store,
            &request,
            &interruption,
        )
        .await
    }
    .instrument(span)
    .await;
    let summary = match performed {
        Ok(Performed::Finished(summary)) => summary,
        Ok(Performed::Interrupted) => {
            store.close().await;
            terminal::tell(if context.common.demo {
                "interrupted; `orgsweep demo` starts again"
            } else {
                "interrupted; `orgsweep sweep --resume` goes on where it stopped"
            });
            return Ok(Exit::Interrupted);
        }
        Err(error) => {
            store.close().await;
            return Err(error);
        }
    };
    // Whoever chooses a framework knows the controls by its numbers.
    let chosen = settings.framework.as_ref();
    let numbering = chosen.map_or_else(Numbering::default, |_| Numbering::of(&catalog));
    let printed = print(
        &summary,
        &numbering,
        settings.format,
        &Hints::new(&context.common, program::callable()),
    );
    // Who reads the results does not wait for the receivers of notifications.
    notifications::after_sweep(&store, &channels, &settings.notifications, &interruption).await;
    store.close().await;
    printed?;
    Ok(exit_of(
        &summary,
        arguments.fail_on_findings,
        arguments.fail_on_incomplete,
    ))
}

/// Prints what came out of a sweep.
pub(crate) fn print(
    summary: &SweepSummary,
    numbering: &Numbering,
    format: Format,
    hints: &Hints,
) -> anyhow::Result<()> {
    terminal::print(&match format {
        Format::Table => summary::text(summary, numbering, hints),
        Format::Json => json::pretty(summary)?,
        Format::Jsonl => json::line(summary)?,
        Format::Csv => summary::csv(summary, numbering)?,
    })?;
    Ok(())
}

fn exit_of(summary: &SweepSummary, fail_on_findings: bool, fail_on_incomplete: bool) -> Exit {
    if fail_on_findings && summary.accounts_failing > 0 {
        Exit::FindingsFail
    } else if fail_on_incomplete && summary.failed > 0 {
        Exit::Incomplete
    } else {
        Exit::Fine
    }
}
