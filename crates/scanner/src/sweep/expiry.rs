//! Whose credentials have expired? One account's session may end early; when
//! nothing but expiry is heard, it is the caller's credentials, and the accounts
//! wait for the sweep to be resumed instead of being written off.

use orgsweep_controls::ids::AccountId;

/// Accounts in a row that must report expiry before the caller's credentials
/// are taken to have expired.
const IN_A_ROW: usize = 3;

/// Accounts whose credentials were said to have expired, since the last account
/// that proved the caller's to be valid.
#[derive(Debug)]
pub(crate) struct Expiry<T> {
    waiting: Vec<(AccountId, T)>,
}

impl<T> Default for Expiry<T> {
    fn default() -> Self {
        Self {
            waiting: Vec::new(),
        }
    }
}

impl<T> Expiry<T> {
    /// Notes an account that reported expiry. Whether the caller's credentials
    /// must be taken to have expired.
    pub(crate) fn expired(&mut self, account: AccountId, report: T) -> bool {
        self.waiting.push((account, report));
        self.waiting.len() >= IN_A_ROW
    }

    /// The caller's credentials are valid: the accounts that reported expiry
    /// have failed by themselves.
    pub(crate) fn valid(&mut self) -> Vec<(AccountId, T)> {
        std::mem::take(&mut self.waiting)
    }

    /// Whether the caller's credentials are taken to have expired.
    pub(crate) fn is_callers(&self) -> bool {
        self.waiting.len() >= IN_A_ROW
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_account_that_expires_among_valid_ones_fails_alone() {
        let account: AccountId = "111122223333".parse().unwrap();
        let mut expiry = Expiry::default();
        assert!(!expiry.expired(account.clone(), "early"));
        assert_eq!(expiry.valid(), [(account.clone(), "early")]);
        assert!(!expiry.expired(account.clone(), "again"));
        assert!(!expiry.is_callers());
    }

    #[test]
    fn nothing_but_expiry_means_the_callers_credentials() {
        let account: AccountId = "111122223333".parse().unwrap();
        let mut expiry = Expiry::default();
        let verdicts = [(); 3].map(|()| expiry.expired(account.clone(), ()));
        assert_eq!(verdicts, [false, false, true]);
        assert!(expiry.is_callers());
    }
}
