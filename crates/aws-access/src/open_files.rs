//! How many connections this process may have: the operating system counts them among its open files.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// More than a sweep or a run opens.
const ENOUGH: u64 = 65_536;

/// Lets this process have as many files and connections open as its administrator allows, up to
/// 65,536. Most systems begin with 1,024 of them, and with several hundred accounts at once calls
/// would fail for "Too many open files".
///
/// Where the system does not let it, nothing changes: set `ulimit -n` or `LimitNOFILE=` then.
pub fn allow_many_connections() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.unwrap_or(ENOUGH).min(ENOUGH);
    if limit.current.is_some_and(|current| current < wanted) {
        let raised = Rlimit {
            current: Some(wanted),
            ..limit
        };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::debug!(%error, wanted, "the number of open files could not be raised");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_low_limit_is_raised_as_far_as_it_may_be_and_a_high_one_stays() {
        let before = getrlimit(Resource::Nofile);
        let may = before.maximum.unwrap_or(ENOUGH).min(ENOUGH);
        for (current, expected) in [(256, may), (may, may)] {
            let low = Rlimit {
                current: Some(current),
                ..before
            };
            setrlimit(Resource::Nofile, low).unwrap();
            allow_many_connections();
            assert_eq!(getrlimit(Resource::Nofile).current, Some(expected));
        }
    }
}
