//! Webhooks: a POST of JSON. The id goes along as `Idempotency-Key`
//! (draft-ietf-httpapi-idempotency-key-header), the same in every attempt.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{Client, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::channel::InvalidChannel;
use crate::send::{Delivery, LONGEST, SendError, with_causes};
use crate::text::plain;

/// A client for webhooks. It follows no redirect, which would take a secret elsewhere.
pub(crate) fn client() -> Result<Client, InvalidChannel> {
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(LONGEST)
        .connect_timeout(Duration::from_secs(10))
        .user_agent(concat!("orgsweep/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| InvalidChannel {
            setting: "notifications",
            why: format!("no HTTP client can be made: {}", with_causes(&error)),
        })
}

/// The URL, when it can be posted to.
pub(crate) fn checked_url(
    setting: &'static str,
    url: &SecretString,
) -> Result<reqwest::Url, InvalidChannel> {
    let invalid = |why: &str| InvalidChannel {
        setting,
        why: why.to_owned(),
    };
    let url: reqwest::Url = url
        .expose_secret()
        .trim()
        .parse()
        .map_err(|_| invalid("is not a URL"))?;
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_local(&url) => Ok(url),
        _ => Err(invalid(
            "must begin with `https://` (or `http://` on this machine): what fails in an organization is nobody else's business",
        )),
    }
}

fn is_local(url: &reqwest::Url) -> bool {
    url.host_str().is_some_and(|host| {
        let host = host.trim_matches(['[', ']']);
        host == "localhost"
            || host
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    })
}

/// The message as the generic webhook gets it: the message's own fields with its id. Whoever prints
/// them is not steered by what AWS named.
pub(crate) fn payload(delivery: &Delivery<'_>) -> Value {
    let mut body = json!({ "id": delivery.id, "repeated": delivery.repeated });
    if let (Some(body), Ok(Value::Object(fields))) =
        (body.as_object_mut(), serde_json::to_value(delivery.message))
    {
        body.extend(fields);
    }
    make_plain(&mut body);
    body
}

fn make_plain(value: &mut Value) {
    match value {
        Value::String(text) => *text = plain(text),
        Value::Array(items) => items.iter_mut().for_each(make_plain),
        Value::Object(fields) => fields.values_mut().for_each(make_plain),
        _ => {}
    }
}

/// Posts `body`.
pub(crate) async fn post(
    client: &Client,
    url: &reqwest::Url,
    token: Option<&SecretString>,
    delivery: &Delivery<'_>,
    body: &Value,
) -> Result<(), SendError> {
    let mut request = client
        .post(url.clone())
        .header(CONTENT_TYPE, "application/json")
        .header("Idempotency-Key", delivery.id.to_string())
        .body(body.to_string());
    if let Some(token) = token {
        let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret().trim()))
            .map_err(|_| SendError::refused("the token has characters that no header can hold"))?;
        value.set_sensitive(true);
        request = request.header(AUTHORIZATION, value);
    }
    match request.send().await {
        Ok(response) => judged(
            response.status(),
            response
                .headers()
                .get(RETRY_AFTER)
                .and_then(|value| value.to_str().ok()),
        ),
        Err(error) => {
            let (connecting, building) = (error.is_connect(), error.is_builder());
            let timed_out = error.is_timeout();
            // The URL of a webhook is a secret.
            let error = error.without_url();
            let words = with_causes(&error);
            Err(if building {
                SendError::refused(words)
            } else if connecting {
                SendError::not_now(format!("the receiver cannot be reached: {words}"))
            } else if timed_out {
                SendError::in_doubt(format!("no answer within {} s", LONGEST.as_secs()))
            } else {
                SendError::in_doubt(format!("the connection ended before an answer: {words}"))
            })
        }
    }
}

/// What the receiver's answer means.
fn judged(status: StatusCode, retry_after: Option<&str>) -> Result<(), SendError> {
    let said = format!("the receiver answered {status}");
    match status.as_u16() {
        200..=299 => Ok(()),
        // A gateway gave up waiting for whoever got the message.
        502 | 504 => Err(SendError::InDoubt { why: said }),
        408 | 425 | 429 | 500..=599 => Err(SendError::NotNow {
            why: said,
            retry_after: retry_after
                .and_then(|text| text.trim().parse().ok())
                .map(Duration::from_secs),
        }),
        300..=399 => Err(SendError::refused(format!(
            "{said}, a redirect, which is not followed; set the URL that it leads to"
        ))),
        _ => Err(SendError::refused(format!(
            "{said}; check URL and token, then `orgsweep notifications send ID`"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[rustfmt::skip]
    fn an_answer_says_whether_another_attempt_helps() {
        for (status, retry_after, expected) in [
            (200, None,       "arrived"),
            (204, None,       "arrived"),
            (301, None,       "refused"),
            (400, None,       "refused"),
            (403, None,       "refused"),
            (404, None,       "refused"),
            (410, None,       "refused"),
            (429, Some("7"),  "not now, 7 s"),
            (429, Some("Wed"), "not now"),
            (500, None,       "not now"),
            (502, None,       "in doubt"),
            (503, Some("30"), "not now, 30 s"),
            (504, None,       "in doubt"),
        ] {
            let found = match judged(StatusCode::from_u16(status).unwrap(), retry_after) {
                Ok(()) => "arrived".to_owned(),
                Err(SendError::Refused { .. }) => "refused".to_owned(),
                Err(SendError::InDoubt { .. }) => "in doubt".to_owned(),
                Err(SendError::NotNow { retry_after: None, .. }) => "not now".to_owned(),
                Err(SendError::NotNow { retry_after: Some(wait), .. }) => format!("not now, {} s", wait.as_secs()),
            };
            assert_eq!(found, expected, "{status} {retry_after:?}");
        }
    }

    #[test]
    fn only_this_machine_is_posted_to_without_tls() {
        for (url, fits) in [
            ("https://hooks.example.com/services/T0/B0/x", true),
            ("http://127.0.0.1:8080/hook", true),
            ("http://localhost/hook", true),
            ("http://[::1]:1/hook", true),
            ("http://hooks.example.com/services", false),
            ("ftp://example.com", false),
            ("hooks.example.com", false),
        ] {
            let checked = checked_url("notifications.webhook_url", &url.to_owned().into());
            assert_eq!(checked.is_ok(), fits, "{url}");
            if let Err(error) = checked {
                assert!(!error.to_string().contains("example.com"), "{error}");
            }
        }
    }
}
