//! The catalog as the store keeps it, so that SQL can name controls.

use std::collections::BTreeMap;

use orgsweep_controls::Catalog;
use orgsweep_store::ControlRow;

/// A row per control.
pub(crate) fn control_rows(catalog: &Catalog) -> Vec<ControlRow> {
    catalog
        .controls()
        .iter()
        .map(|control| {
            let cis: BTreeMap<&String, &String> = control
                .cis
                .iter()
                .map(|(version, entry)| (version, &entry.number))
                .collect();
            ControlRow {
                id: control.id.clone(),
                number: control.number,
                title: control.title.clone(),
                description: control.description.clone(),
                cis: serde_json::json!(cis),
                security_hub: control.security_hub.iter().cloned().collect(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_builtin_control_has_a_row_with_its_cis_numbers() {
        let rows = control_rows(Catalog::builtin());
        assert_eq!(rows.len(), Catalog::builtin().controls().len());
        assert!(
            rows.iter()
                .all(|row| row.cis.as_object().is_some_and(|cis| !cis.is_empty()))
        );
    }
}
