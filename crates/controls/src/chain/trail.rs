//! A trail: whether it delivers certain events to its log group now. Judged for
//! one kind of event at a time (Region, class, source), because several trails
//! may share the work.

use super::arrivals::Arrives;
use super::selectors::{self, Admits};
use crate::catalog::EventClass;
use crate::ids::{Partition, Region};
use crate::known::{Known, Unread};
use crate::reason::Reason;
use crate::snapshot::{Delivery, EventSelectors, Trail, TrailStatus};

/// Events that a trail either records all or none of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct EventKind {
    /// Where they are recorded; `None`: somewhere, when the Regions are not known.
    pub(crate) region: Option<Region>,
    /// Whether they are global service events.
    pub(crate) global: bool,
    pub(crate) class: EventClass,
    pub(crate) source: String,
}

/// A trail with the facts that its owner's snapshot holds.
#[derive(Debug, Clone)]
pub(crate) struct TrailFacts<'a> {
    pub(crate) trail: &'a Trail,
    pub(crate) status: Result<&'a TrailStatus, Unknown<'a>>,
    pub(crate) selectors: Result<&'a EventSelectors, Unknown<'a>>,
    pub(crate) arrives: Arrives<'a>,
}

/// Why a fact of a trail is not known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Unknown<'a> {
    Fact(&'a Unread),
    /// The account that owns the trail was not read.
    Owner(&'a Unread),
}

/// Whether a trail delivers events of a kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Delivers<'a> {
    Yes,
    No(Reason),
    Unknown(Reason, Option<&'a Unread>),
}

impl<'a> TrailFacts<'a> {
    /// The facts of a trail of the account that was read itself.
    pub(crate) fn own(trail: &'a Trail, arrives: Arrives<'a>) -> Self {
        Self {
            trail,
            status: known(&trail.status),
            selectors: known(&trail.selectors),
            arrives,
        }
    }

    /// The facts of a trail whose owner could not be read.
    pub(crate) fn of_unread_owner(trail: &'a Trail, unread: &'a Unread) -> Self {
        Self {
            trail,
            status: Err(Unknown::Owner(unread)),
            selectors: Err(Unknown::Owner(unread)),
            arrives: Arrives::Unasked,
        }
    }

    /// Whether the trail delivers events of that kind.
    pub(crate) fn delivers(&self, kind: &EventKind) -> Delivers<'a> {
        if self.trail.log_group.is_none() {
            return match self.status {
                // Members are not always told where the trail delivers to.
                Err(unknown @ Unknown::Owner(_)) => unknown.delivers(),
                _ => Delivers::No(Reason::NoLogGroup),
            };
        }
        if !self.trail.multi_region && kind.region.as_ref() != Some(&self.trail.home_region) {
            return Delivers::No(Reason::TrailNotMultiRegion);
        }
        let status = match self.status {
            Ok(status) if !status.logging => return Delivers::No(Reason::TrailNotLogging),
            Ok(status) if !is_delivering(status) => {
                return Delivers::No(Reason::TrailDeliveryFails);
            }
            Ok(_) => None,
            Err(unknown) => Some(unknown),
        };
        let status = match self.arrives {
            Arrives::OwnerOnly => return Delivers::No(Reason::OrganizationTrailOwnerOnly),
            Arrives::Unread(unread) => status.or(Some(Unknown::Fact(unread))),
            Arrives::Unasked | Arrives::Shown(_) | Arrives::Assumed => status,
        };
        let admits = self
            .selectors
            .map(|selectors| selectors::admits(selectors, kind.class, &kind.source));
        match admits {
            Ok(Admits::No) => return Delivers::No(Reason::TrailSelectorsExclude),
            _ if kind.global && !self.trail.global_service_events => {
                return Delivers::No(Reason::TrailNoGlobalEvents);
            }
            _ => {}
        }
        match (status, admits) {
            (None, Ok(Admits::Yes)) => Delivers::Yes,
            (None, Ok(_)) => Delivers::Unknown(Reason::Undecided, None),
            (Some(unknown), _) | (None, Err(unknown)) => unknown.delivers(),
        }
    }

    /// What was found, for a person.
    pub(crate) fn detail(&self, delivers: Delivers<'_>) -> String {
        let reach = if self.trail.multi_region {
            "all Regions".to_owned()
        } else {
            format!("{} only", self.trail.home_region)
        };
        match delivers {
            Delivers::Yes => {
                let whose = if self.trail.organization { "organization trail, " } else { "" };
                let arrived = match self.arrives {
                    Arrives::Shown(Delivery::Fresh) => {
                        ", where this account's events arrived within the last day".to_owned()
                    }
                    Arrives::Shown(Delivery::Stale { last }) => format!(
                        ", where this account's last event arrived on {}",
                        last.format("%Y-%m-%d")
                    ),
                    _ => String::new(),
                };
                format!("{whose}records {reach} and delivers to its log group{arrived}")
            }
            Delivers::No(Reason::NoLogGroup) => "delivers to no log group".to_owned(),
            Delivers::No(Reason::TrailNotMultiRegion) => format!("records {reach}"),
            Delivers::No(Reason::TrailNotLogging) => "is switched off".to_owned(),
            Delivers::No(Reason::TrailDeliveryFails) => self.delivery_in_words(),
            Delivers::No(Reason::OrganizationTrailOwnerOnly) => {
                "organization trail, but its log group has log streams of the owner alone: the trail's role lets no member's events through".to_owned()
            }
            Delivers::No(Reason::TrailSelectorsExclude) => {
                "its event selectors leave out events of the control".to_owned()
            }
            Delivers::No(_) => "records no global service events".to_owned(),
            Delivers::Unknown(_, Some(unread)) => unread.to_string(),
            Delivers::Unknown(_, None) => {
                "its event selectors use a field whose effect on management events is not documented"
                    .to_owned()
            }
        }
    }

    fn delivery_in_words(&self) -> String {
        match self.status {
            Ok(TrailStatus {
                delivery_error: Some(error),
                ..
            }) => format!("cannot deliver to its log group: {error}"),
            Ok(TrailStatus {
                delivery: Delivery::Stale { last },
                ..
            }) => format!(
                "last delivered to its log group on {}",
                last.format("%Y-%m-%d")
            ),
            _ => "does not deliver to its log group".to_owned(),
        }
    }
}

impl<'a> Unknown<'a> {
    fn delivers(self) -> Delivers<'a> {
        match self {
            Self::Fact(unread) => Delivers::Unknown(unread.reason(), Some(unread)),
            Self::Owner(unread) => Delivers::Unknown(Reason::OwnerUnread, Some(unread)),
        }
    }
}

fn known<T>(fact: &Known<T>) -> Result<&T, Unknown<'_>> {
    fact.get().map_err(Unknown::Fact)
}

/// A status that names no delivery at all is that of a new trail; it counts as
/// delivering, because nothing says otherwise.
fn is_delivering(status: &TrailStatus) -> bool {
    status.delivery_error.as_deref().is_none_or(str::is_empty)
        && !matches!(status.delivery, Delivery::Stale { .. })
}

/// The Region in which a partition records events of its global services.
pub(crate) fn main_region(partition: &Partition) -> Option<Region> {
    let name = match partition.as_str() {
        "aws" => "us-east-1",
        "aws-cn" => "cn-north-1",
        "aws-us-gov" => "us-gov-west-1",
        "aws-eusc" => "eusc-de-east-1",
        "aws-iso" => "us-iso-east-1",
        "aws-iso-b" => "us-isob-east-1",
        _ => return None,
    };
    name.parse().ok()
}
