//! Table `snapshot`: the facts of an account, once per distinct content, as compressed JSON.
//! The digest is that of the JSON, so a stored night can be proved and judged again.

use orgsweep_controls::ids::AccountId;
use orgsweep_controls::snapshot::AccountSnapshot;
use sha2::{Digest, Sha256};

use crate::error::StoreError;
use crate::store::Store;
use crate::sweep::SweepId;

/// Compression level of zstd: on snapshots of some kilobytes higher ones gain next to nothing.
const LEVEL: i32 = 3;

/// No snapshot is larger; a stored one that claims to be is refused.
const LARGEST: usize = 256 * 1024 * 1024;

/// A snapshot as JSON with its digest. Maps and lists are sorted, so equal facts are equal bytes.
pub(crate) struct Content {
    pub(crate) json: Vec<u8>,
    pub(crate) digest: Vec<u8>,
}

impl Content {
    pub(crate) fn of(snapshot: &AccountSnapshot) -> Result<Self, StoreError> {
        let json = serde_json::to_vec(snapshot)
            .map_err(|error| StoreError::corrupt("a snapshot", &error))?;
        let digest = Sha256::digest(&json).to_vec();
        Ok(Self { json, digest })
    }

    pub(crate) fn compressed(&self) -> Result<Vec<u8>, StoreError> {
        let mut compressed = Self::all_compressed(&[self])?;
        // INVARIANT: one goes in, one comes out.
        Ok(compressed.swap_remove(0))
    }

    /// Compresses several, with one compressor: making it takes as long as using it.
    pub(crate) fn all_compressed(contents: &[&Self]) -> Result<Vec<Vec<u8>>, StoreError> {
        let corrupt = |error: std::io::Error| StoreError::corrupt("a snapshot", &error);
        let mut compressor = zstd::bulk::Compressor::new(LEVEL).map_err(corrupt)?;
        contents
            .iter()
            .map(|content| compressor.compress(&content.json).map_err(corrupt))
            .collect()
    }
}

pub(crate) fn restored(content: &[u8], size: i32) -> Result<AccountSnapshot, StoreError> {
    let size = usize::try_from(size).unwrap_or(0).min(LARGEST);
    let json = zstd::bulk::decompress(content, size)
        .map_err(|error| StoreError::corrupt("a snapshot", &error))?;
    serde_json::from_slice(&json).map_err(|error| StoreError::corrupt("a snapshot", &error))
}

impl Store {
    /// The last facts that were read from an account.
    pub async fn snapshot(
        &self,
        account: &AccountId,
    ) -> Result<Option<AccountSnapshot>, StoreError> {
        self.attempt(|| async {
            sqlx::query!(
                "select sn.content, sn.content_size
                 from account a
                 join sweep_account sa on sa.account_no = a.account_no and sa.sweep_no = a.observed_in
                 join snapshot sn on sn.snapshot_no = sa.snapshot_no
                 where a.account_id = $1",
                account.as_str()
            )
            .fetch_optional(&self.pool)
            .await?
            .map(|row| restored(&row.content, row.content_size))
            .transpose()
        })
        .await
    }

    /// The facts that a sweep read from an account.
    pub async fn snapshot_of_sweep(
        &self,
        sweep: SweepId,
        account: &AccountId,
    ) -> Result<Option<AccountSnapshot>, StoreError> {
        self.attempt(|| async {
            sqlx::query!(
                "select sn.content, sn.content_size
                 from sweep s
                 join sweep_account sa using (sweep_no)
                 join account a using (account_no)
                 join snapshot sn on sn.snapshot_no = sa.snapshot_no
                 where s.sweep_id = $1 and a.account_id = $2",
                sweep.0,
                account.as_str()
            )
            .fetch_optional(&self.pool)
            .await?
            .map(|row| restored(&row.content, row.content_size))
            .transpose()
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use orgsweep_controls::known::{Call, Known};

    use super::*;

    #[test]
    fn a_snapshot_survives_compression() {
        let snapshot = AccountSnapshot {
            account: "111122223333".parse().unwrap(),
            partition: "aws".parse().unwrap(),
            regions: Known::read(
                vec!["eu-west-1".parse().unwrap()],
                Call::new("account", "ListRegions", None),
            ),
            trails: BTreeMap::new(),
            log_groups: BTreeMap::new(),
            alarms: BTreeMap::new(),
            topics: BTreeMap::new(),
            keys: BTreeMap::new(),
            monitoring: BTreeMap::new(),
        };
        let content = Content::of(&snapshot).unwrap();
        let size = i32::try_from(content.json.len()).unwrap();
        assert_eq!(
            restored(&content.compressed().unwrap(), size).unwrap(),
            snapshot
        );
    }

    #[test]
    fn a_damaged_snapshot_is_an_error() {
        assert!(matches!(
            restored(b"nonsense", 100),
            Err(StoreError::Corrupt { .. })
        ));
    }
}
