//! The list of accounts beside the work on them: what a page lists is recorded and handed to
//! the work while the next pages are read. Reading and selecting is `plan`'s.

use std::collections::BTreeSet;
use std::pin::Pin;

use chrono::Utc;
use orgsweep_aws_access::{Access, InventoryPage};
use orgsweep_controls::ids::{AccountId, OrganizationId};
use orgsweep_controls::organization::Inventory;
use orgsweep_store::{Store, StoreError, SweepId};
use tokio::sync::mpsc;

use crate::exit::usage;
use crate::sweep::plan::{Plan, Rules, Scope, guard, plan};
use crate::sweep::roster::Roster;
use crate::sweep::selection::{Selected, Selection};

/// Pages that may wait to be recorded.
const WAITING: usize = 16;

/// A list of accounts that is being read.
pub(crate) struct Listing<'a> {
    reading: Pin<Box<dyn Future<Output = anyhow::Result<Plan>> + Send + 'a>>,
    pages: mpsc::Receiver<InventoryPage>,
    selection: Selection,
    expected: Option<&'a OrganizationId>,
    /// What was read before the sweep began.
    early: Vec<InventoryPage>,
    planned: Option<Plan>,
}

/// What is known of the organization when its first account can be read.
#[derive(Debug)]
pub(crate) struct Beginning {
    pub(crate) organization: Option<OrganizationId>,
    pub(crate) management_account: Option<AccountId>,
}

impl<'a> Listing<'a> {
    /// Begins to read the list.
    pub(crate) fn begin(
        access: &'a Access,
        store: &'a Store,
        scope: &'a Scope,
        rules: &'a Rules<'a>,
    ) -> Self {
        let (arriving, pages) = mpsc::channel(WAITING);
        let selection = match scope {
            Scope::Organization(selection) => selection.clone(),
            Scope::Accounts(_) | Scope::ThisAccount => Selection::default(),
        };
        let reading = plan(access, Some(store), scope, rules, Some(arriving));
        Self::of(reading, pages, selection, rules.expected)
    }

    fn of(
        reading: impl Future<Output = anyhow::Result<Plan>> + Send + 'a,
        pages: mpsc::Receiver<InventoryPage>,
        selection: Selection,
        expected: Option<&'a OrganizationId>,
    ) -> Self {
        Self {
            reading: Box::pin(reading),
            pages,
            selection,
            expected,
            early: Vec::new(),
            planned: None,
        }
    }

    /// Reads until an account is known that the sweep is to read. Where there is none, or the
    /// list is not the right organization's, no sweep begins.
    pub(crate) async fn beginning(&mut self) -> anyhow::Result<Beginning> {
        loop {
            tokio::select! {
                biased;
                Some(page) = self.pages.recv() => {
                    guard(self.expected, page.organization.as_ref()).map_err(usage)?;
                    let beginning = Beginning {
                        organization: page.organization.clone(),
                        management_account: page.management_account.clone(),
                    };
                    let selects = !self.selected(&part([&page])).accounts.is_empty();
                    self.early.push(page);
                    if selects {
                        return Ok(beginning);
                    }
                }
                planned = self.reading.as_mut() => {
                    let plan = self.planned.insert(planned?);
                    return Ok(Beginning {
                        organization: plan.inventory.organization.clone(),
                        management_account: plan.inventory.management_account.clone(),
                    });
                }
            }
        }
    }

