//! The kinds of events of a control in an account: in which Regions, of which
//! class, from which source. A trail either records all events of a kind or none.

use std::collections::BTreeSet;

use super::routes::Routes;
use crate::catalog::{Control, EventClass, Recorded};
use crate::chain::selectors;
use crate::chain::trail::EventKind;
use crate::ids::Region;

/// A source that no selector names.
pub(super) const ANY_OTHER_SOURCE: &str = "any-other.amazonaws.com";
/// The source that stands for global services.
const GLOBAL_SOURCE: &str = "iam.amazonaws.com";

/// Every kind of event of `control` in the account.
pub(super) fn of(control: &Control, routes: &Routes<'_>) -> Vec<EventKind> {
    let regions: Vec<Option<Region>> = match routes.regions {
        Ok(regions) => regions.iter().cloned().map(Some).collect(),
        // Those that were asked, and the others, whichever they are.
        Err(_) => routes
            .asked
            .iter()
            .cloned()
            .map(Some)
            .chain([None])
            .collect(),
    };
    let main = vec![routes.main_region.clone()];
    let sources = sources(control, routes);
    let global = BTreeSet::from([GLOBAL_SOURCE.to_owned()]);
    let mut kinds = Vec::new();
    let mut add = |regions: &[Option<Region>], sources: &BTreeSet<String>, global: bool| {
        for region in regions {
            for class in &control.classes {
                kinds.extend(sources.iter().map(|source| EventKind {
                    region: region.clone(),
                    global,
                    class: *class,
                    source: source.clone(),
                }));
            }
        }
    };
    match control.recorded {
        Recorded::Regional => add(&regions, &sources, false),
        Recorded::Global => add(&main, &sources, true),
        Recorded::SignIn => add(&regions, &sources, true),
        Recorded::Everywhere => {
            add(&regions, &sources, false);
            add(&main, &global, true);
        }
    }
    kinds
}

/// What the events of a kind have in common, as conditions of the pattern language.
pub(super) fn conditions(kind: &EventKind) -> Vec<String> {
    let class = match kind.class {
        EventClass::Read => "$.readOnly IS TRUE",
        EventClass::Write => "$.readOnly IS FALSE",
    };
    let mut conditions = vec![class.to_owned()];
    if kind.source != ANY_OTHER_SOURCE {
        conditions.push(format!("$.eventSource = \"{}\"", kind.source));
    }
    conditions
}

fn sources(control: &Control, routes: &Routes<'_>) -> BTreeSet<String> {
    if !control.event_sources.is_empty() {
        return control.event_sources.iter().cloned().collect();
    }
    let told_apart = routes
        .all
        .iter()
        .filter_map(|route| route.facts.selectors.ok())
        .flat_map(selectors::sources_told_apart);
    told_apart.chain([ANY_OTHER_SOURCE.to_owned()]).collect()
}
