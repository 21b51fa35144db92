//! `orgsweep-remediate apply`: does what a plan says.

use anyhow::bail;
use chrono::Utc;
use clap::Args;
use orgsweep_aws_access::allow_many_connections;
use orgsweep_remediator::Plan;
use orgsweep_remediator::apply::in_order;
use orgsweep_remediator::write::Writers;
use orgsweep_store::Store;

use super::applying::Applying;
use super::arguments::Common;
use super::confirmation::{Said, confirmed};
use super::id::Id;
use super::settings::{ACCOUNTS_AT_ONCE, Settings};
use super::{Exit, author, demo, interruption, output, status, stored};

/// Files that are open whatever is done: the database's connections, the terminal, the runtime's own.
const FILES_OF_THE_PROGRAM: u64 = 64;
/// Connections of an account at most: three alarms, two filters and a subscription on their way.
const CONNECTIONS_OF_AN_ACCOUNT: u64 = 6;

/// Do the steps of a plan that somebody has read.
///
/// Each step reads again what it relies on, and does nothing when that has changed. Accounts are
/// changed in waves: a few go ahead, then one in twenty, then the rest; after each wave the
/// accounts are read and judged again. Ctrl-C ends after the steps in hand.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The plan's id; its first characters will do.
    #[arg(value_name = "PLAN_ID")]
    pub(super) plan: Id,

    #[command(flatten)]
    pub(super) how: How,

    /// Who goes ahead: a number of accounts, an account by its number or name, or tag=KEY=VALUE;
    /// can be repeated.
    #[arg(
        long,
        value_name = "WHO",
        default_value = "1",
        conflicts_with = "resume"
    )]
    pub(super) canary: Vec<String>,

    /// How many accounts of a hundred may fail before the others are left alone.
    #[arg(long, value_name = "PERCENT", default_value_t = 10, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(super) max_failures: u8,

    /// Stop after this wave, the first being 1, to look at what came of it; `--resume` goes on.
    #[arg(long, value_name = "WAVE", value_parser = clap::value_parser!(i32).range(1..))]
    pub(super) pause_after: Option<i32>,

    /// Go on with a run of this plan that was cut short, or try again what failed.
    #[arg(long)]
    pub(super) resume: bool,
}

/// As whom and how something is done; the same for `apply` and `undo`.
#[derive(Debug, Args)]
pub(crate) struct How {
    /// Digest of the plan that was read, whole or its beginning (8 characters or more).
    #[arg(long, value_name = "DIGEST")]
    pub(super) digest: Option<String>,

    /// Do not ask; taken only together with `--digest`.
    #[arg(long)]
    pub(super) yes: bool,

    /// Role that is assumed in each account [default: OrgsweepRemediator].
    #[arg(long, value_name = "NAME")]
    pub(super) role_name: Option<String>,

    /// External id that the role asks for.
    #[arg(long, value_name = "TEXT")]
    pub(super) external_id: Option<String>,

    /// Role with which the accounts are read again [default: that of sweeps].
    #[arg(long, value_name = "NAME")]
    pub(super) reading_role: Option<String>,

    /// Accounts that are changed at once. Each waits for its own quotas, not for the others'.
    #[arg(long, value_name = "NUMBER", default_value_t = ACCOUNTS_AT_ONCE)]
    pub(super) concurrency: usize,

    /// Who does it [default: the user].
    #[arg(long, value_name = "NAME")]
    pub(super) author: Option<String>,

    /// Leave reading and judging the accounts again to the next sweep.
    #[arg(long)]
    pub(super) without_verification: bool,

    /// End the process at this boundary, for tests.
    #[arg(long, value_name = "NUMBER", hide = true)]
    pub(super) end_at_boundary: Option<u64>,
}

impl How {
    pub(super) fn author(&self) -> String {
        self.author.clone().unwrap_or_else(author::user)
    }

    pub(super) fn said(&self) -> Said<'_> {
        Said {
            digest: self.digest.as_deref(),
            yes: self.yes,
        }
    }

    /// Of so many accounts, those that are changed at once: as many as somebody wants, and no more than there
    /// are connections for, which is told.
    pub(super) fn accounts_at_once(&self, accounts: usize) -> usize {
        let wanted = self.concurrency.max(1);
        let Some(files) = allow_many_connections() else {
            return wanted;
        };
        let room = room_for(files);
        if room < wanted.min(accounts) {
            output::tell(&format!(
                "warning: the system allows this process {files} open files, enough for {} at once; allow more \
                 with `ulimit -n` or `LimitNOFILE=`",
                output::counted(room, "account", "accounts")
            ));
        }
        wanted.min(room)
    }

    /// Writing to AWS, as these flags and the settings say.
    pub(super) async fn writers(&self, settings: &Settings) -> anyhow::Result<Writers> {
        let access = settings
            .access(self.role_name.as_deref(), self.external_id.as_deref())
            .await?;
        Ok(Writers::new(access))
    }
}

/// Accounts that so many open files are enough for.
fn room_for(files: u64) -> usize {
    let room = files.saturating_sub(FILES_OF_THE_PROGRAM) / CONNECTIONS_OF_AN_ACCOUNT;
    usize::try_from(room.max(1)).unwrap_or(usize::MAX)
}

pub(crate) async fn run(arguments: Arguments, common: &Common) -> anyhow::Result<Exit> {
    status::check_format(common)?;
    let settings = Settings::read(common)?;
    demo::refused(common, &settings)?;
    let store = settings.store().await?;
    let stop = interruption::token();
    let plan = match ready_plan(&arguments, &store).await {
        Ok(Ok(plan)) => plan,
        Ok(Err(nothing)) => {
            store.close().await;
            output::tell(&nothing);
            return Ok(Exit::Fine);
        }
        Err(error) => {
            store.close().await;
            return Err(error);
        }
    };
    let applying = Applying {
        arguments: &arguments,
        common,
        settings: &settings,
        plan: &plan,
        stop,
    };
    applying.run(store).await
}

/// The plan, when it may be applied and something is to be done; else why nothing is.
async fn ready_plan(arguments: &Arguments, store: &Store) -> anyhow::Result<Result<Plan, String>> {
    let plan = stored::plan(arguments.plan.plan(store).await?, store).await?;
    if plan.steps.is_empty() {
        return Ok(Err(if plan.human_steps.is_empty() {
            "the plan is empty: nothing is to be done".to_owned()
        } else {
            format!(
                "the plan has no steps for a program; what people have to do is listed by \
                 `orgsweep remediate show {}`",
                plan.plan_id
            )
        }));
    }
    if plan.expires_at <= Utc::now() {
        bail!(
            "plan `{}` has expired at {}: things may have changed since it was made; plan again",
            plan.plan_id,
            plan.expires_at.format("%Y-%m-%d %H:%M UTC")
        );
    }
    let what = format!(
        "Plan {} will change {} with {}.",
        plan.plan_id,
        output::counted(in_order(&plan).len(), "account", "accounts"),
        output::counted(plan.steps.len(), "step", "steps"),
    );
    confirmed(arguments.how.said(), &plan.digest, &what)?;
    Ok(Ok(plan))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_accounts_are_changed_at_once_as_there_are_connections_for() {
        for (files, accounts) in [(0, 1), (64, 1), (76, 2), (1_024, 160), (65_536, 10_912)] {
            assert_eq!(room_for(files), accounts, "{files}");
        }
    }
}