    /// Reads to the end. Accounts of `sweep` that have no outcome yet go to `queue`, each once.
    /// The remarks that a person should see, and how many accounts were queued.
    pub(crate) async fn feed(
        self,
        store: &Store,
        sweep: SweepId,
        roster: &Roster,
        queue: impl Fn(Vec<AccountId>),
    ) -> anyhow::Result<(Vec<String>, usize)> {
        let mut queued = BTreeSet::new();
        let Self {
            reading,
            mut pages,
            selection,
            early,
            planned,
            ..
        } = self;
        // Until everything is listed or nothing is going to be.
        let _complete = Complete(roster);
        let planned = if let Some(planned) = planned {
            planned
        } else {
            let record = async {
                let mut arrived = early;
                loop {
                    if arrived.is_empty() {
                        match pages.recv().await {
                            Some(page) => arrived.push(page),
                            None => return Ok(()),
                        }
                    }
                    while let Ok(page) = pages.try_recv() {
                        arrived.push(page);
                    }
                    let part = part(&std::mem::take(&mut arrived));
                    let selected = selection.applied(&part);
                    roster.add(&part.accounts, &selected);
                    let mut new = store
                        .record_page(sweep, &part, &selected.accounts, &selected.skipped)
                        .await?;
                    new.retain(|account| queued.insert(account.clone()));
                    queue(new);
                }
            };
            // The list goes on while pages are recorded.
            let recorded = async {
                record
                    .await
                    .map_err(|lost: StoreError| anyhow::Error::new(lost))
            };
            let (planned, ()) = tokio::try_join!(reading, recorded)?;
            planned
        };
        let Plan {
            inventory,
            selected,
            complete,
            remarks,
        } = planned;
        roster.add(&inventory.accounts, &selected);
        roster.complete();
        store
            .record_inventory(
                sweep,
                &inventory,
                &selected.accounts,
                &selected.skipped,
                complete,
            )
            .await?;
        let mut rest = store.pending_accounts(sweep).await?;
        rest.retain(|account| queued.insert(account.clone()));
        queue(rest);
        Ok((remarks, queued.len()))
    }

    fn selected(&self, part: &Inventory) -> Selected {
        self.selection.applied(part)
    }
}

/// Lets nobody wait for a list that ended, however it did.
struct Complete<'a>(&'a Roster);

impl Drop for Complete<'_> {
    fn drop(&mut self) {
        self.0.complete();
    }
}

/// Pages as an inventory that is not complete.
fn part<'a>(pages: impl IntoIterator<Item = &'a InventoryPage>) -> Inventory {
    let mut part = Inventory {
        organization: None,
        management_account: None,
        read_at: Utc::now(),
        accounts: Vec::new(),
    };
    for page in pages {
        part.organization.clone_from(&page.organization);
        part.management_account.clone_from(&page.management_account);
        part.accounts.extend(page.accounts.iter().cloned());
    }
    part.accounts.sort_by(|one, other| one.id.cmp(&other.id));
    part.accounts.dedup_by(|one, other| one.id == other.id);
    part
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;
    use crate::sweep::selection::tests::inventory;

    fn page(accounts: std::ops::Range<usize>) -> InventoryPage {
        let inventory = inventory();
        InventoryPage {
            organization: inventory.organization,
            management_account: inventory.management_account,
            accounts: inventory.accounts[accounts].to_vec(),
        }
    }

    fn payments() -> Selection {
        Selection::new(&["name=payments-*".to_owned()], &[]).unwrap()
    }

    #[tokio::test]
    async fn work_begins_with_the_first_page_that_has_an_account_to_read() {
        let (arriving, pages) = mpsc::channel(WAITING);
        // The list itself never ends.
        let mut listing = Listing::of(pending(), pages, payments(), None);
        arriving.send(page(0..1)).await.unwrap();
        arriving.send(page(1..2)).await.unwrap();
        let beginning = listing.beginning().await.unwrap();
        assert_eq!(beginning.organization, inventory().organization);
        assert_eq!(beginning.management_account, inventory().management_account);
        assert_eq!(listing.early, [page(0..1), page(1..2)]);
    }

    #[tokio::test]
    async fn no_work_begins_in_another_organization_or_when_the_list_cannot_be_read() {
        let (arriving, pages) = mpsc::channel(WAITING);
        let theirs = "o-ffffffffff".parse().unwrap();
        let mut listing = Listing::of(pending(), pages, payments(), Some(&theirs));
        arriving.send(page(1..2)).await.unwrap();
        let refused = listing.beginning().await.unwrap_err();
        assert!(refused.to_string().contains("`o-ffffffffff`"), "{refused}");

        let (_arriving, pages) = mpsc::channel(WAITING);
        let reading = ready(Err(anyhow::anyhow!("denied")));
        let mut listing = Listing::of(reading, pages, payments(), None);
        assert_eq!(listing.beginning().await.unwrap_err().to_string(), "denied");
    }

    #[test]
    fn pages_together_are_one_sorted_part() {
        let together = part(&[page(1..3), page(0..2)]);
        assert_eq!(together.accounts, inventory().accounts[0..3]);
    }
}
