//! How many connections this process may have: the operating system counts them among its open files.

/// More than a sweep or a run opens.
const ENOUGH: u64 = 65_536;

/// Lets this process have as many files and connections open as its administrator allows, up to
/// 65,536, and says how many that are. Most systems begin with 1,024 of them, and several hundred accounts
/// at once need more.
///
/// Where the system does not let it, nothing changes and nothing is known: set `ulimit -n` or `LimitNOFILE=` then.
pub fn allow_many_connections() -> Option<u64> {
    rlimit::increase_nofile_limit(ENOUGH)
        .inspect_err(
            |error| tracing::debug!(%error, "the number of open files could not be raised"),
        )
        .ok()
}

#[cfg(test)]
mod tests {
    use rlimit::Resource;

    use super::*;

    #[test]
    fn a_low_limit_is_raised_as_far_as_it_may_be_and_a_high_one_stays() {
        let (_, most) = Resource::NOFILE.get().unwrap();
        let may = most.min(ENOUGH);
        for current in [256, may] {
            Resource::NOFILE.set(current, most).unwrap();
            assert_eq!(allow_many_connections(), Some(may));
            assert_eq!(Resource::NOFILE.get().unwrap(), (may, most));
        }
    }
}
