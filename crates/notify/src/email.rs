//! E-mail through an SMTP server. Every message has a `Message-ID` made of its id, the same
//! in every attempt: a mailbox that has it already can tell the repetition.

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Mailboxes};
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::{AsyncTransport as _, Message as Mail, Tokio1Executor};
use secrecy::ExposeSecret as _;

use crate::channel::{EmailConfig, InvalidChannel};
use crate::send::{Delivery, LONGEST, SendError};
use crate::text;

/// A mail server with the people that are written to.
#[derive(Clone)]
pub(crate) struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Mailboxes,
}

impl Mailer {
    pub(crate) fn new(config: &EmailConfig) -> Result<Self, InvalidChannel> {
        let invalid = |setting, why: &str| InvalidChannel {
            setting,
            why: why.to_owned(),
        };
        let url = config.smtp_url.expose_secret().trim();
        refuse_clear_text(url)?;
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(|_| {
                invalid(
                    "notifications.smtp_url",
                    "is not a URL like `smtps://user:password@smtp.example.com` or `smtp://smtp.example.com:587?tls=required`",
                )
            })?
            .timeout(Some(LONGEST))
            .build();
        let from: Mailbox = config.from.parse().map_err(|_| {
            invalid(
                "notifications.email_from",
                "is not an address, like `orgsweep <orgsweep@example.com>`",
            )
        })?;
        let mut to = Mailboxes::new();
        for address in &config.to {
            let mailbox = address.parse().map_err(|_| {
                invalid(
                    "notifications.email_to",
                    "has something that is not an address",
                )
            })?;
            to.push(mailbox);
        }
        if to.iter().next().is_none() {
            return Err(invalid("notifications.email_to", "names nobody"));
        }
        Ok(Self {
            transport,
            from,
            to,
        })
    }

    pub(crate) async fn send(&self, delivery: &Delivery<'_>) -> Result<(), SendError> {
        let mail = self.mail(delivery).map_err(SendError::refused)?;
        match self.transport.send(mail).await {
            Ok(_) => Ok(()),
            Err(error) => Err(classified(&error)),
        }
    }

    pub(crate) fn mail(&self, delivery: &Delivery<'_>) -> Result<Mail, String> {
        let domain = self.from.email.domain();
        let mut builder = Mail::builder()
            .from(self.from.clone())
            .subject(text::subject(delivery.message))
            .message_id(Some(format!("<{}@{domain}>", delivery.id)))
            .header(ContentType::TEXT_PLAIN);
        for to in self.to.iter() {
            builder = builder.to(to.clone());
        }
        let mut mail = builder
            .body(text::body(delivery))
            .map_err(|error| error.to_string())?;
        // RFC 3834: so that nobody's holiday note comes back.
        mail.headers_mut().insert_raw(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ));
        Ok(mail)
    }
}

/// Refuses a server elsewhere that is spoken to without TLS.
fn refuse_clear_text(url: &str) -> Result<(), InvalidChannel> {
    let rest = url.strip_prefix("smtp://").map(|rest| {
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let host = place.split('/').next().unwrap_or_default();
        let host = host.rsplit('@').next().unwrap_or_default();
        let local =
            host.starts_with("localhost") || host.starts_with("127.") || host.starts_with("[::1]");
        (local, query)
    });
    match rest {
        Some((false, query)) if !query.contains("tls=required") => Err(InvalidChannel {
            setting: "notifications.smtp_url",
            why: "would send in clear text; use `smtps://…`, or add `?tls=required`".to_owned(),
        }),
        _ => Ok(()),
    }
}

fn classified(error: &lettre::transport::smtp::Error) -> SendError {
    let words = error.to_string();
    if error.is_permanent() || error.is_client() {
        SendError::refused(format!(
            "the mail server refused: {words}; check addresses and sign-in, then `orgsweep notifications send ID`"
        ))
    } else if error.is_transient() || error.is_tls() {
        SendError::not_now(format!("the mail server: {words}"))
    // The one kind without a question of its own: nothing was sent yet.
    } else if words.starts_with("Connection error") {
        SendError::not_now(format!("the mail server cannot be reached: {words}"))
    } else {
        SendError::in_doubt(format!("the mail server: {words}"))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::message::tests::message;

    fn config() -> EmailConfig {
        EmailConfig {
            smtp_url: "smtp://127.0.0.1:2525".to_owned().into(),
            from: "orgsweep <orgsweep@example.com>".to_owned(),
            to: vec![
                "Ops <ops@example.com>".to_owned(),
                "a@example.org".to_owned(),
            ],
        }
    }

    #[test]
    fn a_mail_has_its_id_in_every_attempt() {
        let message = message();
        let delivery = Delivery {
            id: Uuid::nil(),
            message: &message,
            repeated: false,
        };
        let mail = Mailer::new(&config()).unwrap().mail(&delivery).unwrap();
        let text = String::from_utf8(mail.formatted()).unwrap();
        for expected in [
            "Message-ID: <00000000-0000-0000-0000-000000000000@example.com>\r\n",
            "Subject: orgsweep: 2800 new, 4 fixed, 1 still open; 2 accounts not read\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "To: Ops <ops@example.com>, a@example.org\r\n",
        ] {
            assert!(text.contains(expected), "{expected} is missing in\n{text}");
        }
    }

    #[test]
    fn a_password_goes_out_over_tls_alone() {
        for (url, fits) in [
            ("smtps://user:hunter2@smtp.example.com", true),
            (
                "smtp://user:hunter2@smtp.example.com:587?tls=required",
                true,
            ),
            (
                "smtp://user:hunter2@smtp.example.com:587?tls=opportunistic",
                false,
            ),
            ("smtp://smtp.example.com", false),
            ("smtp://127.0.0.1:25", true),
            ("smtp://localhost", true),
            ("mailto:ops@example.com", false),
        ] {
            let config = EmailConfig {
                smtp_url: url.to_owned().into(),
                ..config()
            };
            let made = Mailer::new(&config);
            assert_eq!(made.is_ok(), fits, "{url}");
            if let Err(error) = made {
                assert!(!error.to_string().contains("hunter2"), "{error}");
            }
        }
    }
}
