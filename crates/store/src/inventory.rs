//! Tables `account` and `sweep_account` as an inventory fills them: who is in the
//! organization, who has left, and who is to be read in a sweep.

use std::collections::{BTreeMap, BTreeSet};

use orgsweep_controls::ids::{AccountId, OrganizationId};
use orgsweep_controls::organization::{AccountState, Inventory, ListedAccount};
use serde_json::Value;
use serde_json::value::RawValue;
use sqlx::PgConnection;
use sqlx::types::Json;

use crate::error::StoreError;
use crate::store::Store;
use crate::sweep::SweepId;
use crate::text::{storable, storable_text};

/// Reason code of accounts that an inventory lists and that are neither selected nor
/// skipped for another reason.
const NOT_SELECTED: &str = "not_selected";

/// Accounts that one statement stores. What all of a large organization took on its way to the
/// database was the peak of a sweep's memory.
const AT_ONCE: usize = 500;

impl Store {
    /// Stores the accounts of a sweep in one transaction: those in `selected` are pending,
    /// those in `skipped` (reason codes) and all others end as skipped.
    ///
    /// A `complete` inventory closes the accounts of its organization that it doesn't name,
    /// and those that are suspended, closed or being closed: their findings end. Storing it
    /// again in the same sweep keeps outcomes that are already there.
    pub async fn record_inventory(
        &self,
        sweep: SweepId,
        inventory: &Inventory,
        selected: &BTreeSet<AccountId>,
        skipped: &BTreeMap<AccountId, String>,
        complete: bool,
    ) -> Result<(), StoreError> {
        let plan = listed_with_reasons(inventory, selected, skipped);
        self.attempt(|| self.record_inventory_once(sweep, inventory, &plan, complete))
            .await
    }

