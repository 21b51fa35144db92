//! Tags of an account.

use std::collections::BTreeMap;

use orgsweep_controls::AccountId;

use super::Organizations;
use crate::errors::AccessError;
use crate::operation::Operation;
use crate::paging::Pages;

/// The tags of `account`.
pub(super) async fn of(
    organizations: &Organizations<'_>,
    account: &AccountId,
) -> Result<BTreeMap<String, String>, AccessError> {
    let client = organizations.client();
    let mut tags = BTreeMap::new();
    let mut pages = Pages::default();
    let mut token = None;
    loop {
        let request = client
            .list_tags_for_resource()
            .resource_id(account.as_str())
            .set_next_token(token);
        let page = organizations
            .call(Operation::ListTagsForResource, || request.clone().send())
            .await?;
        tags.extend(
            page.tags
                .unwrap_or_default()
                .into_iter()
                .map(|tag| (tag.key, tag.value)),
        );
        token = pages.after(page.next_token).map_err(|endless| {
            organizations.garbled(Operation::ListTagsForResource, endless.message())
        })?;
        if token.is_none() {
            return Ok(tags);
        }
    }
}
