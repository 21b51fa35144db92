//! What `drill` and `heartbeat` share: which findings' alarms are meant, asking
//! first, ringing one after the other, and what came of it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead as _, IsTerminal as _};
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use orgsweep_controls::{AccountId, Arn, Catalog, ControlId, Evaluator};
use orgsweep_remediator::drill::choose::{Candidate, candidates};
use orgsweep_remediator::drill::ring::{Occasion, Rung, ring, settle};
use orgsweep_remediator::export::table::grid;
use orgsweep_remediator::planner::{Facts, findings};
use orgsweep_remediator::selection::Selection;
use orgsweep_remediator::write::Writers;
use orgsweep_store::{DrilledAction, Store};
use serde::Serialize;

use super::arguments::{Common, Format};
use super::settings::Settings;
use super::{Exit, accounts, author, interruption, output, plan, usage};

/// What has to be typed at a terminal before anything rings.
const WORD: &str = "ring";

/// As whom, why and how alarms are rung.
#[derive(Debug, Args)]
pub(super) struct How {
    /// Alarms of chains in this account, by number or name; can be repeated.
    #[arg(long = "account", value_name = "ACCOUNT")]
    accounts: Vec<String>,

    /// Alarms of chains of this control; can be repeated.
    #[arg(long = "control", value_name = "CONTROL")]
    controls: Vec<ControlId>,

    /// Alarms that are rung at most.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) limit: Option<u32>,

    /// Why; the alarms' history and whoever is told will read it.
    #[arg(long, value_name = "TEXT", default_value = "a test of who is told")]
    because: String,

    /// Seconds to wait for the trace of an alarm's actions.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=600))]
    wait: u64,

    /// Also ring alarms that do more than tell topics (stop an instance, run a function …): it
    /// really happens.
    #[arg(long)]
    any_action: bool,

    /// Do not ask.
    #[arg(long)]
    yes: bool,

    /// Role that is assumed in each account [default: OrgsweepRemediator].
    #[arg(long, value_name = "NAME")]
    role_name: Option<String>,

    /// External id that the role asks for.
    #[arg(long, value_name = "TEXT")]
    external_id: Option<String>,

    /// Who rings [default: the user].
    #[arg(long, value_name = "NAME")]
    author: Option<String>,
}

/// What came of one alarm.
#[derive(Debug, Serialize)]
struct Row {
    account_id: String,
    region: String,
    alarm: String,
    /// `rang`, `failed`, `silent`, `interrupted` or `left_alone`.
    outcome: &'static str,
    actions: Vec<DrilledAction>,
    put_back: bool,
    message: Option<String>,
}

impl How {
    /// Whether single accounts are named, so that it cannot be the whole organization.
    pub(super) fn names_accounts(&self) -> bool {
        !self.accounts.is_empty()
    }

    /// The accounts that are named.
    pub(super) async fn numbers(&self, store: &Store) -> anyhow::Result<Vec<AccountId>> {
        accounts::numbers(&self.accounts, store).await
    }

    /// The alarms of chains that hold, as the last sweep saw them.
    pub(super) async fn candidates(
        &self,
        catalog: &Catalog,
        store: &Store,
    ) -> anyhow::Result<Vec<Candidate>> {
        if let Some(unknown) = self
            .controls
            .iter()
            .find(|control| catalog.control(control).is_none())
        {
            return Err(usage(format!(
                "there is no control `{unknown}`; `orgsweep controls` lists them"
            )));
        }
        let accounts = self.numbers(store).await?;
        let selection = Selection {
            query: Some(self.sql(&accounts)),
            ..Selection::default()
        };
        let targets = selection.targets(store).await?;
        let inventory = store.last_inventory().await?;
        let snapshots = plan::snapshots(&targets, inventory.as_ref(), store).await?;
        let facts = Facts {
            catalog,
            evaluator: &Evaluator::new(catalog),
            snapshots: &snapshots,
            organization: inventory
                .as_ref()
                .and_then(|known| known.organization.as_ref()),
            management_account: inventory
                .as_ref()
                .and_then(|known| known.management_account.as_ref()),
        };
        Ok(candidates(&findings(facts, &targets)))
    }

    /// The findings that pass. Numbers of accounts and names of controls need no quoting.
    fn sql(&self, accounts: &[AccountId]) -> String {
        let among = |column: &str, values: Vec<String>| {
            if values.is_empty() {
                String::new()
            } else {
                format!(" and {column} in ('{}')", values.join("', '"))
            }
        };
        let accounts = accounts.iter().map(ToString::to_string).collect();
        let controls = self.controls.iter().map(ToString::to_string).collect();
        format!(
            "select account_id, control from posture where verdict = 'pass'{}{}",
            among("account_id", accounts),
            among("control", controls)
        )
    }

