//! Budgets: how fast AWS may be asked. One limiter per account, Region and
//! quota, at a share of the published quota, so that an account's own users and
//! tools keep the rest; shared ones for STS and Organizations.

mod bucket;
mod ledger;
mod limiter;
mod window;

pub(crate) use bucket::Bucket;
pub(crate) use ledger::{AccountBudgets, SharedBudgets};
pub(crate) use limiter::Budget;
