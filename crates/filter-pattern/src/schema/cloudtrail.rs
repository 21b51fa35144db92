//! CloudTrail's record contents: one row per field, one row per relation. The
//! sources are the User Guide pages "CloudTrail record contents" and
//! "CloudTrail userIdentity element"; nothing here rests on samples alone.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Kinds;
use crate::ast::Selector;
use crate::pattern::FilterPattern;

/// What CloudTrail documents about one field.
#[derive(Debug)]
pub(crate) struct FieldRule {
    pub(crate) path: &'static str,
    pub(crate) presence: Presence,
    pub(crate) kinds: Kinds,
    /// The only texts, where the documentation lists them all.
    pub(crate) values: &'static [&'static str],
    pub(crate) source: &'static str,
}

/// Whether every record has a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Always,
    Optional,
}

const RECORD: &str = "CloudTrail User Guide, record contents";
// Documented as optional; seen in all observed records of these types since version 1.06.
const MANAGEMENT: &str = "CloudTrail User Guide, record contents: shown since version 1.06; two of AWS's samples of version 1.08 lack it, KMS `ScheduleKeyDeletion` and `RotateKey`";
const IDENTITY: &str = "CloudTrail User Guide, userIdentity element";
const SIGN_IN: &str = "CloudTrail User Guide, console sign-in events";

const STRING: Kinds = Kinds::STRING;
const BOOLEAN: Kinds = Kinds::BOOLEAN;
const NUMBER: Kinds = Kinds::NUMBER;
const OBJECT: Kinds = Kinds::OBJECT;
const ARRAY: Kinds = Kinds::ARRAY;
const OBJECT_OR_NULL: Kinds = Kinds::OBJECT.or(Kinds::NULL);

const TRUE_FALSE: &[&str] = &["true", "false"];
const EVENT_TYPES: &[&str] = &[
    "AwsApiCall",
    "AwsServiceEvent",
    "AwsConsoleSignIn",
    "AwsConsoleSignin",
    "AwsConsoleAction",
    "AwsVpceEvents",
    "AwsCloudTrailInsight",
    "AwsAggregatedEvent",
];
/// The types of events with the name of an API call: the call itself, and what a VPC endpoint
/// reports of it.
pub(crate) const CALL_TYPES: [&str; 2] = ["AwsApiCall", "AwsVpceEvents"];
const EVENT_CATEGORIES: &[&str] = &[
    "Management",
    "Data",
    "NetworkActivity",
    "Insight",
    "Aggregated",
];
const ADDENDUM_REASONS: &[&str] = &["DELIVERY_DELAY", "UPDATED_DATA", "SERVICE_OUTAGE"];

macro_rules! rules {
    ($($path:literal $presence:ident $kinds:ident $values:expr, $source:ident;)*) => {
        &[$(FieldRule {
            path: $path,
            presence: Presence::$presence,
            kinds: $kinds,
            values: $values,
            source: $source,
        }),*]
    };
}

