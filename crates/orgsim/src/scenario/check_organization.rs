//! The `[organization]` table: what holds for the whole world.

use toml::Spanned;

use super::document::{Document, OrganizationTable};
use super::error::ScenarioError;
use super::plan::{DEFAULT_REGIONS, OPT_IN_REGIONS};
use crate::state::{Settings, drawn};

/// What holds for the whole world.
pub(super) fn settings(document: &Document) -> Result<Settings, ScenarioError> {
    let table = &document.organization;
    let owned = |regions: &[&str]| regions.iter().map(|region| (*region).to_owned()).collect();
    let partition = table.partition.clone().unwrap_or_else(|| "aws".to_owned());
    let regions: Vec<String> = match &table.regions {
        Some(regions) if !regions.is_empty() => regions.clone(),
        _ if partition == "aws" => owned(&DEFAULT_REGIONS),
        _ => {
            return Err(ScenarioError::new(format!(
                "partition `{partition}` has no default Regions here; list them in `organization.regions`"
            )));
        }
    };
    let home_region = match &table.home_region {
        Some(region) if !regions.contains(region.get_ref()) => {
            return Err(unknown_region(region, &regions));
        }
        Some(region) => region.get_ref().clone(),
        None if regions.iter().any(|region| region == "us-east-1") => "us-east-1".to_owned(),
        None => regions[0].clone(),
    };
    let disabled_regions = if partition == "aws" {
        let mut others: Vec<String> = owned(&OPT_IN_REGIONS);
        others.retain(|region| !regions.contains(region));
        others
    } else {
        Vec::new()
    };
    Ok(Settings {
        partition,
        home_region,
        regions,
        disabled_regions,
        empty_pages: table.empty_pages,
        short_pages: table.short_pages,
        consistency_seconds: table.consistency_seconds.into(),
        account_status: table.account_status,
        account_paths: table.account_paths,
        seed: document.seed,
    })
}

/// The Region, where accounts have it enabled.
pub(super) fn enabled_region(
    region: &Spanned<String>,
    settings: &Settings,
) -> Result<String, ScenarioError> {
    if settings.regions.contains(region.get_ref()) {
        return Ok(region.get_ref().clone());
    }
    Err(unknown_region(region, &settings.regions))
}

fn unknown_region(region: &Spanned<String>, regions: &[String]) -> ScenarioError {
    ScenarioError::at(
        region,
        format!(
            "Region `{}` is not enabled in this organization; enabled are {}",
            region.get_ref(),
            regions.join(", ")
        ),
    )
}

/// The organization's id, drawn when the file gives none.
pub(super) fn organization_id(
    table: &OrganizationTable,
    seed: u64,
) -> Result<String, ScenarioError> {
    match &table.id {
        None => Ok(format!(
            "o-{:010x}",
            drawn(seed, "organization") & 0xff_ffff_ffff
        )),
        Some(id) => {
            let valid = id.get_ref().strip_prefix("o-").is_some_and(|rest| {
                (10..=32).contains(&rest.len())
                    && rest
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            });
            valid.then(|| id.get_ref().clone()).ok_or_else(|| {
                ScenarioError::at(
                    id,
                    "an organization id is `o-` and 10 to 32 lower-case letters and digits",
                )
            })
        }
    }
}
