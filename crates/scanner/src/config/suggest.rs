//! "Did you mean": the nearest of several names.

/// The candidate that is nearest to what was written, if any is near.
pub(crate) fn nearest<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(written, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_pen_are_recognised_and_nonsense_is_not() {
        let names = ["sweep.concurrency", "sweep.deadline", "role.name"];
        for (written, meant) in [
            ("sweep.concurency", Some("sweep.concurrency")),
            ("sweep.dead_line", Some("sweep.deadline")),
            ("roles.name", Some("role.name")),
            ("xyz", None),
        ] {
            assert_eq!(nearest(written, names), meant, "{written}");
        }
    }
}
