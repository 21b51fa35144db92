//! Alarms of other accounts on an account's metrics: those of the monitoring accounts to whose sinks
//! the metrics are linked (CloudWatch Observability Access Manager). Asked only where the account's
//! own alarms tell nobody of a filter's metric.

use std::collections::BTreeMap;

use aws_sdk_oam::types::ResourceType;
use futures::future::join_all;
use orgsweep_controls::snapshot::{MetricFilter, MonitoringAccount};
use orgsweep_controls::{
    AccountId, AccountSnapshot, Arn, Known, OwnChains, Region, Unread, UnreadCause,
};

use crate::errors::CallError;
use crate::members::Members;
use crate::operation::Operation;
use crate::paging::Pages;
use crate::session::Session;

const LIST: Operation = Operation::ListLinks;
const GET: Operation = Operation::GetLink;

/// The monitoring accounts of each Region.
type Found = BTreeMap<Region, Known<BTreeMap<AccountId, MonitoringAccount>>>;

/// A link that shares metrics.
struct Link {
    arn: String,
    monitoring: AccountId,
}

/// The accounts whose alarms may read metrics that tell nobody by the `chains` of the account of
/// `snapshot`, where they have such alarms or theirs are not known. Those of `neighbours` are entered.
pub(super) async fn of(
    session: &Session,
    snapshot: &AccountSnapshot,
    chains: &OwnChains,
    neighbours: &Members,
) -> Found {
    let regions = chains.regions_whose_metrics_tell_nobody();
    let read = regions.into_iter().map(async |region| {
        let found = in_region(session, snapshot, &region, neighbours).await;
        (region, found)
    });
    let read = join_all(read).await.into_iter();
    read.filter_map(|(region, found)| Some((region, found?)))
        .collect()
}

/// `None` where nobody watches, or the Region has no links.
async fn in_region(
    session: &Session,
    snapshot: &AccountSnapshot,
    region: &Region,
    neighbours: &Members,
) -> Option<Known<BTreeMap<AccountId, MonitoringAccount>>> {
    if !session.has_links(region).await {
        return None;
    }
    let links = match listed(session, region).await {
        Ok(links) => links,
        Err(error) if session.shared().support.is_missed_by(&error, region) => return None,
        Err(error) => {
            let mut unread = error.into_unread();
            // That nobody may ask for links says nothing about what happens in the Region.
            if unread.cause == UnreadCause::DeniedByServiceControlPolicy {
                unread.cause = UnreadCause::Denied;
            }
            return Some(Known::Unread(unread));
        }
    };
    let groups = snapshot.log_groups.iter();
    let here = groups.filter(|(arn, _)| arn.region() == *region);
    let filters: Vec<&MetricFilter> = here
        .flat_map(|(_, group)| group.filters.value().into_iter().flatten())
        .collect();
    let read = links.iter().map(async |link| {
        let found = behind(session, link, region, &filters, neighbours).await;
        Some((link.monitoring.clone(), found?))
    });
    let accounts: BTreeMap<_, _> = join_all(read).await.into_iter().flatten().collect();
    (!accounts.is_empty()).then(|| Known::read(accounts, LIST.call(region)))
}

async fn listed(session: &Session, region: &Region) -> Result<Vec<Link>, CallError> {
    let garbled = |message: &str| CallError::garbled(LIST, region, message);
    let client = session.clients().oam(region);
    let mut links = Vec::new();
    let mut pages = Pages::default();
    let mut token = None;
    loop {
        let request = client.list_links().set_next_token(token);
        let page = session
            .call(LIST, region, || request.clone().send())
            .await?;
        for link in page.items {
            let metrics = ResourceType::AwsCloudwatchMetric.as_str();
            if !link.resource_types().iter().any(|kind| kind == metrics) {
                continue;
            }
            let sink = link.sink_arn().unwrap_or_default().parse::<Arn>().ok();
            let (Some(monitoring), Some(arn)) = (sink.and_then(|sink| sink.account()), link.arn)
            else {
                return Err(garbled("a link has no valid ARN, or its sink has none"));
            };
            links.push(Link { arn, monitoring });
        }
        token = pages
            .after(page.next_token)
            .map_err(|endless| garbled(endless.message()))?;
        if token.is_none() {
            return Ok(links);
        }
    }
}

/// What the monitoring account has on the metrics; `None` when it has no alarm on them.
async fn behind(
    session: &Session,
    link: &Link,
    region: &Region,
    filters: &[&MetricFilter],
    neighbours: &Members,
) -> Option<MonitoringAccount> {
    let owner = &link.monitoring;
    let pauses = session.pauses();
    let alarms = if pauses.during(neighbours.contain(owner)).await {
        let read = &session.shared().neighbours;
        pauses.during(read.alarms(session, owner, region)).await
    } else {
        Known::Unread(Unread {
            call: Operation::DescribeAlarms.call(region),
            cause: UnreadCause::NotAsked,
            message: "it does not belong to the organization, or is suspended".to_owned(),
        })
    };
    let alarms = alarms.map(|all| all.on_metrics_of(session.account(), filters));
    if (alarms.value()).is_some_and(|alarms| alarms.metric.is_empty()) {
        return None;
    }
    Some(MonitoringAccount {
        metric_filter: metric_filter(session, link, region).await,
        alarms,
    })
}

async fn metric_filter(session: &Session, link: &Link, region: &Region) -> Known<Option<String>> {
    let client = session.clients().oam(region);
    let request = client.get_link().identifier(&link.arn);
    match session.call(GET, region, || request.clone().send()).await {
        Ok(answer) => {
            let shared = answer
                .link_configuration
                .and_then(|c| c.metric_configuration);
            let filter = shared.map(|metrics| metrics.filter);
            let filter = filter.filter(|filter| !filter.is_empty());
            Known::read(filter, GET.call(region))
        }
        Err(error) => error.into_known(),
    }
}
