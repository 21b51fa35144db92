//! Words for single fields: the ones that CloudTrail documents are spoken of as
//! people do, every other one by its name.

use crate::ast::{Comparison, Operand, Test, TextPattern};

/// What is said about events after their noun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Modifier {
    text: String,
    /// Whether it is a clause of its own (`that …`, `whose …`), which comes last.
    is_clause: bool,
}

impl Modifier {
    fn short(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            is_clause: false,
        }
    }

    pub(super) fn clause(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            is_clause: true,
        }
    }
}

/// A noun with what is said about it.
pub(super) fn joined(subject: &str, modifiers: &[Modifier]) -> String {
    let mut text = subject.to_owned();
    for modifier in modifiers.iter().filter(|modifier| !modifier.is_clause) {
        text.push(' ');
        text.push_str(&modifier.text);
    }
    let clauses: Vec<String> = modifiers
        .iter()
        .filter(|modifier| modifier.is_clause)
        .map(|modifier| modifier.text.clone())
        .collect();
    if !clauses.is_empty() {
        text.push(' ');
        text.push_str(&listed(&clauses, "and"));
    }
    text
}

/// `a`, `a or b`, `a, b or c`.
pub(super) fn listed(items: &[String], word: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} {word} {last}", most.join(", ")),
    }
}

/// Services by their event source, as people call them.
#[rustfmt::skip]
const SERVICES: [(&str, &str); 22] = [
    ("autoscaling.amazonaws.com",          "EC2 Auto Scaling"),
    ("cloudformation.amazonaws.com",       "CloudFormation"),
    ("cloudtrail.amazonaws.com",           "CloudTrail"),
    ("config.amazonaws.com",               "AWS Config"),
    ("dynamodb.amazonaws.com",             "DynamoDB"),
    ("ec2.amazonaws.com",                  "EC2"),
    ("ecs.amazonaws.com",                  "ECS"),
    ("eks.amazonaws.com",                  "EKS"),
    ("elasticloadbalancing.amazonaws.com", "Elastic Load Balancing"),
    ("guardduty.amazonaws.com",            "GuardDuty"),
    ("iam.amazonaws.com",                  "IAM"),
    ("kms.amazonaws.com",                  "KMS"),
    ("lambda.amazonaws.com",               "Lambda"),
    ("logs.amazonaws.com",                 "CloudWatch Logs"),
    ("monitoring.amazonaws.com",           "CloudWatch"),
    ("organizations.amazonaws.com",        "AWS Organizations"),
    ("rds.amazonaws.com",                  "RDS"),
    ("s3.amazonaws.com",                   "S3"),
    ("secretsmanager.amazonaws.com",       "Secrets Manager"),
    ("signin.amazonaws.com",               "the sign-in service"),
    ("sns.amazonaws.com",                  "SNS"),
    ("sts.amazonaws.com",                  "STS"),
];

const IDENTITIES: [(&str, &str); 6] = [
    ("Root", "the root user"),
    ("IAMUser", "an IAM user"),
    ("AssumedRole", "an assumed role"),
    ("FederatedUser", "a federated user"),
    ("AWSService", "an AWS service"),
    ("AWSAccount", "another account"),
];

