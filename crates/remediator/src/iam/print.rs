//! Policies and roles as people deploy them.

use super::policy::Policy;
use super::role::{Role, policy_blocks};
use crate::notation::cloudformation::Node;
use crate::notation::hcl;

/// How a policy or a role is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notation {
    /// A JSON document; of a role, a CloudFormation template.
    Json,
    /// YAML; of a role, a CloudFormation template.
    Yaml,
    /// Terraform's language.
    Terraform,
}

impl Policy {
    /// The policy, for the given partition where the notation does not leave it open.
    pub fn printed(&self, notation: Notation, partition: &str) -> String {
        match notation {
            // Keys of JSON policies are customarily in this order, not the alphabet's.
            Notation::Json => self.node(partition).to_json(),
            Notation::Yaml => self.node(partition).to_yaml(),
            Notation::Terraform => hcl::file(&policy_blocks(self)),
        }
    }

    fn node(&self, partition: &str) -> Node {
        let mut document = Node::from(self.document(partition));
        in_customary_order(&mut document);
        document
    }
}

impl Role {
    /// The role with its policy.
    pub fn printed(&self, notation: Notation) -> String {
        let comment = format!(
            "# {}\n# One template for every account: deploy it as a service-managed StackSet to the\n\
             # organization's root (every account but the management account), and once as a\n\
             # plain stack in the management account.\n",
            self.purpose
        );
        match notation {
            Notation::Json => self.template().to_json(),
            Notation::Yaml => comment + &self.template().to_yaml(),
            Notation::Terraform => format!(
                "# {}\n# Apply it once per account (through your account factory, or with one provider\n\
                 # alias per account).\n\n{}",
                self.purpose,
                self.module()
            ),
        }
    }
}

fn in_customary_order(node: &mut Node) {
    const ORDER: [&str; 7] = [
        "Version",
        "Statement",
        "Sid",
        "Effect",
        "Action",
        "Resource",
        "Condition",
    ];
    match node {
        Node::Map(entries) => {
            entries.sort_by_key(|(key, _)| ORDER.iter().position(|known| known == key));
            for (_, value) in entries {
                in_customary_order(value);
            }
        }
        Node::List(all) => all.iter_mut().for_each(in_customary_order),
        _ => {}
    }
}
