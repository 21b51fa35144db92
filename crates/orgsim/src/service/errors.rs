//! The error codes that every service has in its own spelling: denied,
//! throttled, expired, unknown operation, missing member. Sources: the services'
//! API references ("Common Errors") and botocore's service models.

use crate::request::{Request, ServiceError};
use crate::service::Service;

/// Whether the service answers with the short codes of the query protocol (`AccessDenied`).
fn speaks_query(service: Service) -> bool {
    matches!(service, Service::Sts | Service::Sns)
}

impl ServiceError {
    /// The caller lacks the permission for the request.
    pub(crate) fn denied(request: &Request, partition: &str, because: &str) -> Self {
        let message = format!(
            "User: {} is not authorized to perform: {}:{}{because}",
            request.caller.arn(partition),
            if request.service == Service::Sns {
                "SNS"
            } else {
                request.service.prefix()
            },
            request.operation,
        );
        match request.service {
            Service::Sns => Self::with_status(403, "AuthorizationError", message),
            Service::Sts => Self::with_status(403, "AccessDenied", message),
            Service::CloudWatch => {
                Self::with_status(403, "AccessDeniedException", message).query_code("AccessDenied")
            }
            Service::Account => Self::with_status(403, "AccessDeniedException", message),
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
            Service::Sts => Self::new("Throttling", rate),
            Service::Sns => Self::with_status(429, "Throttled", rate),
            Service::CloudWatch => Self::new("ThrottlingException", rate).query_code("Throttling"),
            Service::CloudTrail | Service::Logs | Service::Kms => {
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
            Service::CloudWatch => "InternalServiceFault",
            Service::Sts | Service::CloudTrail | Service::Logs => "InternalFailure",
        };
        Self::with_status(500, code, "An internal error has occurred.")
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
        Self::invalid(
            service,
            format!(
                "1 validation error detected: Value at '{name}' failed to satisfy constraint: Member must not be null"
            ),
        )
    }

    /// The input is invalid.
    pub(crate) fn invalid(service: Service, message: impl Into<String>) -> Self {
        match service {
            Service::Organizations => Self::new("InvalidInputException", message),
            Service::Logs => Self::new("InvalidParameterException", message),
            Service::Sns => Self::new("InvalidParameter", message),
            Service::Sts | Service::CloudWatch => Self::new("ValidationError", message),
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
