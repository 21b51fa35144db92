//! How many connections this process may have: the operating system counts them among its open files.

/// More than a sweep or a run opens.
const ENOUGH: u64 = 65_536;

/// Lets this process have as many files and connections open as its administrator allows, up to
/// 65,536. Most systems begin with 1,024 of them, and several hundred accounts at once need more.
///
/// Where the system does not let it, nothing changes: set `ulimit -n` or `LimitNOFILE=` then.
pub fn allow_many_connections() {
    if let Err(error) = rlimit::increase_nofile_limit(ENOUGH) {
        tracing::debug!(%error, "the number of open files could not be raised");
    }
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
            allow_many_connections();
            assert_eq!(Resource::NOFILE.get().unwrap(), (may, most));
        }
    }
}
