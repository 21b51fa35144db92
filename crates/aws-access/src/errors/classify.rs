//! From what came back to what it means, by service and code. Pure; the tables
//! follow the services' documented and observed error codes.

use super::{Answer, FaultKind};

/// Codes that mean "too many requests" in every service that the scanner asks.
/// `LimitExceededException` is not one: in CloudWatch Logs it means that a log
/// group has its 100 filters.
const THROTTLES: [&str; 11] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "Throttled",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "SlowDown",
    "PriorRequestNotComplete",
];

const DENIALS: [&str; 6] = [
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "AuthorizationErrorException",
    "UnauthorizedOperation",
    "NotAuthorized",
];

const EXPIRED: [&str; 3] = [
    "ExpiredToken",
    "ExpiredTokenException",
    "TokenRefreshRequired",
];

/// Codes for credentials that AWS does not know. A Region that is not enabled
/// in the account answers the same way.
const UNKNOWN_CREDENTIALS: [&str; 4] = [
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "AuthFailure",
    "InvalidAccessKeyId",
];

/// Codes of a service that does not have the operation.
const UNKNOWN_OPERATIONS: [&str; 4] = [
    "InvalidAction",
    "UnknownOperation",
    "UnknownOperationException",
    "NotImplemented",
];

const REGION_DISABLED: [&str; 3] = [
    "RegionDisabledException",
    "OptInRequired",
    "SubscriptionRequiredException",
];

/// Codes for a signature that AWS does not accept: a wrong key, or a wrong time.
const SIGNATURES: [&str; 4] = [
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "IncompleteSignature",
    "MissingAuthenticationToken",
];

const TIMES: [&str; 2] = ["RequestTimeTooSkewed", "RequestExpired"];

const PASSING: [&str; 12] = [
    "InternalFailure",
    "InternalError",
    "InternalServerException",
    "InternalServiceFault",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "ServiceException",
    "OperationAbortedException",
    "ConcurrentModificationException",
    "ConcurrentModification",
    "ConcurrentAccess",
    "ConcurrentAccessException",
];

/// Services that answer for the whole partition, where no Region can be disabled.
const PARTITION_WIDE: [&str; 3] = ["sts", "organizations", "account"];

/// What `answer` of `service` (its IAM prefix) means.
pub(crate) fn classify(service: &str, answer: &Answer) -> FaultKind {
    match answer {
        Answer::TimedOut => FaultKind::TimedOut,
        Answer::NoConnection(_) => FaultKind::Unreachable,
        Answer::CutOff(_) => FaultKind::Transient,
        Answer::Unsendable(_) => FaultKind::Invalid,
        Answer::Garbled { status, .. }
        | Answer::Refused {
            status, code: None, ..
        } => by_status_alone(*status),
        Answer::Refused {
            status,
            code: Some(code),
            message,
        } => by_code(
            service,
            *status,
            code,
            message.as_deref().unwrap_or_default(),
        ),
    }
}

/// An answer without an error code is not one of the service, but of something on the way.
fn by_status_alone(status: u16) -> FaultKind {
    match status {
        429 => FaultKind::Throttled,
        500.. => FaultKind::Transient,
        _ => FaultKind::Garbled,
    }
}

fn by_code(service: &str, status: u16, code: &str, message: &str) -> FaultKind {
    // Some protocols carry `namespace#Code` or `Code:url`.
    let code = code.rsplit('#').next().unwrap_or(code);
    let code = code.split(':').next().unwrap_or(code);
    let is = |codes: &[&str]| codes.contains(&code);
    if is(&THROTTLES) || status == 429 {
        FaultKind::Throttled
    } else if is(&EXPIRED) {
        FaultKind::CredentialsExpired
    } else if is(&DENIALS) {
        if message.contains("service control policy") {
            FaultKind::DeniedByServiceControlPolicy
        } else if message.contains("security token included in the request is expired") {
            FaultKind::CredentialsExpired
        } else {
            FaultKind::Denied
        }
    } else if is(&UNKNOWN_CREDENTIALS) {
        if PARTITION_WIDE.contains(&service) {
            FaultKind::CredentialsRejected
        } else {
            FaultKind::RegionDisabled
        }
    } else if is(&REGION_DISABLED) {
        FaultKind::RegionDisabled
    } else if is(&SIGNATURES) {
        if is_about_time(message) {
            FaultKind::ClockWrong
        } else {
            FaultKind::CredentialsRejected
        }
    } else if is(&TIMES) {
        FaultKind::ClockWrong
    } else if is(&UNKNOWN_OPERATIONS) {
        FaultKind::UnknownOperation
    } else if code == "AWSOrganizationsNotInUseException" {
        FaultKind::NotInOrganization
    } else if code == "NotFound"
        || code.ends_with("NotFoundException")
        || code == "ResourceNotFound"
        || code == "NoSuchEntity"
    {
        FaultKind::NotFound
    } else if is(&PASSING) || status >= 500 {
        FaultKind::Transient
    } else {
        FaultKind::Invalid
    }
}