    /// Stores part of the list of accounts while the rest is still being read, as
    /// [`record_inventory`](Self::record_inventory) does for an incomplete one; the accounts of
    /// it that have no outcome yet, sorted.
    pub async fn record_page(
        &self,
        sweep: SweepId,
        page: &Inventory,
        selected: &BTreeSet<AccountId>,
        skipped: &BTreeMap<AccountId, String>,
    ) -> Result<Vec<AccountId>, StoreError> {
        self.record_inventory(sweep, page, selected, skipped, false)
            .await?;
        let ids: Vec<String> = page
            .accounts
            .iter()
            .map(|account| account.id.to_string())
            .collect();
        self.attempt(|| async {
            sqlx::query_scalar!(
                // Materialized: planned while the tables are small, the query is kept for the
                // whole list, and would look up the name of every account of the sweep.
                "with named as materialized (
                    select account_no, account_id from account where account_id = any ($2)
                 )
                 select n.account_id
                 from named n
                 join sweep_account sa using (account_no)
                 where sa.sweep_no = (select sweep_no from sweep where sweep_id = $1)
                    and sa.outcome is null
                 order by n.account_id",
                sweep.0,
                &ids,
            )
            .fetch_all(&self.pool)
            .await?
            .into_iter()
            .map(|id| {
                id.parse()
                    .map_err(|error| StoreError::corrupt("an account number", &error))
            })
            .collect()
        })
        .await
    }

    async fn record_inventory_once(
        &self,
        sweep: SweepId,
        inventory: &Inventory,
        plan: &[(&str, Option<String>)],
        complete: bool,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let sweep_no = sqlx::query_scalar!(
            "update sweep set
                organization_id = coalesce($2, organization_id),
                management_account_id = coalesce($3, management_account_id),
                inventory_read_at = $4,
                inventory_complete = $5,
                state = 'running'
             where sweep_id = $1 and finished_at is null
             returning sweep_no",
            sweep.0,
            inventory.organization.as_ref().map(OrganizationId::as_str),
            inventory.management_account.as_ref().map(AccountId::as_str),
            inventory.read_at,
            complete,
        )
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or(StoreError::NoSuchSweep { sweep })?;
        for part in inventory.accounts.chunks(AT_ONCE) {
            let listed = storable_text(&part)?;
            put_accounts(&mut transaction, sweep_no, inventory, &listed, complete).await?;
        }
        if complete {
            close_accounts(&mut transaction, sweep_no, inventory).await?;
        }
        for part in plan.chunks(AT_ONCE) {
            put_outcomes(&mut transaction, sweep_no, part).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// The last complete inventory, with the time when it was read.
    pub async fn last_inventory(&self) -> Result<Option<Inventory>, StoreError> {
        self.attempt(|| self.last_inventory_once()).await
    }

    async fn last_inventory_once(&self) -> Result<Option<Inventory>, StoreError> {
        let Some(sweep) = sqlx::query!(
            r#"select sweep_no, organization_id, management_account_id,
                inventory_read_at as "read_at!"
             from sweep
             where inventory_complete and inventory_read_at is not null
             order by sweep_no desc
             limit 1"#
        )
        .fetch_optional(&self.pool)
        .await?
        else {
            return Ok(None);
        };
        let rows = sqlx::query!(
            "select account_id, name, email, ou_path, ou_ids, tags, state, joined_at
             from account
             where listed_in = $1
             order by account_id",
            sweep.sweep_no
        )
        .fetch_all(&self.pool)
        .await?;
        let corrupt = |error: &dyn std::fmt::Display| StoreError::corrupt("the inventory", error);
        let accounts = rows
            .into_iter()
            .map(|row| {
                Ok(ListedAccount {
                    id: row.account_id.parse().map_err(|error| corrupt(&error))?,
                    name: row.name,
                    email: row.email,
                    ou_path: row.ou_path,
                    ou_ids: row.ou_ids,
                    tags: row
                        .tags
                        .map(serde_json::from_value)
                        .transpose()
                        .map_err(|error| corrupt(&error))?,
                    state: serde_json::from_value::<AccountState>(Value::String(row.state))
                        .map_err(|error| corrupt(&error))?,
                    joined_at: row.joined_at,
                })
            })
            .collect::<Result<_, StoreError>>()?;
        let parsed = |id: Option<String>| id.and_then(|id| id.parse().ok());
        Ok(Some(Inventory {
            organization: sweep.organization_id.and_then(|id| id.parse().ok()),
            management_account: parsed(sweep.management_account_id),
            read_at: sweep.read_at,
            accounts,
        }))
    }
}

/// Each listed account once, with the reason why it is skipped, if it is.
fn listed_with_reasons<'a>(
    inventory: &'a Inventory,
    selected: &BTreeSet<AccountId>,
    skipped: &BTreeMap<AccountId, String>,
) -> Vec<(&'a str, Option<String>)> {
    inventory
        .accounts
        .iter()
        .map(|account| {
            let reason = match skipped.get(&account.id) {
                Some(reason) => Some(storable(reason).into_owned()),
                None if selected.contains(&account.id) => None,
                None => Some(NOT_SELECTED.to_owned()),
            };
            (account.id.as_str(), reason)
        })
        .collect()
}

