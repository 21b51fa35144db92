//! Plans as they were stored.

use anyhow::bail;
use orgsweep_remediator::Plan;
use orgsweep_remediator::document::FORMAT;
use orgsweep_store::Store;
use uuid::Uuid;

/// The plan as it was stored, provided that it is whole.
pub(super) async fn plan(id: Uuid, store: &Store) -> anyhow::Result<Plan> {
    let Some(row) = store.plan(id).await? else {
        bail!("there is no plan `{id}`; `orgsweep remediate list` lists them");
    };
    let format = row
        .document
        .get("format")
        .and_then(serde_json::Value::as_u64);
    if format.is_some_and(|format| format > u64::from(FORMAT)) {
        bail!("plan `{id}` was made by a newer orgsweep; install that one to read it");
    }
    let plan: Plan = serde_json::from_value(row.document).map_err(|error| {
        anyhow::anyhow!("plan `{id}` cannot be understood: {error}; plan again")
    })?;
    if !plan.is_intact() || plan.digest != row.digest {
        bail!(
            "plan `{id}` was changed after it was made: its digest is not that of its content; plan again"
        );
    }
    Ok(plan)
}
