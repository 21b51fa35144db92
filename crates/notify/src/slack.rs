//! The message for an incoming webhook of Slack, or of a program that takes the same
//! (Mattermost, Rocket.Chat, Discord's `/slack`): one text in Slack's markup.
//!
//! Slack's page "Formatting text for app surfaces": `&`, `<` and `>` are escaped, `*` makes bold.

use serde_json::{Value, json};

use crate::message::{Change, Kind};
use crate::send::Delivery;
use crate::text::{REPEATED, accounts, detail, failing, headline, of, plain};

/// Characters of text that Slack shows at most; it cuts the rest off by itself (40,000).
const LONGEST: usize = 30_000;

/// The body of the request.
pub(crate) fn payload(delivery: &Delivery<'_>) -> Value {
    let message = delivery.message;
    let mut lines = Vec::new();
    if delivery.repeated {
        lines.push(format!("_{}_", escaped(REPEATED)));
    }
    lines.push(format!("*{}*", escaped(&message.sentence)));
    if message.kind == Kind::Sweep {
        lines.push(format!("Accounts: {}", accounts(message)));
        lines.push(format!("Failing: {}", failing(message)));
        for decision in &message.decisions {
            lines.push(format!("Decision: {}", escaped(decision)));
        }
        for change in Change::ALL {
            for (place, group) in of(message, change).enumerate() {
                if place == 0 {
                    lines.push(format!("*{}*", change.heading()));
                }
                lines.push(format!("• {}", escaped(&headline(group))));
                lines.push(format!("    {}", escaped(&detail(group))));
            }
        }
        if message.more_groups > 0 {
            lines.push(format!("… and {} more causes", message.more_groups));
        }
    }
    let text: String = lines.join("\n").chars().take(LONGEST).collect();
    json!({ "text": text })
}

/// The text, which is only shown: it makes no link, no mention and no markup of Slack's.
fn escaped(text: &str) -> String {
    plain(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::message::tests::message;

    #[test]
    fn the_text_is_in_slacks_markup_and_mentions_nobody() {
        let mut message = message();
        message.groups[0].summary = "<!channel> look at <https://example.com|this>".to_owned();
        let delivery = Delivery {
            id: Uuid::nil(),
            message: &message,
            repeated: true,
        };
        let payload = payload(&delivery);
        insta::assert_snapshot!(payload["text"].as_str().unwrap());
    }
}
