//! The channels: their configuration, and handing a message to one of them.

use std::fmt;
use std::str::FromStr;

use reqwest::{Client, Url};
use secrecy::SecretString;
use thiserror::Error;

use crate::email::Mailer;
use crate::http;
use crate::send::{Delivery, SendError};
use crate::slack;
use crate::sns::Topic;

/// A way to tell people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// A POST of JSON.
    Webhook,
    /// An incoming webhook of Slack, or of a program that takes the same.
    Slack,
    /// An SNS topic.
    Sns,
    /// E-mail.
    Email,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 4] = [Self::Webhook, Self::Slack, Self::Sns, Self::Email];

    /// Its name in the outbox and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Slack => "slack",
            Self::Sns => "sns",
            Self::Email => "email",
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Channel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|channel| channel.as_str() == text)
            .ok_or_else(|| "expected `webhook`, `slack`, `sns` or `email`".to_owned())
    }
}

/// A setting of a channel that cannot be used. Does not repeat its value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{setting}` {why}")]
pub struct InvalidChannel {
    /// The setting.
    pub setting: &'static str,
    /// What is wrong with it.
    pub why: String,
}

/// A webhook. `Debug` shows neither URL nor token.
#[derive(Debug, Clone)]
pub struct WebhookConfig {
    /// Where to post to.
    pub url: SecretString,
    /// Bearer token.
    pub token: Option<SecretString>,
}

/// An SNS topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnsConfig {
    /// Its ARN.
    pub topic: String,
    /// Profile of the shared AWS configuration, when it is not the usual one.
    pub profile: Option<String>,
    /// Where AWS is, when it is a simulator.
    pub endpoint_url: Option<String>,
}

/// E-mail. `Debug` does not show the server, whose URL may hold a password.
#[derive(Debug, Clone)]
pub struct EmailConfig {
    /// The server.
    pub smtp_url: SecretString,
    /// Who writes.
    pub from: String,
    /// Who is written to.
    pub to: Vec<String>,
}

/// The channels that are configured.
#[derive(Clone, Default)]
pub struct Channels {
    client: Option<Client>,
    webhook: Option<(Url, Option<SecretString>)>,
    slack: Option<Url>,
    sns: Option<Topic>,
    email: Option<Mailer>,
}

impl fmt::Debug for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.configured()).finish()
    }
}

impl Channels {
    /// Channels with these configurations; nothing is connected to yet.
    ///
    /// # Errors
    /// When a setting cannot be used.
    pub async fn new(
        webhook: Option<&WebhookConfig>,
        slack: Option<&SecretString>,
        sns: Option<&SnsConfig>,
        email: Option<&EmailConfig>,
    ) -> Result<Self, InvalidChannel> {
        let mut channels = Self::default();
        if webhook.is_some() || slack.is_some() {
            channels.client = Some(http::client()?);
        }
        if let Some(webhook) = webhook {
            let url = http::checked_url("notifications.webhook_url", &webhook.url)?;
            channels.webhook = Some((url, webhook.token.clone()));
        }
        if let Some(url) = slack {
            channels.slack = Some(http::checked_url("notifications.slack_url", url)?);
        }
        if let Some(config) = sns {
            channels.sns = Some(Topic::new(config).await?);
        }
        if let Some(config) = email {
            channels.email = Some(Mailer::new(config)?);
        }
        Ok(channels)
    }

    /// The channels that are there.
    pub fn configured(&self) -> Vec<Channel> {
        Channel::ALL
            .into_iter()
            .filter(|channel| match channel {
                Channel::Webhook => self.webhook.is_some(),
                Channel::Slack => self.slack.is_some(),
                Channel::Sns => self.sns.is_some(),
                Channel::Email => self.email.is_some(),
            })
            .collect()
    }

    /// Hands a message to a channel, once.
    ///
    /// # Errors
    /// When the channel did not accept it, or gave no answer.
    pub async fn send(&self, channel: Channel, delivery: &Delivery<'_>) -> Result<(), SendError> {
        let missing = || {
            SendError::refused(format!(
                "the channel `{channel}` is not configured any more; configure it, then `orgsweep notifications send ID`"
            ))
        };
        match channel {
            Channel::Webhook => {
                let ((url, token), client) = self
                    .webhook
                    .as_ref()
                    .zip(self.client.as_ref())
                    .ok_or_else(missing)?;
                let body = http::payload(delivery);
                http::post(client, url, token.as_ref(), delivery, &body).await
            }
            Channel::Slack => {
                let (url, client) = self
                    .slack
                    .as_ref()
                    .zip(self.client.as_ref())
                    .ok_or_else(missing)?;
                let body = slack::payload(delivery);
                http::post(client, url, None, delivery, &body).await
            }
            Channel::Sns => {
                let topic = self.sns.as_ref().ok_or_else(missing)?;
                topic.publish(delivery).await
            }
            Channel::Email => {
                let mailer = self.email.as_ref().ok_or_else(missing)?;
                mailer.send(delivery).await
            }
        }
    }
}
