//! Which organization it is, and its management account.

use orgsweep_controls::{AccountId, OrganizationId};

use super::Organizations;
use super::accounts::Listed;
use crate::errors::{AccessError, FaultKind};
use crate::operation::Operation;

/// The organization, as far as it is known.
#[derive(Debug, Default)]
pub(super) struct Identity {
    pub(super) organization: Option<OrganizationId>,
    pub(super) management_account: Option<AccountId>,
}

/// Asks Organizations. Without the permission nothing is known yet.
pub(super) async fn read(organizations: &Organizations<'_>) -> Result<Identity, AccessError> {
    let client = organizations.client();
    let answer = organizations
        .call(Operation::DescribeOrganization, || {
            client.describe_organization().send()
        })
        .await;
    match answer {
        Ok(answer) => {
            let organization = answer.organization.ok_or_else(|| {
                organizations.garbled(
                    Operation::DescribeOrganization,
                    "it describes no organization",
                )
            })?;
            Ok(Identity {
                organization: organization.id.and_then(|id| id.parse().ok()),
                management_account: organization
                    .master_account_id
                    .and_then(|id| id.parse().ok()),
            })
        }
        // The accounts' ARNs name the organization as well.
        Err(error) if error.kind == FaultKind::Denied => Ok(Identity::default()),
        Err(error) => Err(error.into()),
    }
}

impl Identity {
    /// Fills in what is missing from the ARNs of the accounts
    /// (`arn:aws:organizations::<management account>:account/<organization>/<account>`).
    pub(super) fn complete_from(&mut self, listed: &[Listed]) {
        for account in listed {
            let Some(arn) = &account.arn else { continue };
            if self.organization.is_none() {
                self.organization = arn
                    .resource()
                    .split('/')
                    .nth(1)
                    .and_then(|id| id.parse().ok());
            }
            if self.management_account.is_none() {
                self.management_account = arn.account();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::accounts::listed;
    use super::*;

    #[test]
    fn the_organization_is_known_from_its_accounts_arns_too() {
        let account = aws_sdk_organizations::types::Account::builder()
            .id("222222222222")
            .arn("arn:aws:organizations::111111111111:account/o-a1b2c3d4e5/222222222222")
            .build();
        let mut identity = Identity::default();
        identity.complete_from(&[listed(account).unwrap()]);
        assert_eq!(identity.organization.unwrap().as_str(), "o-a1b2c3d4e5");
        assert_eq!(
            identity.management_account.unwrap().as_str(),
            "111111111111"
        );
    }
}
