//! Findings under another framework than the one that they were recorded under: the same stored
//! facts, judged again by that framework's requirements. Nothing is written.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Utc;
use orgsweep_controls::finding::Finding;
use orgsweep_controls::ids::{AccountId, ControlId};
use orgsweep_controls::{Catalog, Evaluator};
use orgsweep_store::{FindingRow, Night, Store};

use crate::decisions::DecisionBook;
use crate::stored::judging::Judging;

/// The findings of these accounts under the catalog's framework, by control number and account.
/// `recorded` are all of their rows; one that was recorded under that framework stays as it is.
pub(crate) async fn judged_again(
    store: &Store,
    catalog: &Catalog,
    decisions: &DecisionBook,
    recorded: Vec<FindingRow>,
) -> anyhow::Result<Vec<FindingRow>> {
    let framework = catalog.framework();
    let (mut rows, others): (Vec<FindingRow>, Vec<FindingRow>) = recorded
        .into_iter()
        .partition(|row| row.framework.as_deref() == Some(framework));
    let wanted: BTreeSet<&AccountId> = others.iter().map(|row| &row.account_id).collect();
    if wanted.is_empty() {
        return Ok(rows);
    }
    let of_account = |account: &AccountId| others.iter().find(|row| row.account_id == *account);
    let accounts = store.night_accounts(Night::AsOf(Utc::now())).await?;
    let evaluator = Evaluator::new(catalog);
    let mut judging = Judging::new(store, &evaluator, decisions, &accounts);
    let known: BTreeMap<(&AccountId, &ControlId), &FindingRow> = others
        .iter()
        .map(|row| ((&row.account_id, &row.control), row))
        .collect();
    for account in &accounts {
        let Some(model) = of_account(&account.listed.id) else {
            continue;
        };
        for finding in judging.findings(account).await? {
            let before = known.get(&(&finding.account, &finding.control)).copied();
            rows.push(row(finding, before, model, catalog));
        }
    }
    rows.sort_by(|a, b| {
        (a.control_number, &a.control, &a.account_id).cmp(&(
            b.control_number,
            &b.control,
            &b.account_id,
        ))
    });
    Ok(rows)
}

/// A row for a finding. `before` is what was recorded of it, `model` any row of its account.
fn row(
    finding: Finding,
    before: Option<&FindingRow>,
    model: &FindingRow,
    catalog: &Catalog,
) -> FindingRow {
    let control = catalog.control(&finding.control);
    let same = before
        .filter(|row| row.verdict == finding.verdict && row.reason == finding.reason.as_str());
    let mut urn = model.urn.clone();
    urn.truncate(urn.len() - model.control.as_str().len());
    urn.push_str(finding.control.as_str());
    let names = |regions: Vec<orgsweep_controls::ids::Region>| {
        regions.iter().map(ToString::to_string).collect()
    };
    FindingRow {
        urn,
        control_number: control
            .and_then(|control| i32::try_from(control.number).ok())
            .unwrap_or(i32::MAX),
        control_title: control.map_or_else(String::new, |control| control.title.clone()),
        verdict: finding.verdict,
        reason: finding.reason.as_str().to_owned(),
        summary: finding.summary,
        cause: finding.cause,
        // INVARIANT: evidence is text, numbers, lists and maps by text.
        evidence: serde_json::to_value(&finding.evidence).unwrap_or_default(),
        covered_regions: names(finding.covered_regions),
        uncovered_regions: names(finding.uncovered_regions),
        // How long it has been so under this framework is not recorded: the facts' own age.
        since: same.map_or(model.observed_at.unwrap_or(model.since), |row| row.since),
        failing_since: same.and_then(|row| row.failing_since),
        framework: Some(catalog.framework().to_owned()),
        exception: same.and_then(|row| row.exception.clone()),
        control: finding.control,
        ..model.clone()
    }
}
