//! Credentials that travel with the call instead of with the client: the shared
//! SDK clients ask [`CredentialsOfCall`], which knows those of the task that is
//! making the call. So one client serves ten thousand accounts.

use std::future::Future;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};

tokio::task_local! {
    static OF_CALL: Credentials;
}

/// Runs `call` with `credentials`.
pub(crate) async fn with<F: Future>(credentials: Credentials, call: F) -> F::Output {
    OF_CALL.scope(credentials, call).await
}

/// The credentials of the call that is being made.
#[derive(Debug)]
pub(crate) struct CredentialsOfCall;

impl ProvideCredentials for CredentialsOfCall {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let found = OF_CALL.try_with(Clone::clone);
        future::ProvideCredentials::ready(
            found.map_err(|_| CredentialsError::not_loaded("a call was made outside of a session")),
        )
    }
}
