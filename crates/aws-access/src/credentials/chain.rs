//! The caller's own credentials and Region: the SDK's default chain, made quick
//! to say that there are none.

use std::time::Duration;

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::imds;
use aws_config::meta::region::ProvideRegion;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use futures::future::BoxFuture;
use orgsweep_controls::Region;

use super::Source;
use crate::config::{AccessConfig, StaticCredentials};
use crate::errors::{AccessError, CallError, FaultKind, sanitize};
use crate::http_client;
use crate::operation::Operation;
use crate::partitions::first_region;

/// Instance metadata answers within milliseconds or not at all.
const METADATA_CONNECT: Duration = Duration::from_millis(500);
const METADATA_ATTEMPT: Duration = Duration::from_secs(1);
/// A credential process may ask a vault, or a person for a code.
const LONGEST_LOAD: Duration = Duration::from_mins(1);

/// The caller's credentials, from the environment, a profile, a web identity,
/// the container or the instance.
#[derive(Debug)]
pub(crate) struct Chain {
    provider: SharedCredentialsProvider,
    region: Region,
}

impl Chain {
    /// What the SDK's default chain finds.
    pub(crate) async fn new(
        config: &AccessConfig,
        region: &Region,
        http: &SharedHttpClient,
    ) -> Self {
        let chain = default_chain(config, region, http).await;
        Self {
            provider: SharedCredentialsProvider::new(chain),
            region: region.clone(),
        }
    }

    /// Credentials that were given.
    pub(crate) fn given(credentials: StaticCredentials, region: &Region) -> Self {
        let credentials = Credentials::new(
            credentials.access_key_id,
            credentials.secret_access_key,
            credentials.session_token,
            None,
            "given",
        );
        Self {
            provider: SharedCredentialsProvider::new(credentials),
            region: region.clone(),
        }
    }

    /// Loads credentials for the first time.
    pub(crate) async fn first_load(&self) -> Result<Credentials, AccessError> {
        match tokio::time::timeout(LONGEST_LOAD, self.provider.provide_credentials()).await {
            Ok(Ok(credentials)) => Ok(credentials),
            Ok(Err(error)) => Err(AccessError::NoCredentials {
                detail: explain(&error),
            }),
            Err(_) => Err(AccessError::NoCredentials {
                detail: format!("loading them took longer than {} s", LONGEST_LOAD.as_secs()),
            }),
        }
    }
}

async fn default_chain(
    config: &AccessConfig,
    region: &Region,
    http: &SharedHttpClient,
) -> DefaultCredentialsChain {
    let sdk_region = aws_types::region::Region::new(region.as_str().to_owned());
    let provider_config = ProviderConfig::default()
        .with_http_client(http.clone())
        .with_region(Some(sdk_region.clone()));
    let mut chain = DefaultCredentialsChain::builder()
        .configure(provider_config)
        .region(sdk_region)
        .imds_client(instance_metadata());
    if let Some(profile) = &config.profile {
        chain = chain.profile_name(profile);
    }
    chain.build().await
}

impl Source for Chain {
    fn fetch(&self) -> BoxFuture<'_, Result<Credentials, CallError>> {
        Box::pin(async {
            self.first_load().await.map_err(|error| CallError {
                operation: Operation::GetCallerIdentity,
                region: self.region.clone(),
                kind: FaultKind::CredentialsExpired,
                code: None,
                message: error.to_string(),
            })
        })
    }
}

/// The error with its causes, for a person.
fn explain(error: &CredentialsError) -> String {
    if matches!(error, CredentialsError::CredentialsNotLoaded(_)) {
        return "none in the environment, the profile, the container or the instance".to_owned();
    }
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| {
        error.source()
    });
    let mut words: Vec<String> = causes.map(ToString::to_string).collect();
    words.dedup();
    sanitize(&words.join(": "))
}

fn instance_metadata() -> imds::Client {
    let direct = ProviderConfig::default().with_http_client(http_client::direct());
    imds::Client::builder()
        .configure(&direct)
        .max_attempts(2)
        .connect_timeout(METADATA_CONNECT)
        .operation_attempt_timeout(METADATA_ATTEMPT)
        .build()
}

/// The Region that the caller's environment names: configured, else the
/// environment's, the profile's or the instance's.
pub(crate) async fn region(config: &AccessConfig) -> Result<Option<Region>, AccessError> {
    if let Some(region) = &config.region {
        return Ok(Some(region.clone()));
    }
    let mut profile = ProfileFileRegionProvider::builder();
    if let Some(name) = &config.profile {
        profile = profile.profile_name(name);
    }
    let mut found = EnvironmentVariableRegionProvider::new().region().await;
    if found.is_none() {
        found = profile.build().region().await;
    }
    if found.is_none() && config.endpoint_url.is_none() {
        let instance = imds::region::ImdsRegionProvider::builder().imds_client(instance_metadata());
        found = instance.build().region().await;
    }
    let parsed = found.map(|region| {
        region
            .as_ref()
            .parse::<Region>()
            .map_err(|error| AccessError::InvalidConfig {
                setting: "Region".to_owned(),
                found: error.text,
                expected: error.expected,
            })
    });
    parsed.transpose()
}

/// The Region to begin with when the environment names none.
pub(crate) fn or_first(region: Option<&Region>) -> Region {
    region.cloned().unwrap_or_else(first_region)
}
