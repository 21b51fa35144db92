//! Writing what becomes of a run's steps and accounts: each before it is begun and after it ended,
//! those that are at work together.

use std::time::Duration;

use orgsweep_controls::AccountId;
use orgsweep_store::{
    ActionRecord, ActionState, ActionStep, GroupCommit, RunAccountRecord, Store, StoreError,
};
use serde_json::value::{RawValue, to_raw_value};
use uuid::Uuid;

use super::seen::Seen;

/// Rows of one transaction at most: few enough that nobody waits long for it.
const LARGEST: usize = 256;

/// How long a record waits for others: much less than a call to AWS takes, and long enough that
/// accounts that wait for their quotas do not each take a transaction.
const GATHERING: Duration = Duration::from_millis(5);

/// Records the steps and accounts of one run. Its writers end with the last clone.
#[derive(Debug, Clone)]
pub struct Recorder {
    steps: GroupCommit<ActionRecord>,
    accounts: GroupCommit<RunAccountRecord>,
}

impl Recorder {
    /// Starts the writers.
    pub fn start(store: &Store, run: Uuid) -> Self {
        let to_steps = store.clone();
        let steps = GroupCommit::start(LARGEST, GATHERING, move |records: &[ActionRecord]| {
            let store = to_steps.clone();
            Box::pin(async move { store.record_actions(run, records).await })
        });
        let to_accounts = store.clone();
        let accounts = GroupCommit::start(LARGEST, GATHERING, move |records| {
            let store = to_accounts.clone();
            Box::pin(async move { store.put_run_accounts(run, records).await })
        });
        Self { steps, accounts }
    }

    /// How an account is doing. Returns when that is committed.
    pub async fn account(
        &self,
        account: &AccountId,
        state: &'static str,
        message: Option<String>,
    ) -> Result<(), StoreError> {
        let account = account.clone();
        let record = RunAccountRecord {
            account,
            state,
            message,
        };
        self.accounts.put(record).await
    }

    /// A step is about to be done, and `before` is there. Returns when that is committed.
    pub(super) async fn begun(&self, number: u32, before: &Seen) -> Result<(), StoreError> {
        let before = as_text(before);
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
            after: after.map(as_text),
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
            after: as_text(after),
            message: message.map(str::to_owned),
        };
        self.put(number, step).await
    }

    async fn put(&self, number: u32, step: ActionStep) -> Result<(), StoreError> {
        self.steps.put(ActionRecord { number, step }).await
    }
}

/// What was seen, as its row has it.
fn as_text(seen: &Seen) -> Box<RawValue> {
    // Of what is seen, nothing cannot be written as JSON.
    to_raw_value(seen).unwrap_or_else(|_| RawValue::NULL.to_owned())
}
