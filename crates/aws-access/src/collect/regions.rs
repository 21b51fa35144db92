//! The Regions that are enabled in the account.

use std::collections::BTreeSet;

use aws_sdk_account::types::RegionOptStatus;
use orgsweep_controls::{Known, Region};

use crate::errors::CallError;
use crate::operation::Operation;
use crate::paging::Pages;
use crate::session::Session;

const OPERATION: Operation = Operation::ListRegions;

/// The enabled Regions, sorted.
pub(super) async fn enabled(session: &Session) -> Known<Vec<Region>> {
    let asked = &session.shared().regions.account;
    match list(session, asked).await {
        Ok(regions) => Known::read(regions.into_iter().collect(), OPERATION.call(asked)),
        Err(error) => error.into_known(),
    }
}

async fn list(session: &Session, asked: &Region) -> Result<BTreeSet<Region>, CallError> {
    let garbled = |message: String| CallError::garbled(OPERATION, asked, message);
    let client = session.clients().account(asked);
    let mut regions = BTreeSet::new();
    let mut pages = Pages::default();
    let mut token = None;
    loop {
        let request = client
            .list_regions()
            .max_results(50)
            .region_opt_status_contains(RegionOptStatus::Enabled)
            .region_opt_status_contains(RegionOptStatus::EnabledByDefault)
            .set_next_token(token);
        let page = session
            .call(OPERATION, asked, || request.clone().send())
            .await?;
        let listed = page
            .regions
            .ok_or_else(|| garbled("the answer has no list of Regions".to_owned()))?;
        for region in listed {
            let on = matches!(
                region.region_opt_status,
                None | Some(RegionOptStatus::Enabled | RegionOptStatus::EnabledByDefault)
            );
            let name = region.region_name.unwrap_or_default();
            if on {
                regions.insert(name.parse().map_err(|error| garbled(format!("{error}")))?);
            }
        }
        token = pages
            .after(page.next_token)
            .map_err(|endless| garbled(endless.message().to_owned()))?;
        if token.is_none() {
            break;
        }
    }
    if regions.is_empty() {
        return Err(garbled("the answer names no enabled Region".to_owned()));
    }
    Ok(regions)
}
