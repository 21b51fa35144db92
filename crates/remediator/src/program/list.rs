//! `orgsweep-remediate list`: the plans that were made, or their runs.

use chrono::{DateTime, Utc};
use clap::Args;
use orgsweep_remediator::Plan;
use orgsweep_remediator::export::table::grid;
use orgsweep_store::{PlanRow, RunRow, RunState};
use serde::Serialize;
use uuid::Uuid;

use super::arguments::{Common, Format};
use super::settings::Settings;
use super::{output, usage};

/// List the plans that were made, or what was applied and taken back, the newest first.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// List runs instead of plans.
    #[arg(long)]
    runs: bool,
}

/// One plan of the list.
#[derive(Debug, Serialize)]
struct Row {
    plan_id: String,
    digest: String,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    expired: bool,
    author: String,
    reason: String,
    steps: usize,
    human_steps: usize,
    repairs: usize,
    /// What became of it when it was applied last; `None` when it never was.
    applied: Option<&'static str>,
}

pub(crate) async fn run(arguments: Arguments, common: &Common) -> anyhow::Result<()> {
    let store = Settings::read(common)?.store().await?;
    if arguments.runs {
        let runs = store.runs().await;
        store.close().await;
        let text = printed_runs(&runs?, common.format.unwrap_or_default())?;
        return Ok(output::print(&text)?);
    }
    let (plans, runs) = (store.plans().await, store.runs().await);
    store.close().await;
    let (now, runs) = (Utc::now(), runs?);
    let rows = plans?.into_iter().map(|plan| row(plan, &runs, now));
    let rows: Vec<Row> = rows.collect();
    Ok(output::print(&printed(
        &rows,
        common.format.unwrap_or_default(),
    )?)?)
}

fn row(stored: PlanRow, runs: &[RunRow], now: DateTime<Utc>) -> Row {
    let plan: Option<Plan> = serde_json::from_value(stored.document).ok();
    let count = |of: fn(&Plan) -> usize| plan.as_ref().map_or(0, of);
    Row {
        plan_id: stored.id.to_string(),
        digest: stored.digest,
        created_at: stored.created_at,
        expires_at: stored.expires_at,
        expired: stored.expires_at <= now,
        author: stored.author,
        reason: stored.reason,
        steps: count(|plan| plan.steps.len()),
        human_steps: count(|plan| plan.human_steps.len()),
        repairs: count(|plan| plan.repairs.len()),
        applied: applied(stored.id, runs),
    }
}

/// What became of the last run that applied the plan, the newest run first.
fn applied(plan: Uuid, runs: &[RunRow]) -> Option<&'static str> {
    let of_plan = |run: &&RunRow| run.plan_id == plan && run.undoes.is_none();
    let run = runs.iter().find(of_plan)?;
    Some(match run.state {
        _ if run.undone > 0 && run.done == 0 => "taken_back",
        _ if run.undone > 0 => "partly_taken_back",
        RunState::Finished => "applied",
        RunState::Failed => "failed",
        RunState::Running => "running",
        RunState::Interrupted => "interrupted",
    })
}

fn printed(rows: &[Row], format: Format) -> anyhow::Result<String> {
    Ok(match format {
        Format::Table if rows.is_empty() => {
            "No plans yet; `orgsweep remediate plan` makes one.\n".to_owned()
        }
        Format::Table => grid(
            &[
                "plan",
                "made",
                "by",
                "valid until",
                "repairs",
                "steps",
                "by hand",
                "applied",
                "because",
            ],
            rows.iter().map(|row| {
                let until = row.expires_at.format("%Y-%m-%d %H:%M").to_string();
                vec![
                    row.plan_id.clone(),
                    row.created_at.format("%Y-%m-%d %H:%M").to_string(),
                    row.author.clone(),
                    if row.expired {
                        "expired".to_owned()
                    } else {
                        until
                    },
                    row.repairs.to_string(),
                    row.steps.to_string(),
                    row.human_steps.to_string(),
                    row.applied.unwrap_or("no").replace('_', " "),
                    row.reason.clone(),
                ]
            }),
            output::width(),
        ),
        other => values(rows, other)?,
    })
}

fn printed_runs(runs: &[RunRow], format: Format) -> anyhow::Result<String> {
    Ok(match format {
        Format::Table if runs.is_empty() => {
            "Nothing has been applied yet; `orgsweep remediate apply` does what a plan says.\n"
                .to_owned()
        }
        Format::Table => grid(
            &["run", "started", "by", "what", "state", "done", "steps"],
            runs.iter().map(|run| {
                let what = match run.undoes {
                    Some(undone) => format!("undoes {undone}"),
                    None => format!("applies {}", run.plan_id),
                };
                vec![
                    run.run_id.to_string(),
                    run.started_at.format("%Y-%m-%d %H:%M").to_string(),
                    run.author.clone(),
                    what,
                    run.state.as_str().to_owned(),
                    run.done.to_string(),
                    run.steps.to_string(),
                ]
            }),
            output::width(),
        ),
        other => values(runs, other)?,
    })
}

/// Rows for programs.
fn values<T: Serialize>(rows: &[T], format: Format) -> anyhow::Result<String> {
    match format {
        Format::Jsonl => {
            let lines: Result<Vec<String>, _> = rows.iter().map(serde_json::to_string).collect();
            Ok(lines?.into_iter().map(|line| line + "\n").collect())
        }
        Format::Json | Format::Table => Ok(serde_json::to_string_pretty(rows)? + "\n"),
        _ => Err(usage("lists are printed as table, json or jsonl")),
    }
}
