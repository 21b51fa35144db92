//! The record of calls: what tests and benchmarks count.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::watch;

use crate::quota;
use crate::request::ServiceError;
use crate::service::Service;

/// One call that was answered, or was left without an answer on purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedCall {
    /// Service.
    pub service: Service,
    /// Operation.
    pub operation: String,
    /// Region of the endpoint.
    pub region: String,
    /// Account of the credentials.
    pub account: String,
    /// Account that is asked: that of the role for AssumeRole, otherwise that of the credentials.
    pub target_account: String,
    /// HTTP status; 0 when there was no answer.
    pub status: u16,
    /// Error code, when the service refused.
    pub code: Option<String>,
    /// When it was answered.
    pub at: Instant,
}

impl RecordedCall {
    /// The quota that the call counted against, in words, and the requests per second that AWS
    /// publishes for it. It is one of the credentials' account and of the Region.
    pub fn quota(&self) -> (String, f64) {
        quota::published(self.service, &self.operation, &self.region)
    }

    /// Whether it was throttled.
    pub fn is_throttled(&self) -> bool {
        self.code == Some(ServiceError::throttled(self.service).code)
    }
}

/// The calls so far.
pub struct CallLog {
    calls: Option<Mutex<Vec<RecordedCall>>>,
    count: watch::Sender<u64>,
}

impl CallLog {
    /// An empty log that keeps the calls or only counts them.
    pub(crate) fn new(keeps: bool) -> Self {
        Self {
            calls: keeps.then(Mutex::default),
            count: watch::Sender::new(0),
        }
    }

    pub(crate) fn record(&self, call: RecordedCall) {
        if let Some(calls) = &self.calls {
            calls
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(call);
        }
        self.count.send_modify(|count| *count += 1);
    }

    /// The calls that were kept, oldest first.
    pub fn calls(&self) -> Vec<RecordedCall> {
        self.calls.as_ref().map_or_else(Vec::new, |calls| {
            calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
        })
    }

    /// How many calls there were in all.
    pub fn count(&self) -> u64 {
        *self.count.borrow()
    }

    /// Waits until there were at least `count` calls in all.
    pub async fn wait_for(&self, count: u64) {
        let mut counted = self.count.subscribe();
        // The sender lives as long as this log, so waiting cannot fail.
        let _ = counted.wait_for(|so_far| *so_far >= count).await;
    }

    pub(crate) fn clear(&self) {
        if let Some(calls) = &self.calls {
            calls.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }
}
