//! Whether the CloudWatch of a Region has alarm mute rules at all. AWS has had them
//! since 2025; emulators may not, and older partitions may follow later. It is a
//! fact of the Region and not of an account, so it is found out once for all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use orgsweep_controls::Region;
use tokio::sync::OnceCell;

use crate::errors::{CallError, FaultKind};
use crate::operation::Operation;
use crate::retry::Patience;
use crate::session::Session;

/// What is known so far, by Region.
#[derive(Debug)]
pub(crate) struct MuteSupport {
    /// Whether another endpoint than AWS's own answers, which may be an emulator.
    endpoint_is_given: bool,
    cells: Mutex<HashMap<Region, Arc<OnceCell<bool>>>>,
}

impl MuteSupport {
    pub(crate) fn new(endpoint_is_given: bool) -> Self {
        Self {
            endpoint_is_given,
            cells: Mutex::default(),
        }
    }

    /// Whether there can be mute rules in `region`. A given endpoint is asked once, by
    /// `caller`; AWS's own is taken to have them until it answers that it does not
    /// know the operation ([`Self::are_unknown_in`]).
    pub(crate) async fn exists(&self, caller: &Session, region: &Region) -> bool {
        let cell = self.cell(region);
        if !self.endpoint_is_given {
            return cell.get().copied().unwrap_or(true);
        }
        *cell.get_or_init(|| ask(caller, region)).await
    }

    /// Remembers that the CloudWatch of `region` has no mute rules.
    pub(crate) fn are_unknown_in(&self, region: &Region) {
        // Somebody may have remembered it already.
        self.cell(region).set(false).unwrap_or_default();
    }

    fn cell(&self, region: &Region) -> Arc<OnceCell<bool>> {
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(cells.entry(region.clone()).or_default())
    }
}

/// One request, whatever it brings: an emulator's failure is not worth a second one.
async fn ask(caller: &Session, region: &Region) -> bool {
    let patience = Patience {
        attempts: 1,
        ..caller.shared().patience()
    };
    let client = caller.clients().cloudwatch(region);
    let answer = caller
        .call_with_patience(Operation::ListAlarmMuteRules, region, patience, || {
            client.list_alarm_mute_rules().max_records(1).send()
        })
        .await;
    match answer {
        Ok(_) => true,
        Err(error) => !says_unknown(&error),
    }
}

/// Whether an answer to `ListAlarmMuteRules` says that there is no such operation.
/// Emulators say so without an error code: by a page that is not found, or by failing.
fn says_unknown(error: &CallError) -> bool {
    error.kind == FaultKind::UnknownOperation
        || matches!(error.status_alone, Some(404 | 405 | 500 | 501))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_about_the_operation_says_that_there_are_no_mute_rules() {
        let region: Region = "eu-west-1".parse().unwrap();
        #[rustfmt::skip]
        let cases = [
            (FaultKind::UnknownOperation, None,      true),
            (FaultKind::Garbled,          Some(404), true),
            (FaultKind::Transient,        Some(500), true),
            (FaultKind::Transient,        Some(503), false),
            (FaultKind::Transient,        None,      false),
            (FaultKind::Denied,           None,      false),
            (FaultKind::Garbled,          Some(403), false),
            (FaultKind::TimedOut,         None,      false),
        ];
        for (kind, status_alone, expected) in cases {
            let error = CallError {
                kind,
                status_alone,
                ..CallError::garbled(Operation::ListAlarmMuteRules, &region, "")
            };
            assert_eq!(says_unknown(&error), expected, "{kind:?} {status_alone:?}");
        }
    }
}
