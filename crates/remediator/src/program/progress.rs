//! How far a run is, on stderr: a moving line on a terminal, nothing elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::task::JoinHandle;

/// How often the line moves.
const TICK: Duration = Duration::from_millis(250);

/// The running display; ends when dropped.
pub(super) struct Progress {
    bar: ProgressBar,
    display: JoinHandle<()>,
}

impl Progress {
    /// Starts to show how many of `total` steps have ended.
    pub(super) fn start(total: u64, ended: Arc<AtomicU64>, verb: &'static str) -> Self {
        // Hides itself where stderr is no terminal.
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
        if let Ok(style) =
            ProgressStyle::with_template("{spinner} [{bar:24}] {pos} of {len} steps {msg}")
        {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(verb);
        let shown = bar.clone();
        let display = tokio::spawn(async move {
            loop {
                shown.set_position(ended.load(Ordering::Relaxed));
                shown.tick();
                tokio::time::sleep(TICK).await;
            }
        });
        Self { bar, display }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.display.abort();
        self.bar.finish_and_clear();
    }
}
