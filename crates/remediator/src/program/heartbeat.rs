//! `orgsweep-remediate heartbeat`: rings an alarm per topic when its turn has come.

use chrono::{TimeDelta, Utc};
use clap::Args;
use orgsweep_controls::Arn;
use orgsweep_remediator::drill::choose::{SeenOrNever, seen_or_never, whose_turn};
use orgsweep_remediator::export::table::grid;

use super::arguments::{Common, Format};
use super::ringing::{How, check_format};
use super::settings::Settings;
use super::{Exit, demo, output, plan, usage};

/// Ring an alarm per topic whose message was not seen to get out for some time.
///
/// Made to be run on a schedule: what is not due rings nothing. The view
/// `last_seen_end_to_end` says for each topic when a message was last seen to leave.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// A topic is due when it was last seen so long ago.
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = plan::duration)]
    every: TimeDelta,

    /// Ring nothing; list when a message was last seen to get out through each topic, and through
    /// which it never was.
    #[arg(long)]
    list: bool,

    #[command(flatten)]
    how: How,
}

pub(crate) async fn run(arguments: Arguments, common: &Common) -> anyhow::Result<Exit> {
    check_format(common)?;
    let settings = Settings::read(common)?;
    if !arguments.list {
        demo::refused(common, &settings)?;
    }
    let catalog = settings.catalog()?;
    let store = settings.store().await?;
    let result = async {
        let how = &arguments.how;
        let candidates = how.candidates(&catalog, &store).await?;
        let seen = store.last_seen_end_to_end().await?;
        if arguments.list {
            let named = how.numbers(&store).await?;
            let mut topics = seen_or_never(&candidates, &seen);
            topics.retain(|topic| {
                named.is_empty() || named.iter().any(|one| one.as_str() == topic.account_id)
            });
            output::print(&listed(&topics, common.format.unwrap_or_default())?)?;
            return Ok(Exit::Fine);
        }
        let due = whose_turn(candidates, &seen, arguments.every, Utc::now());
        let Some(limit) = how.limit.or(how.names_accounts().then_some(u32::MAX)) else {
            return Err(usage(format!(
                "{} due; say how many at most with `--limit`, or name accounts",
                output::counted(due.len(), "topic is", "topics are")
            )));
        };
        let alarms: Vec<Arn> = due
            .into_iter()
            .take(limit as usize)
            .map(|one| one.alarm)
            .collect();
        how.ring_all("heartbeat", &alarms, common, &settings, &store)
            .await
    }
    .await;
    store.close().await;
    result
}

/// When a message was last seen to get out through each topic, and through which it never was.
fn listed(topics: &[SeenOrNever], format: Format) -> anyhow::Result<String> {
    Ok(match format {
        Format::Json => serde_json::to_string_pretty(topics)? + "\n",
        Format::Jsonl => {
            let lines: Result<Vec<String>, _> = topics.iter().map(serde_json::to_string).collect();
            lines?.into_iter().map(|line| line + "\n").collect()
        }
        Format::Table if topics.is_empty() => {
            "No chain holds, and nothing was seen end to end yet; `orgsweep findings` says why.\n"
                .to_owned()
        }
        Format::Table => grid(
            &["account", "region", "topic", "last seen", "by"],
            topics.iter().map(|topic| {
                let last = topic.last_seen_at;
                vec![
                    topic.account_id.clone(),
                    topic.region.clone(),
                    topic.action_arn.clone(),
                    last.map_or_else(
                        || "never".to_owned(),
                        |at| at.format("%Y-%m-%d %H:%M").to_string(),
                    ),
                    topic
                        .alarm_arn
                        .rsplit(":alarm:")
                        .next()
                        .filter(|_| last.is_some())
                        .unwrap_or_default()
                        .to_owned(),
                ]
            }),
            output::width(),
        ),
        _ => return Err(usage("the list is printed as table, json or jsonl")),
    })
}
