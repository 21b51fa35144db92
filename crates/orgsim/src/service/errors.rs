//! The error codes that every service has in its own spelling: denied,
//! throttled, expired, unknown operation, missing member. Sources: the services'
//! API references ("Common Errors") and botocore's service models.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};

use crate::neutral::{Value, structure};
use crate::request::{Request, ServiceError};
use crate::service::Service;

/// Whether the service answers with the short codes of the query protocol (`AccessDenied`).
fn speaks_query(service: Service) -> bool {
    matches!(service, Service::Sts | Service::Sns | Service::Iam)
}

/// A list of tags as most services show it.
pub(super) fn tag_rows(tags: &BTreeMap<String, String>) -> Value {
    Value::list(
        tags.iter()
            .map(|(key, value)| structure! { "Key" => key, "Value" => value }),
    )
}

/// A list of tags in which key and value have other names.
pub(super) fn tag_rows_named(
    tags: &BTreeMap<String, String>,
    key_name: &'static str,
    value_name: &'static str,
) -> Value {
    Value::list(tags.iter().map(|(key, value)| {
        Value::Structure(vec![(key_name, key.into()), (value_name, value.into())])
    }))
}

/// The tags in the list `member` of a request.
pub(super) fn given_tags<'a>(
    params: &'a Value,
    member: &str,
) -> impl Iterator<Item = (String, String)> + use<'a> {
    params
        .items(member)
        .iter()
        .filter_map(|tag| Some((tag.text("Key")?.to_owned(), tag.text("Value")?.to_owned())))
}

/// Organizations knows no such root, unit, account or policy.
pub(super) fn no_target() -> ServiceError {
    ServiceError::new(
        "TargetNotFoundException",
        "You specified a target that doesn't exist.",
    )
}

impl ServiceError {
    /// The caller lacks the permission for the request.
    pub(crate) fn denied(request: &Request, partition: &str, because: &str) -> Self {
        let action = format!("{}:{}", request.service.prefix(), request.operation);
        Self::denied_action(request, partition, &action, because)
    }

    /// Some policy denies an action that the request needs.
    pub(crate) fn denied_action(
        request: &Request,
        partition: &str,
        action: &str,
        because: &str,
    ) -> Self {
        // SNS writes itself in capitals.
        let action = action
            .strip_prefix("sns:")
            .map_or_else(|| action.to_owned(), |operation| format!("SNS:{operation}"));
        let message = format!(
            "User: {} is not authorized to perform: {action}{because}",
            request.caller.arn(partition),
        );
        match request.service {
            Service::Sns => Self::with_status(403, "AuthorizationError", message),
            Service::Sts | Service::Iam => Self::with_status(403, "AccessDenied", message),
            Service::Sqs | Service::CloudWatch => {
                Self::with_status(403, "AccessDeniedException", message).query_code("AccessDenied")
            }
            Service::Account | Service::Oam => {
                Self::with_status(403, "AccessDeniedException", message)
            }
            _ => Self::new("AccessDeniedException", message),
        }
    }

    /// No identity-based policy allows the request.
    pub(crate) fn denied_by_identity(request: &Request, partition: &str) -> Self {
        Self::denied(
            request,
            partition,
            " because no identity-based policy allows the action",
        )
    }

    /// A service control policy denies the request.
    pub(crate) fn denied_by_scp(request: &Request, partition: &str) -> Self {
        Self::denied(
            request,
            partition,
            " with an explicit deny in a service control policy",
        )
    }

    /// Too many requests.
    pub(crate) fn throttled(service: Service) -> Self {
        let rate = "Rate exceeded";
        match service {
            Service::Organizations => Self::new(
                "TooManyRequestsException",
                "AWS Organizations can't complete your request because another request is already in progress. Try again later.",
            ),
            Service::Account => Self::with_status(429, "TooManyRequestsException", rate),
            Service::Sts | Service::Iam => Self::new("Throttling", rate),
            Service::Sqs => Self::with_status(403, "RequestThrottled", rate),
            Service::Sns => Self::with_status(429, "Throttled", rate),
            Service::CloudWatch => Self::new("ThrottlingException", rate).query_code("Throttling"),
            Service::CloudTrail | Service::Logs | Service::Kms | Service::Oam => {
                Self::new("ThrottlingException", rate)
            }
        }
    }

