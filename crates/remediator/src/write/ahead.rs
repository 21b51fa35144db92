//! Sessions that are signed in before the turn of their accounts comes: while a wave is judged, the
//! accounts of the next one sign in.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt as _};
use orgsweep_aws_access::{Access, AccountSession};
use orgsweep_controls::AccountId;

use super::signed_in;

/// Sign-ins at once. They have the turns of STS's quota, too.
const AT_ONCE: usize = 32;
/// How long a session may wait for its account's turn: a fraction of the hour that it is good for.
const AT_MOST: Duration = Duration::from_mins(10);

/// Sessions whose accounts' turn has not come. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct SignedInAhead(Arc<Mutex<BTreeMap<AccountId, (Instant, AccountSession)>>>);

impl SignedInAhead {
    /// Signs in to accounts; where that does not work, nothing is kept.
    pub(super) async fn fill(&self, access: &Access, accounts: &[AccountId]) {
        let sign_ins = accounts.iter().map(async |account| {
            if let Ok(session) = signed_in(access, account).await {
                self.put(session, Instant::now());
            }
        });
        stream::iter(sign_ins)
            .buffer_unordered(AT_ONCE)
            .collect::<()>()
            .await;
    }

    fn put(&self, session: AccountSession, now: Instant) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.insert(session.account().clone(), (now, session));
    }

    /// The session of an account, once, unless it has waited for too long.
    pub(super) fn take(&self, account: &AccountId) -> Option<AccountSession> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, session) = waiting.remove(account)?;
        (since.elapsed() <= AT_MOST).then_some(session)
    }
}
