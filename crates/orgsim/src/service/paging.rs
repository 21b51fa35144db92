//! Pages: which part of a list an answer holds, and the token for the next one.

use std::ops::Range;

use crate::request::{Request, ServiceError};
use crate::state::{World, drawn};

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Window {
    /// Which items are on the page.
    pub(crate) range: Range<usize>,
    /// Token for the page after it; `None` on the last one.
    pub(crate) next: Option<String>,
}

impl Window {
    /// The page of a list of `length` items that the request asks for: `token` names the member
    /// with the token, `size` is the number of items on a page unless the request's member
    /// `limit` asks for fewer.
    pub(crate) fn of(
        world: &World,
        request: &Request,
        length: usize,
        (token, limit): (&str, &str),
        size: usize,
    ) -> Result<Self, ServiceError> {
        let asked = request.params.integer(limit).unwrap_or(size as i64);
        let mut size = usize::try_from(asked).unwrap_or(1).clamp(1, size);
        let token = request.params.text(token);
        if world.settings().short_pages {
            let place = format!("page {} {}", request.operation, token.unwrap_or_default());
            let draw = drawn(world.settings().seed, &place);
            size = usize::try_from(draw % size as u64).unwrap_or(0) + 1;
        }
        Self::at(token, length, size, world.settings().empty_pages)
            .ok_or_else(|| ServiceError::bad_token(request.service))
    }

    /// `None` when the token is none of ours.
    fn at(token: Option<&str>, length: usize, size: usize, empty_pages: bool) -> Option<Self> {
        let (start, was_empty) = match token {
            None => (0, false),
            Some(token) => {
                let (kind, position) = token.strip_prefix("page-")?.split_once('-')?;
                (position.parse().ok()?, kind == "e")
            }
        };
        if start > length {
            return None;
        }
        if empty_pages && !was_empty {
            return Some(Self {
                range: start..start,
                next: Some(format!("page-e-{start}")),
            });
        }
        let end = (start + size).min(length);
        Some(Self {
            range: start..end,
            next: (end < length).then(|| format!("page-n-{end}")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sizes of all pages, in order.
    fn pages(length: usize, size: usize, empty_pages: bool) -> Vec<usize> {
        let mut sizes = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let window = Window::at(token.as_deref(), length, size, empty_pages).unwrap();
            sizes.push(window.range.len());
            token = window.next;
            if token.is_none() {
                return sizes;
            }
        }
    }

    #[test]
    fn pages_hold_everything_once() {
        #[rustfmt::skip]
        let cases: [(usize, usize, bool, &[usize]); 5] = [
            (0,  20, false, &[0]),
            (20, 20, false, &[20]),
            (45, 20, false, &[20, 20, 5]),
            (45, 20, true,  &[0, 20, 0, 20, 0, 5]),
            (0,  20, true,  &[0, 0]),
        ];
        for (length, size, empty, expected) in cases {
            assert_eq!(pages(length, size, empty), expected, "{length} by {size}");
        }
    }

    #[test]
    fn foreign_tokens_are_refused() {
        for token in ["", "page", "page-n-x", "page-n-99", "abc"] {
            assert_eq!(Window::at(Some(token), 10, 5, false), None, "{token}");
        }
    }
}
