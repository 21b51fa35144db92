//! One control for a person and as JSON: what each framework prescribes and what is accepted in
//! its place, where sources differ, why the pattern is written as it is, its events, what no
//! framework names, and its numbers elsewhere.

use std::fmt::Write as _;

use orgsweep_controls::catalog::{Requirement, Scope};
use orgsweep_controls::{Catalog, Control};
use serde_json::{Value, json};

use crate::output::listing::grid;
use crate::output::style::{FAINT, STRONG, styled};
use crate::output::{Format, escaped, json};

/// The control in the chosen form.
pub(super) fn printed(
    control: &Control,
    catalog: &Catalog,
    format: Format,
) -> anyhow::Result<String> {
    Ok(match format {
        Format::Json => json::pretty(&value(control, catalog))?,
        Format::Jsonl => json::line(&value(control, catalog))?,
        Format::Table | Format::Csv => text(control, catalog)?,
    })
}

fn value(control: &Control, catalog: &Catalog) -> Value {
    let decisive = control.requirement(catalog.framework());
    let requirements: Vec<Value> = control
        .requirements
        .iter()
        .map(|requirement| {
            let accepts: Vec<Value> = accepted(requirement)
                .map(|(pattern, source)| json!({ "pattern": pattern, "source": source }))
                .collect();
            json!({
                "frameworks": frameworks(control, catalog, requirement),
                "decides": decisive == Some(requirement),
                "pattern": requirement.pattern(),
                "accepts": accepts,
                "as_written": requirement.as_written,
            })
        })
        .collect();
    json!({
        "control": control.id,
        "number": control.number,
        "title": control.title,
        "description": control.description,
        "rationale": control.rationale,
        "scope": control.scope,
        "recorded": control.recorded,
        "cis": control.cis,
        "security_hub": control.security_hub,
        "nist_800_171": control.nist_800_171,
        "pci_dss": control.pci_dss,
        "framework": catalog.framework(),
        "section": control.number_in(catalog.framework()),
        "requirements": requirements,
        "sources_differ": control.sources_differ,
        "notes": control.notes,
        "events": control.events,
        "classes": control.classes,
        "event_sources": control.event_sources,
        "blind_spots": control.blind_spots,
        "alarm": control.alarm,
    })
}

/// The patterns that are accepted in place of the prescribed one, and whose they are.
fn accepted(requirement: &Requirement) -> impl Iterator<Item = (&str, Option<&str>)> {
    let patterns = requirement.accepts().iter().map(String::as_str);
    patterns.zip(requirement.accepted_from.iter().map(Option::as_deref))
}

/// The frameworks that a requirement is of.
fn frameworks<'a>(
    control: &Control,
    catalog: &'a Catalog,
    requirement: &Requirement,
) -> Vec<&'a str> {
    let ids = catalog.frameworks().iter().map(|framework| &framework.id);
    ids.filter(|id| control.requirement(id) == Some(requirement))
        .map(String::as_str)
        .collect()
}

fn text(control: &Control, catalog: &Catalog) -> anyhow::Result<String> {
    let mut out = String::new();
    writeln!(
        out,
        "{} {}",
        styled(STRONG, &escaped(&control.title)),
        styled(FAINT, &format!("({})", control.id))
    )?;
    for sentence in [&control.description, &control.rationale] {
        if !sentence.is_empty() {
            writeln!(out, "{}", escaped(sentence))?;
        }
    }
    if control.scope == Scope::ManagementAccount {
        writeln!(
            out,
            "It concerns the organization's management account alone."
        )?;
    }
    if let Some(alarm) = control.alarm {
        writeln!(
            out,
            "Its alarms may wait for {} events within {} seconds.",
            alarm.events, alarm.within_seconds
        )?;
    }
    writeln!(out)?;
    mappings(&mut out, control)?;
    patterns(&mut out, control, catalog)?;
    sentences(&mut out, "Why it is written so", &control.notes)?;
    sentences(&mut out, "Where sources differ", &control.sources_differ)?;
    events(&mut out, control)?;
    blind_spots(&mut out, control)?;
    Ok(out)
}

