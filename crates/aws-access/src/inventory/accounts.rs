//! The list of accounts, in pages of 20.

use aws_sdk_organizations::types::{Account, AccountState as SdkState, AccountStatus};
use chrono::{DateTime, Utc};
use orgsweep_controls::{AccountState, Arn, ListedAccount};

use super::Organizations;
use crate::errors::AccessError;
use crate::operation::Operation;
use crate::paging::Pages;

/// An account as it was listed, with what only the inventory itself uses.
#[derive(Debug, Clone)]
pub(super) struct Listed {
    pub(super) account: ListedAccount,
    pub(super) arn: Option<Arn>,
    /// Where it is, as ids: `o-…/r-…/ou-…/`. Newer than the other fields; may be absent.
    pub(super) paths: Vec<String>,
}

/// The pages of all accounts of the organization.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pages: Pages,
    token: Option<String>,
    ended: bool,
}

impl Listing {
    /// The next page; `None` after the last one.
    pub(super) async fn next(
        &mut self,
        organizations: &Organizations<'_>,
    ) -> Result<Option<Vec<Listed>>, AccessError> {
        if self.ended {
            return Ok(None);
        }
        let request = organizations
            .client()
            .list_accounts()
            .set_next_token(self.token.take());
        let page = organizations
            .call(Operation::ListAccounts, || request.clone().send())
            .await?;
        let garbled = |message| organizations.garbled(Operation::ListAccounts, message);
        let accounts = page.accounts.unwrap_or_default().into_iter();
        let accounts = accounts
            .map(|account| listed(account).ok_or_else(|| garbled("an account has no valid id")))
            .collect::<Result<_, _>>()?;
        self.token = self
            .pages
            .after(page.next_token)
            .map_err(|endless| garbled(endless.message()))?;
        self.ended = self.token.is_none();
        Ok(Some(accounts))
    }
}

/// Accounts that are not listed are taken to have left: an empty or foreign list must not
/// close them all.
pub(super) fn check(
    organizations: Organizations<'_>,
    accounts: &[Listed],
) -> Result<(), AccessError> {
    if accounts
        .iter()
        .any(|listed| listed.account.id == *organizations.session.account())
    {
        Ok(())
    } else {
        let message = "the list of accounts lacks the caller's own";
        Err(organizations
            .garbled(Operation::ListAccounts, message)
            .into())
    }
}

/// The account in our own terms; `None` when it has no valid id.
pub(super) fn listed(account: Account) -> Option<Listed> {
    let id: orgsweep_controls::AccountId = account.id.as_deref()?.parse().ok()?;
    let state = state(account.state.as_ref(), account.status.as_ref());
    Some(Listed {
        account: ListedAccount {
            name: account.name.unwrap_or_else(|| id.to_string()),
            id,
            email: account.email,
            ou_path: None,
            ou_ids: Vec::new(),
            tags: None,
            state,
            joined_at: account.joined_timestamp.and_then(|time| moment(&time)),
        },
        arn: account.arn.and_then(|arn| arn.parse().ok()),
        paths: account.paths.unwrap_or_default(),
    })
}

fn moment(time: &aws_smithy_types::DateTime) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(time.secs(), time.subsec_nanos())
}

/// `State` where there is one, else the older `Status`; neither, or one that is
/// not known here, is an account that can be tried.
fn state(state: Option<&SdkState>, status: Option<&AccountStatus>) -> AccountState {
    let text = state
        .map(SdkState::as_str)
        .or_else(|| status.map(AccountStatus::as_str));
    match text {
        Some("PENDING_ACTIVATION") => AccountState::PendingActivation,
        Some("SUSPENDED") => AccountState::Suspended,
        Some("PENDING_CLOSURE") => AccountState::PendingClosure,
        Some("CLOSED") => AccountState::Closed,
        _ => AccountState::Active,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[rustfmt::skip]
    fn the_state_is_the_new_field_else_the_old_one_else_active() {
        for (new,                        old,                    expected) in [
            (Some("ACTIVE"),             None,                   AccountState::Active),
            (Some("PENDING_ACTIVATION"), None,                   AccountState::PendingActivation),
            (Some("SUSPENDED"),          Some("ACTIVE"),         AccountState::Suspended),
            (Some("PENDING_CLOSURE"),    None,                   AccountState::PendingClosure),
            (Some("CLOSED"),             Some("SUSPENDED"),      AccountState::Closed),
            (None,                       Some("SUSPENDED"),      AccountState::Suspended),
            (None,                       Some("PENDING_CLOSURE"), AccountState::PendingClosure),
            (None,                       None,                   AccountState::Active),
            (Some("SOMETHING_NEW"),      None,                   AccountState::Active),
        ] {
            let found = state(new.map(SdkState::from).as_ref(), old.map(AccountStatus::from).as_ref());
            assert_eq!(found, expected, "{new:?} {old:?}");
        }
    }

    #[test]
    fn an_account_without_a_name_is_called_by_its_number() {
        let account = Account::builder().id("111122223333").build();
        assert_eq!(listed(account).unwrap().account.name, "111122223333");
        assert!(listed(Account::builder().id("12").build()).is_none());
    }
}
