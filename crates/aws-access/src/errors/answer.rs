//! What came back for one attempt that did not succeed, taken out of the SDK's
//! error types: plain values, so that classifying them needs no server.

use std::error::Error;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// What came back instead of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// An error of the service.
    Refused {
        /// HTTP status.
        status: u16,
        /// The service's error code.
        code: Option<String>,
        /// Its message.
        message: Option<String>,
    },
    /// Something that is not an answer of the service's protocol.
    Garbled {
        /// HTTP status.
        status: u16,
        /// What the SDK says about it.
        detail: String,
    },
    /// The connection broke.
    CutOff(String),
    /// There was no connection.
    NoConnection(String),
    /// No answer in time.
    TimedOut,
    /// The request could not even be made.
    Unsendable(String),
}

impl Answer {
    /// Takes an SDK error apart.
    pub(crate) fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        match error {
            SdkError::TimeoutError(_) => Self::TimedOut,
            SdkError::DispatchFailure(failure) => {
                let connector = failure.as_connector_error();
                let connecting = has_cause(error, "(connect)")
                    || has_cause(error, "connect error")
                    || has_cause(error, "dns error");
                if failure.is_timeout() {
                    Self::TimedOut
                } else if failure.is_user() {
                    Self::Unsendable(root_cause(error))
                } else if connector.is_some() && connecting {
                    Self::NoConnection(root_cause(error))
                } else {
                    Self::CutOff(root_cause(error))
                }
            }
            SdkError::ResponseError(response) => {
                if broke_while_reading(error) {
                    Self::CutOff(root_cause(error))
                } else {
                    Self::Garbled {
                        status: response.raw().status().as_u16(),
                        detail: root_cause(error),
                    }
                }
            }
            SdkError::ServiceError(refusal) => Self::Refused {
                status: refusal.raw().status().as_u16(),
                code: refusal.err().code().map(str::to_owned),
                message: refusal.err().message().map(str::to_owned),
            },
            // The request could not be made, or a kind of failure that is not known here.
            _ => Self::Unsendable(root_cause(error)),
        }
    }
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

fn root_cause(error: &(dyn Error + 'static)) -> String {
    chain(error)
        .last()
        .map(ToString::to_string)
        .unwrap_or_default()
}

fn has_cause(error: &(dyn Error + 'static), word: &str) -> bool {
    chain(error).any(|cause| cause.to_string().to_lowercase().contains(word))
}

/// Whether a body ended early, rather than holding nonsense.
fn broke_while_reading(error: &(dyn Error + 'static)) -> bool {
    const SIGNS: [&str; 5] = [
        "error reading a body from connection",
        "connection closed before message completed",
        "end of file before message length reached",
        "connection reset",
        "unexpected eof",
    ];
    chain(error).any(|cause| {
        let text = cause.to_string().to_lowercase();
        cause.is::<std::io::Error>() || SIGNS.iter().any(|sign| text.contains(sign))
    })
}
