//! Chains by their name, and the controls that what is wrong concerns.

use toml::Spanned;

use super::breaks::{Break, Part};
use super::controls::controls;
use super::error::ScenarioError;
use super::plan::{Breaks, control_ids};

/// What kind of chain an account has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chain {
    /// Its own, and nothing is wrong.
    Healthy,
    /// The organization's trails alone.
    OrganizationTrail,
    /// What was exported.
    Exported,
    /// Its own, with something wrong.
    Broken(Break),
}

/// The control whose events a trail's selectors can leave out by themselves.
const EXCLUDABLE: &str = "kms-cmk-disable-delete";

/// The chain `name`; what is wrong with it for the controls of `only` (all when absent) is added to `breaks`.
pub(super) fn chain(
    name: &Spanned<String>,
    only: Option<&[Spanned<String>]>,
    breaks: &mut Breaks,
) -> Result<Chain, ScenarioError> {
    let kind = match name.get_ref().as_str() {
        "healthy" => Chain::Healthy,
        "organization_trail" => Chain::OrganizationTrail,
        "exported" => Chain::Exported,
        other => Chain::Broken(Break::of_name(other).ok_or_else(|| unknown(name))?),
    };
    let concerned = only.map(known_controls).transpose()?;
    let Chain::Broken(broken) = kind else {
        return match only.and_then(<[_]>::first) {
            Some(control) => Err(ScenarioError::at(
                control,
                format!(
                    "`controls` goes with something that is wrong, not with `{}`",
                    name.get_ref()
                ),
            )),
            None => Ok(kind),
        };
    };
    match broken.part() {
        Part::Control => {
            for control in concerned.unwrap_or_else(|| control_ids().collect()) {
                breaks.controls.insert(control, broken);
            }
        }
        Part::Trail if broken == Break::TrailSelectorsExclude => {
            if concerned
                .as_deref()
                .is_some_and(|concerned| concerned != [EXCLUDABLE])
            {
                return Err(ScenarioError::at(
                    name,
                    format!("selectors leave out every control, or `{EXCLUDABLE}` alone"),
                ));
            }
            breaks.trail = Some(broken);
            // What watches every service's events misses those that are left out as well.
            let every_source = controls().iter().filter(|control| control.every_source);
            breaks.trail_controls = concerned.map(|ids| {
                ids.into_iter()
                    .chain(every_source.map(|control| control.id.as_str()))
                    .collect()
            });
        }
        Part::Trail | Part::Reading => {
            if concerned.is_some() {
                return Err(ScenarioError::at(
                    name,
                    format!("`{broken}` concerns every control; leave `controls` out"),
                ));
            }
            if broken.part() == Part::Trail {
                breaks.trail = Some(broken);
            } else {
                breaks.reading = Some(broken);
            }
        }
    }
    Ok(kind)
}

fn unknown(name: &Spanned<String>) -> ScenarioError {
    let known: Vec<&str> = Break::ALL.iter().map(|known| known.name()).collect();
    ScenarioError::at(
        name,
        format!(
            "`{}` is no chain; there are healthy, organization_trail, exported, {}",
            name.get_ref(),
            known.join(", ")
        ),
    )
}

fn known_controls(ids: &[Spanned<String>]) -> Result<Vec<&'static str>, ScenarioError> {
    ids.iter()
        .map(|id| {
            control_ids()
                .find(|known| known == id.get_ref())
                .ok_or_else(|| {
                    let known: Vec<&str> = control_ids().collect();
                    ScenarioError::at(
                        id,
                        format!(
                            "there is no control `{}`; there are {}",
                            id.get_ref(),
                            known.join(", ")
                        ),
                    )
                })
        })
        .collect()
}
