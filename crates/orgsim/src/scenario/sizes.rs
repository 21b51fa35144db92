//! How many accounts each group has: counts as they are given, shares of what
//! the counts leave.

use super::document::Document;
use super::error::ScenarioError;

/// The number of accounts of each group, in the order of the file. `heads` are the accounts that
/// belong to none.
pub(super) fn sizes(document: &Document, heads: usize) -> Result<Vec<usize>, ScenarioError> {
    let mut counted = heads;
    let mut shared = 0.0;
    for group in &document.group {
        match (group.count, &group.share) {
            (Some(_), Some(share)) => {
                return Err(ScenarioError::at(
                    share,
                    "a group has a `count` or a `share`, not both",
                ));
            }
            (None, Some(share)) if !(0.0..=1.0).contains(share.get_ref()) => {
                return Err(ScenarioError::at(share, "a share lies between 0 and 1"));
            }
            (None, Some(share)) => shared += share.get_ref(),
            (count, None) => counted += count.unwrap_or_else(|| listed(group)),
        }
    }
    let Some(first_share) = document.group.iter().find_map(|group| group.share.as_ref()) else {
        return check_total(document, counted).map(|()| {
            document
                .group
                .iter()
                .map(|group| group.count.unwrap_or_else(|| listed(group)))
                .collect()
        });
    };
    if shared > 1.0 + 1e-9 {
        return Err(ScenarioError::at(
            first_share,
            "the shares add up to more than 1",
        ));
    }
    let total = document.organization.accounts.ok_or_else(|| {
        ScenarioError::at(
            first_share,
            "shares need `organization.accounts`, the number of all accounts",
        )
    })?;
    let left = total.checked_sub(counted).ok_or_else(|| {
        ScenarioError::new(format!(
            "the counts make {counted} accounts, more than `organization.accounts = {total}`"
        ))
    })?;
    let mut sizes: Vec<usize> = document
        .group
        .iter()
        .map(|group| match &group.share {
            Some(share) => (left as f64 * share.get_ref()).floor() as usize,
            None => group.count.unwrap_or_else(|| listed(group)),
        })
        .collect();
    // Shares that make up the whole leave nobody out: the first group takes what rounding left.
    if (shared - 1.0).abs() < 1e-9 {
        let missing = total - heads - sizes.iter().sum::<usize>();
        if let Some(index) = document
            .group
            .iter()
            .position(|group| group.share.is_some())
        {
            sizes[index] += missing;
        }
    }
    Ok(sizes)
}

/// The accounts of a group that has neither count nor share: those whose numbers it lists, or one.
fn listed(group: &super::document::GroupTable) -> usize {
    group.numbers.as_ref().map_or(1, Vec::len)
}

fn check_total(document: &Document, counted: usize) -> Result<(), ScenarioError> {
    match document.organization.accounts {
        Some(total) if total != counted => Err(ScenarioError::new(format!(
            "the counts make {counted} accounts, not `organization.accounts = {total}`; leave it out or correct a count"
        ))),
        _ => Ok(()),
    }
}
