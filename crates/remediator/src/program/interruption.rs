//! Ctrl-C and termination signals: the first lets the step in hand end, the second
//! ends the process at once.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal;
use tokio_util::sync::CancellationToken;

use super::{INTERRUPTED, output};

/// Whether somebody is being asked, and nothing is in hand.
static ASKING: AtomicBool = AtomicBool::new(false);

/// Lets the first signal end the program while `ask` waits for somebody's answer.
pub(super) fn while_asking<T>(ask: impl FnOnce() -> T) -> T {
    ASKING.store(true, Ordering::SeqCst);
    let answer = ask();
    ASKING.store(false, Ordering::SeqCst);
    answer
}

/// A token that the first signal cancels.
pub(super) fn token() -> CancellationToken {
    let token = CancellationToken::new();
    let cancelled = token.clone();
    tokio::spawn(async move {
        asked_to_stop().await;
        if ASKING.load(Ordering::SeqCst) {
            output::tell("interrupted; nothing was done");
            std::process::exit(INTERRUPTED.into());
        }
        output::tell("stopping after the steps in hand; a second Ctrl-C stops at once");
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
                () = ctrl_c() => {}
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
