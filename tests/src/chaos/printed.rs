//! What may be printed: nothing that a terminal, a spreadsheet or a chat takes for more than text.

use crate::program::Ended;

/// Characters of a violation that are shown.
const SHOWN: usize = 60;

/// Where a program printed characters that steer a terminal.
pub(super) fn of(command: &str, ended: &Ended) -> Vec<String> {
    [("output", &ended.stdout), ("errors", &ended.stderr)]
        .into_iter()
        .filter_map(|(stream, text)| {
            Some(format!("`{command}` {stream}: {}", first_steering(text)?))
        })
        .collect()
}

/// Cells of CSV that a spreadsheet takes for formulas, and rows that do not fit the header.
pub(super) fn of_csv(command: &str, text: &str) -> Vec<String> {
    let mut violations = Vec::new();
    for record in csv::Reader::from_reader(text.as_bytes()).records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                violations.push(format!("`{command}`: {error}"));
                continue;
            }
        };
        let formula = |cell: &&str| {
            cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err()
        };
        if let Some(cell) = record.iter().find(formula) {
            violations.push(format!("`{command}`: the formula {:?}", shortened(cell)));
        }
    }
    violations
}

/// Text of a Slack message that is more than text: a link, a mention, a control character.
pub(super) fn of_slack(text: &str) -> Vec<String> {
    let steering = first_steering(text).map(|found| format!("Slack: {found}"));
    let markup = text
        .contains(['<', '>'])
        .then(|| "Slack: markup that is not ours".to_owned());
    steering.into_iter().chain(markup).collect()
}

/// The first character that is neither printable nor a line end, with what stands before it.
fn first_steering(text: &str) -> Option<String> {
    let (at, character) = text.char_indices().find(|(_, character)| {
        let direction = matches!(character,
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        direction || (character.is_control() && *character != '\n')
    })?;
    let before: String = text[..at].chars().rev().take(SHOWN).collect();
    let before: String = before.chars().rev().collect();
    Some(format!("{character:?} after {before:?}"))
}

fn shortened(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_is_found() {
        for (text, steers) in [
            ("plain\ntext é\n", false),
            ("red\u{1b}[31m", true),
            ("over\rwritten", true),
            ("c1\u{9b}31m", true),
            ("\u{202e}desrever", true),
        ] {
            assert_eq!(first_steering(text).is_some(), steers, "{text:?}");
        }
        assert_eq!(of_csv("c", "a,b\n'=1,-2\n").len(), 0);
        assert_eq!(of_csv("c", "a,b\n=1,2\n").len(), 1);
        assert_eq!(of_csv("c", "a,b\n1\n").len(), 1);
        assert_eq!(of_slack("• &lt;b&gt;\n").len(), 0);
        assert_eq!(of_slack("<!channel>").len(), 1);
    }
}