/// New accounts are added; a complete inventory also knows best about those that are there.
async fn put_accounts(
    connection: &mut PgConnection,
    sweep_no: i32,
    inventory: &Inventory,
    listed: &RawValue,
    complete: bool,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into account as a (
            account_id, organization_id, name, email, ou_path, ou_ids, tags, state, joined_at,
            first_seen_at, last_seen_at, listed_in
         )
         select id, $2, name, email, ou_path, ou_ids, tags, state, joined_at, $3, $3,
            case when $4 then $5::integer end
         from jsonb_to_recordset($1) as listed (
            id text, name text, email text, ou_path text[], ou_ids text[], tags jsonb, state text,
            joined_at timestamptz
         )
         order by id
         on conflict (account_id) do update set
            organization_id = case when $4 then excluded.organization_id else a.organization_id end,
            name = case when $4 then excluded.name else a.name end,
            email = coalesce(excluded.email, a.email),
            ou_path = coalesce(excluded.ou_path, a.ou_path),
            ou_ids = case when excluded.ou_path is null then a.ou_ids else excluded.ou_ids end,
            tags = coalesce(excluded.tags, a.tags),
            state = case when $4 then excluded.state else a.state end,
            joined_at = coalesce(excluded.joined_at, a.joined_at),
            last_seen_at = greatest(excluded.last_seen_at, a.last_seen_at),
            listed_in = coalesce(excluded.listed_in, a.listed_in),
            closed_at = case
                when $4 and excluded.state in ('active', 'pending_activation') then null
                else a.closed_at
            end",
        Json(listed) as Json<&RawValue>,
        inventory.organization.as_ref().map(OrganizationId::as_str),
        inventory.read_at,
        complete,
        sweep_no,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Closes accounts that a complete inventory doesn't name any more, or names as closed.
async fn close_accounts(
    connection: &mut PgConnection,
    sweep_no: i32,
    inventory: &Inventory,
) -> Result<(), StoreError> {
    let closed = sqlx::query_scalar!(
        "update account set
            closed_at = $2,
            state = case when listed_in = $1 then state else 'left' end
         where closed_at is null
            and organization_id is not distinct from $3
            and (listed_in is distinct from $1 or state in ('suspended', 'pending_closure', 'closed'))
         returning account_no",
        sweep_no,
        inventory.read_at,
        inventory.organization.as_ref().map(OrganizationId::as_str),
    )
    .fetch_all(&mut *connection)
    .await?;
    if closed.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update finding_history
         set valid_until = greatest($2, valid_from + interval '1 microsecond'), closed_in = $3
         where account_no = any ($1) and valid_until is null",
        &closed,
        inventory.read_at,
        sweep_no,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("delete from finding where account_no = any ($1)", &closed)
        .execute(connection)
        .await?;
    Ok(())
}

/// One row per account in the sweep. Rows that are there stay, but for an account that is
/// still pending and now is to be skipped. Rows that stay are not even locked: an account whose
/// task is recording it holds its row and waits for the account's, which this transaction holds.
async fn put_outcomes(
    connection: &mut PgConnection,
    sweep_no: i32,
    plan: &[(&str, Option<String>)],
) -> Result<(), StoreError> {
    let (ids, reasons): (Vec<String>, Vec<Option<String>>) = plan
        .iter()
        .map(|(id, reason)| ((*id).to_owned(), reason.clone()))
        .unzip();
    sqlx::query!(
        "with planned as (
            select a.account_no, p.reason
            from unnest($2::text[], $3::text[]) as p (account_id, reason)
            join account a using (account_id)
            where not exists (
                select from sweep_account there
                where there.sweep_no = $1 and there.account_no = a.account_no
                    and (there.outcome is not null or p.reason is null)
            )
         ),
         put as (
            insert into sweep_account as sa (sweep_no, account_no, outcome, reason, finished_at)
            select $1, account_no, case when reason is null then null else 'skipped' end, reason,
                case when reason is null then null else now() end
            from planned
            order by account_no
            on conflict (sweep_no, account_no) do update
            set outcome = excluded.outcome, reason = excluded.reason, finished_at = excluded.finished_at
            where sa.outcome is null and excluded.outcome is not null
            returning account_no, outcome, reason
         )
         update account a
         set last_sweep = $1, last_outcome = put.outcome, last_reason = put.reason, last_message = null
         from put
         where put.outcome is not null
            and a.account_no = put.account_no
            and coalesce(a.last_sweep, 0) <= $1",
        sweep_no,
        &ids,
        &reasons as &[Option<String>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_that_nobody_selected_is_skipped_as_not_selected() {
        let account = |id: &str| ListedAccount {
            id: id.parse().unwrap(),
            name: id.to_owned(),
            email: None,
            ou_path: None,
            ou_ids: Vec::new(),
            tags: None,
            state: AccountState::Active,
            joined_at: None,
        };
        let inventory = Inventory {
            organization: None,
            management_account: None,
            read_at: chrono::DateTime::UNIX_EPOCH,
            accounts: vec![
                account("000000000001"),
                account("000000000002"),
                account("000000000003"),
            ],
        };
        let selected = BTreeSet::from(["000000000001".parse().unwrap()]);
        let skipped = BTreeMap::from([("000000000002".parse().unwrap(), "suspended".to_owned())]);
        let reasons: Vec<Option<String>> = listed_with_reasons(&inventory, &selected, &skipped)
            .into_iter()
            .map(|(_, reason)| reason)
            .collect();
        assert_eq!(
            reasons,
            [
                None,
                Some("suspended".to_owned()),
                Some("not_selected".to_owned())
            ]
        );
    }
}
