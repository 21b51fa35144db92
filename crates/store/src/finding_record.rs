//! A finding in the form in which it is stored: its evidence as JSON, with the digest by which a
//! change is noticed. It names no account, so that accounts whose findings say the same share it.

use std::sync::Arc;

use orgsweep_controls::Reason;
use orgsweep_controls::finding::{Finding, Verdict};
use orgsweep_controls::ids::{ControlId, Region};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::error::StoreError;
use crate::text::{storable, storable_text};

/// SHA-256 of what is stored.
pub(crate) type ContentDigest = [u8; 32];

/// A finding as it is stored of an account.
#[derive(Debug, Clone)]
pub struct FindingRecord {
    pub(crate) control: ControlId,
    pub(crate) verdict: Verdict,
    pub(crate) reason: Reason,
    pub(crate) summary: String,
    /// What broke, of a finding that fails or is not known.
    pub(crate) cause: Option<String>,
    pub(crate) covered: RegionSet,
    pub(crate) uncovered: RegionSet,
    pub(crate) evidence: Box<RawValue>,
    /// Of everything that the finding says.
    pub(crate) digest: ContentDigest,
}

/// A set of Regions, which many findings share.
#[derive(Debug, Clone)]
pub(crate) struct RegionSet {
    pub(crate) regions: Vec<Region>,
    pub(crate) digest: ContentDigest,
}

impl RegionSet {
    fn of(regions: &[Region]) -> Self {
        let mut digest = Sha256::new();
        for region in regions {
            digest.update(region.as_str());
            digest.update("\n");
        }
        Self {
            regions: regions.to_vec(),
            digest: digest.finalize().into(),
        }
    }
}

impl FindingRecord {
    /// The finding as it is stored.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when its evidence is no JSON.
    pub fn of(finding: &Finding) -> Result<Self, StoreError> {
        let broken = matches!(finding.verdict, Verdict::Fail | Verdict::Unknown);
        let evidence = storable_text(&finding.evidence)?;
        let covered = RegionSet::of(&finding.covered_regions);
        let uncovered = RegionSet::of(&finding.uncovered_regions);
        let mut digest = Sha256::new();
        for part in [
            finding.control.as_str(),
            finding.verdict.as_str(),
            finding.reason.as_str(),
            &finding.summary,
            &finding.cause,
            evidence.get(),
        ] {
            // With its length, so that no two findings run together to the same bytes.
            digest.update(part.len().to_be_bytes());
            digest.update(part);
        }
        digest.update(covered.digest);
        digest.update(uncovered.digest);
        Ok(Self {
            control: finding.control.clone(),
            verdict: finding.verdict,
            reason: finding.reason,
            summary: storable(&finding.summary).into_owned(),
            cause: broken.then(|| storable(&finding.cause).into_owned()),
            covered,
            uncovered,
            evidence,
            digest: digest.finalize().into(),
        })
    }

    /// An account's findings as they are stored.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn of_all(findings: &[Finding]) -> Result<Arc<[Self]>, StoreError> {
        findings.iter().map(Self::of).collect()
    }

    /// The verdict.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Whether some text of the finding has `part` in it, for example an account's number.
    pub fn mentions(&self, part: &str) -> bool {
        let cause = self.cause.as_deref().unwrap_or_default();
        [self.summary.as_str(), cause, self.evidence.get()]
            .iter()
            .any(|text| text.contains(part))
    }
}

#[cfg(test)]
mod tests {
    use orgsweep_controls::finding::Evidence;

    use super::*;

    fn finding() -> Finding {
        Finding {
            account: "111122223333".parse().unwrap(),
            control: "root-account-use".parse().unwrap(),
            verdict: Verdict::Fail,
            reason: Reason::NoAlarm,
            summary: "s".to_owned(),
            evidence: Evidence::default(),
            covered_regions: Vec::new(),
            uncovered_regions: vec!["eu-west-1".parse().unwrap()],
            cause: "c".to_owned(),
        }
    }

    fn digest(change: impl FnOnce(&mut Finding)) -> ContentDigest {
        let mut finding = finding();
        change(&mut finding);
        FindingRecord::of(&finding).unwrap().digest
    }

    #[test]
    fn whatever_a_finding_says_is_in_its_digest_and_whose_it_is_is_not() {
        let same = digest(|_| ());
        assert_eq!(
            digest(|finding| finding.account = "444455556666".parse().unwrap()),
            same
        );
        let changed = [
            digest(|finding| finding.control = "vpc-changes".parse().unwrap()),
            digest(|finding| finding.verdict = Verdict::Unknown),
            digest(|finding| finding.reason = Reason::NoFilter),
            digest(|finding| finding.summary.push('s')),
            digest(|finding| finding.cause.push('s')),
            digest(|finding| finding.evidence.events_total = 3),
            digest(|finding| std::mem::swap(&mut finding.summary, &mut finding.cause)),
            digest(|finding| finding.covered_regions.push("eu-west-1".parse().unwrap())),
            digest(|finding| {
                std::mem::swap(&mut finding.covered_regions, &mut finding.uncovered_regions);
            }),
        ];
        for (place, digest) in changed.iter().enumerate() {
            assert_ne!(*digest, same, "{place}");
            assert!(!changed[..place].contains(digest), "{place}");
        }
    }

    #[test]
    fn a_record_knows_what_it_mentions() {
        let mut finding = finding();
        finding.evidence.commands = vec!["aws … --account 111122223333".to_owned()];
        let record = FindingRecord::of(&finding).unwrap();
        assert!(record.mentions("111122223333"));
        assert!(!record.mentions("444455556666"));
    }
}
