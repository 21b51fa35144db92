//! Who looks after a resource, as its tags say: a stack, a configuration of
//! Terraform, a team. What code owns is changed where it is defined, or the next
//! deployment takes the change back.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The tag that CloudFormation puts on what a stack makes; nobody else can set it.
const STACK: &str = "aws:cloudformation:stack-name";
/// How the stacks of a StackSet are called: `StackSet-NAME-UUID`.
const OF_STACK_SET: &str = "StackSet-";
/// The length of the id behind a StackSet's name, with its dash.
const STACK_SET_ID: usize = 37;

/// Keys, without case and separators, whose value names a tool or says yes.
const TOOL_KEYS: [&str; 9] = [
    "terraform",
    "opentofu",
    "pulumi",
    "managedby",
    "provisionedby",
    "createdby",
    "provisioner",
    "iac",
    "tool",
];
/// Tools, as the values of such tags name them.
const TOOLS: [(&str, Manager); 5] = [
    ("terraform", Manager::Terraform),
    ("terragrunt", Manager::Terraform),
    ("opentofu", Manager::Terraform),
    ("pulumi", Manager::OtherCode),
    ("cdk", Manager::OtherCode),
];
/// Keys, without case and separators, that say where the code is.
const PLACES: [&str; 6] = [
    "terraformworkspace",
    "terraformmodule",
    "gitrepo",
    "repository",
    "repo",
    "module",
];

/// Who looks after a resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Owner {
    /// By what means.
    pub manager: Manager,
    /// The stack, the StackSet, the repository, the team: what the tag says.
    pub name: String,
    /// The tag that says so.
    pub tag: String,
    /// Of what code looks after: the person or team that another tag names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
}

/// By what means somebody looks after a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manager {
    /// A stack of CloudFormation.
    CloudFormation,
    /// A StackSet.
    StackSet,
    /// Terraform or OpenTofu.
    Terraform,
    /// Other infrastructure as code.
    OtherCode,
    /// People, by hand.
    People,
}

impl Manager {
    /// Whether it would take back what is changed by hand.
    pub fn is_code(self) -> bool {
        self != Self::People
    }
}

/// What the configuration says about tags.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnerTags {
    /// Keys whose value is a person or team.
    pub people: Vec<String>,
    /// Keys, each with a value if it matters, of what code of one's own looks after.
    pub code: Vec<(String, Option<String>)>,
}

impl Owner {
    /// Who looks after a resource with these tags. Code comes before people.
    pub fn of(tags: &BTreeMap<String, String>, rules: &OwnerTags) -> Option<Self> {
        let people = Self::people(tags, rules);
        let code = Self::stack(tags)
            .or_else(|| Self::configured_code(tags, rules))
            .or_else(|| Self::tool(tags));
        match code {
            Some(code) => Some(Self {
                team: people.map(|people| people.name),
                ..code
            }),
            None => people,
        }
    }

    fn stack(tags: &BTreeMap<String, String>) -> Option<Self> {
        let stack = tags.get(STACK)?;
        let of_set = stack.strip_prefix(OF_STACK_SET).and_then(|rest| {
            let at = rest.len().checked_sub(STACK_SET_ID)?;
            rest.get(..at).filter(|name| !name.is_empty())
        });
        let (manager, name) = match of_set {
            Some(name) => (Manager::StackSet, name),
            None => (Manager::CloudFormation, stack.as_str()),
        };
        Some(Self {
            manager,
            name: name.to_owned(),
            tag: STACK.to_owned(),
            team: None,
        })
    }

    fn configured_code(tags: &BTreeMap<String, String>, rules: &OwnerTags) -> Option<Self> {
        rules.code.iter().find_map(|(key, wanted)| {
            let value = tags.get(key)?;
            let fits = wanted.as_ref().is_none_or(|wanted| wanted == value);
            fits.then(|| Self {
                manager: Manager::OtherCode,
                name: value.clone(),
                tag: key.clone(),
                team: None,
            })
        })
    }

    fn tool(tags: &BTreeMap<String, String>) -> Option<Self> {
        tags.iter().find_map(|(key, value)| {
            if !TOOL_KEYS.contains(&plain(key).as_str()) {
                return None;
            }
            let says_yes = ["true", "yes", "1"].contains(&value.to_ascii_lowercase().as_str());
            let said = if says_yes { key } else { value };
            let said = said.to_ascii_lowercase();
            let (_, manager) = TOOLS.iter().find(|(tool, _)| said.contains(tool))?;
            let place = tags
                .iter()
                .find(|(key, _)| PLACES.contains(&plain(key).as_str()));
            Some(Self {
                manager: *manager,
                name: place.map_or(value, |(_, place)| place).clone(),
                tag: key.clone(),
                team: None,
            })
        })
    }

    fn people(tags: &BTreeMap<String, String>, rules: &OwnerTags) -> Option<Self> {
        rules.people.iter().find_map(|key| {
            Some(Self {
                manager: Manager::People,
                name: tags.get(key)?.clone(),
                tag: key.clone(),
                team: None,
            })
        })
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match self.manager {
            Manager::CloudFormation => write!(f, "CloudFormation stack `{name}`"),
            Manager::StackSet => write!(f, "StackSet `{name}`"),
            Manager::Terraform => write!(f, "Terraform (tag {} = {name})", self.tag),
            Manager::OtherCode => write!(f, "code (tag {} = {name})", self.tag),
            Manager::People => write!(f, "{name}"),
        }?;
        match &self.team {
            Some(team) => write!(f, " of {team}"),
            None => Ok(()),
        }
    }
}

/// `Managed-By` as `managedby`.
fn plain(key: &str) -> String {
    key.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Tags = &'static [(&'static str, &'static str)];

    #[test]
    fn tags_say_who_looks_after_a_resource() {
        const SET: &str = "StackSet-security-baseline-0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0";
        let rules = OwnerTags {
            people: vec!["team".to_owned(), "owner".to_owned()],
            code: vec![
                ("pipeline".to_owned(), None),
                ("env".to_owned(), Some("gitops".to_owned())),
            ],
        };
        #[rustfmt::skip]
        let rows: [(Tags, Option<&str>); 12] = [
            (&[],                                                         None),
            (&[("stage", "prod")],                                        None),
            (&[("aws:cloudformation:stack-name", "trail")],               Some("CloudFormation stack `trail`")),
            (&[("aws:cloudformation:stack-name", SET)],                   Some("StackSet `security-baseline`")),
            (&[("Managed-By", "Terraform"), ("repo", "acme/net")],        Some("Terraform (tag Managed-By = acme/net)")),
            (&[("terraform", "true")],                                    Some("Terraform (tag terraform = true)")),
            (&[("managed_by", "hand")],                                   None),
            (&[("pipeline", "blue"), ("team", "payments")],               Some("code (tag pipeline = blue) of payments")),
            (&[("env", "gitops")],                                        Some("code (tag env = gitops)")),
            (&[("env", "prod"), ("owner", "anna")],                       Some("anna")),
            (&[("owner", "anna"), ("team", "payments")],                  Some("payments")),
            (&[("created-by", "AWS CDK")],                                Some("code (tag created-by = AWS CDK)")),
        ];
        for (tags, owner) in rows {
            let tags = tags.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
            let found = Owner::of(&tags.collect(), &rules).map(|owner| owner.to_string());
            assert_eq!(found.as_deref(), owner);
        }
    }
}
