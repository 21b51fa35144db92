//! Waiting for a condition, with an end.

use std::future::Future;
use std::time::{Duration, Instant};

/// How long anything that is waited for may take. Generous: it only decides
/// how late a broken test fails.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// Asks until the answer is there.
///
/// # Panics
/// When there is none after [`PATIENCE`]; `what` says what was waited for.
pub async fn until<T, Answer>(what: &str, mut ask: impl FnMut() -> Answer) -> T
where
    Answer: Future<Output = Option<T>>,
{
    let start = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
