//! Whether the events of a member account arrive in the log group of an
//! organization trail. The role with which CloudTrail writes there may let it
//! write to the log streams of the trail's owner alone (CloudTrail, *Role policy
//! for organization trails*): the trail looks healthy then, and no member's event
//! ever arrives.

use crate::ids::AccountId;
use crate::known::Unread;
use crate::snapshot::{AccountSnapshot, Arrivals, Delivery, Trail};

/// What is known of the arrival of an account's events.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Arrives<'a> {
    /// There is no question: the trail is the account's own, or nobody asked.
    Unasked,
    /// They arrived.
    Shown(&'a Delivery),
    /// The streams that were listed tell nothing about this account.
    Assumed,
    /// Only the owner's arrive.
    OwnerOnly,
    Unread(&'a Unread),
}

/// Whether events of `account` arrive through `trail`, as its owner sees it.
/// `keeper` is the snapshot of the account that has the log group.
pub(crate) fn of<'a>(
    account: &AccountId,
    trail: &Trail,
    keeper: Option<&'a AccountSnapshot>,
) -> Arrives<'a> {
    let owner = trail.arn.account();
    if owner.as_ref() == Some(account) {
        return Arrives::Unasked;
    }
    let group = trail.log_group.as_ref();
    let asked = group
        .zip(keeper)
        .and_then(|(group, keeper)| keeper.log_groups.get(group)?.arrivals.as_ref());
    let Some(asked) = asked else {
        return Arrives::Unasked;
    };
    let keeper = group.map(crate::ids::LogGroupArn::account);
    match asked.get() {
        Err(unread) => Arrives::Unread(unread),
        Ok(arrivals) => {
            let heads = [owner, keeper];
            let is_head = |id: &AccountId| heads.iter().flatten().any(|head| head == id);
            match arrivals.accounts.get(account) {
                Some(delivery) => Arrives::Shown(delivery),
                None if !is_head(account) && only(&is_head, arrivals) => Arrives::OwnerOnly,
                None => Arrives::Assumed,
            }
        }
    }
}

/// Whether streams are there, long enough, and none of them is a member's.
fn only(is_head: &dyn Fn(&AccountId) -> bool, arrivals: &Arrivals) -> bool {
    let mut accounts = arrivals.accounts.keys();
    arrivals.complete && arrivals.settled && !arrivals.accounts.is_empty() && accounts.all(is_head)
}
