//! `orgsweep-remediate status`: what a run did and what came of it. As a page for people: `page`.

mod page;

use std::collections::BTreeMap;

use anyhow::bail;
use clap::Args;
use orgsweep_aws_access::Counters;
use orgsweep_remediator::export::table::{AccountNames, grid};
use orgsweep_store::{ActionRow, ActionState, RepairRow, RunAccountRow, RunRow, Store};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::arguments::{Common, Format};
use super::id::Id;
use super::settings::Settings;
use super::{accounts, output, usage};
use page::{head, page};

/// Show what a run did and what came of it; without a run, of the last one.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The run's id; its first characters will do.
    #[arg(value_name = "RUN_ID")]
    run: Option<Id>,
}

pub(crate) async fn run(arguments: Arguments, common: &Common) -> anyhow::Result<()> {
    check_format(common)?;
    let store = Settings::read(common)?.store().await?;
    let told = async {
        let run = match arguments.run {
            Some(run) => run.run(&store).await?,
            None => match store.runs().await?.first() {
                Some(last) => last.run_id,
                None => {
                    bail!("nothing has been applied yet; `orgsweep remediate list` lists plans")
                }
            },
        };
        Told::of(run, &store).await
    }
    .await;
    store.close().await;
    Ok(output::print(&text(&told?, common)?)?)
}

/// Refuses a form that runs do not have, before anything is done.
pub(super) fn check_format(common: &Common) -> anyhow::Result<()> {
    match common.format.unwrap_or_default() {
        Format::Table | Format::Json | Format::Jsonl => Ok(()),
        _ => Err(usage(
            "a run is printed as table, json or jsonl; use --format table, json or jsonl",
        )),
    }
}

/// What is told of a run.
#[derive(Debug, Serialize)]
pub(super) struct Told {
    /// The run.
    #[serde(flatten)]
    pub(super) run: RunRow,
    /// Its steps by state.
    step_states: BTreeMap<String, usize>,
    /// Its findings by state.
    findings: BTreeMap<String, usize>,
    /// Its accounts.
    accounts: Vec<RunAccountRow>,
    /// Its findings.
    repairs: Vec<RepairRow>,
    /// What this process asked of AWS for it; not what judging again took.
    #[serde(flatten)]
    spent: Option<Spent>,
    #[serde(skip)]
    actions: Vec<ActionRow>,
    #[serde(skip)]
    names: AccountNames,
}

/// What a process asked of AWS.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Spent {
    /// Requests, those included that were sent again.
    calls: u64,
    /// Requests that AWS throttled.
    throttles: u64,
}

impl Told {
    /// What the store knows of a run.
    pub(super) async fn of(run: Uuid, store: &Store) -> anyhow::Result<Self> {
        let Some(row) = store.run(run).await? else {
            bail!("there is no run `{run}`; `orgsweep remediate list --runs` lists them");
        };
        let actions = store.run_actions(run).await?;
        let repairs = store.repairs(row.undoes.unwrap_or(run)).await?;
        let mut step_states = BTreeMap::new();
        for action in &actions {
            *step_states
                .entry(action.state.as_str().to_owned())
                .or_default() += 1;
        }
        let mut findings = BTreeMap::new();
        for repair in &repairs {
            *findings.entry(state_now(repair).to_owned()).or_default() += 1;
        }
        Ok(Self {
            accounts: store.run_accounts(run).await?,
            run: row,
            step_states,
            findings,
            repairs,
            spent: None,
            actions,
            names: accounts::names(store).await?,
        })
    }

    /// The same, with what this process asked of AWS for it.
    pub(super) fn with_calls(self, counters: Counters) -> Self {
        let spent = Some(Spent {
            calls: counters.calls,
            throttles: counters.throttles,
        });
        Self { spent, ..self }
    }

    /// Whether no account stopped and no finding of the run still fails, nor, where they were to be
    /// `judged`, is unknown to pass because its account was not read again.
    pub(super) fn is_fine(&self, judged: bool) -> bool {
        let there = |state: &str| self.findings.contains_key(state);
        let unknown = judged && there("not_judged");
        let stopped =
            |account: &RunAccountRow| ["drifted", "failed"].contains(&account.state.as_str());
        !unknown && !there("still_failing") && !self.accounts.iter().any(stopped)
    }

    fn steps_in(&self, state: ActionState) -> usize {
        self.step_states.get(state.as_str()).copied().unwrap_or(0)
    }
}

/// The state of a finding, which a later sweep may have seen otherwise than the one after the run.
fn state_now(repair: &RepairRow) -> &str {
    match (repair.state.as_str(), repair.verdict.as_deref()) {
        ("verified", Some("fail")) => "verified_then_failing_now",
        ("verified", Some("unknown")) => "verified_then_unknown_now",
        (state, _) => state,
    }
}

/// A run in the chosen form.
pub(super) fn text(told: &Told, common: &Common) -> anyhow::Result<String> {
    Ok(match common.format.unwrap_or_default() {
        Format::Json => serde_json::to_string_pretty(told)? + "\n",
        Format::Jsonl => serde_json::to_string(told)? + "\n",
        _ => page(told),
    })
}

/// A run with each step in the chosen form.
pub(super) fn steps(told: &Told, common: &Common) -> anyhow::Result<String> {
    check_format(common)?;
    let whole = || -> anyhow::Result<Value> {
        let mut value = serde_json::to_value(told)?;
        value["actions"] = json!(told.actions);
        Ok(value)
    };
    Ok(match common.format.unwrap_or_default() {
        Format::Json => serde_json::to_string_pretty(&whole()?)? + "\n",
        Format::Jsonl => serde_json::to_string(&whole()?)? + "\n",
        _ => {
            let mut text = head(told);
            let rows = told.actions.iter().map(|action| {
                let at = action.finished_at.or(action.started_at);
                vec![
                    action.number.to_string(),
                    told.names.with_name(&action.account_id),
                    action.kind.clone(),
                    action.resource.clone(),
                    action.state.as_str().to_owned(),
                    at.map(|at| at.format("%Y-%m-%d %H:%M:%S").to_string())
                        .unwrap_or_default(),
                    action.message.clone().unwrap_or_default(),
                ]
            });
            text.push('\n');
            text.push_str(&grid(
                &["#", "account", "step", "resource", "state", "at", "why"],
                rows,
                output::width(),
            ));
            text.push_str("(`--format json` shows what was there before and after)\n");
            text
        }
    })
}
