//! An SNS topic. E-mail subscribers get the text, queues, functions and HTTPS endpoints the
//! JSON of the generic webhook. Publishing is the only operation that this crate calls.

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_sns::Client;
use aws_sdk_sns::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_sns::operation::publish::PublishError;
use aws_sdk_sns::types::MessageAttributeValue;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::{SharedHttpConnector, http_client_fn};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use serde_json::{Value, json};

use crate::channel::{InvalidChannel, SnsConfig};
use crate::http;
use crate::send::{Delivery, LONGEST, SendError, with_causes};
use crate::text;

/// Bytes of a message that SNS takes.
const LARGEST: usize = 256 * 1024;

/// A topic.
#[derive(Debug, Clone)]
pub(crate) struct Topic {
    arn: String,
    client: Client,
}

/// The Region of a topic's ARN.
fn region(arn: &str) -> Result<&str, InvalidChannel> {
    let parts: Vec<&str> = arn.split(':').collect();
    match parts.as_slice() {
        ["arn", _, "sns", region, account, name]
            if !region.is_empty() && account.len() == 12 && !name.is_empty() =>
        {
            Ok(region)
        }
        _ => Err(InvalidChannel {
            setting: "notifications.sns_topic",
            why: "is not the ARN of a topic, like `arn:aws:sns:eu-west-1:111122223333:alerts`"
                .to_owned(),
        }),
    }
}

impl Topic {
    /// The topic, with the caller's credentials.
    pub(crate) async fn new(config: &SnsConfig) -> Result<Self, InvalidChannel> {
        let region = region(&config.topic)?.to_owned();
        Ok(Self {
            arn: config.topic.clone(),
            client: Client::new(&sdk_config(config, region).await),
        })
    }

    pub(crate) async fn publish(&self, delivery: &Delivery<'_>) -> Result<(), SendError> {
        let mut request = self
            .client
            .publish()
            .topic_arn(&self.arn)
            .subject(text::subject(delivery.message))
            .message_structure("json")
            .message(structure(delivery).to_string())
            .message_attributes("notification_id", attribute(&delivery.id.to_string())?);
        // The end of a FIFO topic's name, in these very letters.
        if self.arn.strip_suffix(".fifo").is_some() {
            request = request
                .message_group_id("orgsweep")
                .message_deduplication_id(delivery.id.to_string());
        }
        match Box::pin(request.send()).await {
            Ok(_) => Ok(()),
            Err(error) => Err(classified(&error)),
        }
    }
}

/// What each kind of subscriber gets.
pub(crate) fn structure(delivery: &Delivery<'_>) -> Value {
    let text = shortened(&text::body(delivery));
    let json = http::payload(delivery).to_string();
    let mut structure = json!({ "default": text });
    // SNS counts the whole structure.
    if text.len() + 4 * json.len() < LARGEST / 2 {
        for protocol in ["sqs", "lambda", "https", "http"] {
            structure[protocol] = json.clone().into();
        }
    }
    structure
}

fn attribute(text: &str) -> Result<MessageAttributeValue, SendError> {
    MessageAttributeValue::builder()
        .data_type("String")
        .string_value(text)
        .build()
        .map_err(|error| SendError::refused(error.to_string()))
}

/// The text, cut where SNS would refuse it.
fn shortened(text: &str) -> String {
    if text.len() <= LARGEST / 2 {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(LARGEST / 2);
    format!("{}…\n", &text[..end])
}

async fn sdk_config(config: &SnsConfig, region: String) -> SdkConfig {
    let proxy = match &config.endpoint_url {
        Some(_) => ProxyConfig::disabled(),
        None => ProxyConfig::from_env(),
    };
    let connector = Connector::builder()
        .proxy_config(proxy)
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .build();
    let connector = SharedHttpConnector::new(connector);
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .region(aws_types::region::Region::new(region))
        .http_client(http_client_fn(move |_, _| connector.clone()))
        // Attempts are the outbox's: one by itself could publish twice.
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().operation_timeout(LONGEST).build());
    if let Some(profile) = &config.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(url) = &config.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    loader.load().await
}

fn classified(error: &SdkError<PublishError>) -> SendError {
    match error {
        SdkError::ServiceError(answer) => {
            let code = answer.err().code().unwrap_or("without an error code");
            let words = answer.err().message().unwrap_or_default();
            let said = format!("SNS answered {code}: {words}");
            let status = answer.raw().status().as_u16();
            if status >= 500 || status == 429 || code.contains("Throttl") {
                SendError::not_now(said)
            } else {
                SendError::refused(format!(
                    "{said}; check the topic and that the caller may `sns:Publish` to it, then `orgsweep notifications send ID`"
                ))
            }
        }
        SdkError::ConstructionFailure(_) => SendError::not_now(format!(
            "the request could not be made: {}",
            with_causes(error)
        )),
        SdkError::DispatchFailure(_) if was_never_sent(&with_causes(error)) => {
            SendError::not_now(format!("SNS cannot be reached: {}", with_causes(error)))
        }
        _ => SendError::in_doubt(with_causes(error)),
    }
}

/// Whether a failure to send, in words, happened before there was a connection. The SDK has no
/// kinds for it.
fn was_never_sent(words: &str) -> bool {
    words.contains("(Connect)") || words.contains("credentials")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topics_region_is_that_of_its_arn() {
        for (arn, expected) in [
            (
                "arn:aws:sns:eu-west-1:111122223333:alerts",
                Some("eu-west-1"),
            ),
            (
                "arn:aws-us-gov:sns:us-gov-west-1:111122223333:alerts.fifo",
                Some("us-gov-west-1"),
            ),
            ("arn:aws:sns:eu-west-1:111122223333:alerts:0aa5", None),
            ("arn:aws:sqs:eu-west-1:111122223333:alerts", None),
            ("alerts", None),
        ] {
            assert_eq!(region(arn).ok(), expected, "{arn}");
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let text = "é".repeat(LARGEST);
        let cut = shortened(&text);
        assert!(cut.len() <= LARGEST / 2 + 8 && cut.ends_with("…\n"));
        assert_eq!(shortened("short"), "short");
    }
}