#[rustfmt::skip]
static RULES: &[FieldRule] = rules! {
    "eventVersion"                                                 Always   STRING         &[],              RECORD;
    "eventTime"                                                    Always   STRING         &[],              RECORD;
    "eventSource"                                                  Always   STRING         &[],              RECORD;
    "eventName"                                                    Always   STRING         &[],              RECORD;
    "awsRegion"                                                    Always   STRING         &[],              RECORD;
    "sourceIPAddress"                                              Always   STRING         &[],              RECORD;
    "eventID"                                                      Always   STRING         &[],              RECORD;
    "eventType"                                                    Always   STRING         EVENT_TYPES,      RECORD;
    "userIdentity"                                                 Always   OBJECT         &[],              RECORD;
    "requestParameters"                                            Always   OBJECT_OR_NULL &[],              RECORD;
    "responseElements"                                             Always   OBJECT_OR_NULL &[],              RECORD;
    "eventCategory"                                                Optional STRING         EVENT_CATEGORIES, RECORD;
    "userAgent"                                                    Optional STRING         &[],              RECORD;
    "errorCode"                                                    Optional STRING         &[],              RECORD;
    "errorMessage"                                                 Optional STRING         &[],              RECORD;
    "requestID"                                                    Optional STRING         &[],              RECORD;
    "apiVersion"                                                   Optional STRING         &[],              RECORD;
    "recipientAccountId"                                           Optional STRING         &[],              RECORD;
    "sharedEventID"                                                Optional STRING         &[],              RECORD;
    "vpcEndpointId"                                                Optional STRING         &[],              RECORD;
    "vpcEndpointAccountId"                                         Optional STRING         &[],              RECORD;
    "sessionCredentialFromConsole"                                 Optional STRING         TRUE_FALSE,       RECORD;
    "managementEvent"                                              Optional BOOLEAN        &[],              RECORD;
    "readOnly"                                                     Optional BOOLEAN        &[],              RECORD;
    "resources"                                                    Optional ARRAY          &[],              RECORD;
    "additionalEventData"                                          Optional OBJECT         &[],              RECORD;
    "serviceEventDetails"                                          Optional OBJECT         &[],              RECORD;
    "edgeDeviceDetails"                                            Optional OBJECT         &[],              RECORD;
    "tlsDetails"                                                   Optional OBJECT         &[],              RECORD;
    "tlsDetails.tlsVersion"                                        Optional STRING         &[],              RECORD;
    "tlsDetails.cipherSuite"                                       Optional STRING         &[],              RECORD;
    "tlsDetails.clientProvidedHostHeader"                          Optional STRING         &[],              RECORD;
    "addendum"                                                     Optional OBJECT         &[],              RECORD;
    "addendum.reason"                                              Optional STRING         ADDENDUM_REASONS, RECORD;
    "userIdentity.type"                                            Optional STRING         &[],              IDENTITY;
    "userIdentity.principalId"                                     Optional STRING         &[],              IDENTITY;
    "userIdentity.arn"                                             Optional STRING         &[],              IDENTITY;
    "userIdentity.accountId"                                       Optional STRING         &[],              IDENTITY;
    "userIdentity.accessKeyId"                                     Optional STRING         &[],              IDENTITY;
    "userIdentity.userName"                                        Optional STRING         &[],              IDENTITY;
    "userIdentity.invokedBy"                                       Optional STRING         &[],              IDENTITY;
    "userIdentity.invokedByDelegate"                               Optional OBJECT         &[],              IDENTITY;
    "userIdentity.credentialId"                                    Optional STRING         &[],              IDENTITY;
    "userIdentity.identityProvider"                                Optional STRING         &[],              IDENTITY;
    "userIdentity.onBehalfOf"                                      Optional OBJECT         &[],              IDENTITY;
    "userIdentity.inScopeOf"                                       Optional OBJECT         &[],              IDENTITY;
    "userIdentity.sessionContext"                                  Optional OBJECT         &[],              IDENTITY;
    "userIdentity.sessionContext.attributes"                       Optional OBJECT         &[],              IDENTITY;
    "userIdentity.sessionContext.attributes.creationDate"          Optional STRING         &[],              IDENTITY;
    "userIdentity.sessionContext.attributes.mfaAuthenticated"      Optional STRING         TRUE_FALSE,       IDENTITY;
    "userIdentity.sessionContext.sessionIssuer"                    Optional OBJECT         &[],              IDENTITY;
    "userIdentity.sessionContext.sessionIssuer.type"               Optional STRING         &[],              IDENTITY;
    "userIdentity.sessionContext.sessionIssuer.userName"           Optional STRING         &[],              IDENTITY;
    "userIdentity.sessionContext.sessionIssuer.principalId"        Optional STRING         &[],              IDENTITY;
    "userIdentity.sessionContext.sessionIssuer.arn"                Optional STRING         &[],              IDENTITY;
    "userIdentity.sessionContext.sessionIssuer.accountId"          Optional STRING         &[],              IDENTITY;
    "userIdentity.sessionContext.webIdFederationData"              Optional OBJECT         &[],              IDENTITY;
    "userIdentity.sessionContext.sourceIdentity"                   Optional STRING         &[],              IDENTITY;
    "userIdentity.sessionContext.ec2RoleDelivery"                  Optional STRING         &["1.0", "2.0"],  IDENTITY;
    "additionalEventData.MFAUsed"                                  Optional STRING         &["Yes", "No"],   SIGN_IN;
    "additionalEventData.bytesTransferredIn"                       Optional NUMBER         &[],              RECORD;
    "additionalEventData.bytesTransferredOut"                      Optional NUMBER         &[],              RECORD;
    "responseElements.ConsoleLogin"                                Optional STRING         &[],              SIGN_IN;
};

/// The steps of the longest path among the rules: longer selectors are not looked up,
/// since a pattern may have hundreds with hundreds of steps.
const DEEPEST: usize = 4;

/// All documented fields.
pub(crate) fn rules() -> &'static [(Selector, &'static FieldRule)] {
    static SELECTED: LazyLock<Vec<(Selector, &'static FieldRule)>> = LazyLock::new(|| {
        RULES
            .iter()
            .map(|rule| (Selector::of_keys(rule.path.split('.')), rule))
            .collect()
    });
    &SELECTED
}

/// The paths of all documented fields.
pub(crate) fn documented_paths() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|rule| rule.path)
}

