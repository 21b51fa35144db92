//! A plan as a page for people. Programs read the JSON; this layout may change.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use comfy_table::{ContentArrangement, Table, presets};

use crate::document::{LeftOut, Plan, Purpose};
use crate::human::{HumanAct, HumanStep};
use crate::steps::{Cost, Repairs, Step};

/// Steps that are listed one by one; more are counted by kind.
const LISTED: usize = 40;
/// Human steps of the same words that are listed.
const ALIKE: usize = 3;

/// What accounts are called, for people who do not know their numbers by heart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountNames(BTreeMap<String, String>);

impl AccountNames {
    /// The account's number, with its name where that is known.
    pub fn with_name(&self, number: &str) -> String {
        match self.0.get(number) {
            Some(name) if !name.is_empty() && name != number => format!("{number} {name}"),
            _ => number.to_owned(),
        }
    }
}

impl FromIterator<(String, String)> for AccountNames {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(numbers_and_names: T) -> Self {
        Self(numbers_and_names.into_iter().collect())
    }
}

/// The plan as text. With `whole`, every step is listed, however many there are.
/// `width` is the terminal's, if there is one.
pub fn page(plan: &Plan, names: &AccountNames, whole: bool, width: Option<u16>) -> String {
    let mut text = head(plan);
    if !plan.steps.is_empty() {
        text.push_str("\nSteps\n");
        text.push_str(&steps(&plan.steps, names, whole, width));
    }
    if !plan.human_steps.is_empty() {
        text.push_str("\nBy hand\n");
        text.push_str(&human_steps(&plan.human_steps, names, whole));
    }
    if let Some(unconfirmed) = unconfirmed(&plan.human_steps, width) {
        text.push_str("\nWaiting for somebody to confirm, by owner\n");
        text.push_str(&unconfirmed);
    }
    if !plan.left_out.is_empty() {
        text.push_str("\nLeft out\n");
        text.push_str(&left_out(&plan.left_out, names, width));
    }
    text.push_str(&next(plan));
    text
}

fn head(plan: &Plan) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "Plan {}", plan.plan_id);
    let _ = writeln!(text, "digest {}", plan.digest);
    let _ = writeln!(
        text,
        "made by {} at {}, valid until {}",
        shown(&plan.author),
        plan.created_at.format("%Y-%m-%d %H:%M UTC"),
        plan.expires_at.format("%Y-%m-%d %H:%M UTC"),
    );
    if !plan.reason.is_empty() {
        let _ = writeln!(text, "because: {}", shown(&plan.reason));
    }
    text.push('\n');
    text.push_str(&summary(plan));
    text.push('\n');
    if let Some(other) = &plan.alternative {
        let _ = writeln!(
            text,
            "With `--strategy {}` it would repair {} with {}, adding {} a month.",
            other.strategy,
            counted(other.repairs, "finding", "findings"),
            counted(other.steps, "step", "steps"),
            other.monthly_cost_usd
        );
    }
    text
}

/// The plan in a sentence.
fn summary(plan: &Plan) -> String {
    if plan.purpose == Purpose::Removal {
        return removal_summary(plan);
    }
    let selected = plan.repairs.len() + plan.left_out.len();
    if selected == 0 {
        return "No finding was selected, so nothing is to be done.".to_owned();
    }
    if plan.repairs.is_empty() {
        if plan
            .left_out
            .iter()
            .all(|left| left.why == "passes_already")
        {
            return "Everything that was selected passes already; nothing is to be done."
                .to_owned();
        }
        return format!(
            "No step repairs what was selected: {}.",
            counted(selected, "finding", "findings")
        );
    }
    let accounts = |accounts: &mut dyn Iterator<Item = &str>| {
        accounts.collect::<std::collections::BTreeSet<_>>().len()
    };
    let repaired = accounts(&mut plan.repairs.iter().map(|repair| repair.account_id.as_str()));
    let changed = accounts(&mut plan.steps.iter().map(|step| step.account_id.as_str()));
    let by_hand = match plan.human_steps.len() {
        0 => String::new(),
        1 => " and one by hand".to_owned(),
        number => format!(" and {number} by hand"),
    };
    format!(
        "{} of {selected} selected findings will pass, in {}: {} in {}{by_hand}, at most {} a month.",
        plan.repairs.len(),
        counted(repaired, "account", "accounts"),
        counted(plan.steps.len(), "step", "steps"),
        counted(changed, "account", "accounts"),
        plan.monthly_cost_usd
    )
}

