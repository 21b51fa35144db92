//! The rows of findings that are written: each names its evidence by a number, so that evidence
//! which several share is sent once.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use orgsweep_controls::Reason;
use orgsweep_controls::finding::Verdict;
use orgsweep_controls::ids::ControlId;
use serde::Serialize;
use serde_json::value::RawValue;
use sqlx::types::Json;

use crate::finding::Step;
use crate::finding_record::{ContentDigest, FindingRecord};

/// A finding as it is written.
#[derive(Serialize)]
pub(crate) struct Row<'a> {
    account_no: i32,
    control: &'a ControlId,
    verdict: Verdict,
    reason: Reason,
    cause: Option<&'a str>,
    turned: bool,
    since: DateTime<Utc>,
    failing_since: Option<DateTime<Utc>>,
    failed_since: Option<DateTime<Utc>>,
    covered: String,
    uncovered: String,
    digest: String,
    summary: &'a str,
    evidence_no: usize,
}

/// When a finding's period began, and since when it fails.
struct Period {
    turned: bool,
    since: DateTime<Utc>,
    failing_since: Option<DateTime<Utc>>,
    failed_since: Option<DateTime<Utc>>,
}

/// The evidence of several findings, that of equal ones once: members of an organization trail
/// have the same.
#[derive(Default)]
pub(crate) struct DistinctEvidence<'a> {
    pub(crate) texts: Vec<Json<&'a RawValue>>,
    numbers: HashMap<&'a ContentDigest, usize>,
}

impl<'a> DistinctEvidence<'a> {
    /// The place of a finding's evidence among the texts, counted from one.
    fn number(&mut self, finding: &'a FindingRecord) -> usize {
        *self.numbers.entry(&finding.digest).or_insert_with(|| {
            self.texts.push(Json(&*finding.evidence));
            self.texts.len()
        })
    }
}

/// The rows of what turned and of what is said anew, with their evidence.
pub(crate) fn rows_of<'a>(
    steps: &[&Step<'a>],
    evidence: &mut DistinctEvidence<'a>,
) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    for step in steps {
        let difference = &step.difference;
        let turned = difference.turned.iter().map(|turned| {
            let period = Period {
                turned: true,
                since: turned.since,
                failing_since: turned.failing_since,
                failed_since: turned.failed_since,
            };
            (turned.finding, period)
        });
        let refreshed = difference.refreshed.iter().map(|refreshed| {
            let period = Period {
                turned: false,
                since: refreshed.stored.since,
                failing_since: refreshed.stored.failing_since,
                failed_since: None,
            };
            (refreshed.finding, period)
        });
        for (finding, period) in turned.chain(refreshed) {
            rows.push(Row {
                account_no: step.account_no,
                control: &finding.control,
                verdict: finding.verdict,
                reason: finding.reason,
                cause: finding.cause.as_deref(),
                turned: period.turned,
                since: period.since,
                failing_since: period.failing_since,
                failed_since: period.failed_since,
                covered: hex::encode(finding.covered.digest),
                uncovered: hex::encode(finding.uncovered.digest),
                digest: hex::encode(finding.digest),
                summary: &finding.summary,
                evidence_no: evidence.number(finding),
            });
        }
    }
    rows
}
