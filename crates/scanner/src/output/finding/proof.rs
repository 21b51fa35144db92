//! What follows from the chains: Regions, missing events, the witness, doubts,
//! and the repair.

use orgsweep_controls::Verdict;
use orgsweep_controls::finding::Evidence;

use super::{line, narrowing};
use crate::output::escape::escaped;
use crate::output::json;
use crate::output::number::counted;
use crate::output::style::{STRONG, styled};

/// Names that are listed before "and n more".
const NAMES_SHOWN: usize = 12;

/// In which Regions every event is noticed. `verdict` and evidence say whether elsewhere none is,
/// some are, or nobody knows.
pub(super) fn regions(
    out: &mut String,
    (covered, uncovered): (&[String], &[String]),
    verdict: Verdict,
    evidence: &Evidence,
) {
    if covered.is_empty() && uncovered.is_empty() {
        return;
    }
    let some_are_noticed = (1..evidence.events_total).contains(&evidence.missing_events.len());
    let what = match verdict {
        Verdict::Unknown => "every event is known to be noticed in ",
        Verdict::Fail if some_are_noticed => "every event is noticed in ",
        _ => "",
    };
    let total = counted((covered.len() + uncovered.len()) as u64, "enabled Region");
    line(out, "");
    match (covered.len(), uncovered) {
        (_, []) => line(out, &format!("Regions: all of {total}")),
        (0, _) => line(out, &format!("Regions: {what}none of {total}")),
        (number, some) => {
            let some: Vec<&str> = some.iter().map(String::as_str).collect();
            line(
                out,
                &format!("Regions: {what}{number} of {total}; not {}", names(&some)),
            );
        }
    }
}

/// What would go unnoticed.
pub(super) fn missing(out: &mut String, evidence: &Evidence, elsewhere_noticed: bool) {
    let place = if elsewhere_noticed {
        "Missing there"
    } else {
        "Missing"
    };
    if !evidence.missing_events.is_empty() {
        let events: Vec<&str> = evidence.missing_events.iter().map(String::as_str).collect();
        let total = match evidence.events_total {
            0 => String::new(),
            total => format!(" of {total}"),
        };
        line(
            out,
            &format!(
                "{place}: {}{total} events: {}",
                events.len(),
                names(&events)
            ),
        );
    }
    if let Some(witness) = &evidence.witness {
        line(out, "");
        line(out, "This event would go unnoticed:");
        let json = json::pretty(witness).unwrap_or_default();
        for text in json.lines() {
            line(out, &format!("  {text}"));
        }
        for sentence in narrowing::in_words(evidence) {
            line(out, &escaped(&sentence));
        }
    }
}

/// What else is to be known.
pub(super) fn remarks(out: &mut String, evidence: &Evidence) {
    let mut remarks = Vec::new();
    if let Some(owner) = &evidence.covered_by {
        remarks.push(format!("Judged by the chain in account {owner}."));
    }
    for used in &evidence.decisions {
        let rests = if used.decides {
            "Rests on"
        } else {
            "Takes into account"
        };
        remarks.push(format!(
            "{rests} {} `{}` of {} until {} ({}): {}",
            used.kind.words(),
            used.id,
            used.owner,
            used.until,
            used.reason,
            used.what
        ));
    }
    for unread in &evidence.unread {
        let words = if unread.message.is_empty() {
            String::new()
        } else {
            format!(": {}", unread.message)
        };
        remarks.push(format!("Not known: {unread}{words}"));
    }
    if !evidence.missing_permissions.is_empty() {
        remarks.push(format!(
            "Missing permission: {}",
            evidence.missing_permissions.join(", ")
        ));
    }
    remarks.extend(
        evidence
            .assumptions
            .iter()
            .map(|assumption| format!("Assumption: {assumption}")),
    );
    remarks.extend(
        evidence
            .notes
            .iter()
            .map(|note| format!("Note ({}): {}", note.code, note.text)),
    );
    if !remarks.is_empty() {
        line(out, "");
    }
    for remark in remarks {
        line(out, &escaped(&remark));
    }
}

/// What others would say, and why that differs.
pub(super) fn others(out: &mut String, evidence: &Evidence) {
    let told = [
        ("CIS audit", &evidence.cis_audit),
        ("Security Hub", &evidence.security_hub),
    ];
    let mut told = told
        .iter()
        .filter_map(|(who, opinion)| Some((who, opinion.as_ref()?)))
        .peekable();
    if told.peek().is_some() {
        line(out, "");
    }
    for (who, opinion) in told {
        let step = opinion.step.map(|step| format!(" at step {step}"));
        let text = format!(
            "{who} would say {}{}: {}",
            opinion.verdict.as_str(),
            step.unwrap_or_default(),
            opinion.detail
        );
        line(out, &escaped(&text));
        if let Some(difference) = &opinion.difference {
            line(out, &escaped(&format!("  because {difference}")));
        }
    }
}

/// What would repair it.
pub(super) fn repair(out: &mut String, evidence: &Evidence) {
    if let Some(fix) = &evidence.fix {
        line(out, "");
        line(out, &format!("{} {}", styled(STRONG, "Fix:"), escaped(fix)));
    }
    for command in &evidence.commands {
        // Commands may span lines; each line is made safe by itself.
        for (index, text) in command.lines().enumerate() {
            let prompt = if index == 0 { "$" } else { " " };
            line(out, &format!("  {prompt} {}", escaped(text)));
        }
    }
}

/// The first names, and how many more there are.
pub(super) fn names(all: &[&str]) -> String {
    let shown: Vec<_> = all
        .iter()
        .take(NAMES_SHOWN)
        .map(|name| escaped(name))
        .collect();
    let more = all.len().saturating_sub(NAMES_SHOWN);
    if more == 0 {
        shown.join(", ")
    } else {
        format!("{} and {more} more", shown.join(", "))
    }
}
