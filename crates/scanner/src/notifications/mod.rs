//! Telling people what a sweep changed: what is said ([`compose`]), and how the outbox is
//! emptied ([`outbox`]). The rows are the store's, the channels are `orgsweep-notify`'s.

mod compose;
mod outbox;

use std::time::Duration;

use orgsweep_notify::Channels;
use orgsweep_store::Store;
use tokio_util::sync::CancellationToken;

use crate::config::NotificationSettings;
use crate::context::warn_of;

pub(crate) use outbox::{Outbox, Report};

/// How long a sweep waits at its end for receivers that do not accept at once.
const PATIENCE: Duration = Duration::from_secs(15);

/// Sends what the outbox holds when a sweep has ended. What cannot be delivered soon is kept, and
/// the next sweep, the service or `orgsweep notifications send` delivers it.
pub(crate) async fn after_sweep(
    store: &Store,
    channels: &Channels,
    settings: &NotificationSettings,
    interruption: &CancellationToken,
) {
    if channels.configured().is_empty() {
        return;
    }
    let outbox = Outbox {
        store,
        channels,
        settings,
        stop: interruption,
    };
    // The sweep is done and kept, whatever becomes of this.
    match outbox.send_for(PATIENCE).await {
        Ok(report) => warn_of(&report.warnings()),
        Err(error) => warn_of(&[format!("notifications were not sent: {error:#}")]),
    }
}