    /// Rings the alarms, one after the other, once somebody has agreed.
    pub(super) async fn ring_all(
        &self,
        kind: &'static str,
        alarms: &[Arn],
        common: &Common,
        settings: &Settings,
        store: &Store,
    ) -> anyhow::Result<Exit> {
        if alarms.is_empty() {
            output::tell("no alarm is to be rung");
            return Ok(Exit::Fine);
        }
        self.agreed(alarms)?;
        let access = settings
            .access(self.role_name.as_deref(), self.external_id.as_deref())
            .await?;
        let writers = Writers::new(access);
        for line in settle(&writers, store).await? {
            output::tell(&line);
        }
        let occasion = Occasion {
            kind,
            author: self.author.clone().unwrap_or_else(author::user),
            reason: self.because.clone(),
            patience: Duration::from_secs(self.wait),
            any_action: self.any_action,
            stop: interruption::token(),
        };
        let (rows, whole) = rung(&writers, store, alarms, &occasion).await?;
        output::print(&printed(&rows, common.format.unwrap_or_default())?)?;
        let cut_short = rows.iter().any(|row| row.outcome == "interrupted");
        Ok(if !whole || cut_short {
            Exit::Interrupted
        } else if rows.iter().all(|row| row.outcome == "rang") {
            Exit::Fine
        } else {
            Exit::Incomplete
        })
    }

    fn agreed(&self, alarms: &[Arn]) -> anyhow::Result<()> {
        if self.yes {
            return Ok(());
        }
        let accounts: BTreeSet<_> = alarms.iter().filter_map(Arn::account).collect();
        if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
            return Err(usage(
                "nobody can be asked here, and whoever is subscribed is told: say `--yes`",
            ));
        }
        output::tell(&format!(
            "{} in {} will ring, and whoever is subscribed is told. Type `{WORD}` to go on:",
            output::counted(alarms.len(), "alarm", "alarms"),
            output::counted(accounts.len(), "account", "accounts"),
        ));
        let mut typed = String::new();
        io::stdin().lock().read_line(&mut typed)?;
        if typed.trim() == WORD {
            Ok(())
        } else {
            Err(usage("nothing was rung"))
        }
    }
}

/// Rings the alarms account by account; whether all of them had their turn.
async fn rung(
    writers: &Writers,
    store: &Store,
    alarms: &[Arn],
    occasion: &Occasion,
) -> anyhow::Result<(Vec<Row>, bool)> {
    let mut by_account: BTreeMap<AccountId, Vec<&Arn>> = BTreeMap::new();
    for alarm in alarms {
        let account = alarm
            .account()
            .context("an alarm's ARN names its account")?;
        by_account.entry(account).or_default().push(alarm);
    }
    let mut rows = Vec::new();
    for (account, alarms) in by_account {
        let writer = writers.account(&account).await;
        for alarm in alarms {
            if occasion.stop.is_cancelled() {
                return Ok((rows, false));
            }
            let region = alarm.region().context("an alarm's ARN names its Region")?;
            let came = match &writer {
                Ok(writer) => ring(writer, store, alarm, &region, occasion).await?,
                Err(error) => Rung::LeftAlone(error.message.clone()),
            };
            let (outcome, actions, put_back, message) = match came {
                Rung::Tried {
                    outcome,
                    actions,
                    put_back,
                    message,
                } => (outcome, actions, put_back, message),
                Rung::LeftAlone(why) => ("left_alone", Vec::new(), true, Some(why)),
            };
            output::tell(&format!("{alarm}: {outcome}"));
            rows.push(Row {
                account_id: account.to_string(),
                region: region.to_string(),
                alarm: alarm.to_string(),
                outcome,
                actions,
                put_back,
                message,
            });
        }
    }
    Ok((rows, true))
}

fn printed(rows: &[Row], format: Format) -> anyhow::Result<String> {
    Ok(match format {
        Format::Json => serde_json::to_string_pretty(rows)? + "\n",
        Format::Jsonl => {
            let lines: Result<Vec<String>, _> = rows.iter().map(serde_json::to_string).collect();
            lines?.into_iter().map(|line| line + "\n").collect()
        }
        Format::Table => grid(
            &[
                "account",
                "region",
                "alarm",
                "outcome",
                "what its history says",
            ],
            rows.iter().map(|row| {
                let words: Vec<&str> = row
                    .actions
                    .iter()
                    .filter_map(|action| action.words.as_deref())
                    .chain(row.message.as_deref())
                    .collect();
                let name = row.alarm.rsplit(":alarm:").next().unwrap_or(&row.alarm);
                vec![
                    row.account_id.clone(),
                    row.region.clone(),
                    name.to_owned(),
                    row.outcome.to_owned(),
                    words.join("; "),
                ]
            }),
            output::width(),
        ),
        _ => return Err(no_such_form()),
    })
}

/// Refuses a form that drills do not have, before anything rings.
pub(super) fn check_format(common: &Common) -> anyhow::Result<()> {
    match common.format.unwrap_or_default() {
        Format::Table | Format::Json | Format::Jsonl => Ok(()),
        _ => Err(no_such_form()),
    }
}

fn no_such_form() -> anyhow::Error {
    usage("drills are printed as table, json or jsonl; use --format table, json or jsonl")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_that_drills_do_not_have_is_refused_before_anything_rings() {
        for (format, taken) in [
            (None, true),
            (Some(Format::Table), true),
            (Some(Format::Json), true),
            (Some(Format::Jsonl), true),
            (Some(Format::Csv), false),
            (Some(Format::Sh), false),
            (Some(Format::Yaml), false),
            (Some(Format::Terraform), false),
            (Some(Format::Cloudformation), false),
        ] {
            let common = Common {
                format,
                ..Common::default()
            };
            assert_eq!(check_format(&common).is_ok(), taken, "{format:?}");
            let printed = printed(&[], format.unwrap_or_default());
            assert_eq!(printed.is_ok(), taken, "{format:?}");
        }
    }
}
