//! A world's state on paper: what was changed since it was built, to be loaded
//! into another world of the same scenario, or compared with another state.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;

use super::{AccountState, HistoryItem, Organization, World};

/// What was changed in a world since it was built.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedWorld {
    /// Seed of the scenario.
    pub seed: u64,
    /// The organization.
    pub organization: Organization,
    /// The content of every account that was changed.
    pub accounts: Vec<AccountState>,
}

/// One place in which two states differ.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// Where, for example `accounts.123456789012.regions.us-east-1.topics`.
    pub path: String,
    /// What is there before; nothing when it is new.
    pub before: Option<Value>,
    /// What is there after; nothing when it is gone.
    pub after: Option<Value>,
}

impl World {
    /// What was changed since the world was built. What is under way is not part of it.
    pub fn save(&self) -> SavedWorld {
        SavedWorld {
            seed: self.settings().seed,
            organization: self.organization().clone(),
            accounts: self.contents.changed(),
        }
    }

    /// Makes the world what it was when `saved` was saved. Accounts that were created after that
    /// stay but are members no more.
    pub fn load(&self, saved: SavedWorld) {
        self.contents.forget_changes();
        *self.organization_mut() = saved.organization;
        for state in saved.accounts {
            let id = state.id.clone();
            let there = self.account(&id).is_some();
            if there && let Some(mut content) = self.account(&id) {
                *content = state;
            } else {
                self.add_account(state);
            }
        }
    }
}

impl SavedWorld {
    /// Where `after` differs from this state, in order of the paths.
    pub fn differences(&self, after: &Self) -> Vec<Difference> {
        let mut differences = Vec::new();
        compare(
            "",
            Some(&self.as_tree()),
            Some(&after.as_tree()),
            &mut differences,
        );
        differences
    }

    /// Accounts by number, so that paths name them.
    fn as_tree(&self) -> Value {
        let mut tree = serde_json::to_value(self).unwrap_or_default();
        if let Some(accounts) = tree["accounts"].as_array() {
            let by_number: serde_json::Map<String, Value> = accounts
                .iter()
                .filter_map(|state| Some((state["id"].as_str()?.to_owned(), state.clone())))
                .collect();
            tree["accounts"] = by_number.into();
        }
        tree
    }
}

fn compare(
    path: &str,
    before: Option<&Value>,
    after: Option<&Value>,
    differences: &mut Vec<Difference>,
) {
    if before == after {
        return;
    }
    if let (Some(Value::Object(before)), Some(Value::Object(after))) = (before, after) {
        let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
        keys.sort();
        keys.dedup();
        for key in keys {
            let path = if path.is_empty() {
                key.clone()
            } else {
                format!("{path}.{key}")
            };
            compare(&path, before.get(key), after.get(key), differences);
        }
        return;
    }
    differences.push(Difference {
        path: path.to_owned(),
        before: before.cloned(),
        after: after.cloned(),
    });
}

/// Words that the state holds as constants.
const WORDS: [&str; 11] = [
    "MetricAlarm",
    "CompositeAlarm",
    "ConfigurationUpdate",
    "StateUpdate",
    "Action",
    "Equals",
    "StartsWith",
    "EndsWith",
    "NotEquals",
    "NotStartsWith",
    "NotEndsWith",
];

/// The constant that is spelt `word`.
pub(crate) fn constant(word: &str) -> Option<&'static str> {
    WORDS.into_iter().find(|known| *known == word)
}

/// An item of an alarm's history as it is written.
#[derive(Deserialize)]
struct SavedHistoryItem {
    alarm: String,
    alarm_type: String,
    at: DateTime<Utc>,
    kind: String,
    summary: String,
    data: String,
}

impl<'de> Deserialize<'de> for HistoryItem {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let saved = SavedHistoryItem::deserialize(from)?;
        let known = |word: &str| {
            constant(word)
                .ok_or_else(|| de::Error::custom(format!("`{word}` is no word of a history")))
        };
        Ok(Self {
            alarm_type: known(&saved.alarm_type)?,
            kind: known(&saved.kind)?,
            alarm: saved.alarm,
            at: saved.at,
            summary: saved.summary,
            data: saved.data,
        })
    }
}

pub(super) fn known_operators<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Vec<(&'static str, Vec<String>)>, D::Error> {
    Vec::<(String, Vec<String>)>::deserialize(from)?
        .into_iter()
        .map(|(word, values)| {
            let known = constant(&word)
                .ok_or_else(|| de::Error::custom(format!("`{word}` is no operator")))?;
            Ok((known, values))
        })
        .collect()
}