/// Fields of which every record has one, by path.
pub(crate) fn mandatory() -> impl Iterator<Item = &'static FieldRule> {
    RULES
        .iter()
        .filter(|rule| rule.presence == Presence::Always)
}

pub(crate) fn rule(selector: &Selector) -> Option<&'static FieldRule> {
    static BY_SELECTOR: LazyLock<HashMap<&Selector, &'static FieldRule>> = LazyLock::new(|| {
        rules()
            .iter()
            .map(|(selector, rule)| (selector, *rule))
            .collect()
    });
    let is_deeper = selector.segments().len() > DEEPEST;
    if is_deeper {
        None
    } else {
        BY_SELECTOR.get(selector).copied()
    }
}

/// The one field of a log message of any form.
pub(crate) fn message_rule(selector: &Selector) -> Option<&'static FieldRule> {
    static MESSAGE: FieldRule = FieldRule {
        path: "message",
        presence: Presence::Always,
        kinds: STRING,
        values: &[],
        source: "CloudWatch Logs User Guide",
    };
    (*selector == Selector::of_keys([MESSAGE.path])).then_some(&MESSAGE)
}

/// Fields that go together: a record that matches the first pattern matches the
/// second one too.
#[derive(Debug)]
pub(crate) struct Relation {
    pub(crate) name: &'static str,
    pub(crate) statement: &'static str,
    pub(crate) source: &'static str,
    pub(crate) when: FilterPattern,
    pub(crate) then: FilterPattern,
}

#[rustfmt::skip]
const RELATIONS: &[[&str; 5]] = &[
    ["event-version-form", "the version of a record is two numbers with a period between them", RECORD,
     "{ $.eventVersion = * }",
     "{ $.eventVersion = %^[0-9]+\\.[0-9]+$% }"],
    ["root-arn", "the ARN of a root identity is `arn:<partition>:iam::<account>:root`", IDENTITY,
     "{ $.userIdentity.type = Root }",
     "{ $.userIdentity.arn NOT EXISTS || $.userIdentity.arn = %^arn:aws[a-z-]*:iam::[0-9]{12}:root$% }"],
    ["user-arn", "the ARN of an IAM user begins with `arn:<partition>:iam::<account>:user/`", IDENTITY,
     "{ $.userIdentity.type = IAMUser }",
     "{ $.userIdentity.arn NOT EXISTS || $.userIdentity.arn = %^arn:aws[a-z-]*:iam::[0-9]{12}:user/% }"],
    ["assumed-role-arn", "the ARN of an assumed role begins with `arn:<partition>:sts::<account>:assumed-role/`", IDENTITY,
     "{ $.userIdentity.type = AssumedRole }",
     "{ $.userIdentity.arn NOT EXISTS || $.userIdentity.arn = %^arn:aws[a-z-]*:sts::[0-9]{12}:assumed-role/% }"],
    ["federated-user-arn", "the ARN of a federated user begins with `arn:<partition>:sts::<account>:federated-user/`", IDENTITY,
     "{ $.userIdentity.type = FederatedUser }",
     "{ $.userIdentity.arn NOT EXISTS || $.userIdentity.arn = %^arn:aws[a-z-]*:sts::[0-9]{12}:federated-user/% }"],
    ["saml-sign-in", "the sign-in of an IAM user names no SAML provider", SIGN_IN,
     "{ $.userIdentity.type = IAMUser }",
     "{ $.additionalEventData.SamlProviderArn NOT EXISTS }"],
    ["issuer-of-user", "an IAM user's session was issued by nobody else", IDENTITY,
     "{ $.userIdentity.type = IAMUser }",
     "{ $.userIdentity.sessionContext.sessionIssuer.userName NOT EXISTS }"],
    ["arn-of-issuer-of-user", "an IAM user's session was issued by nobody else", IDENTITY,
     "{ $.userIdentity.type = IAMUser }",
     "{ $.userIdentity.sessionContext.sessionIssuer.arn NOT EXISTS }"],
    ["successful-sign-in", "a console sign-in that succeeds has no error message", SIGN_IN,
     "{ $.responseElements.ConsoleLogin = Success }",
     "{ $.errorMessage NOT EXISTS }"],
    // Which other services report which codes is documented nowhere: `Client.` has
    // only been seen on EC2's, so that it guides the choice of a witness, no proof.
    ["head-bucket-errors", "`HeadBucket` is Amazon S3's, of whose error codes none ends with `UnauthorizedOperation`", "Amazon S3 API Reference, error responses",
     "{ $.eventName = HeadBucket }",
     "{ $.errorCode NOT EXISTS || $.errorCode != *UnauthorizedOperation }"],
    ["failed-sign-in", "a console sign-in with the error message `Failed authentication` is answered with `ConsoleLogin: Failure`", SIGN_IN,
     "{ $.eventName = ConsoleLogin && $.errorMessage = \"Failed authentication\" }",
     "{ $.responseElements.ConsoleLogin = Failure }"],
    // The other spelling is in one sample only, of a user name that does not exist.
    ["sign-in-type", "a console sign-in has the `eventType` `AwsConsoleSignIn`, which one sample spells `AwsConsoleSignin`", SIGN_IN,
     "{ $.eventName = ConsoleLogin }",
     "{ $.eventType = AwsConsoleSignIn || $.eventType = AwsConsoleSignin }"],
    ["successful-sign-in-type", "a console sign-in that succeeds has the `eventType` `AwsConsoleSignIn`", SIGN_IN,
     "{ $.eventName = ConsoleLogin && $.responseElements.ConsoleLogin = Success }",
     "{ $.eventType = AwsConsoleSignIn }"],
    ["failed-sign-in-type", "a console sign-in with the error message `Failed authentication` has the `eventType` `AwsConsoleSignIn`", SIGN_IN,
     "{ $.eventName = ConsoleLogin && $.errorMessage = \"Failed authentication\" }",
     "{ $.eventType = AwsConsoleSignIn }"],
    ["sign-in-source", "only the sign-in service, signin.amazonaws.com, logs events of the type `AwsConsoleSignIn`", SIGN_IN,
     "{ $.eventSource != signin.amazonaws.com }",
     "{ $.eventType != AwsConsoleSignIn && $.eventType != AwsConsoleSignin }"],
    ["vpc-endpoint-denial", "`VpceAccessDenied` is the error code of network activity events", RECORD,
     "{ $.errorCode = VpceAccessDenied }",
     "{ $.eventType = AwsVpceEvents }"],
    // Since version 1.06 and 1.07 of the record.
    ["management-event", "the record of a management event says `managementEvent: true`", MANAGEMENT,
     "{ $.eventCategory = Management }",
     "{ $.managementEvent IS TRUE }"],
    ["category-of-management-event", "a record that says `managementEvent: true` is of the category `Management`", RECORD,
     "{ $.managementEvent IS TRUE }",
     "{ $.eventCategory NOT EXISTS || $.eventCategory = Management }"],
    ["network-activity", "network activity events are of the category `NetworkActivity`", RECORD,
     "{ $.eventType = AwsVpceEvents }",
     "{ $.eventCategory NOT EXISTS || $.eventCategory = NetworkActivity }"],
];

