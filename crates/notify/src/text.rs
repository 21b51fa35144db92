//! The message as plain text: the body of e-mails and of what SNS passes on. Lines end in
//! `\n`; nothing that AWS named can end a line or steer a terminal.

use std::fmt::Write as _;

use crate::message::{Change, Group, Kind, Message};
use crate::send::Delivery;

/// One line that names the message in a list of others, at most 100 ASCII characters: SNS
/// allows no more.
pub(crate) fn subject(message: &Message) -> String {
    let about = match message.kind {
        Kind::Test => "orgsweep: test of notifications".to_owned(),
        Kind::Sweep if message.first => format!(
            "orgsweep: {} findings fail in {} accounts",
            message.new + message.still_failing,
            message.accounts.failing
        ),
        Kind::Sweep => format!(
            "orgsweep: {} new, {} fixed, {} still open",
            message.new, message.fixed, message.still_failing
        ),
    };
    let not_read = match message.accounts.failed {
        0 => String::new(),
        number => format!("; {number} accounts not read"),
    };
    let ascii = format!("{about}{not_read}").replace(|c: char| !(' '..='~').contains(&c), "?");
    ascii.chars().take(100).collect()
}

/// The whole message.
pub(crate) fn body(delivery: &Delivery<'_>) -> String {
    let message = delivery.message;
    let mut out = String::new();
    if delivery.repeated {
        line(&mut out, REPEATED);
        line(&mut out, "");
    }
    line(&mut out, &plain(&message.sentence));
    if message.kind == Kind::Test {
        return out;
    }
    line(&mut out, "");
    line(&mut out, &format!("Accounts  {}", accounts(message)));
    line(&mut out, &format!("Failing   {}", failing(message)));
    for decision in &message.decisions {
        line(&mut out, &format!("Decision  {}", plain(decision)));
    }
    for change in Change::ALL {
        let mut groups = of(message, change).peekable();
        if groups.peek().is_none() {
            continue;
        }
        line(&mut out, "");
        line(&mut out, change.heading());
        for group in groups {
            line(&mut out, &format!("  {}", plain(&headline(group))));
            line(&mut out, &format!("    {}", plain(&detail(group))));
        }
    }
    if message.more_groups > 0 {
        line(&mut out, "");
        line(
            &mut out,
            &format!("… and {} more causes", message.more_groups),
        );
    }
    if let Some(sweep) = message.sweep_id {
        line(&mut out, "");
        line(
            &mut out,
            &format!(
                "Sweep {sweep}: `orgsweep diff` and `orgsweep findings --verdict fail` show more."
            ),
        );
    }
    out
}

/// What stands above a message whose first copy may have arrived.
pub(crate) const REPEATED: &str =
    "(Repeated: it is not known whether the first copy of this message arrived.)";

/// The groups of one change.
pub(crate) fn of(message: &Message, change: Change) -> impl Iterator<Item = &Group> {
    message
        .groups
        .iter()
        .filter(move |group| group.change == change)
}

pub(crate) fn accounts(message: &Message) -> String {
    let accounts = &message.accounts;
    let mut text = format!("{} of {} read", accounts.read, accounts.listed);
    for (number, word) in [(accounts.failed, "failed"), (accounts.skipped, "skipped")] {
        if number > 0 {
            let _ = write!(text, ", {number} {word}");
        }
    }
    text
}

pub(crate) fn failing(message: &Message) -> String {
    let mut text = if message.first {
        format!(
            "{} open; this is the first sweep",
            message.new + message.still_failing
        )
    } else {
        format!(
            "{} new, {} fixed, {} still open",
            message.new, message.fixed, message.still_failing
        )
    };
    if message.unknown > 0 {
        let _ = write!(text, "; {} verdicts are not known", message.unknown);
    }
    text
}

/// What a group concerns, in one line.
pub(crate) fn headline(group: &Group) -> String {
    let accounts = match group.accounts {
        1 => "1 account".to_owned(),
        number => format!("{number} accounts"),
    };
    let controls = match group.controls.as_slice() {
        [one] => one.clone(),
        several => format!("{} controls", several.len()),
    };
    format!("{accounts}, {controls}: {}", group.reason)
}

/// What broke, with one of the accounts.
pub(crate) fn detail(group: &Group) -> String {
    let words = match group.change {
        // The sentence of a finding that is fixed says that it passes.
        Change::Fixed => &group.cause,
        _ => &group.summary,
    };
    format!("{words} ({})", group.example)
}

/// The text without characters that steer a terminal, end a line, reverse the reading order or are
/// not seen.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if steers(c) { '\u{fffd}' } else { c })
        .collect()
}

/// Whether a character does something else than to be seen.
pub(crate) fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::message::tests::message;

    #[test]
    fn the_text_says_what_changed_by_cause() {
        let message = message();
        let delivery = Delivery {
            id: Uuid::nil(),
            message: &message,
            repeated: true,
        };
        insta::assert_snapshot!(format!("{}\n\n{}", subject(&message), body(&delivery)));
    }

    #[test]
    fn a_subject_is_short_and_of_plain_characters() {
        for message in [message(), Message::test()] {
            let subject = subject(&message);
            assert!(subject.len() <= 100 && subject.is_ascii(), "{subject}");
        }
    }
}
