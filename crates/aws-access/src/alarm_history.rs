//! What an item of an alarm's history says of an action. CloudWatch writes one item per action,
//! whose summary begins with how it went (CloudWatch user guide, "Alarm history"; seen:
//! "Successfully executed action ARN", "Failed to execute action ARN. Received error: …").

/// How the summary of an action that was carried out begins.
const DONE: &str = "Successfully executed action ";
/// How the summary of one that was not begins.
const FAILED: &str = "Failed to execute action ";

/// What became of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionOutcome<'a> {
    /// It was carried out.
    Done,
    /// It was not, for this reason in CloudWatch's words; may be empty.
    Failed(&'a str),
}

/// What `summary` says of `action`, if it is about that.
pub fn outcome<'a>(summary: &'a str, action: &str) -> Option<ActionOutcome<'a>> {
    if let Some(text) = summary.strip_prefix(DONE) {
        return about(text, action).map(|_| ActionOutcome::Done);
    }
    let rest = about(summary.strip_prefix(FAILED)?, action)?;
    Some(ActionOutcome::Failed(error_in(rest)))
}

/// What follows the action, when `text` begins with the whole of it: `…:alarms` is not `…:alarms-2`.
fn about<'a>(text: &'a str, action: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(action)?;
    let goes_on = rest.starts_with(|c: char| c.is_alphanumeric() || "-_:/".contains(c));
    (!goes_on).then_some(rest)
}

/// `. Received error: "…"` without what is around the error.
fn error_in(rest: &str) -> &str {
    let error = rest.trim_start_matches(['.', ' ']);
    let error = error.strip_prefix("Received error:").unwrap_or(error);
    error.trim().trim_matches('"')
}
