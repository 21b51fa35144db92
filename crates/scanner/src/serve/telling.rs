//! Emptying the outbox for as long as the service runs.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use orgsweep_notify::Channels;
use orgsweep_store::Store;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::config::NotificationSettings;
use crate::notifications::Outbox;

/// How long to wait when nothing is known to be due: another process may have added to the outbox.
const LOOK_AGAIN: Duration = Duration::from_mins(1);

/// Sends what is due, until stopped; `wake` says that something is.
pub(crate) async fn tell(
    store: Store,
    channels: Channels,
    settings: NotificationSettings,
    wake: Arc<Notify>,
    stop: CancellationToken,
) {
    if channels.configured().is_empty() {
        return;
    }
    while !stop.is_cancelled() {
        let outbox = Outbox {
            store: &store,
            channels: &channels,
            settings: &settings,
            stop: &stop,
        };
        let next = match outbox.send_due().await {
            Ok(report) => {
                for warning in report.warnings() {
                    tracing::warn!("{warning}");
                }
                if report.elsewhere {
                    None
                } else {
                    store.next_notification().await.ok().flatten()
                }
            }
            Err(error) => {
                tracing::warn!(error = format!("{error:#}"), "notifications were not sent");
                None
            }
        };
        let wait = next.map_or(LOOK_AGAIN, |next| {
            let wait = (next - Utc::now()).to_std().unwrap_or_default();
            wait.clamp(Duration::from_millis(100), LOOK_AGAIN)
        });
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = wake.notified() => {}
            () = stop.cancelled() => {}
        }
    }
}