/// A plan that takes away, in a sentence.
fn removal_summary(plan: &Plan) -> String {
    let by_hand = match plan.human_steps.len() {
        0 => String::new(),
        number => format!(
            "; {} where code defines it",
            counted(
                number,
                "thing is to be taken away",
                "things are to be taken away"
            )
        ),
    };
    if plan.steps.is_empty() {
        return format!(
            "Everything that orgsweep made is needed or left alone; nothing is to be done{by_hand}."
        );
    }
    let accounts: BTreeSet<&str> = plan
        .steps
        .iter()
        .map(|step| step.account_id.as_str())
        .collect();
    format!(
        "{} that orgsweep made {} taken away in {}; {} that it was made for {} without{by_hand}.",
        counted(plan.steps.len(), "thing", "things"),
        if plan.steps.len() == 1 { "is" } else { "are" },
        counted(accounts.len(), "account", "accounts"),
        counted(plan.repairs.len(), "finding", "findings"),
        if plan.repairs.len() == 1 {
            "passes"
        } else {
            "pass"
        },
    )
}

fn steps(steps: &[Step], names: &AccountNames, whole: bool, width: Option<u16>) -> String {
    if steps.len() > LISTED && !whole {
        return steps_by_kind(steps, width);
    }
    let rows = steps.iter().map(|step| {
        vec![
            step.number.to_string(),
            names.with_name(step.account_id.as_str()),
            step.region.to_string(),
            step.action.kind().to_owned(),
            match &step.owner {
                Some(owner) => format!("{} ({owner})", step.effect),
                None => step.effect.clone(),
            },
            serves(&step.repairs),
            step.monthly_cost_usd.to_string(),
        ]
    });
    grid(
        &[
            "#",
            "account",
            "region",
            "step",
            "afterwards",
            "for",
            "a month",
        ],
        rows,
        width,
    )
}

fn steps_by_kind(steps: &[Step], width: Option<u16>) -> String {
    let mut kinds: BTreeMap<(u8, &str), Vec<&Step>> = BTreeMap::new();
    for step in steps {
        let kind = (step.action.order(), step.action.kind());
        kinds.entry(kind).or_default().push(step);
    }
    let rows = kinds.into_iter().map(|((_, kind), steps)| {
        let accounts: std::collections::BTreeSet<_> =
            steps.iter().map(|step| &step.account_id).collect();
        let cost: Cost = steps.iter().map(|step| step.monthly_cost_usd).sum();
        vec![
            kind.to_owned(),
            steps.len().to_string(),
            accounts.len().to_string(),
            cost.to_string(),
        ]
    });
    let mut text = grid(&["step", "times", "accounts", "a month"], rows, width);
    text.push_str("(`--all-steps` lists every one)\n");
    text
}

/// What people have to do; of what is the same in many accounts the first few, unless `whole`.
fn human_steps(humans: &[HumanStep], names: &AccountNames, whole: bool) -> String {
    let mut alike: Vec<(&HumanStep, usize)> = Vec::new();
    // How often a text is listed, and where it is listed last.
    let mut places: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for human in humans {
        let (times, last) = places.entry(&human.text).or_default();
        if whole || *times < ALIKE {
            (*times, *last) = (*times + 1, alike.len());
            alike.push((human, 0));
        } else {
            alike[*last].1 += 1;
        }
    }
    let mut text = String::new();
    let listed = if whole { humans.len() } else { LISTED };
    for (human, others) in alike.iter().take(listed) {
        let _ = writeln!(
            text,
            "{:>3}  account {}, {}: {}",
            human.number,
            shown(&names.with_name(human.account_id.as_str())),
            human.region,
            shown(&human.text)
        );
        for line in human.command.iter().flat_map(|command| command.lines()) {
            let _ = writeln!(text, "       {}", shown(line));
        }
        if *others > 0 {
            let _ = writeln!(
                text,
                "     and {others} more like it, in other accounts or Regions (`--all-steps` lists every one)",
            );
        }
    }
    let left: usize = alike
        .iter()
        .skip(listed)
        .map(|(_, others)| 1 + others)
        .sum();
    if left > 0 {
        let _ = writeln!(text, "     and {left} more (`--all-steps` lists every one)");
    }
    text
}

