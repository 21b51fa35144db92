//! Writing what becomes of a run's steps: each before it is begun and after it ended, those of
//! all accounts that are at work together.

use std::time::Duration;

use orgsweep_store::{ActionRecord, ActionState, ActionStep, GroupCommit, Store, StoreError};
use uuid::Uuid;

use super::seen::Seen;

/// Steps of one transaction at most: few enough that nobody waits long for it.
const LARGEST: usize = 256;

/// Records the steps of one run. Its writer ends with the last clone.
#[derive(Debug, Clone)]
pub struct Recorder {
    commits: GroupCommit<ActionRecord>,
}

impl Recorder {
    /// Starts the writer.
    pub fn start(store: &Store, run: Uuid) -> Self {
        let store = store.clone();
        // A step waits for its record, so nothing is gathered on purpose.
        let gathering = Duration::ZERO;
        let commits = GroupCommit::start(LARGEST, gathering, move |records: &[ActionRecord]| {
            let store = store.clone();
            Box::pin(async move { store.record_actions(run, records).await })
        });
        Self { commits }
    }

    /// A step is about to be done, and `before` is there. Returns when that is committed.
    pub(super) async fn begun(&self, number: u32, before: &Seen) -> Result<(), StoreError> {
        let before = as_value(before);
        self.put(number, ActionStep::Begun { before }).await
    }

    /// A step ended so, and left `after`.
    pub(super) async fn ended(
        &self,
        number: u32,
        state: ActionState,
        after: Option<&Seen>,
        message: Option<&str>,
    ) -> Result<(), StoreError> {
        let step = ActionStep::Ended {
            state,
            after: after.map(as_value),
            message: message.map(str::to_owned),
        };
        self.put(number, step).await
    }

    /// A step took back the one of the same number of the run `of`, and left `after`.
    pub(super) async fn took_back(
        &self,
        number: u32,
        of: Uuid,
        after: &Seen,
        message: Option<&str>,
    ) -> Result<(), StoreError> {
        let step = ActionStep::TookBack {
            of,
            after: as_value(after),
            message: message.map(str::to_owned),
        };
        self.put(number, step).await
    }

    async fn put(&self, number: u32, step: ActionStep) -> Result<(), StoreError> {
        self.commits.put(ActionRecord { number, step }).await
    }
}

/// What was seen, as its row has it.
fn as_value(seen: &Seen) -> serde_json::Value {
    serde_json::to_value(seen).unwrap_or_default()
}
