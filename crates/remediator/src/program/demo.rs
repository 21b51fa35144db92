//! `--demo` names a database, and no organization is behind it: what calls AWS would do so with
//! the user's own credentials.

use super::arguments::Common;
use super::settings::Settings;
use super::usage;

/// Refuses the demo's database for what calls AWS, unless it is said where AWS is.
pub(super) fn refused(common: &Common, settings: &Settings) -> anyhow::Result<()> {
    if asks_aws_itself(common.demo, settings.names_endpoint()) {
        return Err(usage(
            "`--demo` names the database of a demo whose organization is gone, and AWS would be asked \
             with your own credentials; to try repairs, let `orgsim serve --demo` run, set the \
             variables that it prints, and sweep it with `--data-dir DIR` instead of `--demo`",
        ));
    }
    Ok(())
}

fn asks_aws_itself(demo: bool, names_endpoint: bool) -> bool {
    demo && !names_endpoint
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demos_database_is_refused_where_aws_itself_would_be_asked() {
        for (demo, names_endpoint, refused) in [
            (true, false, true),
            (true, true, false),
            (false, false, false),
            (false, true, false),
        ] {
            assert_eq!(asks_aws_itself(demo, names_endpoint), refused);
        }
    }
}