fn mappings(out: &mut String, control: &Control) -> std::fmt::Result {
    let cis = control
        .cis
        .iter()
        .map(|(version, entry)| format!("{} in {version} (level {})", entry.number, entry.level));
    for (name, list) in [
        ("CIS", cis.collect()),
        (
            "Security Hub",
            control.security_hub.iter().cloned().collect(),
        ),
        ("NIST SP 800-171", control.nist_800_171.clone()),
        ("PCI DSS", control.pci_dss.clone()),
    ] {
        let list: Vec<String> = list;
        if !list.is_empty() {
            writeln!(out, "{name:<16} {}", escaped(&list.join(", ")))?;
        }
    }
    Ok(())
}

fn patterns(out: &mut String, control: &Control, catalog: &Catalog) -> std::fmt::Result {
    let decisive = control.requirement(catalog.framework());
    for requirement in &control.requirements {
        let frameworks = match frameworks(control, catalog, requirement).as_slice() {
            [] => "no framework of the catalog".to_owned(),
            some => some.join(", "),
        };
        let mark = if decisive == Some(requirement) {
            " (decides)"
        } else {
            ""
        };
        let heading = format!("Pattern of {}{mark}", escaped(&frameworks));
        writeln!(out, "\n{}", styled(STRONG, &heading))?;
        writeln!(out, "  {}", escaped(requirement.pattern()))?;
        for (pattern, source) in accepted(requirement) {
            let whose = source.map_or_else(String::new, |source| format!(" ({source})"));
            writeln!(out, "  accepted as well{}:", escaped(&whose))?;
            writeln!(out, "  {}", escaped(pattern))?;
        }
        for printed in &requirement.as_written {
            writeln!(out, "  repaired; printed is:")?;
            writeln!(out, "  {}", escaped(printed))?;
        }
    }
    Ok(())
}

fn sentences(out: &mut String, heading: &str, sentences: &[String]) -> std::fmt::Result {
    if !sentences.is_empty() {
        writeln!(out, "\n{}", styled(STRONG, heading))?;
    }
    for sentence in sentences {
        writeln!(out, "  {}", escaped(sentence))?;
    }
    Ok(())
}

fn events(out: &mut String, control: &Control) -> std::fmt::Result {
    writeln!(out, "\n{}", styled(STRONG, "Events"))?;
    if control.events.is_empty() {
        let classes: Vec<&str> = control.classes.iter().map(|class| class.as_str()).collect();
        let sources = match control.event_sources.as_slice() {
            [] => "any service".to_owned(),
            some => some.join(", "),
        };
        let classes = classes.join(" and ");
        return writeln!(
            out,
            "  {classes} events of {}, whatever their name",
            escaped(&sources)
        );
    }
    let rows = control.events.iter().map(|event| {
        vec![
            event.name.clone(),
            event.sources.join(", "),
            event.class.as_str().to_owned(),
            event.class_from.words().to_owned(),
        ]
    });
    out.push_str(&grid(
        &["event", "source", "class", "class known from"],
        rows,
        None,
    ));
    Ok(())
}

fn blind_spots(out: &mut String, control: &Control) -> std::fmt::Result {
    if !control.blind_spots.is_empty() {
        let heading = "Blind spots: no framework names them, and they never turn a verdict";
        writeln!(out, "\n{}", styled(STRONG, heading))?;
    }
    for spot in &control.blind_spots {
        let what = match &spot.condition {
            Some(condition) => condition.clone(),
            None => spot.events.join(", "),
        };
        let of = spot
            .event_source
            .as_ref()
            .map_or_else(String::new, |source| format!(" ({source})"));
        writeln!(
            out,
            "  {}{}: {}",
            escaped(&what),
            escaped(&of),
            escaped(&spot.why)
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_builtin_control_shows_all_that_is_known_of_it() {
        let catalog = Catalog::builtin();
        for control in catalog.controls() {
            let text = text(control, catalog).unwrap();
            for part in [
                "(decides)",
                "Why it is written so",
                "Where sources differ",
                "Events",
                "Blind spots",
            ] {
                assert!(text.contains(part), "{}: {part}", control.id);
            }
            let value = value(control, catalog);
            let deciding = value["requirements"].as_array().unwrap().iter();
            assert_eq!(deciding.filter(|r| r["decides"] == true).count(), 1);
        }
    }

    #[test]
    fn a_control_is_shown_with_whose_each_accepted_pattern_is() {
        let catalog = Catalog::builtin();
        let control = catalog
            .control(&"route-table-changes".parse().unwrap())
            .unwrap();
        let text = text(control, catalog).unwrap();
        insta::assert_snapshot!(anstream::adapter::strip_str(&text).to_string());
    }
}
