//! Following pages to their end, and never further: empty pages are normal, a
//! token that comes again is a loop, and there is a bound to their number.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Pages that are followed at most: far above any real list of one account
/// (10,000 accounts are 500 pages of Organizations).
const MOST_PAGES: usize = 5_000;

/// Why a list was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endless {
    /// The service returned a token that it had returned before.
    RepeatedToken,
    /// There were more pages than [`MOST_PAGES`].
    TooManyPages,
}

impl Endless {
    /// In words.
    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::RepeatedToken => "the service returned the same page token twice",
            Self::TooManyPages => "the list has more than 5000 pages",
        }
    }
}

/// The tokens of one list.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    seen: HashSet<u64>,
}

impl Pages {
    /// The token of the page after one that ended with `token`; `None` at the end.
    pub(crate) fn after(&mut self, token: Option<String>) -> Result<Option<String>, Endless> {
        let Some(token) = token.filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let mut hasher = DefaultHasher::new();
        token.hash(&mut hasher);
        if !self.seen.insert(hasher.finish()) {
            return Err(Endless::RepeatedToken);
        }
        if self.seen.len() >= MOST_PAGES {
            return Err(Endless::TooManyPages);
        }
        Ok(Some(token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_ends_at_an_absent_or_empty_token() {
        assert_eq!(Pages::default().after(None), Ok(None));
        assert_eq!(Pages::default().after(Some(String::new())), Ok(None));
    }

    #[test]
    fn a_token_that_comes_again_is_a_loop() {
        let mut pages = Pages::default();
        assert!(pages.after(Some("a".to_owned())).is_ok());
        assert!(pages.after(Some("b".to_owned())).is_ok());
        assert_eq!(
            pages.after(Some("a".to_owned())),
            Err(Endless::RepeatedToken)
        );
    }

    #[test]
    fn a_list_without_end_is_given_up() {
        let mut pages = Pages::default();
        let end = (0..).find_map(|n| pages.after(Some(format!("t{n}"))).err());
        assert_eq!(end, Some(Endless::TooManyPages));
    }
}
