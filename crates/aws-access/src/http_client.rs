//! The one HTTP client of all accounts: one connection pool, one TLS
//! configuration, the proxies of the environment.

use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::{SharedHttpClient, SharedHttpConnector, http_client_fn};

/// Connections kept open per host: more than calls are in flight at once, or each call
/// beyond that would open one and close it again.
const IDLE_CONNECTIONS: usize = 4_096;
/// AWS closes idle connections after about a minute; be earlier.
const IDLE_TIME: Duration = Duration::from_secs(20);

/// A client for AWS, or for the simulator at `endpoint_url`. Its timeouts are
/// set per call, not here.
pub(crate) fn shared(endpoint_url: Option<&str>) -> SharedHttpClient {
    let proxy = if endpoint_url.is_some_and(is_loopback) {
        ProxyConfig::disabled()
    } else {
        ProxyConfig::from_env()
    };
    let mut builder = Connector::builder().proxy_config(proxy);
    builder.set_pool_idle_timeout(Some(Some(IDLE_TIME)));
    builder.set_pool_max_idle_per_host(Some(IDLE_CONNECTIONS));
    let connector = builder
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .build();
    let connector = SharedHttpConnector::new(connector);
    http_client_fn(move |_settings, _components| connector.clone())
}

/// A client for instance and container credentials, which no proxy serves.
pub(crate) fn direct() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .build_https()
}

fn is_loopback(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_reached_around_the_proxy() {
        for (loopback, url) in [
            (true, "http://127.0.0.1:4566"),
            (true, "http://localhost"),
            (true, "http://[::1]:80/path"),
            (true, "http://user@127.0.0.2:80/"),
            (false, "https://localhost.example.com"),
            (false, "http://10.0.0.1:4566"),
            (false, "https://127.example.com@example.com"),
        ] {
            assert_eq!(is_loopback(url), loopback, "{url}");
        }
    }
}