fn is_about_time(message: &str) -> bool {
    let words = ["signature expired", "not yet current", "too skewed"];
    let message = message.to_ascii_lowercase();
    words.iter().any(|word| message.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use FaultKind::*;

    #[test]
    #[rustfmt::skip]
    fn every_service_s_codes_are_told_apart() {
        for (service,        status, code,                                expected) in [
            // throttles
            ("organizations", 400, "TooManyRequestsException",            Throttled),
            ("account",       429, "TooManyRequestsException",            Throttled),
            ("sts",           400, "Throttling",                          Throttled),
            ("cloudtrail",    400, "ThrottlingException",                 Throttled),
            ("logs",          400, "ThrottlingException",                 Throttled),
            ("cloudwatch",    400, "Throttling",                          Throttled),
            ("cloudwatch",    400, "ThrottlingException",                 Throttled),
            ("sns",           429, "Throttled",                           Throttled),
            ("sns",           429, "ThrottledException",                  Throttled),
            ("sns",           400, "Throttling",                          Throttled),
            ("kms",           400, "ThrottlingException",                 Throttled),
            ("any",           429, "SomethingNew",                        Throttled),
            // not throttles
            ("logs",          400, "LimitExceededException",              Invalid),
            ("cloudwatch",    400, "LimitExceeded",                       Invalid),
            ("sns",           403, "TopicLimitExceeded",                  Invalid),
            // denials
            ("organizations", 400, "AccessDeniedException",               Denied),
            ("account",       403, "AccessDeniedException",               Denied),
            ("sts",           403, "AccessDenied",                        Denied),
            ("cloudtrail",    400, "AccessDeniedException",               Denied),
            ("logs",          400, "AccessDeniedException",               Denied),
            ("cloudwatch",    403, "AccessDenied",                        Denied),
            ("cloudwatch",    403, "com.amazonaws.cloudwatch#AccessDeniedException", Denied),
            ("sns",           403, "AuthorizationError",                  Denied),
            ("kms",           400, "AccessDeniedException",               Denied),
            // credentials and Regions
            ("sts",           400, "ExpiredTokenException",               CredentialsExpired),
            ("sts",           403, "ExpiredToken",                        CredentialsExpired),
            ("sns",           403, "ExpiredToken",                        CredentialsExpired),
            ("logs",          400, "ExpiredTokenException",               CredentialsExpired),
            ("sts",           403, "InvalidClientTokenId",                CredentialsRejected),
            ("sts",           403, "SignatureDoesNotMatch",               CredentialsRejected),
            ("kms",           400, "InvalidSignatureException",           CredentialsRejected),
            ("sts",           400, "RequestExpired",                      ClockWrong),
            ("sts",           403, "RegionDisabledException",             RegionDisabled),
            ("cloudtrail",    400, "UnrecognizedClientException",         RegionDisabled),
            ("sns",           403, "InvalidClientTokenId",                RegionDisabled),
            ("logs",          400, "OptInRequired",                       RegionDisabled),
            // not found
            ("cloudtrail",    400, "TrailNotFoundException",              NotFound),
            ("logs",          400, "ResourceNotFoundException",           NotFound),
            ("cloudwatch",    404, "ResourceNotFound",                    NotFound),
            ("sns",           404, "NotFound",                            NotFound),
            ("kms",           400, "NotFoundException",                   NotFound),
            ("organizations", 400, "AWSOrganizationsNotInUseException",   NotInOrganization),
            // operations that the service does not have
            ("cloudwatch",    400, "InvalidAction",                       UnknownOperation),
            ("cloudwatch",    404, "com.amazon.coral.service#UnknownOperationException", UnknownOperation),
            ("cloudwatch",    501, "NotImplemented",                      UnknownOperation),
            // troubles that may pass
            ("organizations", 400, "ConcurrentModificationException",     Transient),
            ("organizations", 400, "ServiceException",                    Transient),
            ("account",       500, "InternalServerException",             Transient),
            ("logs",          400, "OperationAbortedException",           Transient),
            ("logs",          503, "ServiceUnavailableException",         Transient),
            ("sns",           500, "InternalError",                       Transient),
            ("any",           502, "SomethingNew",                        Transient),
            // the rest
            ("cloudtrail",    400, "CloudTrailARNInvalidException",       Invalid),
            ("cloudwatch",    400, "InvalidNextToken",                    Invalid),
            ("sns",           403, "InvalidSecurity",                     Invalid),
            ("sts",           400, "ValidationError",                     Invalid),
        ] {
            let answer = Answer::Refused { status, code: Some(code.to_owned()), message: None };
            assert_eq!(classify(service, &answer), expected, "{service} {status} {code}");
        }
    }

    #[test]
    fn a_denial_by_a_service_control_policy_is_known_by_its_words() {
        let answer = |message: &str| Answer::Refused {
            status: 400,
            code: Some("AccessDeniedException".to_owned()),
            message: Some(message.to_owned()),
        };
        for (message, expected) in [
            (
                "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: cloudtrail:DescribeTrails \
                 with an explicit deny in a service control policy",
                DeniedByServiceControlPolicy,
            ),
            (
                "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: logs:DescribeLogGroups \
                 because no identity-based policy allows the logs:DescribeLogGroups action",
                Denied,
            ),
        ] {
            assert_eq!(
                classify("cloudtrail", &answer(message)),
                expected,
                "{message}"
            );
        }
    }

    #[test]
    fn what_has_no_code_is_judged_by_what_happened() {
        let refused = |status| Answer::Refused {
            status,
            code: None,
            message: None,
        };
        let garbled = |status| Answer::Garbled {
            status,
            detail: String::new(),
        };
        for (answer, expected) in [
            (Answer::TimedOut, TimedOut),
            (Answer::NoConnection(String::new()), Unreachable),
            (Answer::CutOff(String::new()), Transient),
            (Answer::Unsendable(String::new()), Invalid),
            (refused(503), Transient),
            (refused(429), Throttled),
            (refused(403), Garbled),
            (garbled(200), Garbled),
            (garbled(502), Transient),
        ] {
            assert_eq!(classify("sns", &answer), expected, "{answer:?}");
        }
    }
}
