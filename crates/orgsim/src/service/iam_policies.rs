//! Managed policies: the account's own, and the few of AWS's that are known here.

use super::Answer;
use super::iam::document as given_document;
use super::iam_shapes::managed_row;
use crate::neutral::structure;
use crate::request::{Request, ServiceError};
use crate::state::{AccountState, ManagedPolicy, World};

/// What AWS's own managed policies allow.
const AWS_MANAGED: [(&str, &str); 3] = [
    (
        "policy/AdministratorAccess",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
    ),
    (
        "policy/job-function/ViewOnlyAccess",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["cloudtrail:DescribeTrails","cloudwatch:Describe*","cloudwatch:Get*","cloudwatch:List*","iam:Get*","iam:List*","kms:ListAliases","kms:ListKeys","logs:Describe*","logs:FilterLogEvents","logs:Get*","logs:TestMetricFilter","sns:List*","sns:Get*","sqs:List*"],"Resource":"*"}]}"#,
    ),
    (
        "policy/ReadOnlyAccess",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["account:Get*","account:List*","cloudtrail:Describe*","cloudtrail:Get*","cloudtrail:List*","cloudwatch:Describe*","cloudwatch:Get*","cloudwatch:List*","iam:Get*","iam:List*","kms:Describe*","kms:Get*","kms:List*","logs:Describe*","logs:FilterLogEvents","logs:Get*","logs:List*","logs:TestMetricFilter","organizations:Describe*","organizations:List*","sns:Get*","sns:List*","sqs:Get*","sqs:List*","sqs:ReceiveMessage"],"Resource":"*"}]}"#,
    ),
];

/// The document of the policy `arn`, of the account's own or of AWS.
pub(crate) fn document<'a>(state: &'a AccountState, arn: &str) -> Option<&'a str> {
    if let Some(own) = state.policies.get(arn) {
        return Some(&own.document);
    }
    let (prefix, name) = arn.split_once(":iam::aws:")?;
    AWS_MANAGED
        .iter()
        .find(|(known, _)| prefix.starts_with("arn:") && *known == name)
        .map(|(_, document)| *document)
}

/// CreatePolicy.
pub(super) fn create(world: &World, request: &Request, state: &mut AccountState) -> Answer {
    let name = request.required("PolicyName")?;
    let path = request.params.text("Path").unwrap_or("/");
    let arn = format!(
        "arn:{}:iam::{}:policy{path}{name}",
        world.settings().partition,
        request.caller.account
    );
    if state.policies.contains_key(&arn) {
        return Err(ServiceError::with_status(
            409,
            "EntityAlreadyExists",
            format!("A policy called {name} already exists. Duplicate names are not allowed."),
        ));
    }
    let policy = ManagedPolicy {
        name: name.to_owned(),
        path: path.to_owned(),
        description: request.params.text("Description").map(str::to_owned),
        document: given_document(request, "PolicyDocument")?,
        created: world.now(),
    };
    let row = managed_row(&arn, &policy, 0);
    state.policies.insert(arn, policy);
    Ok(structure! { "Policy" => row })
}
