//! Whether a Region has an operation at all that AWS has had for a few years only, such as alarm
//! mute rules and links to monitoring accounts: emulators may not, and older partitions may follow
//! later. It is a fact of the Region and not of an account, so it is found out once for all.

use std::error::Error;
use std::future::Future;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use orgsweep_controls::Region;

use crate::errors::{CallError, FaultKind};
use crate::once::Once;
use crate::operation::Operation;
use crate::retry::Patience;
use crate::session::Session;

/// What is known so far, by operation and Region.
#[derive(Debug)]
pub(crate) struct Support {
    /// Whether another endpoint than AWS's own answers, which may be an emulator.
    endpoint_is_given: bool,
    known: Once<(Operation, Region), bool>,
}

impl Support {
    pub(crate) fn new(endpoint_is_given: bool) -> Self {
        Self {
            endpoint_is_given,
            known: Once::default(),
        }
    }

    /// Whether another endpoint than AWS's own answers.
    pub(crate) fn endpoint_is_given(&self) -> bool {
        self.endpoint_is_given
    }

    /// Whether `region` has the operation. A given endpoint is asked once, by `asking`, with
    /// the request that `send` sends; AWS's own is taken to have it until it answers that it
    /// does not know the operation ([`Self::is_missed_by`]). `otherwise` is
    /// what a given endpoint is taken to have that says nothing about it: one that breaks off, say.
    pub(crate) async fn exists<T, E, F, Sent>(
        &self,
        operation: Operation,
        region: &Region,
        asking: &Session,
        send: F,
        otherwise: bool,
    ) -> bool
    where
        E: ProvideErrorMetadata + Error + 'static,
        F: Fn() -> Sent,
        Sent: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let key = (operation, region.clone());
        if !self.endpoint_is_given {
            return self.known.known(key).unwrap_or(true);
        }
        // One request, whatever it brings: an emulator's failure is not worth a second one.
        let patience = Patience {
            attempts: 1,
            ..asking.shared().patience()
        };
        let ask = async || {
            let answer = asking
                .call_with_patience(operation, region, patience, send)
                .await;
            match answer {
                Ok(_) => true,
                Err(error) if says_unknown(&error) => false,
                Err(error) => match error.kind {
                    FaultKind::Denied | FaultKind::DeniedByServiceControlPolicy => true,
                    _ => otherwise,
                },
            }
        };
        self.known.get(key, ask).await
    }

    /// Whether the error says that `region` does not have the operation, which is remembered.
    pub(crate) fn is_missed_by(&self, error: &CallError, region: &Region) -> bool {
        let is_missed = error.kind == FaultKind::UnknownOperation
            || self.endpoint_is_given && says_unknown(error);
        if is_missed {
            self.known
                .remember((error.operation, region.clone()), false);
        }
        is_missed
    }
}

/// Whether an answer says that there is no such operation. Emulators say so without an error
/// code: by a page that is not found, or by failing.
fn says_unknown(error: &CallError) -> bool {
    error.kind == FaultKind::UnknownOperation
        || matches!(error.status_alone, Some(404 | 405 | 500 | 501))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_about_the_operation_says_that_it_does_not_exist() {
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
