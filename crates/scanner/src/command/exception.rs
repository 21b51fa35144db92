//! `orgsweep exception`: recorded, expiring decisions to accept failing findings. An accepted
//! finding goes on to fail; it is marked, and whoever repairs leaves it out.

use anyhow::bail;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use clap::{Args, Subcommand};
use orgsweep_controls::Catalog;
use orgsweep_store::{ExceptionId, ExceptionRow, ExceptionScope, NewException, Store};

use crate::command::findings::check_reason;
use crate::command::names::{account_named, known_control};
use crate::context::{self, Context};
use crate::exit::{Exit, usage};
use crate::output::number::{counted, moment};
use crate::output::{Column, Format, listing, terminal};

/// Accept failing findings for a time: record, list, renew and take back such decisions.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Record an exception. At least one condition says which failing findings it accepts.
    Add(AddArguments),
    /// List exceptions, those that end first before the others.
    List {
        /// The expired and withdrawn ones, too.
        #[arg(long)]
        all: bool,
    },
    /// Take an exception back.
    Remove {
        /// The exception, by its id or the beginning of it.
        exception: String,
        #[command(flatten)]
        who: Who,
    },
    /// Record an exception in place of one that ends or has ended.
    Renew {
        /// The exception, by its id or the beginning of it.
        exception: String,
        #[command(flatten)]
        who: Who,
        /// Why; the old reason when not given.
        #[arg(long, value_name = "TEXT")]
        why: Option<String>,
        #[command(flatten)]
        end: End,
    },
}

#[derive(Debug, Args)]
struct AddArguments {
    /// Findings of this control only.
    #[arg(long, value_name = "ID")]
    control: Option<String>,
    /// Findings of this account only, by number or name.
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// Findings of accounts at or below this OU only, by its path (Workloads/Prod) or id.
    #[arg(long, value_name = "OU")]
    ou: Option<String>,
    /// Findings of accounts with this tag only: KEY=VALUE, or KEY for any value (can be repeated).
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Findings that fail for this reason code only.
    #[arg(long, value_name = "CODE")]
    reason: Option<String>,
    /// Why they are accepted.
    #[arg(long, value_name = "TEXT")]
    why: String,
    #[command(flatten)]
    who: Who,
    #[command(flatten)]
    end: End,
}

#[derive(Debug, Args)]
struct Who {
    /// Who decides [default: the user who is logged in].
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
}

impl Who {
    fn name(&self) -> anyhow::Result<String> {
        let logged_in = || {
            let mut variables = ["USER", "LOGNAME", "USERNAME"].into_iter();
            variables.find_map(|name| std::env::var(name).ok())
        };
        let name = self.who.clone().or_else(logged_in);
        match name.filter(|name| !name.trim().is_empty()) {
            Some(name) => Ok(name),
            None => Err(usage("who decides is not known; give `--who NAME`")),
        }
    }
}

#[derive(Debug, Args)]
struct End {
    /// The last day on which it counts, for example 2026-12-31.
    #[arg(
        long,
        value_name = "DAY",
        conflicts_with = "days",
        required_unless_present = "days"
    )]
    until: Option<NaiveDate>,
    /// For so many days.
    #[arg(long, value_name = "NUMBER")]
    days: Option<u32>,
}

impl End {
    /// When it ends: at midnight UTC after the last day.
    fn moment(&self, now: DateTime<Utc>) -> anyhow::Result<DateTime<Utc>> {
        let ends = match (self.until, self.days) {
            (Some(day), _) => day
                .succ_opt()
                .map(|next| next.and_time(NaiveTime::MIN).and_utc()),
            (None, days) => now.checked_add_signed(TimeDelta::days(days.unwrap_or(0).into())),
        };
        match ends {
            Some(ends) if ends > now => Ok(ends),
            Some(_) => Err(usage("an exception ends in the future; give a later day")),
            None => Err(usage("that is too far away; give an earlier day")),
        }
    }
}

pub(crate) async fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<Exit> {
    let settings = context.settings()?;
    let catalog = context::catalog(&settings)?;
    let store = context::store(&settings).await?;
    let done = done(&arguments.command, &store, &catalog, settings.format).await;
    store.close().await;
    done.map(|()| Exit::Fine)
}

async fn done(
    command: &Command,
    store: &Store,
    catalog: &Catalog,
    format: Format,
) -> anyhow::Result<()> {
    match command {
        Command::Add(arguments) => {
            let new = new(arguments, store, catalog).await?;
            let id = store.add_exception(&new).await?;
            told(store, id, format).await
        }
        Command::List { all } => {
            let mut rows = store.exceptions().await?;
            rows.retain(|row| *all || row.state.is_in_force());
            if rows.is_empty() && format == Format::Table {
                terminal::tell("no exceptions; `orgsweep exception add` records one");
                return Ok(());
            }
            terminal::print(&listing(&rows, &columns(), format, terminal::width())?)?;
            Ok(())
        }
        Command::Remove { exception, who } => {
            let row = named(store, exception).await?;
            if !store
                .withdraw_exception(row.exception_id, &who.name()?)
                .await?
            {
                bail!("exception {} was taken back before", row.exception_id);
            }
            told(store, row.exception_id, format).await
        }
        Command::Renew {
            exception,
            who,
            why,
            end,
        } => {
            let row = named(store, exception).await?;
            let new = NewException {
                scope: row.scope,
                reason: why.clone().unwrap_or(row.reason),
                author: who.name()?,
                expires_at: end.moment(Utc::now())?,
            };
            match store.renew_exception(row.exception_id, &new).await? {
                Some(id) => told(store, id, format).await,
                None => bail!(
                    "exception {} was taken back before; `orgsweep exception add` records a new one",
                    row.exception_id
                ),
            }
        }
    }
}

