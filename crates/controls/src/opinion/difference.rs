//! Why somebody else comes to another verdict, in one sentence.

use crate::finding::{Finding, Opinion, OtherVerdict, Verdict};
use crate::reason::Reason;

/// Why the audit of the benchmark differs from our verdict; `None` when it agrees.
pub(super) fn from_cis_audit(theirs: &Opinion, ours: &Finding) -> Option<String> {
    if agrees(theirs.verdict, ours.verdict) {
        return None;
    }
    if let Some(text) = without_our_verdict(theirs.verdict, ours).or_else(|| by_decision(ours)) {
        return Some(text);
    }
    if theirs.verdict == OtherVerdict::Unknown {
        return Some("the audit needs an answer that this account does not give".to_owned());
    }
    Some(match (theirs.verdict, theirs.step) {
        (OtherVerdict::Pass, _) => not_looked_at("the audit", ours.reason),
        (_, Some(1)) => "the audit counts multi-Region trails alone; here single-Region trails with their own chains reach every enabled Region".to_owned(),
        (_, Some(3)) => "the audit reads basic event selectors with ReadWriteType All alone; the selectors here record every event of the control".to_owned(),
        (_, Some(4)) if ours.reason == Reason::CoveredByOrganizationTrail => in_the_owner("the audit looks for the log group in this account", ours),
        (_, Some(4)) => "the audit compares patterns as text; the filters here match every event of the control, written another way".to_owned(),
        (_, Some(5)) => "the audit asks for a plain alarm on one filter's metric; the message goes out by another way".to_owned(),
        (_, Some(6 | 7)) => "the audit counts a topic in the alarm's own actions alone; here something else tells somebody".to_owned(),
        _ => "the audit stops at another chain than the one that holds".to_owned(),
    })
}

/// Why Security Hub differs from our verdict; `None` when it agrees.
pub(super) fn from_security_hub(theirs: &Opinion, ours: &Finding) -> Option<String> {
    if agrees(theirs.verdict, ours.verdict) {
        return None;
    }
    if theirs.verdict == OtherVerdict::NoData {
        return Some(in_the_owner(
            "Security Hub judges an organization trail in its owner's account alone",
            ours,
        ));
    }
    if let Some(text) = without_our_verdict(theirs.verdict, ours).or_else(|| by_decision(ours)) {
        return Some(text);
    }
    Some(match theirs.verdict {
        OtherVerdict::Pass => not_looked_at("Security Hub", ours.reason),
        OtherVerdict::Warning => "Security Hub wants to list the topic's subscriptions in this account; orgsweep reads the topic in the account that owns it".to_owned(),
        OtherVerdict::Unknown => "Security Hub needs an answer that this account does not give".to_owned(),
        _ if ours.reason == Reason::CoveredByOrganizationTrail => in_the_owner("Security Hub judges the account's own trails", ours),
        _ if theirs.detail.contains("prescribed pattern") => "Security Hub wants the prescribed pattern as it is; the filters here match every event of the control, written another way".to_owned(),
        _ => "Security Hub asks for one fixed arrangement; here every event leads to a message by another way".to_owned(),
    })
}

fn agrees(theirs: OtherVerdict, ours: Verdict) -> bool {
    matches!(
        (theirs, ours),
        (OtherVerdict::Pass, Verdict::Pass)
            | (OtherVerdict::Fail, Verdict::Fail)
            | (OtherVerdict::Unknown, Verdict::Unknown)
    )
}

/// When ours is neither a pass nor a failure.
fn without_our_verdict(theirs: OtherVerdict, ours: &Finding) -> Option<String> {
    match ours.verdict {
        Verdict::Unknown if theirs == OtherVerdict::Fail => Some("the events may reach somebody by a way that is not looked at there; what decides that could not be read or decided".to_owned()),
        Verdict::Unknown => Some("orgsweep also asks for a fact that could not be read or decided, so its verdict is not known".to_owned()),
        Verdict::NotApplicable => Some("the control concerns the management account alone".to_owned()),
        Verdict::Pass | Verdict::Fail => None,
    }
}

/// When ours rests on decisions that nobody else knows.
fn by_decision(ours: &Finding) -> Option<String> {
    let names: Vec<String> = ours
        .evidence
        .decisions
        .iter()
        .filter(|used| used.decides)
        .map(|used| format!("`{}`", used.id))
        .collect();
    (!names.is_empty()).then(|| {
        format!(
            "orgsweep takes recorded decisions into account ({}); nobody else knows them",
            names.join(", ")
        )
    })
}

fn in_the_owner(what: &str, ours: &Finding) -> String {
    match &ours.evidence.covered_by {
        Some(owner) => format!("{what}; the chain of this account's events is in account {owner}"),
        None => format!("{what}; orgsweep follows the trail to the log group that it delivers to"),
    }
}

/// A pass of theirs that is a failure of ours.
fn not_looked_at(who: &str, reason: Reason) -> String {
    let what = match reason {
        Reason::AlarmActionsDisabled => "whether the alarm's actions are enabled",
        Reason::AlarmWrongMetric => "namespace, dimensions and unit of the alarm's metric",
        Reason::AlarmNeverFires | Reason::AlarmNeedsMoreEvents => {
            "whether one event takes the alarm to ALARM"
        }
        Reason::AlarmAlwaysFiring | Reason::AlarmFiresOnce => "whether the alarm can ring again",
        Reason::AlarmMuted => "mute rules",
        Reason::TopicPolicyDenies => "the topic's policy",
        Reason::TopicKeyDenies => "the key that encrypts the topic",
        Reason::TopicMissing => "whether the topic exists",
        Reason::TrailDeliveryFails => "whether the trail reaches the log group",
        Reason::TrailSelectorsExclude => "every event selector of the trail",
        Reason::TrailNoGlobalEvents => "whether the trail records global service events",
        Reason::LogGroupMissing | Reason::LogGroupClass => "the log group itself",
        Reason::FilterDoesNotCover => "whether the pattern matches each event of the control",
        Reason::FilterOnTransformedLogs | Reason::FilterFieldSelection => {
            "what narrows the filter beside its pattern"
        }
        _ => "this link",
    };
    format!(
        "{who} does not look at {what}: {}",
        lower_first(reason.meaning())
    )
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(chars).collect()
    })
}