/// Topics whose subscribers have to agree, by who owns them; nothing when no owner is known.
fn unconfirmed(humans: &[HumanStep], width: Option<u16>) -> Option<String> {
    let mut owners: BTreeMap<String, (BTreeSet<&str>, BTreeSet<String>)> = BTreeMap::new();
    for human in humans {
        if let (HumanAct::ConfirmSubscription { topic, endpoint }, Some(owner)) =
            (&human.act, &human.owner)
        {
            let (topics, endpoints) = owners.entry(owner.to_string()).or_default();
            topics.insert(topic.as_str());
            endpoints.insert(endpoint.to_string());
        }
    }
    if owners.is_empty() {
        return None;
    }
    let rows = owners.into_iter().map(|(owner, (topics, endpoints))| {
        let joined = |all: Vec<&str>| all.join(", ");
        vec![
            owner,
            joined(topics.into_iter().collect()),
            joined(endpoints.iter().map(String::as_str).collect()),
        ]
    });
    Some(grid(&["owner", "topics", "who has to agree"], rows, width))
}

fn left_out(left_out: &[LeftOut], names: &AccountNames, width: Option<u16>) -> String {
    let mut reasons: BTreeMap<(&str, &str), Vec<&LeftOut>> = BTreeMap::new();
    for left in left_out {
        reasons
            .entry((&left.why, &left.text))
            .or_default()
            .push(left);
    }
    let rows = reasons.into_iter().map(|((why, text), findings)| {
        let first = findings[0];
        vec![
            findings.len().to_string(),
            why.to_owned(),
            format!(
                "{} {}",
                names.with_name(first.account_id.as_str()),
                first.control
            ),
            text.to_owned(),
        ]
    });
    grid(
        &["findings", "why", "for example", "what it means"],
        rows,
        width,
    )
}

fn next(plan: &Plan) -> String {
    if plan.steps.is_empty() {
        return String::new();
    }
    let id = plan.plan_id;
    let digest: String = plan.digest.chars().take(8).collect();
    let apply = format!("orgsweep remediate apply {id} --digest {digest}");
    if plan.purpose == Purpose::Removal {
        return format!("\nNothing has been changed. To take these away:\n  {apply}\n");
    }
    format!(
        "\nNothing has been changed. As a script to review and run with your own credentials:\n  \
         orgsweep remediate show {id} --format sh > repair.sh\nTo apply it:\n  {apply}\n"
    )
}

fn serves(repairs: &Repairs) -> String {
    let controls = match repairs.controls.as_slice() {
        [] => return "nothing".to_owned(),
        [control] => control.to_string(),
        controls => format!("{} controls", controls.len()),
    };
    match repairs.accounts {
        1 => controls,
        accounts => format!("{controls} in {accounts} accounts"),
    }
}

/// `1 step`, `2 steps`.
pub fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// A table for people, with cells that cannot write to the terminal.
pub fn grid(
    headings: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
    width: Option<u16>,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(headings.iter().map(|heading| heading.to_uppercase()));
    if let Some(width) = width {
        table
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(width);
    }
    for row in rows {
        table.add_row(row.iter().map(|cell| shown(cell)));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let mut text = table.trim_fmt();
    text.push('\n');
    text
}

/// `text` with control characters and direction marks made visible.
pub fn shown(text: &str) -> String {
    let changes_the_terminal = |c: char| {
        c.is_control()
            || matches!(c,
                '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' | '\u{061C}')
    };
    text.chars().fold(String::new(), |mut safe, c| {
        if changes_the_terminal(c) {
            safe.extend(c.escape_default());
        } else {
            safe.push(c);
        }
        safe
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_write_to_the_terminal() {
        for (name, safe) in [
            ("Zürich 🦀", "Zürich 🦀"),
            ("red\u{1b}[31m", "red\\u{1b}[31m"),
            ("two\nlines", "two\\nlines"),
            ("\u{202e}desrever", "\\u{202e}desrever"),
        ] {
            assert_eq!(shown(name), safe);
        }
    }
}
