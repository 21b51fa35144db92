//! The caller's own credentials and Region: the SDK's default chain, made quick
//! to say that there are none.

use std::time::Duration;

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::imds;
use aws_config::meta::region::ProvideRegion;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use futures::future::BoxFuture;
use orgsweep_controls::Region;

use super::{Source, fit_for_headers};
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

/// What is wrong with credentials that cannot be sent.
const UNPRINTABLE: &str = "the access key id or the session token has a character that no request can carry, such as a \
     line break; set it again, on one line";

/// The caller's credentials, from the environment, a profile, a web identity,
/// the container or the instance.
#[derive(Debug)]
pub(crate) struct Chain {
    provider: SharedCredentialsProvider,
    region: Region,
    /// Profile that was asked for, for the error message.
    profile: Option<String>,
}

impl Chain {
    /// What the SDK's default chain finds.
    pub(crate) async fn new(
        config: &AccessConfig,
        region: &Region,
        http: &SharedHttpClient,
    ) -> Self {
        Self {
            provider: provider(config, region, http).await,
            region: region.clone(),
            profile: config
                .profile
                .clone()
                .or_else(|| std::env::var("AWS_PROFILE").ok()),
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
            profile: None,
        }
    }

    /// Credentials, or why there are none.
    async fn load(&self) -> Result<Credentials, String> {
        let loading = self.provider.provide_credentials();
        match tokio::time::timeout(LONGEST_LOAD, loading).await {
            Ok(Ok(credentials)) if fit_for_headers(&credentials) => Ok(credentials),
            Ok(Ok(_)) => Err(UNPRINTABLE.to_owned()),
            Ok(Err(error)) => Err(explain(&error, self.profile.as_deref())),
            Err(_) => Err(format!(
                "loading them took longer than {} s",
                LONGEST_LOAD.as_secs()
            )),
        }
    }
}

/// The profile that was asked for and nothing else, as the AWS CLI does it, or
/// the default chain.
async fn provider(
    config: &AccessConfig,
    region: &Region,
    http: &SharedHttpClient,
) -> SharedCredentialsProvider {
    let sdk_region = aws_types::region::Region::new(region.as_str().to_owned());
    let provider_config = ProviderConfig::default()
        .with_http_client(http.clone())
        .with_region(Some(sdk_region.clone()));
    if let Some(profile) = &config.profile {
        let profile = ProfileFileCredentialsProvider::builder()
            .configure(&provider_config)
            .profile_name(profile);
        return SharedCredentialsProvider::new(profile.build());
    }
    let chain = DefaultCredentialsChain::builder()
        .configure(provider_config)
        .region(sdk_region)
        .imds_client(instance_metadata());
    SharedCredentialsProvider::new(chain.build().await)
}

impl Source for Chain {
    fn fetch(&self) -> BoxFuture<'_, Result<Credentials, CallError>> {
        Box::pin(async {
            self.load().await.map_err(|message| CallError {
                operation: Operation::GetCallerIdentity,
                region: self.region.clone(),
                kind: FaultKind::CredentialsExpired,
                code: None,
                status_alone: None,
                message,
            })
        })
    }
}

/// Why there are no credentials, for a person.
fn explain(error: &CredentialsError, profile: Option<&str>) -> String {
    let profile = match profile {
        Some(name) => format!("the profile `{name}`"),
        None => "the default profile".to_owned(),
    };
    if matches!(error, CredentialsError::CredentialsNotLoaded(_)) {
        return format!(
            "none in the environment, in {profile}, in the container or in the instance"
        );
    }
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| {
        error.source()
    });
    let mut words: Vec<String> = causes
        .map(|cause| cause.to_string().trim_end_matches('.').to_owned())
        .collect();
    words.dedup();
    let words = sanitize(&words.join(": "));
    // The instance is asked last, so nothing else had any.
    if words.contains("IMDS") {
        format!(
            "none in the environment, in {profile} or in the container, and the instance gives none ({words})"
        )
    } else {
        words
    }
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
    let is_aws = config.endpoint_url.is_none() && std::env::var_os("AWS_ENDPOINT_URL").is_none();
    if found.is_none() && is_aws {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn credentials_that_no_request_can_carry_are_refused() {
        let region: Region = "eu-west-1".parse().unwrap();
        for (key, token, fine) in [
            ("AKIA1", None, true),
            ("AKIA1", Some("t+/="), true),
            ("AKIA1\n", None, false),
            ("AKIA1", Some("t\r\n"), false),
            ("AKIA1", Some("t\u{1b}[0m"), false),
            ("AKIA1", Some("\u{e9}"), false),
        ] {
            let token = token.map(str::to_owned);
            let given = StaticCredentials::new(key, "secret", token);
            let loaded = Chain::given(given, &region).load().await;
            assert_eq!(loaded.is_ok(), fine, "{key:?} {loaded:?}");
            assert!(fine || loaded.unwrap_err().contains("line break"));
        }
    }

    #[test]
    fn what_was_tried_is_named_and_the_service_s_words_are_kept() {
        let nothing = CredentialsError::not_loaded("x");
        let refused = CredentialsError::provider_error("failed to load IMDS session token");
        let broken = CredentialsError::invalid_configuration("the profile has a loop.");
        for (error, profile, expected) in [
            (&nothing, None, "in the default profile"),
            (&nothing, Some("audit"), "in the profile `audit`"),
            (&refused, None, "the instance gives none"),
            (&broken, None, "the profile has a loop"),
        ] {
            let text = explain(error, profile);
            assert!(text.contains(expected), "{text}");
        }
    }
}