fn named(table: &[(&str, &'static str)], text: &str) -> Option<&'static str> {
    table
        .iter()
        .find(|(key, _)| *key == text)
        .map(|(_, name)| *name)
}

/// Whether a test is `= *`: there, as a text or a number.
fn is_anything(test: &Test) -> bool {
    matches!(test, Test::Equals(Operand::Text(text)) if text.is_universal())
}

/// The calls that tests of the event's name ask for; `None` when they ask otherwise.
pub(super) fn calls(tests: &[&Test]) -> Option<String> {
    if let [Test::Equals(Operand::Text(text))] = tests
        && text.as_str() == "ConsoleLogin"
    {
        return Some("console sign-ins (`ConsoleLogin`)".to_owned());
    }
    let plain = tests
        .iter()
        .all(|test| matches!(test, Test::Equals(Operand::Text(text)) if text.is_literal()));
    if plain {
        return Some(format!("calls of {}", values(tests, "or")));
    }
    let positive = tests
        .iter()
        .all(|test| matches!(test, Test::Equals(_)) && !is_anything(test));
    positive.then(|| format!("calls whose name {}", alternatives(tests)))
}

/// The operands of tests, listed.
fn values(tests: &[&Test], word: &str) -> String {
    listed(
        &tests.iter().map(|test| value(test)).collect::<Vec<_>>(),
        word,
    )
}

fn value(test: &Test) -> String {
    match test {
        Test::Equals(operand) | Test::NotEquals(operand) => match operand {
            Operand::Text(text) => format!("`{}`", text.as_str()),
            Operand::Number(number) => number.as_str().to_owned(),
            Operand::Regex(regex) => format!("%{}%", regex.as_str()),
        },
        other => other.to_string(),
    }
}

/// What tests any of which suffices say of a value: `is `a` or `b``.
fn alternatives(tests: &[&Test]) -> String {
    let literal = |test: &&&Test| match test {
        Test::Equals(Operand::Text(text)) => text.is_literal(),
        Test::Equals(Operand::Number(_)) => true,
        _ => false,
    };
    let plain: Vec<&Test> = tests.iter().filter(literal).copied().collect();
    let mut said = Vec::new();
    if !plain.is_empty() {
        said.push(format!("is {}", values(&plain, "or")));
    }
    said.extend(
        tests
            .iter()
            .filter(|test| !literal(test))
            .map(|test| says(test)),
    );
    listed(&said, "or")
}

/// What a test says of a value: `begins with `Put``.
pub(super) fn says(test: &Test) -> String {
    match test {
        Test::Equals(Operand::Text(text)) => text_says(text),
        Test::Equals(Operand::Number(number)) => format!("is {}", number.as_str()),
        Test::Equals(Operand::Regex(regex)) => {
            format!(
                "has a part that fits the regular expression `{}`",
                regex.as_str()
            )
        }
        Test::NotEquals(Operand::Text(text)) if text.is_universal() => {
            "is there and matches no text".to_owned()
        }
        Test::NotEquals(Operand::Text(text)) if text.is_literal() => {
            format!("is there and is not `{}`", text.as_str())
        }
        Test::NotEquals(Operand::Text(text)) => {
            format!("is there and is not like `{}`", text.as_str())
        }
        Test::NotEquals(Operand::Number(number)) => {
            format!("is there and is not {}", number.as_str())
        }
        Test::NotEquals(Operand::Regex(regex)) => format!(
            "is there and has no part that fits the regular expression `{}`",
            regex.as_str()
        ),
        Test::Compare(comparison, number) => {
            let words = match comparison {
                Comparison::Less => "is less than",
                Comparison::LessOrEqual => "is at most",
                Comparison::Greater => "is more than",
                Comparison::GreaterOrEqual => "is at least",
            };
            format!("{words} {}", number.as_str())
        }
        Test::IsNull => "is null".to_owned(),
        Test::IsTrue => "is true".to_owned(),
        Test::IsFalse => "is false".to_owned(),
        Test::NotExists => "is not there".to_owned(),
    }
}

fn text_says(text: &TextPattern) -> String {
    let written = text.as_str();
    if text.is_literal() {
        return format!("is `{written}`");
    }
    if text.is_universal() {
        return "is any text or number".to_owned();
    }
    let inner = written.trim_matches('*');
    let (starts, ends) = (written.starts_with('*'), written.ends_with('*'));
    match (starts, ends) {
        _ if inner.contains('*') => format!("looks like `{written}`"),
        (true, true) => format!("contains `{inner}`"),
        (false, true) => format!("begins with `{inner}`"),
        _ => format!("ends with `{inner}`"),
    }
}

/// What is said when one of several tests of a field must hold.
pub(super) fn any_of(field: &str, tests: &[&Test]) -> Modifier {
    let literal = tests
        .iter()
        .all(|test| matches!(test, Test::Equals(Operand::Text(text)) if text.is_literal()));
    // All that the tests say, or nothing.
    let texts: Vec<&str> = tests
        .iter()
        .filter_map(|test| match test {
            Test::Equals(Operand::Text(text)) if literal => Some(text.as_str()),
            _ => None,
        })
        .collect();
    let one = if let [one] = tests { Some(*one) } else { None };
    let list = || values(tests, "or");
    match (field, one) {
        ("eventSource", _) if literal => {
            let services: Vec<String> = texts
                .iter()
                .map(|text| named(&SERVICES, text).map_or(format!("`{text}`"), str::to_owned))
                .collect();
            Modifier::short(format!("to {}", listed(&services, "or")))
        }
        ("userIdentity.type", _) if literal => {
            let who: Vec<String> = texts
                .iter()
                .map(|text| {
                    let other = || format!("an identity of type `{text}`");
                    named(&IDENTITIES, text).map_or_else(other, str::to_owned)
                })
                .collect();
            Modifier::short(format!("by {}", listed(&who, "or")))
        }
        ("awsRegion", _) if literal => Modifier::short(format!("in Region {}", list())),
        ("recipientAccountId", _) if literal => Modifier::short(format!("in account {}", list())),
        ("sourceIPAddress", _) if literal => Modifier::short(format!("from {}", list())),
        ("userIdentity.arn", _) if literal => Modifier::short(format!("by {}", list())),
        ("userIdentity.userName", _) if literal => {
            Modifier::short(format!("by the user {}", list()))
        }
        ("userIdentity.sessionContext.sessionIssuer.userName", _) if literal => {
            Modifier::short(format!("by the role {}", list()))
        }
        ("errorMessage", _) if literal => {
            Modifier::short(format!("with the error message {}", list()))
        }
        ("errorCode", Some(Test::NotExists)) => Modifier::clause("that succeeded (no error code)"),
        ("errorCode", Some(test)) if is_anything(test) => {
            Modifier::clause("that failed (with any error code)")
        }
        ("errorCode", _) => Modifier::clause(format!(
            "that failed with an error code that {}",
            alternatives(tests)
        )),
        ("responseElements.ConsoleLogin", _) if texts == ["Success"] => {
            Modifier::clause("that succeeded")
        }
        ("responseElements.ConsoleLogin", _) if texts == ["Failure"] => {
            Modifier::clause("that failed")
        }
        ("additionalEventData.MFAUsed", _) if texts == ["No"] => Modifier::short("without MFA"),
        ("additionalEventData.MFAUsed", _) if texts == ["Yes"] => Modifier::short("with MFA"),
        ("userIdentity.invokedBy", Some(Test::NotExists)) => {
            Modifier::clause("that were made directly, not by an AWS service on somebody's behalf")
        }
        ("userIdentity.invokedBy", Some(test)) if is_anything(test) => {
            Modifier::clause("that an AWS service made on somebody's behalf")
        }
        ("readOnly", Some(Test::IsTrue)) => Modifier::clause("that only read"),
        ("readOnly", Some(Test::IsFalse)) => Modifier::clause("that change something"),
        ("eventType", _) if texts == ["AwsServiceEvent"] => {
            Modifier::clause("that are AWS service events")
        }
        (_, Some(Test::NotExists)) => Modifier::short(format!("without `{field}`")),
        (_, Some(test)) if is_anything(test) => Modifier::short(format!("with any `{field}`")),
        _ => Modifier::clause(format!("whose `{field}` {}", alternatives(tests))),
    }
}

/// What is said when a field must be there and equal none of several values.
pub(super) fn none_of(field: &str, tests: &[&Test]) -> Modifier {
    let literal = tests
        .iter()
        .all(|test| matches!(test, Test::NotEquals(Operand::Text(text)) if text.is_literal()));
    // All that the tests say, or nothing.
    let texts: Vec<&str> = tests
        .iter()
        .filter_map(|test| match test {
            Test::NotEquals(Operand::Text(text)) if literal => Some(text.as_str()),
            _ => None,
        })
        .collect();
    let list = || values(tests, "and");
    match field {
        "eventName" if literal => Modifier::short(format!("other than {}", list())),
        "eventSource" if literal => {
            let services: Vec<String> = texts
                .iter()
                .map(|text| named(&SERVICES, text).map_or(format!("`{text}`"), str::to_owned))
                .collect();
            Modifier::short(format!("to any service but {}", listed(&services, "and")))
        }
        "sourceIPAddress" if literal => Modifier::short(format!("from anywhere but {}", list())),
        "awsRegion" if literal => Modifier::short(format!("in any Region but {}", list())),
        "recipientAccountId" if literal => {
            Modifier::short(format!("in any account but {}", list()))
        }
        "userIdentity.type" if texts == ["Root"] => Modifier::short("by anybody but the root user"),
        "userIdentity.arn" | "userIdentity.sessionContext.sessionIssuer.arn" if literal => {
            Modifier::short(format!("by anybody but {}", list()))
        }
        "eventType" if texts == ["AwsServiceEvent"] => {
            Modifier::clause("that are not AWS service events")
        }
        "additionalEventData.MFAUsed" if texts == ["Yes"] => {
            Modifier::short("without MFA (`additionalEventData.MFAUsed` is there and is not `Yes`)")
        }
        _ if literal && tests.len() > 1 => Modifier::clause(format!(
            "whose `{field}` is there and is neither {}",
            values(tests, "nor")
        )),
        _ => {
            let said: Vec<String> = tests.iter().map(|test| says(test)).collect();
            Modifier::clause(format!("whose `{field}` {}", listed(&said, "and")))
        }
    }
}
