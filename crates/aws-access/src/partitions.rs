//! What differs between AWS partitions: the Region to fall back to and the
//! Regions of the partition-wide services. Endpoints and signing are the SDK's.

use orgsweep_controls::{Partition, Region};

/// partition, main Region, Region of Organizations, Region of Account Management
const PARTITIONS: [(&str, &str, &str, &str); 8] = [
    ("aws", "us-east-1", "us-east-1", "us-east-1"),
    ("aws-cn", "cn-north-1", "cn-northwest-1", "cn-northwest-1"),
    (
        "aws-us-gov",
        "us-gov-west-1",
        "us-gov-west-1",
        "us-gov-west-1",
    ),
    (
        "aws-eusc",
        "eusc-de-east-1",
        "eusc-de-east-1",
        "eusc-de-east-1",
    ),
    ("aws-iso", "us-iso-east-1", "us-iso-east-1", "us-iso-east-1"),
    (
        "aws-iso-b",
        "us-isob-east-1",
        "us-isob-east-1",
        "us-isob-east-1",
    ),
    (
        "aws-iso-e",
        "eu-isoe-west-1",
        "eu-isoe-west-1",
        "eu-isoe-west-1",
    ),
    (
        "aws-iso-f",
        "us-isof-south-1",
        "us-isof-south-1",
        "us-isof-south-1",
    ),
];

/// The Regions of a partition that matter beyond its list of Regions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PartitionRegions {
    /// Always enabled: the one to ask when nothing else is known.
    pub(crate) main: Region,
    /// Where Organizations answers.
    pub(crate) organizations: Region,
    /// Where Account Management answers.
    pub(crate) account: Region,
}

impl PartitionRegions {
    /// Those of `partition`; of one that is not known here, `otherwise` for all.
    pub(crate) fn of(partition: &Partition, otherwise: &Region) -> Self {
        let known = PARTITIONS
            .iter()
            .find(|(name, ..)| *name == partition.as_str());
        let region = |text: &str| text.parse().unwrap_or_else(|_| otherwise.clone());
        match known {
            Some((_, main, organizations, account)) => Self {
                main: region(main),
                organizations: region(organizations),
                account: region(account),
            },
            None => Self {
                main: otherwise.clone(),
                organizations: otherwise.clone(),
                account: otherwise.clone(),
            },
        }
    }
}

/// The Region to ask for one's own identity before the partition is known.
pub(crate) fn first_region() -> Region {
    "us-east-1".parse().expect("a valid Region")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_partition_has_regions_and_an_unknown_one_takes_what_was_configured() {
        let configured: Region = "xx-new-west-1".parse().unwrap();
        for (name, main, organizations, account) in PARTITIONS {
            let found = PartitionRegions::of(&name.parse().unwrap(), &configured);
            assert_eq!(found.main.as_str(), main);
            assert_eq!(found.organizations.as_str(), organizations);
            assert_eq!(found.account.as_str(), account);
        }
        let found = PartitionRegions::of(&"aws-new".parse().unwrap(), &configured);
        assert_eq!(found.main, configured);
        assert_eq!(found.organizations, configured);
    }
}
