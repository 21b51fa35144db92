//! Which accounts watch the metrics of others: the links of a group (`links`), and where the
//! alarms of its chains are (`alarms_in`).

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;

use super::check_organization::enabled_region;
use super::document::LinkTable;
use super::error::ScenarioError;
use super::plan::{MetricsLinks, Plan};
use crate::state::{MOST_LINKS, MetricsLink, NamespaceFilter};

/// The links of accounts whose chains are in `chain_region`.
pub(super) fn links(
    tables: &[LinkTable],
    chain_region: &str,
    sources: &[String],
    members: &BTreeMap<&str, Vec<String>>,
    plan: &Plan,
) -> Result<MetricsLinks, ScenarioError> {
    let mut links = MetricsLinks::new();
    for table in tables {
        let monitoring = monitoring_account(&table.to, sources, members, plan)?;
        let region = match &table.region {
            None => chain_region.to_owned(),
            Some(region) => enabled_region(region, &plan.settings)?,
        };
        let metric_filter = table
            .metric_filter
            .as_ref()
            .map(metric_filter)
            .transpose()?;
        let of_region = links.entry(region).or_default();
        let link = MetricsLink { metric_filter };
        if of_region.insert(monitoring, link).is_some() {
            let message = "there are two links to this account in one Region";
            return Err(ScenarioError::at(&table.to, message));
        }
        if of_region.len() > MOST_LINKS {
            let message = format!("an account has at most {MOST_LINKS} links in a Region");
            return Err(ScenarioError::at(&table.to, message));
        }
    }
    Ok(links)
}

fn metric_filter(filter: &Spanned<String>) -> Result<String, ScenarioError> {
    let text = filter.get_ref();
    NamespaceFilter::read(text).map(|_| text.clone()).ok_or_else(|| {
        ScenarioError::at(
            filter,
            format!(
                "`{text}` is no filter of namespaces; write for example `Namespace NOT LIKE 'AWS/%'`"
            ),
        )
    })
}

/// The account that watches metrics of `sources`: one of the organization's heads, or the first
/// one of a group.
pub(super) fn monitoring_account(
    name: &Spanned<String>,
    sources: &[String],
    members: &BTreeMap<&str, Vec<String>>,
    plan: &Plan,
) -> Result<String, ScenarioError> {
    let account = match name.get_ref().as_str() {
        "management" => Some(&plan.management),
        "delegated_administrator" => plan.delegated_administrator.as_ref(),
        group => members.get(group).and_then(|numbers| numbers.first()),
    };
    let account = account.ok_or_else(|| {
        let message = format!(
            "there is no `{}`; write `management`, `delegated_administrator` or the name of a group",
            name.get_ref()
        );
        ScenarioError::at(name, message)
    })?;
    if sources.contains(account) {
        let message = "an account watches its own metrics without this";
        return Err(ScenarioError::at(name, message));
    }
    Ok(account.clone())
}

/// For each account that watches others, by number, those others.
pub(super) fn sources(plan: &Plan) -> BTreeMap<String, BTreeSet<String>> {
    let mut sources: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (number, account) in &plan.accounts {
        let linked = account.group.links.values().flat_map(BTreeMap::keys);
        let own = account.group.own.as_ref();
        let alarms = own.and_then(|own| own.alarms_account.as_ref());
        for monitoring in linked.chain(alarms) {
            let others = sources.entry(monitoring.clone()).or_default();
            others.insert(number.clone());
        }
    }
    sources
}
