//! `orgsweep-remediate status`: what a run did and what came of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::bail;
use clap::Args;
use orgsweep_aws_access::Counters;
use orgsweep_remediator::export::table::{grid, shown};
use orgsweep_store::{ActionRow, ActionState, RepairRow, RunAccountRow, RunRow, RunState, Store};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::arguments::{Common, Format};
use super::settings::Settings;
use super::{output, usage};

/// Findings and accounts that are listed one by one.
const LISTED: usize = 40;

/// Show what a run did and what came of it; without a run, of the last one.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The run's id.
    #[arg(value_name = "RUN_ID")]
    run: Option<Uuid>,
}

pub(crate) async fn run(arguments: Arguments, common: &Common) -> anyhow::Result<()> {
    check_format(common)?;
    let store = Settings::read(common)?.store().await?;
    let told = async {
        let run = match arguments.run {
            Some(run) => run,
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
            *findings.entry(repair.state.clone()).or_default() += 1;
        }
        Ok(Self {
            accounts: store.run_accounts(run).await?,
            run: row,
            step_states,
            findings,
            repairs,
            spent: None,
            actions,
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

    fn steps_in(&self, state: ActionState) -> usize {
        self.step_states.get(state.as_str()).copied().unwrap_or(0)
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
                    action.account_id.clone(),
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

fn head(told: &Told) -> String {
    let run = &told.run;
    let mut text = String::new();
    let what = match run.undoes {
        Some(undone) => format!("takes back run {undone}"),
        None => format!("applies plan {}", run.plan_id),
    };
    let _ = writeln!(text, "Run {} {what}: {}", run.run_id, run.state.as_str());
    let _ = writeln!(
        text,
        "started by {} at {}{}",
        shown(&run.author),
        run.started_at.format("%Y-%m-%d %H:%M:%S UTC"),
        run.caller
            .as_deref()
            .map(|caller| format!(" as {}", shown(caller)))
            .unwrap_or_default()
    );
    if let Some(message) = &run.message {
        let _ = writeln!(text, "{}", shown(message));
    }
    text
}

fn page(told: &Told) -> String {
    let mut text = head(told);
    let all = told.actions.len();
    let accounts = output::counted(told.accounts.len(), "account", "accounts");
    let done = told.steps_in(ActionState::Done);
    let undone = told.steps_in(ActionState::Undone);
    let _ = writeln!(
        text,
        "\n{} of {} {} in {accounts}{}.",
        done + undone,
        output::counted(all, "step", "steps"),
        if told.run.undoes.is_some() {
            "taken back"
        } else {
            "done"
        },
        rest(told)
    );
    if let Some(Spent { calls, throttles }) = told.spent {
        let _ = writeln!(
            text,
            "{calls} calls to AWS, {throttles} of them throttled, beside judging again."
        );
    }
    if !told.findings.is_empty() {
        text.push_str(if told.run.undoes.is_some() {
            "\nFindings of the run that was taken back\n"
        } else {
            "\nFindings\n"
        });
        for (state, number) in &told.findings {
            let _ = writeln!(text, "{number:>6}  {}", state.replace('_', " "));
        }
    }
    let stopped: Vec<&RunAccountRow> = told
        .accounts
        .iter()
        .filter(|account| !matches!(account.state.as_str(), "done" | "pending"))
        .collect();
    if !stopped.is_empty() {
        text.push_str("\nAccounts that stopped\n");
        let rows = stopped.iter().take(LISTED).map(|account| {
            vec![
                account.account_id.clone(),
                account.wave.to_string(),
                account.state.clone(),
                account.message.clone().unwrap_or_default(),
            ]
        });
        text.push_str(&grid(
            &["account", "wave", "state", "why"],
            rows,
            output::width(),
        ));
    }
    let open: Vec<&RepairRow> = told
        .repairs
        .iter()
        .filter(|repair| {
            told.run.undoes.is_none()
                && !matches!(repair.state.as_str(), "verified" | "not_applied" | "undone")
        })
        .collect();
    if !open.is_empty() {
        text.push_str("\nFindings that do not pass yet\n");
        let rows = open.iter().take(LISTED).map(|repair| {
            vec![
                repair.account_id.clone(),
                repair.control.clone(),
                repair.state.replace('_', " "),
                repair.reason.clone().unwrap_or_default(),
                repair.reason_before.clone(),
            ]
        });
        text.push_str(&grid(
            &["account", "control", "state", "reason now", "reason before"],
            rows,
            output::width(),
        ));
    }
    text.push_str(&next(told));
    text
}

/// What became of the steps that are not done.
fn rest(told: &Told) -> String {
    let words = [
        (ActionState::Skipped, "needed not be done"),
        (ActionState::Undone, "taken back since"),
        (
            ActionState::Drifted,
            "not done, because something has changed",
        ),
        (ActionState::Failed, "failed"),
        (ActionState::Started, "begun, with an end that is not known"),
        (ActionState::Pending, "not begun"),
    ];
    let parts: Vec<String> = words
        .iter()
        .filter_map(|(state, words)| match told.steps_in(*state) {
            0 => None,
            number => Some(format!("{number} {words}")),
        })
        .collect();
    if parts.is_empty() {
        String::new()
    } else {
        format!("; {}", parts.join(", "))
    }
}

fn next(told: &Told) -> String {
    let run = &told.run;
    if run.undoes.is_some() {
        return match run.state {
            RunState::Finished => String::new(),
            _ => "\n`orgsweep remediate undo` with the same run goes on.\n".to_owned(),
        };
    }
    let mut text = String::from("\n");
    if run.state != RunState::Finished {
        let _ = writeln!(
            text,
            "Go on:      orgsweep remediate apply {} --resume",
            run.plan_id
        );
    }
    if told
        .findings
        .keys()
        .any(|state| state.starts_with("waiting"))
    {
        let _ = writeln!(
            text,
            "By hand:    orgsweep remediate show {} lists it; the next sweep sees when it is done",
            run.plan_id
        );
    }
    if run.done > 0 {
        let _ = writeln!(text, "Take back:  orgsweep remediate undo {}", run.run_id);
        let _ = writeln!(text, "Each step:  orgsweep remediate show {}", run.run_id);
    }
    text
}
