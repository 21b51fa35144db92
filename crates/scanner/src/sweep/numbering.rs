//! How a summary numbers the controls.

use std::collections::BTreeMap;

use orgsweep_controls::{Catalog, Control, ControlId};
use orgsweep_store::ControlSummary;

/// Numbers of controls in the framework that somebody asked for.
#[derive(Debug, Default)]
pub(crate) struct Numbering(BTreeMap<ControlId, String>);

impl Numbering {
    /// Those of the catalog's framework.
    pub(crate) fn of(catalog: &Catalog) -> Self {
        let number = |control: &Control| {
            let number = control.number_in(catalog.framework())?;
            Some((control.id.clone(), number.to_owned()))
        };
        Self(catalog.controls().iter().filter_map(number).collect())
    }

    /// The control's number there, or else its place in lists.
    pub(crate) fn number(&self, control: &ControlSummary) -> String {
        let number = self.0.get(&control.control);
        number
            .cloned()
            .unwrap_or_else(|| control.number.to_string())
    }
}
