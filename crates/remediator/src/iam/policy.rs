//! An identity policy as a value. Its resources leave the partition open, so
//! that one policy serves all of them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// What stands for the partition in a resource's ARN.
const PARTITION: &str = "{partition}";

/// An identity policy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// Its statements; all of them allow.
    pub statements: Vec<Statement>,
}

/// A statement that allows actions on resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its name in the policy.
    pub sid: String,
    /// The actions, for example `logs:PutMetricFilter`.
    pub actions: BTreeSet<String>,
    /// What they may be done to.
    pub resource: Resource,
    /// When; always, without one.
    pub condition: Option<Condition>,
}

/// Resources of a statement.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// Every one; also what actions that know no resources ask for.
    Any,
    /// Those whose ARN fits, after `arn:PARTITION:`.
    Arn(String),
}

/// A condition on one key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Condition {
    /// The condition key.
    pub key: &'static str,
    /// The value that it must have.
    pub value: String,
}

impl Resource {
    /// The resource in one partition.
    pub fn in_partition(&self, partition: &str) -> String {
        self.with(partition)
    }

    /// The resource with `text` for the partition.
    pub(super) fn with(&self, text: &str) -> String {
        match self {
            Self::Any => "*".to_owned(),
            Self::Arn(rest) => format!("arn:{PARTITION}:{rest}").replace(PARTITION, text),
        }
    }
}

impl Policy {
    /// Every action that it allows.
    pub fn actions(&self) -> BTreeSet<&str> {
        let all = self.statements.iter().flat_map(|one| &one.actions);
        all.map(String::as_str).collect()
    }

    /// The document for one partition.
    pub fn document(&self, partition: &str) -> Value {
        let statements: Vec<Value> = self
            .statements
            .iter()
            .map(|statement| {
                let mut document = json!({
                    "Sid": statement.sid,
                    "Effect": "Allow",
                    "Action": statement.actions,
                    "Resource": statement.resource.in_partition(partition),
                });
                if let Some(condition) = &statement.condition {
                    document["Condition"] =
                        json!({"StringEquals": {(condition.key): condition.value}});
                }
                document
            })
            .collect();
        json!({"Version": "2012-10-17", "Statement": statements})
    }

    /// The policy without one action, for tests of its necessity.
    pub fn without(&self, action: &str) -> Self {
        let mut less = self.clone();
        for statement in &mut less.statements {
            statement.actions.remove(action);
        }
        less.statements
            .retain(|statement| !statement.actions.is_empty());
        less
    }
}
