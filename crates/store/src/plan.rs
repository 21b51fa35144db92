//! Table `plan`: repair plans, which never change once they are stored.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::error::StoreError;
use crate::store::Store;
use crate::text::{storable, storable_json};

/// A stored plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlanRow {
    /// Its id.
    pub id: Uuid,
    /// SHA-256 of the document.
    pub digest: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// After this it cannot be applied.
    pub expires_at: DateTime<Utc>,
    /// Who made it.
    pub author: String,
    /// Why.
    pub reason: String,
    /// The plan.
    pub document: Value,
}

impl Store {
    /// Stores a plan. One with the same id stays as it is.
    pub async fn put_plan(&self, plan: &PlanRow) -> Result<(), StoreError> {
        let document = storable_json(&plan.document)?;
        let (author, reason) = (storable(&plan.author), storable(&plan.reason));
        self.attempt(|| async {
            sqlx::query!(
                "insert into plan (plan_id, digest, created_at, expires_at, author, reason, document)
                 values ($1, $2, $3, $4, $5, $6, $7)
                 on conflict (plan_id) do nothing",
                plan.id,
                plan.digest,
                plan.created_at,
                plan.expires_at,
                author.as_ref(),
                reason.as_ref(),
                document,
            )
            .execute(&self.pool)
            .await?;
            Ok(())
        })
        .await
    }

    /// A plan by its id.
    pub async fn plan(&self, id: Uuid) -> Result<Option<PlanRow>, StoreError> {
        self.attempt(|| async {
            Ok(sqlx::query_as!(
                PlanRow,
                "select plan_id as id, digest, created_at, expires_at, author, reason, document
                 from plan where plan_id = $1",
                id
            )
            .fetch_optional(&self.pool)
            .await?)
        })
        .await
    }

    /// The ids of plans that begin so, the newest first; a few of many. `beginning` consists of
    /// hexadecimal digits and hyphens.
    pub async fn plans_beginning(&self, beginning: &str) -> Result<Vec<Uuid>, StoreError> {
        self.attempt(|| async {
            Ok(sqlx::query_scalar!(
                "select plan_id from plan
                 where starts_with(plan_id::text, $1)
                 order by created_at desc, plan_id limit 4",
                beginning
            )
            .fetch_all(&self.pool)
            .await?)
        })
        .await
    }

    /// All plans, the newest first.
    pub async fn plans(&self) -> Result<Vec<PlanRow>, StoreError> {
        self.attempt(|| async {
            Ok(sqlx::query_as!(
                PlanRow,
                "select plan_id as id, digest, created_at, expires_at, author, reason, document
                 from plan order by created_at desc, plan_id"
            )
            .fetch_all(&self.pool)
            .await?)
        })
        .await
    }
}
