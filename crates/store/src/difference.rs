//! What has to be written of an account's findings, given those that are stored. Pure:
//! an unchanged finding costs nothing, a new reason opens a period, and the time since
//! which something fails outlives nights on which it was not known.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, SubsecRound, Utc};
use orgsweep_controls::finding::Verdict;
use orgsweep_controls::ids::ControlId;

use crate::finding_record::FindingRecord;

/// A stored finding, as far as a change is judged by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredFinding {
    pub(crate) verdict: String,
    pub(crate) reason: String,
    pub(crate) since: DateTime<Utc>,
    pub(crate) failing_since: Option<DateTime<Utc>>,
    pub(crate) digest: Vec<u8>,
}

/// What has to be written.
#[derive(Debug, Default)]
pub(crate) struct Difference<'a> {
    /// Findings with a new verdict or reason, or that are new altogether.
    pub(crate) turned: Vec<Turned<'a>>,
    /// Findings whose evidence alone is new.
    pub(crate) refreshed: Vec<Refreshed<'a>>,
    /// Controls that are not judged any more.
    pub(crate) removed: Vec<Removed<'a>>,
}

impl Difference<'_> {
    /// The findings that are written.
    pub(crate) fn findings(&self) -> impl Iterator<Item = &FindingRecord> {
        let turned = self.turned.iter().map(|turned| turned.finding);
        turned.chain(self.refreshed.iter().map(|refreshed| refreshed.finding))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.turned.is_empty() && self.refreshed.is_empty() && self.removed.is_empty()
    }
}

/// A finding that begins a new period.
#[derive(Debug)]
pub(crate) struct Turned<'a> {
    pub(crate) finding: &'a FindingRecord,
    /// Start of the new period, and end of the one before.
    pub(crate) since: DateTime<Utc>,
    /// Since when it fails; nothing when it passes.
    pub(crate) failing_since: Option<DateTime<Utc>>,
    /// The same for the history, where a pass remembers the failure that it ended.
    pub(crate) failed_since: Option<DateTime<Utc>>,
    /// Whether a period has to be closed.
    pub(crate) had_period: bool,
}

/// A finding whose evidence alone is new.
#[derive(Debug)]
pub(crate) struct Refreshed<'a> {
    pub(crate) finding: &'a FindingRecord,
    pub(crate) stored: &'a StoredFinding,
}

/// A stored finding that ends.
#[derive(Debug)]
pub(crate) struct Removed<'a> {
    pub(crate) control: &'a ControlId,
    pub(crate) until: DateTime<Utc>,
}

/// Compares what is stored with what was found at `observed_at`. `ended` has, for findings
/// that are not stored any more, when their last period ended.
pub(crate) fn difference<'a>(
    stored: &'a BTreeMap<ControlId, StoredFinding>,
    ended: &BTreeMap<ControlId, DateTime<Utc>>,
    found: &'a [FindingRecord],
    observed_at: DateTime<Utc>,
) -> Difference<'a> {
    let observed_at = observed_at.trunc_subsecs(6);
    let mut difference = Difference::default();
    for finding in found {
        match stored.get(&finding.control) {
            Some(known) if known.digest == finding.digest => {}
            Some(known) if same_period(known, finding) => {
                difference.refreshed.push(Refreshed {
                    finding,
                    stored: known,
                });
            }
            known => {
                let since = match known {
                    Some(known) => after(known.since, observed_at),
                    None => ended
                        .get(&finding.control)
                        .map_or(observed_at, |end| observed_at.max(*end)),
                };
                let failed_since = failed_since(known, finding.verdict, since);
                difference.turned.push(Turned {
                    finding,
                    since,
                    failing_since: failed_since
                        .filter(|_| matches!(finding.verdict, Verdict::Fail | Verdict::Unknown)),
                    failed_since,
                    had_period: known.is_some(),
                });
            }
        }
    }
    for (control, known) in stored {
        if !found.iter().any(|finding| finding.control == *control) {
            difference.removed.push(Removed {
                control,
                until: after(known.since, observed_at),
            });
        }
    }
    difference
}

fn same_period(known: &StoredFinding, finding: &FindingRecord) -> bool {
    known.verdict == finding.verdict.as_str() && known.reason == finding.reason.as_str()
}

/// When a period ends that began at `start`: now, but never at or before its start, even
/// when the clock of another machine was ahead.
fn after(start: DateTime<Utc>, observed_at: DateTime<Utc>) -> DateTime<Utc> {
    observed_at.max(start + Duration::microseconds(1))
}

/// When the failure began that still lasts, or that ends now.
fn failed_since(
    known: Option<&StoredFinding>,
    verdict: Verdict,
    since: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let before = known.and_then(|known| known.failing_since);
    match verdict {
        Verdict::Fail => Some(before.unwrap_or(since)),
        Verdict::Unknown | Verdict::Pass => before,
        Verdict::NotApplicable => None,
    }
}

