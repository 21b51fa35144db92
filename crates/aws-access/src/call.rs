//! One call to AWS: paid from a budget, signed with the session's credentials,
//! counted, bounded in time, classified, and repeated when that may help. Every
//! request that orgsweep sends goes through [`perform`].

use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use orgsweep_controls::Region;
use tokio::time::Instant;

use crate::budget::Budget;
use crate::credentials::{Renewing, in_call};
use crate::errors::{Answer, CallError, FaultKind, classify, sanitize};
use crate::operation::Operation;
use crate::retry::{Patience, jittered, longest_pause};
use crate::tally::Tally;

/// On whose account, from which budget and how patiently a call is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms<'a> {
    pub(crate) credentials: &'a Renewing,
    pub(crate) budget: &'a Budget,
    pub(crate) tally: &'a Tally,
    pub(crate) patience: Patience,
}

/// Calls `operation` in `region`: `send` sends one request of it.
pub(crate) async fn perform<T, E, F, Sent>(
    operation: Operation,
    region: &Region,
    terms: Terms<'_>,
    send: F,
) -> Result<T, CallError>
where
    E: ProvideErrorMetadata + Error + 'static,
    F: Fn() -> Sent,
    Sent: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
{
    let mut credentials = terms.credentials.current().await?;
    let mut deadline = Instant::now() + terms.patience.deadline;
    let mut renewed = false;
    let mut attempt = 1;
    loop {
        // Waiting for one's turn is not AWS being slow.
        let (waited, permit) = terms.budget.take().await;
        terms.tally.waited(waited);
        deadline += waited;
        let left = deadline.saturating_duration_since(Instant::now());
        // The SDK's futures are large; one of them is not to make all of ours large.
        let request = Box::pin(send());
        let answered = once(operation, terms, left, &credentials, request).await;
        drop(permit);
        let fault = match answered {
            Ok(value) => return Ok(value),
            Err(fault) => fault,
        };
        tracing::debug!(
            call = %operation.call(region),
            attempt,
            fault = ?fault.kind,
            "an attempt failed"
        );
        if fault.kind == FaultKind::CredentialsExpired && !renewed {
            renewed = true;
            if let Some(others) = terms.credentials.renew(&credentials).await? {
                credentials = others;
                terms.tally.retry();
                continue;
            }
        }
        let pause = longest_pause(fault.kind, attempt)
            .map(jittered)
            .filter(|pause| {
                attempt < terms.patience.attempts && Instant::now() + *pause < deadline
            });
        let Some(pause) = pause else {
            return Err(fault.into_error(operation, region));
        };
        tokio::time::sleep(pause).await;
        terms.tally.retry();
        attempt += 1;
    }
}

/// The fault of one attempt.
struct Fault {
    kind: FaultKind,
    answer: Answer,
}

/// One request.
async fn once<T, E>(
    operation: Operation,
    terms: Terms<'_>,
    left: Duration,
    credentials: &Credentials,
    request: Pin<Box<impl Future<Output = Result<T, SdkError<E, HttpResponse>>>>>,
) -> Result<T, Fault>
where
    E: ProvideErrorMetadata + Error + 'static,
{
    terms.tally.call();
    let time = left.min(terms.patience.attempt);
    let signed = in_call::with(credentials.clone(), request);
    let answer = match tokio::time::timeout(time, signed).await {
        Ok(Ok(value)) => {
            terms.budget.succeeded();
            return Ok(value);
        }
        Ok(Err(error)) => Answer::of(&error),
        Err(_) => Answer::TimedOut,
    };
    let kind = classify(operation.service(), &answer);
    if kind == FaultKind::Throttled {
        terms.budget.throttled();
        terms.tally.throttle();
    }
    Err(Fault { kind, answer })
}

impl Fault {
    fn into_error(self, operation: Operation, region: &Region) -> CallError {
        let status_alone = match &self.answer {
            Answer::Refused {
                status, code: None, ..
            }
            | Answer::Garbled { status, .. } => Some(*status),
            _ => None,
        };
        let (code, message) = match self.answer {
            Answer::Refused {
                status,
                code,
                message,
            } => {
                let without_words = code.is_none() && message.is_none();
                let status =
                    without_words.then(|| format!("HTTP status {status} without an error code"));
                (code, message.or(status).unwrap_or_default())
            }
            Answer::Garbled { status, detail } => (None, format!("HTTP status {status}: {detail}")),
            Answer::CutOff(detail) | Answer::NoConnection(detail) | Answer::Unsendable(detail) => {
                (None, detail)
            }
            Answer::TimedOut => (None, String::new()),
        };
        CallError {
            operation,
            region: region.clone(),
            kind: self.kind,
            code,
            status_alone,
            message: sanitize(&message),
        }
    }
}
