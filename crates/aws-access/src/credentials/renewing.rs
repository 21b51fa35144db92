//! Credentials that are fetched once, shared by all who need them, and fetched
//! again before they expire or when AWS says that they have.

use std::fmt;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use futures::future::BoxFuture;

use crate::errors::CallError;

/// Credentials are renewed this long before they expire.
const AHEAD: Duration = Duration::from_mins(5);
/// A source that keeps giving credentials about to expire is asked this often.
const PATIENCE_WITH_SOURCE: Duration = Duration::from_secs(30);

/// Where credentials come from.
pub(crate) trait Source: fmt::Debug + Send + Sync {
    /// Fetches new ones.
    fn fetch(&self) -> BoxFuture<'_, Result<Credentials, CallError>>;
}

/// Credentials with their source.
#[derive(Debug)]
pub(crate) struct Renewing {
    source: Box<dyn Source>,
    held: RwLock<Option<Held>>,
    /// Many tasks may find them expired at once; one fetches.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Debug, Clone)]
struct Held {
    credentials: Credentials,
    fetched: SystemTime,
}

/// What held credentials are good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Fresh,
    /// Still good, but to be renewed.
    Ageing,
    Over,
}

fn state(expiry: Option<SystemTime>, fetched: SystemTime, now: SystemTime) -> State {
    match expiry {
        None => State::Fresh,
        Some(expiry) if expiry <= now => State::Over,
        Some(expiry) if expiry > now + AHEAD => State::Fresh,
        Some(_) if now < fetched + PATIENCE_WITH_SOURCE => State::Fresh,
        Some(_) => State::Ageing,
    }
}

impl Renewing {
    pub(crate) fn new(source: impl Source + 'static) -> Self {
        Self {
            source: Box::new(source),
            held: RwLock::new(None),
            fetching: tokio::sync::Mutex::new(()),
        }
    }

    /// Credentials that are good for the next calls.
    pub(crate) async fn current(&self) -> Result<Credentials, CallError> {
        if let Some(credentials) = self.fresh() {
            return Ok(credentials);
        }
        let _only_one = self.fetching.lock().await;
        // Somebody else may have fetched them meanwhile.
        if let Some(credentials) = self.fresh() {
            return Ok(credentials);
        }
        match self.source.fetch().await {
            Ok(credentials) => Ok(self.hold(credentials)),
            Err(error) => match self.held() {
                Some((held, State::Ageing)) => Ok(held.credentials),
                _ => Err(error),
            },
        }
    }

    /// AWS said that `rejected` have expired: new ones, if the source has others.
    pub(crate) async fn renew(
        &self,
        rejected: &Credentials,
    ) -> Result<Option<Credentials>, CallError> {
        let differ = |other: &Credentials| {
            other.access_key_id() != rejected.access_key_id()
                || other.session_token() != rejected.session_token()
        };
        let _only_one = self.fetching.lock().await;
        if let Some((held, State::Fresh)) = self.held()
            && differ(&held.credentials)
        {
            return Ok(Some(held.credentials));
        }
        let fetched = self.source.fetch().await?;
        Ok(differ(&fetched).then(|| self.hold(fetched)))
    }

    fn fresh(&self) -> Option<Credentials> {
        match self.held() {
            Some((held, State::Fresh)) => Some(held.credentials),
            _ => None,
        }
    }

    fn held(&self) -> Option<(Held, State)> {
        let held = self
            .held
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()?;
        let state = state(held.credentials.expiry(), held.fetched, SystemTime::now());
        Some((held, state))
    }

    fn hold(&self, credentials: Credentials) -> Credentials {
        let held = Held {
            credentials: credentials.clone(),
            fetched: SystemTime::now(),
        };
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(held);
        credentials
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// Numbers the credentials that it gives; they last as long as said.
    #[derive(Debug)]
    struct Numbered {
        count: AtomicU32,
        lifetime: Duration,
    }

    impl Source for Numbered {
        fn fetch(&self) -> BoxFuture<'_, Result<Credentials, CallError>> {
            let number = self.count.fetch_add(1, Ordering::Relaxed) + 1;
            let expiry = SystemTime::now() + self.lifetime;
            let credentials = Credentials::new(
                format!("key-{number}"),
                "secret",
                None,
                Some(expiry),
                "test",
            );
            Box::pin(std::future::ready(Ok(credentials)))
        }
    }

    fn lasting(lifetime: Duration) -> Renewing {
        Renewing::new(Numbered {
            count: AtomicU32::new(0),
            lifetime,
        })
    }

    #[test]
    fn credentials_are_renewed_before_they_expire() {
        let now = SystemTime::now();
        let ago = |seconds| now - Duration::from_secs(seconds);
        let ahead = |seconds| Some(now + Duration::from_secs(seconds));
        for (expiry, fetched, expected) in [
            (None, ago(9_999), State::Fresh),
            (ahead(3_600), ago(0), State::Fresh),
            (ahead(301), ago(3_000), State::Fresh),
            (ahead(299), ago(3_000), State::Ageing),
            (ahead(100), ago(10), State::Fresh),
            (ahead(0), ago(10), State::Over),
        ] {
            assert_eq!(state(expiry, fetched, now), expected, "{expiry:?}");
        }
    }

    #[tokio::test]
    async fn good_credentials_are_fetched_once_and_expired_ones_again() {
        let good = lasting(Duration::from_hours(1));
        assert_eq!(good.current().await.unwrap().access_key_id(), "key-1");
        assert_eq!(good.current().await.unwrap().access_key_id(), "key-1");
        let expired = lasting(Duration::ZERO);
        assert_eq!(expired.current().await.unwrap().access_key_id(), "key-1");
        assert_eq!(expired.current().await.unwrap().access_key_id(), "key-2");
    }

    #[tokio::test]
    async fn rejected_credentials_are_replaced_once_for_all_who_hold_them() {
        let renewing = lasting(Duration::from_hours(1));
        let rejected = renewing.current().await.unwrap();
        let first = renewing.renew(&rejected).await.unwrap().unwrap();
        let second = renewing.renew(&rejected).await.unwrap().unwrap();
        assert_eq!(
            [first.access_key_id(), second.access_key_id()],
            ["key-2", "key-2"]
        );
    }
}