#[cfg(test)]
mod tests {
    use orgsweep_controls::finding::{Evidence, Finding};
    use orgsweep_controls::reason::Reason;

    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn found(verdict: Verdict, reason: Reason) -> FindingRecord {
        told(verdict, reason, "s")
    }

    fn told(verdict: Verdict, reason: Reason, summary: &str) -> FindingRecord {
        let finding = Finding {
            account: "111122223333".parse().unwrap(),
            control: "root-account-use".parse().unwrap(),
            verdict,
            reason,
            summary: summary.to_owned(),
            evidence: Evidence::default(),
            covered_regions: Vec::new(),
            uncovered_regions: Vec::new(),
            cause: "c".to_owned(),
        };
        FindingRecord::of(&finding).unwrap()
    }

    fn none() -> BTreeMap<ControlId, DateTime<Utc>> {
        BTreeMap::new()
    }

    /// Writes a difference as the database would, so that nights can follow each other.
    fn written(difference: &Difference<'_>) -> BTreeMap<ControlId, StoredFinding> {
        difference
            .turned
            .iter()
            .map(|turned| {
                (
                    turned.finding.control.clone(),
                    StoredFinding {
                        verdict: turned.finding.verdict.as_str().to_owned(),
                        reason: turned.finding.reason.as_str().to_owned(),
                        since: turned.since,
                        failing_since: turned.failing_since,
                        digest: turned.finding.digest.to_vec(),
                    },
                )
            })
            .collect()
    }

    #[test]
    fn the_same_finding_again_is_no_difference() {
        let findings = [found(Verdict::Fail, Reason::NoTrail)];
        let first = BTreeMap::new();
        let stored = written(&difference(&first, &none(), &findings, at(1)));
        assert!(difference(&stored, &none(), &findings, at(2)).is_empty());
    }

    #[test]
    fn new_evidence_alone_opens_no_period() {
        let first = BTreeMap::new();
        let before = [found(Verdict::Fail, Reason::NoTrail)];
        let stored = written(&difference(&first, &none(), &before, at(1)));
        let after = [told(Verdict::Fail, Reason::NoTrail, "another sentence")];
        let difference = difference(&stored, &none(), &after, at(2));
        assert_eq!(difference.refreshed.len(), 1);
        assert!(difference.turned.is_empty());
    }

    #[test]
    fn a_failure_lasts_through_reasons_and_unknown_nights_until_it_passes() {
        let nights = [
            // verdict, reason, failing since, remembered in the history
            (Verdict::Pass, Reason::Covered, None, None),
            (Verdict::Fail, Reason::NoTrail, Some(2), Some(2)),
            (Verdict::Fail, Reason::NoFilter, Some(2), Some(2)),
            (Verdict::Unknown, Reason::FactUnread, Some(2), Some(2)),
            (Verdict::Fail, Reason::NoFilter, Some(2), Some(2)),
            (Verdict::Pass, Reason::Covered, None, Some(2)),
            (Verdict::Unknown, Reason::FactUnread, None, None),
            (Verdict::Fail, Reason::NoAlarm, Some(8), Some(8)),
            (
                Verdict::NotApplicable,
                Reason::ManagementAccountOnly,
                None,
                None,
            ),
        ];
        let mut stored = BTreeMap::new();
        for (night, (verdict, reason, failing, failed)) in (1..).zip(nights) {
            let findings = [found(verdict, reason)];
            let step = difference(&stored, &none(), &findings, at(night));
            assert_eq!(step.turned[0].since, at(night), "night {night}");
            assert_eq!(
                step.turned[0].failing_since,
                failing.map(at),
                "night {night}"
            );
            assert_eq!(step.turned[0].failed_since, failed.map(at), "night {night}");
            stored = written(&step);
        }
    }

    #[test]
    fn a_period_never_ends_before_it_began_whatever_the_clock_says() {
        let first = BTreeMap::new();
        let before = [found(Verdict::Fail, Reason::NoTrail)];
        let stored = written(&difference(&first, &none(), &before, at(100)));
        let after = [found(Verdict::Pass, Reason::Covered)];
        let step = difference(&stored, &none(), &after, at(50));
        assert!(step.turned[0].since > at(100));
    }

    #[test]
    fn a_finding_that_comes_back_begins_after_its_last_end() {
        let stored = BTreeMap::new();
        let findings = [found(Verdict::Fail, Reason::NoTrail)];
        let ended = BTreeMap::from([(findings[0].control.clone(), at(100))]);
        let step = difference(&stored, &ended, &findings, at(50));
        assert_eq!(step.turned[0].since, at(100));
    }

    #[test]
    fn a_control_that_is_not_judged_any_more_ends() {
        let first = BTreeMap::new();
        let before = [found(Verdict::Fail, Reason::NoTrail)];
        let stored = written(&difference(&first, &none(), &before, at(1)));
        let step = difference(&stored, &none(), &[], at(2));
        assert_eq!(step.removed.len(), 1);
        assert_eq!(step.removed[0].until, at(2));
    }
}
