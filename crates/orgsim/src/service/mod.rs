//! The services: one file each, behaviour only. They read and change the
//! [`World`] and know nothing about bytes.

use std::fmt;

use crate::neutral::Value;
use crate::request::{Request, ServiceError};
use crate::state::World;

mod account;
mod alarm_shapes;
mod cloudtrail;
mod cloudtrail_write;
mod cloudwatch;
mod cloudwatch_metrics;
mod cloudwatch_write;
pub(crate) mod errors;
mod iam;
pub(crate) mod iam_policies;
mod iam_shapes;
mod kms;
mod kms_write;
mod logs;
mod logs_events;
mod logs_test;
mod logs_write;
mod metric_data;
mod mute_rules;
mod oam;
mod organizations;
mod organizations_write;
mod paging;
mod sns;
mod sns_publish;
mod sns_write;
mod sqs;
mod sts;

pub(crate) use paging::Window;

/// The services that are simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// AWS Organizations.
    Organizations,
    /// Security Token Service.
    Sts,
    /// Account Management.
    Account,
    /// CloudTrail.
    CloudTrail,
    /// CloudWatch Logs.
    Logs,
    /// CloudWatch.
    CloudWatch,
    /// Simple Notification Service.
    Sns,
    /// Key Management Service.
    Kms,
    /// Identity and Access Management.
    Iam,
    /// Simple Queue Service.
    Sqs,
    /// CloudWatch Observability Access Manager.
    Oam,
}

/// How a service is named and addressed.
struct Naming {
    service: Service,
    /// Prefix of its IAM actions.
    prefix: &'static str,
    /// Name in the credential scope of a signature.
    signing: &'static str,
    /// What `X-Amz-Target` starts with, or the name of its Smithy service.
    target: &'static str,
    /// XML name space of the query protocol.
    xml: &'static str,
}

#[rustfmt::skip]
const NAMINGS: [Naming; 11] = [
    Naming { service: Service::Organizations, prefix: "organizations", signing: "organizations", target: "AWSOrganizationsV20161128", xml: "" },
    Naming { service: Service::Sts, prefix: "sts", signing: "sts", target: "", xml: "https://sts.amazonaws.com/doc/2011-06-15/" },
    Naming { service: Service::Account, prefix: "account", signing: "account", target: "", xml: "" },
    Naming { service: Service::CloudTrail, prefix: "cloudtrail", signing: "cloudtrail", target: "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101", xml: "" },
    Naming { service: Service::Logs, prefix: "logs", signing: "logs", target: "Logs_20140328", xml: "" },
    Naming { service: Service::CloudWatch, prefix: "cloudwatch", signing: "monitoring", target: "GraniteServiceVersion20100801", xml: "http://monitoring.amazonaws.com/doc/2010-08-01/" },
    Naming { service: Service::Sns, prefix: "sns", signing: "sns", target: "", xml: "http://sns.amazonaws.com/doc/2010-03-31/" },
    Naming { service: Service::Kms, prefix: "kms", signing: "kms", target: "TrentService", xml: "" },
    Naming { service: Service::Iam, prefix: "iam", signing: "iam", target: "", xml: "https://iam.amazonaws.com/doc/2010-05-08/" },
    Naming { service: Service::Sqs, prefix: "sqs", signing: "sqs", target: "AmazonSQS", xml: "" },
    Naming { service: Service::Oam, prefix: "oam", signing: "oam", target: "", xml: "" },
];

impl Service {
    fn naming(self) -> &'static Naming {
        &NAMINGS[self as usize]
    }

    /// The service by its name in the credential scope of a signature.
    pub fn of_signing_name(name: &str) -> Option<Self> {
        NAMINGS
            .iter()
            .find(|naming| naming.signing == name)
            .map(|naming| naming.service)
    }

    /// The service by the prefix of its IAM actions.
    pub fn of_prefix(prefix: &str) -> Option<Self> {
        NAMINGS
            .iter()
            .find(|naming| naming.prefix == prefix)
            .map(|naming| naming.service)
    }

    /// Prefix of its IAM actions, for example `logs`.
    pub fn prefix(self) -> &'static str {
        self.naming().prefix
    }

    /// What `X-Amz-Target` starts with; empty for services without that header.
    pub(crate) fn target(self) -> &'static str {
        self.naming().target
    }

    /// XML name space of its answers under the query protocol.
    pub(crate) fn xml_namespace(self) -> &'static str {
        self.naming().xml
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.prefix())
    }
}

/// What a service answers.
pub(crate) type Answer = Result<Value, ServiceError>;

/// Does what the request asks for.
pub(crate) fn answer(world: &World, request: &Request) -> Result<Value, ServiceError> {
    match request.service {
        Service::Organizations => organizations::answer(world, request),
        Service::Sts => sts::answer(world, request),
        Service::Account => account::answer(world, request),
        Service::CloudTrail => cloudtrail::answer(world, request),
        Service::Logs => logs::answer(world, request),
        Service::CloudWatch => cloudwatch::answer(world, request),
        Service::Sns => sns::answer(world, request),
        Service::Kms => kms::answer(world, request),
        Service::Iam => iam::answer(world, request),
        Service::Sqs => sqs::answer(world, request),
        Service::Oam => oam::answer(world, request),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_is_found_by_its_names() {
        for naming in &NAMINGS {
            assert_eq!(naming.service.naming().prefix, naming.prefix);
            assert_eq!(Service::of_prefix(naming.prefix), Some(naming.service));
            assert_eq!(
                Service::of_signing_name(naming.signing),
                Some(naming.service)
            );
        }
    }
}