/// The relations between fields that CloudTrail documents.
pub(crate) fn relations() -> &'static [Relation] {
    static PARSED: LazyLock<Vec<Relation>> = LazyLock::new(|| {
        RELATIONS
            .iter()
            .filter_map(|[name, statement, source, when, then]| {
                Some(Relation {
                    name,
                    statement,
                    source,
                    when: when.parse().ok()?,
                    then: then.parse().ok()?,
                })
            })
            .collect()
    });
    &PARSED
}

/// What holds for the records of write events: the documentation leaves it open whether a record
/// says it.
pub(crate) fn not_read_only() -> &'static FilterPattern {
    static PARSED: LazyLock<FilterPattern> = LazyLock::new(|| {
        "{ $.readOnly NOT EXISTS || $.readOnly IS FALSE }"
            .parse()
            .expect("a pattern of two conditions")
    });
    &PARSED
}

/// What holds for the records of calls: no sign-in is one.
pub(crate) fn no_sign_in() -> &'static FilterPattern {
    static PARSED: LazyLock<FilterPattern> = LazyLock::new(|| {
        "{ $.eventType != AwsConsoleSignIn && $.eventType != AwsConsoleSignin }"
            .parse()
            .expect("a pattern of two conditions")
    });
    &PARSED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_relation_is_a_pair_of_patterns() {
        assert_eq!(relations().len(), RELATIONS.len());
    }

    #[test]
    fn the_deepest_rule_is_looked_up() {
        let deepest = rules()
            .iter()
            .map(|(selector, _)| selector.segments().len())
            .max();
        assert_eq!(deepest, Some(DEEPEST));
    }

    #[test]
    fn every_field_is_listed_once_and_below_an_object() {
        for rule in RULES {
            let same = RULES.iter().filter(|other| other.path == rule.path).count();
            assert_eq!(same, 1, "{}", rule.path);
            if let Some((parent, _)) = rule.path.rsplit_once('.') {
                let parent = RULES.iter().find(|other| other.path == parent);
                assert!(
                    parent.is_some_and(|parent| parent.kinds.contains(Kinds::OBJECT)),
                    "{}",
                    rule.path
                );
            }
        }
    }
}
