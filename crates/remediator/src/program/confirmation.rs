//! Whether somebody who has read the plan wants it done: its digest on the command
//! line, or its first characters typed at a terminal.

use std::io::{self, BufRead as _, IsTerminal as _};

use super::interruption::while_asking;
use super::{output, usage};

/// Characters of the digest that are typed.
const TYPED: usize = 8;

/// What was said on the command line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said<'a> {
    /// `--digest`.
    pub(super) digest: Option<&'a str>,
    /// `--yes`.
    pub(super) yes: bool,
}

/// Refuses what nobody has confirmed. `what` says what is about to be done.
pub(super) fn confirmed(said: Said<'_>, digest: &str, what: &str) -> anyhow::Result<()> {
    if let Some(given) = said.digest {
        return check(given, digest);
    }
    if said.yes {
        return Err(usage(
            "`--yes` is taken only together with `--digest`: the digest of the plan that you have read",
        ));
    }
    if !is_terminal() {
        return Err(usage(
            "nobody can be asked here: give the digest of the plan that you have read with `--digest`",
        ));
    }
    output::tell(what);
    output::tell(&format!(
        "Type the first {TYPED} characters of the plan's digest to go on:"
    ));
    let mut typed = String::new();
    while_asking(|| io::stdin().lock().read_line(&mut typed))?;
    if typed.trim() == &digest[..TYPED] {
        Ok(())
    } else {
        Err(usage("that is not the plan's digest; nothing was done"))
    }
}

/// The digest, whole or at least its first characters.
fn check(given: &str, digest: &str) -> anyhow::Result<()> {
    if given.len() >= TYPED && digest.starts_with(given) {
        Ok(())
    } else {
        Err(usage(format!(
            "`{given}` is not the digest of this plan; `orgsweep remediate show` prints plan and digest: \
             read it before it is applied"
        )))
    }
}

fn is_terminal() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_given_whole_or_by_its_beginning_and_never_wrong() {
        let digest = "0123456789abcdef";
        for (given, fits) in [
            ("0123456789abcdef", true),
            ("01234567", true),
            ("0123456", false),
            ("", false),
            ("0123456789abcdee", false),
            ("0123456789abcdef0", false),
        ] {
            assert_eq!(check(given, digest).is_ok(), fits, "{given}");
        }
    }
}
