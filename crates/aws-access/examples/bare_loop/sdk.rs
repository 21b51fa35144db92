//! An SDK client's configuration for loops that are hard to beat: one connection pool, credentials that
//! travel with the task, no budgets, retries or time limits of its own.

use std::env;

use aws_config::identity::IdentityCache;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

use crate::Outcome;

tokio::task_local! {
    /// The credentials of the task that makes a call.
    pub(crate) static OF_TASK: Credentials;
}

#[derive(Debug)]
struct CredentialsOfTask;

impl ProvideCredentials for CredentialsOfTask {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let found = OF_TASK.try_with(Clone::clone);
        future::ProvideCredentials::ready(found.map_err(CredentialsError::not_loaded))
    }
}

/// The caller's credentials, and the configuration of clients that ask `AWS_ENDPOINT_URL`.
/// What is missing in the environment is answered with `usage`.
pub(crate) async fn caller(usage: &'static str) -> Outcome<(Credentials, SdkConfig)> {
    let variable = |name: &str| env::var(name).map_err(|_| usage);
    let caller = Credentials::new(
        variable("AWS_ACCESS_KEY_ID")?,
        variable("AWS_SECRET_ACCESS_KEY")?,
        None,
        None,
        "environment",
    );
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .build_https();
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .endpoint_url(variable("AWS_ENDPOINT_URL")?)
        .credentials_provider(CredentialsOfTask)
        .identity_cache(IdentityCache::no_cache())
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .load()
        .await;
    Ok((caller, config))
}

/// The credentials of a role in an account.
pub(crate) async fn session(
    sts: &aws_sdk_sts::Client,
    account: &str,
    role: &str,
) -> Outcome<Credentials> {
    let session = sts
        .assume_role()
        .role_arn(format!("arn:aws:iam::{account}:role/{role}"))
        .role_session_name("bare-loop")
        .send()
        .await?;
    let given = session.credentials.ok_or("no credentials were given")?;
    Ok(Credentials::new(
        given.access_key_id,
        given.secret_access_key,
        Some(given.session_token),
        None,
        "role",
    ))
}
