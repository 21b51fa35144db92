//! `orgsweep serve`: sweeps by itself, on a schedule, for as long as it runs.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use orgsweep_notify::Channel;
use secrecy::ExposeSecret as _;
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};

use crate::config::layers::{Flag, FlagValue};
use crate::config::{Key, Settings};
use crate::context::{self, Context};
use crate::exit::{self, Exit, usage};
use crate::output::terminal;
use crate::serve::http::{Api, routes};
use crate::serve::schedule::Schedule;
use crate::serve::sweeping::{Shared, Sweeper};
use crate::serve::telling;
use crate::sweep::interruption;
use crate::sweep::selection::Selection;

/// Sweep by itself: on a schedule, and when it is asked to over HTTP.
///
/// Any number of instances can share a database: one of them sweeps at a time. A sweep that
/// was missed is made up for, one that was cut short is gone on with. SIGTERM stops cleanly.
#[derive(Debug, Args)]
#[command(after_help = exit::TABLE)]
pub(crate) struct Arguments {
    /// Address to listen on [default: 127.0.0.1:8787].
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,

    /// When to sweep, in cron's five fields [default: 0 2 * * *].
    #[arg(long, value_name = "CRON")]
    schedule: Option<String>,

    /// Time zone of the schedule, for example Europe/Stockholm [default: UTC].
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
}

/// How long connections may take to end, and messages under way to be handed over.
const CLOSING: Duration = Duration::from_secs(22);

impl Arguments {
    fn settings(&self) -> Vec<Flag> {
        [
            (Key::ServeListen, "--listen", &self.listen),
            (Key::ServeSchedule, "--schedule", &self.schedule),
            (Key::ServeZone, "--time-zone", &self.time_zone),
        ]
        .into_iter()
        .filter_map(|(key, flag, text)| Some((key, flag, FlagValue::One(text.clone()?))))
        .collect()
    }
}

pub(crate) async fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<Exit> {
    let settings = context.settings_with(arguments.settings())?;
    let serve = &settings.serve;
    let schedule =
        Schedule::new(&serve.schedule, &serve.time_zone, serve.catch_up).map_err(usage)?;
    // What is wrong with the settings is said now, not at night.
    let catalog = context::catalog(&settings)?;
    context::decisions(&settings, &catalog)?;
    Selection::new(&settings.include, &settings.exclude)
        .map_err(|error| usage(error.to_string()))?;
    let channels = context::channels(&settings).await?;
    let listener = listener(&settings).await?;
    let address = listener.local_addr()?;

    let stop = interruption::token();
    let store = context::store(&settings).await?;
    terminal::into_the_log();
    let shared = Arc::new(Shared::new(store.clone(), stop.clone()));
    let ended = Arc::new(Notify::new());
    let telling = tokio::spawn(telling::tell(
        store.clone(),
        channels.clone(),
        settings.notifications.clone(),
        ended.clone(),
        stop.clone(),
    ));
    let (asking, asked) = mpsc::channel(1);
    let sweeper = Sweeper {
        shared: shared.clone(),
        schedule,
        channels: channels
            .configured()
            .into_iter()
            .map(Channel::as_str)
            .collect(),
        ended,
        settings: settings.clone(),
    };
    let api = Api {
        shared,
        asking,
        token: serve.token.clone(),
    };
    let stopped = stop.clone();
    let serving = tokio::spawn(async move {
        axum::serve(listener, routes(api))
            .with_graceful_shutdown(async move { stopped.cancelled().await })
            .await
    });
    terminal::print(&format!("listening on http://{address}\n"))?;
    tracing::info!(%address, schedule = serve.schedule, zone = serve.time_zone, "serving");
    let watchdog = tokio::spawn(systemd());

    // Ends when it is asked to stop.
    Box::pin(sweeper.run(asked)).await;
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    watchdog.abort();
    let closing = async {
        let _ = telling.await;
        let _ = serving.await;
    };
    if tokio::time::timeout(CLOSING, closing).await.is_err() {
        tracing::warn!("a connection or a message that was under way was left");
    }
    store.close().await;
    tracing::info!("stopped");
    Ok(Exit::Fine)
}

/// Listens, unless anybody could begin sweeps.
async fn listener(settings: &Settings) -> anyhow::Result<TcpListener> {
    let listen = &settings.serve.listen;
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("`serve.listen`: `{listen}` cannot be listened on"))?;
    let address: SocketAddr = listener.local_addr()?;
    let token = settings.serve.token.as_ref();
    if token.is_none() && !address.ip().is_loopback() {
        return Err(usage(format!(
            "`{listen}` can be reached from other machines, so a token is needed: set ORGSWEEP_SERVE_TOKEN, \
             or ORGSWEEP_SERVE_TOKEN_FILE to a file with it"
        )));
    }
    if token.is_some_and(|token| token.expose_secret().len() < 16) {
        return Err(usage("`serve.token` is shorter than 16 characters"));
    }
    Ok(listener)
}

/// Tells systemd, where it has started this, that the service is up, and goes on being.
async fn systemd() {
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    let Some(within) = sd_notify::watchdog_enabled() else {
        return;
    };
    loop {
        tokio::time::sleep(within / 3).await;
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
    }
}
