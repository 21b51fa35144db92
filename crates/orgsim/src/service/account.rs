//! Account Management: which Regions an account has enabled.

use super::{Answer, Window};
use crate::neutral::{Value, structure};
use crate::request::{Request, ServiceError};
use crate::state::World;

pub(super) fn answer(world: &World, request: &Request) -> Answer {
    match request.operation.as_str() {
        "ListRegions" => list_regions(world, request),
        "GetRegionOptStatus" => {
            let name = request.required("RegionName")?;
            regions(world, asked_account(world, request)?)
                .into_iter()
                .find(|(region, _)| region == name)
                .map(row)
                .ok_or_else(|| ServiceError::invalid(request.service, "Unknown Region"))
        }
        "EnableRegion" => switch(world, request, true),
        "DisableRegion" => switch(world, request, false),
        other => Err(ServiceError::unknown_operation(request.service, other)),
    }
}

/// Switches a Region that accounts opt in to; it takes minutes on AWS, and no time here.
fn switch(world: &World, request: &Request, on: bool) -> Answer {
    let region = request.required("RegionName")?;
    let optional = world.settings().disabled_regions.iter();
    if !optional.clone().any(|known| known == region) {
        return Err(ServiceError::invalid(
            request.service,
            format!("The region {region} cannot be enabled or disabled."),
        ));
    }
    if let Some(mut state) = world.account(asked_account(world, request)?) {
        if on {
            state.opted_in_regions.insert(region.to_owned());
        } else {
            state.opted_in_regions.remove(region);
        }
    }
    Ok(Value::empty())
}

fn list_regions(world: &World, request: &Request) -> Answer {
    let wanted = request.params.texts("RegionOptStatusContains");
    let mut regions = regions(world, asked_account(world, request)?);
    regions.retain(|(_, status)| wanted.is_empty() || wanted.iter().any(|asked| asked == status));
    let window = Window::of(
        world,
        request,
        regions.len(),
        ("NextToken", "MaxResults"),
        50,
    )?;
    let rows = regions.drain(window.range).map(row).collect();
    Ok(Value::structure([
        ("Regions", Some(Value::List(rows))),
        ("NextToken", window.next.map(Value::Text)),
    ]))
}

fn row((region, status): (String, &'static str)) -> Value {
    structure! { "RegionName" => region, "RegionOptStatus" => status }
}

/// The account that is asked about: one's own, or another for those who administer them.
fn asked_account<'a>(world: &World, request: &'a Request) -> Result<&'a str, ServiceError> {
    let own = &request.caller.account;
    let Some(asked) = request.params.text("AccountId") else {
        return Ok(own);
    };
    // Even the management account must not name itself.
    let allowed = asked != own && world.organization().may_read(own) && world.has_account(asked);
    allowed.then_some(asked).ok_or_else(|| {
        ServiceError::denied(request, &world.settings().partition, " for this account")
    })
}

/// All Regions, sorted, with their status in `account`.
fn regions(world: &World, account: &str) -> Vec<(String, &'static str)> {
    let settings = world.settings();
    let opted_in = world
        .account(account)
        .map(|state| state.opted_in_regions.clone())
        .unwrap_or_default();
    let by_default = settings
        .regions
        .iter()
        .map(|region| (region.clone(), "ENABLED_BY_DEFAULT"));
    let others = settings.disabled_regions.iter().map(|region| {
        let status = if opted_in.contains(region) {
            "ENABLED"
        } else {
            "DISABLED"
        };
        (region.clone(), status)
    });
    let mut regions: Vec<_> = by_default.chain(others).collect();
    regions.sort();
    regions
}
