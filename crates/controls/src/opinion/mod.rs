//! What others would say about the same account: the audit procedure of the CIS
//! benchmark, to the letter (`cis_audit`), and AWS Security Hub's controls
//! (`security_hub`), each with why it differs from our verdict (`difference`).
//! Nothing here decides a verdict of ours.

mod cis_audit;
mod difference;
mod material;
mod security_hub;

pub(crate) use material::Material;

use crate::catalog::{Catalog, Control};
use crate::finding::{Finding, Opinion, OtherVerdict};

/// Adds what the others would say to a finding.
pub(crate) fn add(
    finding: &mut Finding,
    control: &Control,
    catalog: &Catalog,
    material: &Material<'_>,
) {
    let told = |mut opinion: Opinion, difference: Option<String>| {
        opinion.difference = difference;
        opinion
    };
    finding.evidence.cis_audit = cis_audit::of(control, catalog, material).map(|opinion| {
        let difference = difference::from_cis_audit(&opinion, finding);
        told(opinion, difference)
    });
    finding.evidence.security_hub = security_hub::of(control, material).map(|opinion| {
        let difference = difference::from_security_hub(&opinion, finding);
        told(opinion, difference)
    });
}

/// An opinion before its difference is told.
fn opinion(verdict: OtherVerdict, step: Option<u8>, detail: impl Into<String>) -> Opinion {
    Opinion {
        verdict,
        step,
        detail: detail.into(),
        difference: None,
    }
}
