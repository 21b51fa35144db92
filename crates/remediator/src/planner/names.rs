//! What new things are called and which tags they carry: the user's words, checked once against
//! what AWS takes (API references of PutMetricFilter, PutMetricAlarm, CreateTopic, CreateRole;
//! "Tag your resources" of each service), so that no step fails for them.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use thiserror::Error;

/// What stands for the control's id in the names of filters, metrics and alarms.
const PLACE: &str = "{control}";

/// What new things are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    namespace: String,
    template: String,
    topic: String,
}

/// A name or tag that AWS would not take, or that means nothing here.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{text}` is no {what}: {expected}")]
pub struct NameError {
    what: &'static str,
    text: String,
    expected: &'static str,
}

impl Default for Names {
    fn default() -> Self {
        Self {
            namespace: "CISBenchmark".to_owned(),
            template: format!("orgsweep-{PLACE}"),
            topic: "orgsweep-alarms".to_owned(),
        }
    }
}

impl Names {
    /// The same with another namespace for new metrics: 1 to 255 letters, digits and
    /// `. - _ / #`; those that begin with `AWS/` are AWS's own.
    pub fn with_namespace(self, text: &str) -> Result<Self, NameError> {
        let fits = !text.is_empty()
            && text.len() <= 255
            && !text.starts_with("AWS/")
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || ".-_/#".contains(c));
        if !fits {
            return Err(NameError {
                what: "namespace of metrics",
                text: text.to_owned(),
                expected: "1 to 255 letters, digits and `. - _ / #`, not beginning with `AWS/`",
            });
        }
        Ok(Self {
            namespace: text.to_owned(),
            ..self
        })
    }

    /// The same with another template for the names of filters, metrics, alarms and roles:
    /// `{control}` once, and at most 24 letters, digits and `. - _` around it, so that the name of
    /// any control and trail fits.
    pub fn with_template(self, text: &str) -> Result<Self, NameError> {
        let around = text.replacen(PLACE, "", 1);
        let fits = text.contains(PLACE)
            && (1..=24).contains(&around.len())
            && around
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c));
        if !fits {
            return Err(NameError {
                what: "template of names",
                text: text.to_owned(),
                expected: "`{control}` once, and 1 to 24 letters, digits and `. - _` around it, \
                           for example `security-{control}`",
            });
        }
        Ok(Self {
            template: text.to_owned(),
            ..self
        })
    }

    /// The same with another topic: 1 to 256 letters, digits, `-` and `_`.
    pub fn with_topic(self, text: &str) -> Result<Self, NameError> {
        let fits = (1..=256).contains(&text.len())
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        if !fits {
            return Err(NameError {
                what: "name of a topic",
                text: text.to_owned(),
                expected: "1 to 256 letters, digits, `-` and `_`",
            });
        }
        Ok(Self {
            topic: text.to_owned(),
            ..self
        })
    }

    /// Namespace of new metrics.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Name of the topic that all controls of an account and Region share.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// The name of what is made for `what`, a control's id for example: `orgsweep-{control}` gives
    /// `orgsweep-s3-bucket-policy-changes`. `*` gives the pattern of all such names.
    pub fn of(&self, what: &str) -> String {
        self.template.replacen(PLACE, what, 1)
    }

    /// The name of what is made for `what` and `more` behind it, in at most so many characters: of a
    /// longer `what` as much as fits, and the beginning of its SHA-256, so that others differ.
    pub fn of_at_most(&self, most: usize, what: &str, more: &str) -> String {
        let whole = self.of(&format!("{what}{more}"));
        if whole.chars().count() <= most {
            return whole;
        }
        let sum = hex::encode(Sha256::digest(what));
        let end = format!("-{}{more}", &sum[..8]);
        let room = most.saturating_sub(self.of(&end).chars().count());
        let kept: String = what.chars().take(room).collect();
        self.of(&format!("{kept}{end}"))
    }
}

/// Tags that a thing can have (50), without orgsweep's three.
const MOST_TAGS: usize = 47;

/// Reads tags, each `KEY=VALUE`; keys differ in more than case, which IAM does not tell apart.
pub fn tags<'a>(
    texts: impl IntoIterator<Item = &'a str>,
) -> Result<BTreeMap<String, String>, NameError> {
    let mut all = BTreeMap::new();
    for text in texts {
        let error = |expected| NameError {
            what: "tag",
            text: text.to_owned(),
            expected,
        };
        let (key, value) = tag(text)?;
        let is_there = |other: &String| other.to_lowercase() == key.to_lowercase();
        if all.keys().any(is_there) {
            return Err(error("its key is there already"));
        }
        if all.len() == MOST_TAGS {
            return Err(error("47 tags are the most"));
        }
        all.insert(key, value);
    }
    Ok(all)
}

