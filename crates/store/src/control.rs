//! Table `control`: the catalog's controls, kept so that views carry titles.

use orgsweep_controls::ids::ControlId;
use serde_json::json;

use crate::error::StoreError;
use crate::store::Store;
use crate::text::storable_json;

/// One control, as views show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlRow {
    /// Its name.
    pub id: ControlId,
    /// Its place in the catalog.
    pub number: u32,
    /// Its title.
    pub title: String,
    /// What it asks for.
    pub description: String,
    /// CIS benchmark version → number of the recommendation.
    pub cis: serde_json::Value,
    /// Security Hub control ids.
    pub security_hub: Vec<String>,
}

impl Store {
    /// Stores titles and numbers of the controls. Controls that are not named stay: their
    /// findings end when their accounts are next recorded without them.
    pub async fn put_controls(&self, rows: &[ControlRow]) -> Result<(), StoreError> {
        let rows = storable_json(
            &rows
                .iter()
                .map(|row| {
                    json!({
                        "id": row.id,
                        "number": row.number,
                        "title": row.title,
                        "description": row.description,
                        "cis": row.cis,
                        "security_hub": row.security_hub,
                    })
                })
                .collect::<Vec<_>>(),
        )?;
        self.attempt(|| async {
            sqlx::query!(
                "insert into control as c (control_id, number, title, description, cis, security_hub)
                 select id, number, title, description, cis, security_hub
                 from jsonb_to_recordset($1) as r (
                    id text, number integer, title text, description text, cis jsonb, security_hub text[]
                 )
                 order by id
                 on conflict (control_id) do update set
                    number = excluded.number, title = excluded.title,
                    description = excluded.description, cis = excluded.cis,
                    security_hub = excluded.security_hub
                 where (c.number, c.title, c.description, c.cis, c.security_hub)
                    is distinct from (excluded.number, excluded.title, excluded.description,
                        excluded.cis, excluded.security_hub)",
                rows
            )
            .execute(&self.pool)
            .await?;
            Ok(())
        })
        .await
    }
}