    /// The service failed.
    pub(crate) fn internal(service: Service) -> Self {
        let code = match service {
            Service::Organizations => "ServiceException",
            Service::Account => "InternalServerException",
            Service::Kms => "KMSInternalException",
            Service::Sns => "InternalError",
            Service::CloudWatch | Service::Oam => "InternalServiceFault",
            Service::Iam => "ServiceFailure",
            Service::Sts | Service::CloudTrail | Service::Logs | Service::Sqs => "InternalFailure",
        };
        Self::with_status(500, code, "An internal error has occurred.")
    }

    /// The service cannot answer just now.
    pub(crate) fn unavailable(service: Service) -> Self {
        let code = match service {
            Service::Logs => "ServiceUnavailableException",
            Service::Kms => "DependencyTimeoutException",
            _ => "ServiceUnavailable",
        };
        Self::with_status(503, code, "Service is temporarily unavailable.")
    }

    /// The caller's clock is wrong by more than five minutes.
    pub(crate) fn skewed(service: Service, now: DateTime<Utc>) -> Self {
        let show = |moment: DateTime<Utc>| moment.format("%Y%m%dT%H%M%SZ");
        let (then, oldest) = (now - Duration::minutes(20), now - Duration::minutes(5));
        let message = format!(
            "Signature expired: {} is now earlier than {} ({} - 5 min.)",
            show(then),
            show(oldest),
            show(now)
        );
        if speaks_query(service) {
            Self::with_status(403, "SignatureDoesNotMatch", message)
        } else {
            Self::new("InvalidSignatureException", message).query_code("SignatureDoesNotMatch")
        }
    }

    /// The session's credentials have ended.
    pub(crate) fn expired(service: Service) -> Self {
        let message = "The security token included in the request is expired";
        if speaks_query(service) {
            Self::with_status(403, "ExpiredToken", message)
        } else {
            Self::new("ExpiredTokenException", message).query_code("ExpiredToken")
        }
    }

    /// The credentials are nobody's, or not valid in this Region.
    pub(crate) fn unrecognized(service: Service) -> Self {
        let message = "The security token included in the request is invalid.";
        if speaks_query(service) {
            Self::with_status(403, "InvalidClientTokenId", message)
        } else {
            Self::new("UnrecognizedClientException", message).query_code("InvalidClientTokenId")
        }
    }

    /// The request carries no signature.
    pub(crate) fn unsigned() -> Self {
        Self::with_status(
            403,
            "MissingAuthenticationTokenException",
            "Missing Authentication Token",
        )
        .query_code("MissingAuthenticationToken")
    }

    /// The service has no such operation, or the simulator does not have it.
    pub(crate) fn unknown_operation(service: Service, operation: &str) -> Self {
        if speaks_query(service) {
            Self::new(
                "InvalidAction",
                format!("The action {operation} is not valid for this web service."),
            )
        } else {
            Self::new(
                "UnknownOperationException",
                format!("{service} has no operation {operation} here"),
            )
            .query_code("InvalidAction")
        }
    }

    /// A required member of the input is missing.
    pub(crate) fn missing(service: Service, name: &str) -> Self {
        let message = format!(
            "1 validation error detected: Value at '{name}' failed to satisfy constraint: Member must not be null"
        );
        if service == Service::Oam {
            return Self::new("MissingRequiredParameterException", message);
        }
        Self::invalid(service, message)
    }

    /// The input is invalid.
    pub(crate) fn invalid(service: Service, message: impl Into<String>) -> Self {
        match service {
            Service::Organizations => Self::new("InvalidInputException", message),
            Service::Logs | Service::Oam => Self::new("InvalidParameterException", message),
            Service::Sns => Self::new("InvalidParameter", message),
            Service::Sts | Service::CloudWatch | Service::Iam => {
                Self::new("ValidationError", message)
            }
            Service::Sqs => Self::new("InvalidParameterValue", message),
            Service::Account | Service::Kms | Service::CloudTrail => {
                Self::new("ValidationException", message)
            }
        }
    }

    /// The page token is none that the service gave out.
    pub(crate) fn bad_token(service: Service) -> Self {
        match service {
            Service::CloudWatch => Self::new("InvalidNextToken", "The token is invalid."),
            _ => Self::invalid(service, "The specified nextToken is invalid."),
        }
    }
}
