//! `orgsweep notifications`: what was told to people after sweeps, what is still to be told,
//! and whether messages arrive at all.

use std::time::Duration;

use anyhow::bail;
use clap::{Args, Subcommand};
use orgsweep_notify::{Channel, Channels, Delivery, Message};
use orgsweep_store::{NotificationId, NotificationRow};
use serde::Serialize;
use uuid::Uuid;

use crate::config::Settings;
use crate::context::{self, Context};
use crate::exit::{Exit, usage};
use crate::notifications::{Outbox, Report};
use crate::output::number::{counted, moment};
use crate::output::{Column, Format, listing, terminal};
use crate::sweep::interruption;

/// List what was told after sweeps, send what waits, try the channels.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List notifications, the newest first.
    List {
        /// Only those in this state.
        #[arg(long, value_name = "STATE", value_parser = STATES)]
        state: Option<String>,
    },
    /// Send what waits, without waiting for its time.
    Send {
        /// Only these, whatever became of them before: held or given up as well.
        #[arg(value_name = "ID")]
        ids: Vec<NotificationId>,
    },
    /// Send a test message by each channel that is configured. It is not kept.
    Test {
        /// Only by this channel: webhook, slack, sns or email.
        #[arg(long, value_name = "CHANNEL")]
        channel: Option<Channel>,
    },
}

/// The states of a notification.
const STATES: [&str; 6] = ["pending", "sending", "sent", "held", "failed", "not_needed"];

/// How long `send` goes on with receivers that do not accept at once.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) async fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<Exit> {
    let settings = context.settings()?;
    match &arguments.command {
        Command::List { state } => list(&settings, state.as_deref()).await,
        Command::Send { ids } => send(&settings, ids).await,
        Command::Test { channel } => test(&settings, *channel).await,
    }
}

async fn list(settings: &Settings, state: Option<&str>) -> anyhow::Result<Exit> {
    let store = context::store(settings).await?;
    let rows = store.notifications().await;
    store.close().await;
    let mut rows = rows?;
    rows.retain(|row| state.is_none_or(|state| row.state == state));
    if rows.is_empty() && settings.format == Format::Table {
        terminal::tell(
            "no notifications; they are made by sweeps that end while a channel is configured",
        );
        return Ok(Exit::Fine);
    }
    terminal::print(&listing(
        &rows,
        &columns(),
        settings.format,
        terminal::width(),
    )?)?;
    Ok(Exit::Fine)
}

fn columns() -> [Column<NotificationRow>; 10] {
    [
        Column::new("notification_id", "id", |row| {
            row.notification_id.to_string()
        }),
        Column::csv_only("sweep_id", |row| row.sweep_id.to_string()),
        Column::new("channel", "channel", |row| row.channel.clone()),
        Column::new("state", "state", |row| row.state.clone()),
        Column::new("attempts", "attempts", |row| row.attempts.to_string()),
        Column::csv_only("in_doubt", |row| row.in_doubt.to_string()),
        Column::new("created_at", "sweep ended", |row| moment(row.created_at)),
        Column::new("next_attempt_at", "next attempt", |row| {
            row.next_attempt_at.map_or_else(String::new, moment)
        }),
        Column::new("sent_at", "sent", |row| {
            row.sent_at.map_or_else(String::new, moment)
        }),
        Column::new("last_error", "error", |row| {
            row.last_error.clone().unwrap_or_default()
        }),
    ]
}

async fn send(settings: &Settings, ids: &[NotificationId]) -> anyhow::Result<Exit> {
    let channels = context::channels(settings).await?;
    let store = context::store(settings).await?;
    let sent = async {
        let due = store.requeue_notifications(ids).await?;
        if !ids.is_empty() && due < ids.len() as u64 {
            bail!(
                "{} of {} can be sent; `orgsweep notifications list` shows ids and states (what was sent is not sent again)",
                due,
                counted(ids.len() as u64, "notification")
            );
        }
        let outbox = Outbox {
            store: &store,
            channels: &channels,
            settings: &settings.notifications,
            stop: &interruption::token(),
        };
        outbox.send_for(PATIENCE).await
    }
    .await;
    store.close().await;
    let report = sent?;
    context::warn_of(&report.warnings());
    told(&report)
}

fn told(report: &Report) -> anyhow::Result<Exit> {
    if report.elsewhere {
        terminal::tell("another process is sending notifications; it takes these along");
        return Ok(Exit::Fine);
    }
    terminal::tell(&format!("{} sent", counted(report.sent, "notification")));
    if report.postponed.is_empty() && report.stopped.is_empty() {
        Ok(Exit::Fine)
    } else {
        bail!("some notifications were not sent; `orgsweep notifications list` shows them")
    }
}

/// What became of a test message.
#[derive(Serialize)]
struct Tried {
    channel: &'static str,
    arrived: bool,
    error: Option<String>,
}

async fn test(settings: &Settings, only: Option<Channel>) -> anyhow::Result<Exit> {
    let channels = context::channels(settings).await?;
    let chosen: Vec<Channel> = channels
        .configured()
        .into_iter()
        .filter(|channel| only.is_none_or(|only| only == *channel))
        .collect();
    if chosen.is_empty() {
        return Err(usage(match only {
            Some(channel) => format!("the channel `{channel}` is not configured"),
            None => "no channel is configured; `orgsweep config init --stdout` shows the section `[notifications]`".to_owned(),
        }));
    }
    let mut tried = Vec::new();
    for channel in chosen {
        tried.push(try_channel(&channels, channel).await);
    }
    let columns = [
        Column::new("channel", "channel", |tried: &Tried| {
            tried.channel.to_owned()
        }),
        Column::new("arrived", "accepted", |tried: &Tried| {
            if tried.arrived { "yes" } else { "no" }.to_owned()
        }),
        Column::new("error", "error", |tried: &Tried| {
            tried.error.clone().unwrap_or_default()
        }),
    ];
    terminal::print(&listing(
        &tried,
        &columns,
        settings.format,
        terminal::width(),
    )?)?;
    if tried.iter().all(|tried| tried.arrived) {
        Ok(Exit::Fine)
    } else {
        bail!("not every channel accepted the test message")
    }
}

async fn try_channel(channels: &Channels, channel: Channel) -> Tried {
    let message = Message::test();
    let delivery = Delivery {
        id: Uuid::now_v7(),
        message: &message,
        repeated: false,
    };
    let error = channels.send(channel, &delivery).await.err();
    Tried {
        channel: channel.as_str(),
        arrived: error.is_none(),
        error: error.map(|error| error.to_string()),
    }
}