async fn new(
    arguments: &AddArguments,
    store: &Store,
    catalog: &Catalog,
) -> anyhow::Result<NewException> {
    let mut scope = ExceptionScope::default();
    if let Some(control) = &arguments.control {
        scope.control = Some(known_control(catalog, control)?);
    }
    if let Some(account) = &arguments.account {
        scope.account = Some(account_named(store, account).await?);
    }
    if let Some(code) = &arguments.reason {
        check_reason(code)?;
        scope.reason_code = Some(code.clone());
    }
    scope.ou = arguments
        .ou
        .as_ref()
        .map(|ou| ou.trim_matches('/').to_owned())
        .filter(|ou| !ou.is_empty());
    for tag in &arguments.tag {
        match tag.split_once('=') {
            Some((key, value)) => {
                scope.tags.insert(key.to_owned(), value.to_owned());
            }
            None => {
                scope.tag_keys.insert(tag.clone());
            }
        }
    }
    if scope.is_everything() {
        return Err(usage(
            "an exception without a condition would accept whatever fails; \
             give `--control`, `--account`, `--ou`, `--tag` or `--reason`",
        ));
    }
    if arguments.why.trim().is_empty() {
        return Err(usage("`--why` is empty; say why it is accepted"));
    }
    Ok(NewException {
        scope,
        reason: arguments.why.clone(),
        author: arguments.who.name()?,
        expires_at: arguments.end.moment(Utc::now())?,
    })
}

/// The exception of that id, or whose id begins so.
async fn named(store: &Store, text: &str) -> anyhow::Result<ExceptionRow> {
    let text = text.to_ascii_lowercase();
    let rows = store.exceptions().await?;
    let mut found = rows
        .into_iter()
        .filter(|row| !text.is_empty() && row.exception_id.to_string().starts_with(&text));
    match (found.next(), found.next()) {
        (Some(row), None) => Ok(row),
        (None, _) => Err(usage(format!(
            "there is no exception `{text}`; `orgsweep exception list --all` lists them"
        ))),
        (Some(_), Some(_)) => Err(usage(format!(
            "several exceptions begin with `{text}`; give more of the id"
        ))),
    }
}

/// Shows an exception as it is now.
async fn told(store: &Store, id: ExceptionId, format: Format) -> anyhow::Result<()> {
    let mut rows = store.exceptions().await?;
    rows.retain(|row| row.exception_id == id);
    terminal::print(&listing(&rows, &columns(), format, terminal::width())?)?;
    if format == Format::Table {
        let findings: u64 = rows.iter().map(|row| row.findings).sum();
        terminal::tell(&format!(
            "it accepts {} now; they go on to fail, and are marked",
            counted(findings, "failing finding")
        ));
    }
    Ok(())
}

fn columns() -> [Column<ExceptionRow>; 12] {
    [
        Column::new("exception_id", "exception", |row| {
            row.exception_id.to_string()
        }),
        Column::new("state", "state", |row| row.state.as_str().to_owned()),
        Column::new("scope", "accepts", |row| scope_in_words(&row.scope)),
        Column::new("findings", "findings", |row| row.findings.to_string()),
        Column::new("reason", "why", |row| row.reason.clone()),
        Column::new("author", "who", |row| row.author.clone()),
        Column::csv_only("created_at", |row| moment(row.created_at)),
        Column::new("expires_at", "until", |row| moment(row.expires_at)),
        Column::csv_only("withdrawn_at", |row| {
            row.withdrawn_at.map(moment).unwrap_or_default()
        }),
        Column::csv_only("withdrawn_by", |row| {
            row.withdrawn_by.clone().unwrap_or_default()
        }),
        Column::csv_only("renews", |row| {
            row.renews.map(|id| id.to_string()).unwrap_or_default()
        }),
        Column::csv_only("reason_code", |row| {
            row.scope.reason_code.clone().unwrap_or_default()
        }),
    ]
}

fn scope_in_words(scope: &ExceptionScope) -> String {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(scope.control.iter().map(|id| format!("control={id}")));
    parts.extend(scope.account.iter().map(|id| format!("account={id}")));
    parts.extend(scope.ou.iter().map(|ou| format!("ou={ou}")));
    let tags = scope.tags.iter();
    parts.extend(tags.map(|(key, value)| format!("tag={key}={value}")));
    parts.extend(scope.tag_keys.iter().map(|key| format!("tag={key}")));
    parts.extend(
        scope
            .reason_code
            .iter()
            .map(|code| format!("reason={code}")),
    );
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_ends_after_its_last_day_and_in_the_future() {
        let now: DateTime<Utc> = "2026-06-15T12:00:00Z".parse().unwrap();
        let ends = |until: Option<&str>, days| {
            let until = until.map(|day| day.parse().unwrap());
            End { until, days }.moment(now).map(|at| at.to_rfc3339())
        };
        assert_eq!(
            ends(Some("2026-06-15"), None).unwrap(),
            "2026-06-16T00:00:00+00:00"
        );
        assert_eq!(ends(None, Some(30)).unwrap(), "2026-07-15T12:00:00+00:00");
        assert!(ends(Some("2026-06-14"), None).is_err());
        assert!(ends(None, Some(0)).is_err());
    }
}
