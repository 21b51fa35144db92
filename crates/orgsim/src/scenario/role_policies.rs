//! What the scanner's and the remediator's roles may do: what people deploy
//! (`config/deploy`), so that the two cannot differ.

use std::sync::OnceLock;

const TEMPLATE: &str = include_str!("../../../../config/deploy/readonly-role.cfn.yaml");

const REMEDIATOR: &str = include_str!("../../../../config/deploy/remediator-policy.json");

/// The inline policy of the scanner's role, as JSON.
pub(super) fn scanner_policy() -> &'static str {
    static POLICY: OnceLock<String> = OnceLock::new();
    POLICY.get_or_init(|| {
        let actions: Vec<&str> = TEMPLATE.lines().filter_map(action).collect();
        serde_json::json!({
            "Version": "2012-10-17",
            "Statement": [
                { "Sid": "ReadTheChain", "Effect": "Allow", "Action": actions, "Resource": "*" }
            ]
        })
        .to_string()
    })
}

/// The inline policy of the remediator's role in a partition, as JSON.
pub(super) fn remediator_policy(partition: &str) -> String {
    REMEDIATOR.replace("arn:aws:", &format!("arn:{partition}:"))
}

/// The action that a line of the template lists, for example `- logs:DescribeLogGroups`.
fn action(line: &str) -> Option<&str> {
    let item = line.trim().strip_prefix("- ")?;
    let (service, name) = item.split_once(':')?;
    let is_action = service.bytes().all(|byte| byte.is_ascii_lowercase())
        && name.starts_with(|letter: char| letter.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_action.then_some(item)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_actions_are_found() {
        assert!(scanner_policy().contains(r#""cloudtrail:DescribeTrails""#));
        assert!(!scanner_policy().contains("AssumeRole"));
        assert_eq!(action("      - Sid: ReadTheChain"), None);
        assert_eq!(
            action("  - logs:DescribeLogGroups"),
            Some("logs:DescribeLogGroups")
        );
    }
}
