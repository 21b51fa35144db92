//! What others would say about the same account: the audit procedure of the CIS
//! benchmark, to the letter (`cis_audit`), and AWS Security Hub's controls
//! (`security_hub`), each with why it differs from our verdict (`difference`).
//! Nothing here decides a verdict of ours.

mod cis_audit;
mod difference;
mod material;
mod security_hub;

use std::collections::BTreeMap;

pub(crate) use material::Material;

use crate::catalog::{Catalog, Control};
use crate::finding::{Finding, Opinion, OtherVerdict};
use crate::ids::ControlId;

/// What the others ask for, by control. It depends on the catalog alone.
#[derive(Debug)]
pub(crate) struct Others {
    by_control: BTreeMap<ControlId, Prescribed>,
}

/// The patterns that the others ask for, in the spelling in which they compare them.
#[derive(Debug)]
struct Prescribed {
    /// `None` when the benchmark does not have the control.
    cis_audit: Option<Vec<String>>,
    /// `None` when Security Hub does not have it.
    security_hub: Option<Vec<String>>,
}

impl Others {
    /// What they ask for under the catalog's framework.
    pub(crate) fn of(catalog: &Catalog) -> Self {
        let controls = catalog.controls().iter();
        let by_control = controls.map(|control| {
            let prescribed = Prescribed {
                cis_audit: cis_audit::prescribed(control, catalog),
                security_hub: security_hub::prescribed(control),
            };
            (control.id.clone(), prescribed)
        });
        Self {
            by_control: by_control.collect(),
        }
    }

    /// Adds what they would say to a finding.
    pub(crate) fn add(&self, finding: &mut Finding, control: &Control, material: &Material<'_>) {
        let Some(prescribed) = self.by_control.get(&control.id) else {
            return;
        };
        let told = |mut opinion: Opinion, difference: Option<String>| {
            opinion.difference = difference;
            opinion
        };
        let cis_audit = prescribed.cis_audit.as_ref();
        finding.evidence.cis_audit = cis_audit.map(|prescribed| {
            let opinion = cis_audit::of(prescribed, material);
            let difference = difference::from_cis_audit(&opinion, finding);
            told(opinion, difference)
        });
        let security_hub = prescribed.security_hub.as_ref();
        let security_hub = security_hub.and_then(|prescribed| {
            let opinion = security_hub::of(control, prescribed, material)?;
            let difference = difference::from_security_hub(&opinion, finding);
            Some(told(opinion, difference))
        });
        finding.evidence.security_hub = security_hub;
    }
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
