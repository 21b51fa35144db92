//! What is found out once for each key, whoever asks first; the others wait for it.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

/// Values that are found out once for each key.
#[derive(Debug)]
pub(crate) struct Once<K, V>(Mutex<HashMap<K, Arc<OnceCell<V>>>>);

impl<K, V> Default for Once<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V: Clone> Once<K, V> {
    /// What was found out, or is now. When the one who looks is stopped, the next one who waits
    /// looks.
    pub(crate) async fn get<Looking: Future<Output = V>>(
        &self,
        key: K,
        look: impl FnOnce() -> Looking,
    ) -> V {
        self.cell(key).get_or_init(look).await.clone()
    }

    /// What is known already.
    pub(crate) fn known(&self, key: K) -> Option<V> {
        self.cell(key).get().cloned()
    }

    /// Remembers `value`, unless something else is known already or being found out.
    pub(crate) fn remember(&self, key: K, value: V) {
        self.cell(key).set(value).unwrap_or_default();
    }

    fn cell(&self, key: K) -> Arc<OnceCell<V>> {
        let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(cells.entry(key).or_default())
    }
}