/// Reads a tag, `KEY=VALUE`. Keys of AWS's own and those by which orgsweep knows what it made
/// are refused.
fn tag(text: &str) -> Result<(String, String), NameError> {
    let error = |expected| NameError {
        what: "tag",
        text: text.to_owned(),
        expected,
    };
    let (key, value) = text
        .split_once('=')
        .ok_or_else(|| error("write `KEY=VALUE`"))?;
    let fits = |text: &str| {
        text.chars()
            .all(|c| c.is_alphanumeric() || " _.:/=+-@".contains(c))
    };
    let long = key.chars().count() > 128 || value.chars().count() > 256;
    if key.is_empty() || long || !fits(key) || !fits(value) {
        return Err(error(
            "a key has 1 to 128 and a value up to 256 letters, digits, blanks and `_ . : / = + - @`",
        ));
    }
    let in_small = key.to_lowercase();
    let taken = ["aws:", "orgsweep-"]
        .iter()
        .any(|begin| in_small.starts_with(begin));
    if taken || in_small == "made-by" {
        return Err(error(
            "keys that begin with `aws:` or `orgsweep-`, and `made-by`, are taken",
        ));
    }
    Ok((key.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_names_filters_metrics_alarms_and_the_pattern_of_all() {
        let names = Names::default();
        assert_eq!(names.of("root-usage"), "orgsweep-root-usage");
        let names = names.with_template("{control}.sec").unwrap();
        assert_eq!(names.of("root-usage"), "root-usage.sec");
        assert_eq!(names.of("*"), "*.sec");
    }

    #[test]
    fn what_aws_would_not_take_is_refused_with_what_it_takes() {
        let names = Names::default;
        for text in ["", "AWS/EC2", "a b", "näme", &"n".repeat(256), "a:b"] {
            assert!(names().with_namespace(text).is_err(), "{text}");
        }
        for text in [
            "",
            "alarm",
            "{control}",
            "{control}{control}",
            "{Control}-x",
            "a b-{control}",
            "0123456789012345678901234-{control}",
        ] {
            assert!(names().with_template(text).is_err(), "{text}");
        }
        for text in ["", "a.fifo", "a b", &"n".repeat(257)] {
            assert!(names().with_topic(text).is_err(), "{text}");
        }
        assert!(names().with_namespace("Security/CIS.1").is_ok());
        assert!(names().with_topic("security_alerts-1").is_ok());
        let error = names().with_topic("a b").unwrap_err().to_string();
        assert_eq!(
            error,
            "`a b` is no name of a topic: 1 to 256 letters, digits, `-` and `_`"
        );
    }

    #[test]
    fn a_long_name_is_cut_where_the_template_leaves_room_and_others_differ() {
        let names = Names::default().with_template("a.{control}.sec").unwrap();
        assert_eq!(
            names.of_at_most(64, "main", "-to-logs"),
            "a.main-to-logs.sec"
        );
        let long =
            |last: &str| names.of_at_most(64, &format!("{}{last}", "t".repeat(100)), "-to-logs");
        assert_eq!(long("1").len(), 64);
        assert!(long("1").starts_with("a.ttt") && long("1").ends_with("-to-logs.sec"));
        assert_ne!(long("1"), long("2"));
    }

    #[test]
    fn keys_of_tags_differ_in_more_than_case_and_are_not_too_many() {
        assert_eq!(tags(["a=1", "b=2"]).map(|tags| tags.len()), Ok(2));
        assert!(tags(["team=a", "Team=b"]).is_err());
        let many: Vec<String> = (0..48).map(|number| format!("key{number}=x")).collect();
        let first = |number: usize| tags(many.iter().take(number).map(String::as_str));
        assert!(first(47).is_ok() && first(48).is_err());
    }

    #[test]
    fn tags_are_read_and_those_that_are_taken_refused() {
        assert_eq!(
            tag("cost-center=42=b"),
            Ok(("cost-center".into(), "42=b".into()))
        );
        assert_eq!(tag("empty="), Ok(("empty".into(), String::new())));
        for text in [
            "none",
            "=x",
            "aws:x=y",
            "AWS:x=y",
            "made-by=me",
            "Made-By=me",
            "Orgsweep-plan=1",
            "orgsweep-plan=1",
            "a=<b>",
            &format!("{}=x", "k".repeat(129)),
        ] {
            assert!(tag(text).is_err(), "{text}");
        }
    }
}
