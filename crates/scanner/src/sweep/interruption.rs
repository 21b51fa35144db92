//! Ctrl-C and termination signals: the first asks the sweep to stop, the second
//! ends the process at once.

use tokio::signal;
use tokio_util::sync::CancellationToken;

use crate::exit::INTERRUPTED;
use crate::output::terminal;

/// A token that the first signal cancels.
pub(crate) fn token() -> CancellationToken {
    let token = CancellationToken::new();
    let cancelled = token.clone();
    tokio::spawn(async move {
        asked_to_stop().await;
        terminal::tell("stopping; a second Ctrl-C stops at once");
        cancelled.cancel();
        asked_to_stop().await;
        std::process::exit(INTERRUPTED.into());
    });
    token
}

/// Waits for a signal that asks the program to stop.
#[cfg(unix)]
async fn asked_to_stop() {
    use signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                result = signal::ctrl_c() => if result.is_err() { std::future::pending().await },
                _ = terminate.recv() => {}
            }
        }
        Err(_) => ctrl_c().await,
    }
}

/// Waits for a signal that asks the program to stop.
#[cfg(not(unix))]
async fn asked_to_stop() {
    ctrl_c().await;
}

async fn ctrl_c() {
    if signal::ctrl_c().await.is_err() {
        // Signals cannot be heard here: nobody asks.
        std::future::pending::<()>().await;
    }
}
