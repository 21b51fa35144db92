//! Service control policies and where they are attached.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Id of the policy that AWS attaches everywhere: it allows everything.
pub const FULL_ACCESS: &str = "p-FullAWSAccess";

/// A service control policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlPolicy {
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// The document.
    pub content: String,
    /// Whether AWS made it.
    pub aws_managed: bool,
}

/// An organization's service control policies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlPolicies {
    /// Whether the root has the policy type enabled.
    pub enabled: bool,
    /// Policies by id.
    pub policies: BTreeMap<String, ControlPolicy>,
    /// Ids of policies by the root, unit or account to which they are attached.
    attached: BTreeMap<String, BTreeSet<String>>,
    /// Where the policy that allows everything was taken away.
    without_full_access: BTreeSet<String>,
}

impl Default for ControlPolicies {
    fn default() -> Self {
        let full_access = ControlPolicy {
            name: "FullAWSAccess".to_owned(),
            description: "Allows access to every operation".to_owned(),
            content:
                r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#
                    .to_owned(),
            aws_managed: true,
        };
        Self {
            enabled: true,
            policies: BTreeMap::from([(FULL_ACCESS.to_owned(), full_access)]),
            attached: BTreeMap::new(),
            without_full_access: BTreeSet::new(),
        }
    }
}

impl ControlPolicies {
    /// Ids of the policies that are attached to the root, unit or account `target`.
    pub fn attached_to(&self, target: &str) -> Vec<&str> {
        let full_access = (!self.without_full_access.contains(target)).then_some(FULL_ACCESS);
        let own = self.attached.get(target).into_iter().flatten();
        full_access
            .into_iter()
            .chain(own.map(String::as_str))
            .collect()
    }

    /// The roots, units and accounts to which `policy` was attached by somebody.
    pub fn targets_of(&self, policy: &str) -> Vec<&str> {
        let attached = self.attached.iter();
        attached
            .filter(|(_, policies)| policies.contains(policy))
            .map(|(target, _)| target.as_str())
            .collect()
    }

    /// Attaches a policy; `false` when it was attached already.
    pub fn attach(&mut self, policy: &str, target: &str) -> bool {
        if policy == FULL_ACCESS {
            return self.without_full_access.remove(target);
        }
        let attached = self.attached.entry(target.to_owned()).or_default();
        attached.insert(policy.to_owned())
    }

    /// Detaches a policy; `false` when it was not attached.
    pub fn detach(&mut self, policy: &str, target: &str) -> bool {
        if policy == FULL_ACCESS {
            return self.without_full_access.insert(target.to_owned());
        }
        self.attached
            .get_mut(target)
            .is_some_and(|attached| attached.remove(policy))
    }

    /// The documents in force at each level of `path`, from the root downwards.
    pub fn levels<'a>(&'a self, path: &[&str]) -> Vec<Vec<&'a str>> {
        let documents = |target: &&str| {
            let ids = self.attached_to(target);
            ids.iter()
                .filter_map(|id| self.policies.get(*id))
                .map(|policy| policy.content.as_str())
                .collect()
        };
        path.iter().map(documents).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_allowed_until_somebody_takes_that_away() {
        let mut policies = ControlPolicies::default();
        assert_eq!(policies.attached_to("r-1"), [FULL_ACCESS]);
        assert!(policies.attach("p-12345678", "r-1"));
        assert!(!policies.attach("p-12345678", "r-1"));
        assert!(policies.detach(FULL_ACCESS, "r-1"));
        assert_eq!(policies.attached_to("r-1"), ["p-12345678"]);
        assert!(!policies.attach(FULL_ACCESS, "r-2"));
        assert_eq!(policies.targets_of("p-12345678"), ["r-1"]);
    }
}
