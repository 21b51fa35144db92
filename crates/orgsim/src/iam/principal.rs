//! Who asks, as policies name it.

use serde_json::Value;

use crate::happening::texts;
use crate::request::Request;
use crate::state::World;

/// A caller.
pub(crate) struct Principal {
    /// ARN of the user or role; of a session's role, not of the session.
    pub(crate) arn: String,
    /// ARN of the session, when it is one.
    session_arn: Option<String>,
    account: String,
    partition: String,
}

impl Principal {
    /// The principal of a request.
    pub(crate) fn of(world: &World, request: &Request) -> Self {
        let partition = world.settings().partition.clone();
        let caller = &request.caller;
        let own = caller.arn(&partition);
        let (arn, session_arn) = match &caller.session {
            None => (own, None),
            Some(session) => (
                format!(
                    "arn:{partition}:iam::{}:role/{}",
                    caller.account, session.role
                ),
                Some(own),
            ),
        };
        Self {
            arn,
            session_arn,
            account: caller.account.clone(),
            partition,
        }
    }

    /// Whether the element `Principal` of a statement names this caller.
    pub(super) fn is_named(&self, element: &Value) -> bool {
        match element {
            Value::String(text) => text == "*",
            Value::Object(kinds) => texts(kinds.get("AWS").unwrap_or(&Value::Null))
                .iter()
                .any(|named| self.is(named)),
            _ => false,
        }
    }

    fn is(&self, named: &str) -> bool {
        let root = format!("arn:{}:iam::{}:root", self.partition, self.account);
        named == "*"
            || named == self.account
            || named == root
            || named == self.arn
            || self.session_arn.as_deref() == Some(named)
    }
}
