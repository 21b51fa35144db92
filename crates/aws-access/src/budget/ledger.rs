//! Which budget a request is paid from. Budgets of an account are made when
//! they are first needed and go away with the account's task.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use orgsweep_controls::Region;

use super::{Bucket, Budget};

/// A small organization is listed at the ceiling; a long listing goes on at about
/// 5 requests per second (4 of 16) and finds its pace from there.
const ORGANIZATIONS_LEVEL: u32 = 4;
const ORGANIZATIONS_HEAD_START: u32 = 20;

/// The budgets that all accounts share.
#[derive(Debug)]
pub(crate) struct SharedBudgets {
    sts: Arc<Budget>,
    organizations: Arc<Budget>,
    share: f64,
}

impl SharedBudgets {
    /// Budgets at `share` of the quotas; STS is asked in `region`.
    pub(crate) fn new(region: &Region, share: f64) -> Self {
        let sts = Bucket::Sts.allowance(region, share);
        let organizations = Bucket::Organizations.allowance(region, share);
        Self {
            // Everybody queues for STS, so its rate matters and its burst does not.
            sts: Arc::new(Budget::new(sts, sts / 30)),
            organizations: Arc::new(
                Budget::new(organizations, 1)
                    .slowing_down_to(ORGANIZATIONS_LEVEL, ORGANIZATIONS_HEAD_START),
            ),
            share,
        }
    }

    /// From now on this share of the STS budget may be used; 1 is the whole.
    pub(crate) fn share(&self, share: f64) {
        self.sts.share(share);
    }

    /// The speed of each, as a share of the full one.
    pub(crate) fn speeds(&self) -> [(&'static str, f64); 2] {
        [
            ("sts", self.sts.speed_ratio()),
            ("organizations", self.organizations.speed_ratio()),
        ]
    }
}

/// The budgets of one account.
#[derive(Debug)]
pub(crate) struct AccountBudgets {
    shared: Arc<SharedBudgets>,
    own: Mutex<HashMap<Key, Arc<Budget>>>,
}

/// A quota and its Region; `None` when all Regions share it.
type Key = (Bucket, Option<Region>);

impl AccountBudgets {
    pub(crate) fn new(shared: Arc<SharedBudgets>) -> Self {
        Self {
            shared,
            own: Mutex::default(),
        }
    }

    /// The budget of `bucket` in `region`.
    pub(crate) fn budget(&self, bucket: Bucket, region: &Region) -> Arc<Budget> {
        match bucket {
            Bucket::Sts => return Arc::clone(&self.shared.sts),
            Bucket::Organizations => return Arc::clone(&self.shared.organizations),
            _ => {}
        }
        let key = (bucket, (!bucket.is_global()).then(|| region.clone()));
        let mut own = self
            .own
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let budget = own.entry(key).or_insert_with(|| {
            let allowance = bucket.allowance(region, self.shared.share);
            // A healthy account's calls come at once and wait for nothing.
            Arc::new(Budget::new(allowance, allowance))
        });
        Arc::clone(budget)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_are_per_region_and_bucket_and_those_of_sts_and_organizations_are_shared() {
        let [here, there]: [Region; 2] =
            ["eu-west-1", "eu-west-2"].map(|text| text.parse().unwrap());
        let shared = Arc::new(SharedBudgets::new(&here, 0.5));
        let [one, other] = [(); 2].map(|()| AccountBudgets::new(Arc::clone(&shared)));
        let same = |a: &Arc<Budget>, b: &Arc<Budget>| Arc::ptr_eq(a, b);

        let trails = one.budget(Bucket::CloudTrailRead, &here);
        assert!(same(&trails, &one.budget(Bucket::CloudTrailRead, &here)));
        assert!(!same(&trails, &one.budget(Bucket::CloudTrailRead, &there)));
        assert!(!same(&trails, &one.budget(Bucket::DescribeAlarms, &here)));
        assert!(!same(&trails, &other.budget(Bucket::CloudTrailRead, &here)));

        let regions = one.budget(Bucket::AccountListRegions, &here);
        assert!(same(
            &regions,
            &one.budget(Bucket::AccountListRegions, &there)
        ));
        for bucket in [Bucket::Sts, Bucket::Organizations] {
            assert!(same(
                &one.budget(bucket, &here),
                &other.budget(bucket, &there)
            ));
        }
    }
}
