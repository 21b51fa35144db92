//! What AWS named may hold terminal escapes, markup, formulas, reversed writing and NUL: it
//! adds nothing to a message but the text that it is.

use orgsim::HOSTILE_TEXTS;
use uuid::Uuid;

use crate::channel::EmailConfig;
use crate::email::Mailer;
use crate::message::{Message, tests::message};
use crate::send::Delivery;
use crate::text::steers;
use crate::{http, slack, sns, text};

/// More that a mail server, a header or a chat could take for its own.
const MORE: [&str; 7] = [
    "x\r\nBcc: somebody@evil.example\r\n\r\n<html>",
    "x\n.\nMAIL FROM:<somebody@evil.example>",
    "x\u{85}y\u{c}z\u{b}",
    "\u{61c}mark\u{200f}",
    "hidden\u{200b}\u{2060}\u{feff}",
    "=?utf-8?b?PGI+?=",
    "</pre><a href=\"https://evil.example\">x</a>",
];

fn hostile() -> impl Iterator<Item = &'static str> {
    HOSTILE_TEXTS.into_iter().chain(MORE)
}

/// The message of the other tests with `name` in every text that comes from elsewhere.
fn naming(name: &str) -> Message {
    let mut message = message();
    message.sentence = format!("the account {name} would not notice");
    message.organization = Some(name.to_owned());
    message.decisions = vec![format!("exception of {name} ends")];
    for group in &mut message.groups {
        group.reason = name.to_owned();
        group.cause = format!("alarm {name}");
        group.controls = vec![name.to_owned()];
        group.example = name.to_owned();
        group.summary = format!("{name} has no topic");
    }
    message
}

fn delivery(message: &Message) -> Delivery<'_> {
    Delivery {
        id: Uuid::nil(),
        message,
        repeated: false,
    }
}

/// The text holds nothing that steers, and as many lines as that of a harmless name.
fn check_lines(found: &str, harmless: &str, name: &str) {
    for line in found.split('\n') {
        let steering = line.chars().find(|c| steers(*c));
        assert_eq!(steering, None, "{name:?} in {line:?}");
    }
    let (found, harmless) = (found.split('\n'), harmless.split('\n'));
    assert_eq!(found.count(), harmless.count(), "{name:?}");
}

#[test]
fn a_name_adds_no_line_and_no_header_to_a_mail() {
    let config = EmailConfig {
        smtp_url: "smtp://127.0.0.1:2525".to_owned().into(),
        from: "orgsweep <orgsweep@example.com>".to_owned(),
        to: vec!["ops@example.com".to_owned()],
    };
    let mailer = Mailer::new(&config).unwrap();
    let mail = |message: &Message| {
        let mail = mailer.mail(&delivery(message)).unwrap();
        let text = String::from_utf8(mail.formatted()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    };
    let without_date = |head: &str| -> Vec<String> {
        let lines = head.lines().filter(|line| {
            // How the body is encoded depends on its letters.
            !line.starts_with("Date: ") && !line.starts_with("Content-Transfer-Encoding: ")
        });
        lines.map(str::to_owned).collect()
    };
    let harmless = naming("name");
    let (expected, _) = mail(&harmless);
    assert!(expected.contains("Content-Type: text/plain"), "{expected}");
    for name in hostile() {
        let message = naming(name);
        let (head, body) = mail(&message);
        assert_eq!(without_date(&head), without_date(&expected), "{name:?}");
        assert!(body.is_ascii() || !head.contains(": 7bit"), "{name:?}");
        let text = text::body(&delivery(&message));
        check_lines(&text, &text::body(&delivery(&harmless)), name);
        let subject = text::subject(&message);
        assert_eq!(subject, text::subject(&harmless), "{name:?}");
    }
}

#[test]
fn a_name_is_text_in_slack() {
    let shown = |message: &Message| {
        let payload = slack::payload(&delivery(message));
        payload["text"].as_str().unwrap().to_owned()
    };
    let harmless = shown(&naming("name"));
    for name in hostile() {
        let text = shown(&naming(name));
        check_lines(&text, &harmless, name);
        assert!(!text.contains(['<', '>']), "{name:?} in {text}");
    }
}

#[test]
fn a_name_is_text_in_a_webhooks_json_and_in_what_sns_passes_on() {
    let harmless = http::payload(&delivery(&naming("name")));
    for name in hostile() {
        let message = naming(name);
        let payload = http::payload(&delivery(&message));
        let body = payload.to_string();
        assert_eq!(body.chars().find(|c| steers(*c)), None, "{name:?}");
        assert!(!body.contains("\\u"), "{name:?} in {body}");
        let fields = |value: &serde_json::Value| -> Vec<String> {
            value.as_object().unwrap().keys().cloned().collect()
        };
        assert_eq!(fields(&payload), fields(&harmless), "{name:?}");
        // What steers nothing arrives as it is.
        if !name.chars().any(steers) {
            assert_eq!(payload["organization"], name);
        }
        let structure = sns::structure(&delivery(&message));
        assert_eq!(structure["sqs"].as_str(), Some(&*body), "{name:?}");
        let text = structure["default"].as_str().unwrap();
        assert_eq!(text, text::body(&delivery(&message)), "{name:?}");
    }
}
