//! Links between accounts by CloudWatch Observability Access Manager: what each
//! shares of the metrics of a source account with a monitoring account.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize};

use super::{NamespaceFilter, World, drawn};

/// Links that a source account can have in a Region ("CloudWatch cross-account observability").
pub(crate) const MOST_LINKS: usize = 5;

/// What a link shares.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricsLink {
    /// Which namespaces are shared (`LinkConfiguration.MetricConfiguration.Filter`): all without
    /// one, none when it cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_filter: Option<String>,
}

impl MetricsLink {
    /// Whether metrics of `namespace` are shared.
    pub fn shares(&self, namespace: &str) -> bool {
        self.metric_filter.as_ref().is_none_or(|filter| {
            NamespaceFilter::read(filter).is_some_and(|filter| filter.shares(namespace))
        })
    }
}

impl World {
    /// Links the metrics that `source` has in `region` to the sink of `monitoring` there, so that
    /// alarms of `monitoring` may watch them. `false` when one of the two does not exist, or when
    /// `source` has five other links there.
    pub fn link_metrics(&self, source: &str, monitoring: &str, region: &str) -> bool {
        self.link(source, monitoring, region, &MetricsLink::default())
    }

    /// Links the metrics whose namespaces `filter` describes, for example
    /// `Namespace NOT LIKE 'AWS/%'`; a link that is there already gets the filter, and `*` takes
    /// one away. `false` as for [`World::link_metrics`].
    pub fn link_metrics_where(
        &self,
        source: &str,
        monitoring: &str,
        region: &str,
        filter: &str,
    ) -> bool {
        let link = MetricsLink {
            metric_filter: (filter != "*").then(|| filter.to_owned()),
        };
        self.link(source, monitoring, region, &link)
    }

    fn link(&self, source: &str, monitoring: &str, region: &str, link: &MetricsLink) -> bool {
        if !self.has_account(source) || !self.has_account(monitoring) {
            return false;
        }
        if let Some(mut state) = self.account(source) {
            let links = &mut state.region(region).monitoring_accounts;
            if links.len() >= MOST_LINKS && !links.contains_key(monitoring) {
                return false;
            }
            links.insert(monitoring.to_owned(), link.clone());
        }
        if let Some(mut state) = self.account(monitoring) {
            let links = &mut state.region(region).source_accounts;
            links.insert(source.to_owned(), link.clone());
        }
        true
    }

    /// Id of the link between the two accounts in a Region.
    pub(crate) fn link_id(&self, source: &str, monitoring: &str, region: &str) -> String {
        self.drawn_uuid(&format!("link {source} {monitoring} {region}"))
    }

    /// Id of the account's sink in a Region.
    pub(crate) fn sink_id(&self, monitoring: &str, region: &str) -> String {
        self.drawn_uuid(&format!("sink {monitoring} {region}"))
    }

    fn drawn_uuid(&self, what: &str) -> String {
        let id = drawn(self.settings().seed, what);
        format!("{:08x}-0000-4000-8000-{:012x}", id >> 32, id & 0xffff_ffff)
    }
}

/// Reads links by account, and the plain list of accounts that stands in older states.
pub(super) fn by_account<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<BTreeMap<String, MetricsLink>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Accounts(BTreeSet<String>),
        Links(BTreeMap<String, MetricsLink>),
    }
    Ok(match Written::deserialize(from)? {
        Written::Links(links) => links,
        Written::Accounts(accounts) => accounts
            .into_iter()
            .map(|account| (account, MetricsLink::default()))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use crate::state::{MetricsLink, RegionState};

    #[test]
    fn a_link_without_a_filter_shares_all_and_one_with_an_unreadable_filter_nothing() {
        let shares = |filter: Option<&str>| {
            let link = MetricsLink {
                metric_filter: filter.map(str::to_owned),
            };
            link.shares("App")
        };
        assert!(shares(None));
        assert!(shares(Some("Namespace = 'App'")));
        assert!(!shares(Some("Namespace = 'Other'")));
        assert!(!shares(Some("App")));
    }

    #[test]
    fn links_are_read_as_they_are_written_and_as_they_were_before() {
        let mut state = RegionState::default();
        let link = |filter: &str| MetricsLink {
            metric_filter: Some(filter.to_owned()),
        };
        let links = &mut state.monitoring_accounts;
        links.insert("111111111111".to_owned(), MetricsLink::default());
        links.insert("222222222222".to_owned(), link("Namespace = 'App'"));
        let mut written = serde_json::to_value(&state).unwrap();
        let read: RegionState = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(read, state);

        written["monitoring_accounts"] = serde_json::json!(["111111111111"]);
        state.monitoring_accounts.remove("222222222222");
        let read: RegionState = serde_json::from_value(written).unwrap();
        assert_eq!(read, state);
    }
}
