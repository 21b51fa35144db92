//! What a comparison with AWS found: agreement, points that AWS leaves
//! undocumented and its answers settle, and disagreements with all that somebody
//! needs to send in.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use filter_pattern::{Assumption, Event, FilterPattern, OpenQuestion, PatternKind, Reading};
use orgsweep_aws_access::MatchedMessage;
use serde::Serialize;

use crate::command::pattern::common::{shortened, texts};
use crate::output::number::counted;
use crate::output::style::{self, styled};
use crate::output::{escaped, json};

/// Disagreements that are kept; the others are counted.
const MOST_KEPT: usize = 20;
/// Characters of an event that a person is shown.
const MOST_SHOWN: usize = 2_000;

/// What the comparison found.
#[derive(Debug, Serialize)]
pub(in super::super) struct Found {
    /// The account and Region that were asked.
    account: String,
    region: String,
    /// The version of the engine, for who gets a disagreement.
    version: &'static str,
    /// Pairs of a pattern and an event about which AWS was asked.
    tested: u64,
    /// Those of them about which AWS and the engine disagree.
    disagreeing: u64,
    /// The first of these.
    disagreements: Vec<Disagreement>,
    /// Undocumented points about which AWS's answers leave no doubt.
    settled: Vec<Settled>,
    /// What AWS could not be asked, and how often.
    not_asked: Vec<NotAsked>,
}

/// An event about which AWS and the engine disagree.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Disagreement {
    pattern: String,
    event: Option<String>,
    /// What the engine says, in words.
    engine: String,
    /// What AWS says, in words.
    aws: String,
    /// What the engine's answer rests on where AWS documents nothing.
    assumptions: Vec<String>,
}

/// An assumption that an answer of AWS bears out or refutes.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Settled {
    name: String,
    statement: String,
    holds: bool,
    pattern: String,
    event: String,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct NotAsked {
    why: String,
    count: u64,
}

impl Found {
    pub(super) fn new(account: &str, region: &str) -> Self {
        Self {
            account: account.to_owned(),
            region: region.to_owned(),
            version: env!("CARGO_PKG_VERSION"),
            tested: 0,
            disagreeing: 0,
            disagreements: Vec::new(),
            settled: Vec::new(),
            not_asked: Vec::new(),
        }
    }

    /// Notes AWS's answer about messages that it was sent. `pattern` is `None` when the engine
    /// refuses the text.
    pub(super) fn note(
        &mut self,
        text: &str,
        pattern: Option<&FilterPattern>,
        messages: &[String],
        matches: &[MatchedMessage],
    ) {
        self.tested += messages.len() as u64;
        let Some(pattern) = pattern else {
            return self.disagree(Disagreement {
                pattern: text.to_owned(),
                event: messages.first().cloned(),
                engine: "refuses the pattern".to_owned(),
                aws: "takes the pattern".to_owned(),
                assumptions: Vec::new(),
            });
        };
        // Only fields of space-delimited patterns are documented to be extracted.
        let fields_count = pattern.kind() == PatternKind::SpaceDelimited;
        let words = |fields: Option<&BTreeMap<String, String>>| match fields {
            None => "does not match".to_owned(),
            Some(fields) if fields_count => format!("matches, with {}", fields_in_words(fields)),
            Some(_) => "matches".to_owned(),
        };
        let by_position: BTreeMap<usize, &MatchedMessage> =
            matches.iter().map(|one| (one.position, one)).collect();
        for (position, message) in messages.iter().enumerate() {
            let engine = pattern.test(message);
            let aws = by_position.get(&position).map(|one| &one.extracted);
            let agree = match (&engine, aws) {
                (None, None) => true,
                (Some(ours), Some(theirs)) => !fields_count || ours == theirs,
                _ => false,
            };
            let answer = pattern.answer_message(message);
            let assumptions = answer.assumptions();
            for (assumption, holds) in settled_by(pattern, message, assumptions, aws.is_some()) {
                self.settle(&assumption, holds, text, message);
            }
            if !agree {
                self.disagree(Disagreement {
                    pattern: text.to_owned(),
                    event: Some(message.clone()),
                    engine: words(engine.as_ref()),
                    aws: words(aws),
                    assumptions: texts(assumptions),
                });
            }
        }
    }

    /// Notes that AWS refuses a pattern that the engine takes, or both do.
    pub(super) fn note_refused_pattern(
        &mut self,
        text: &str,
        pattern: Option<&FilterPattern>,
        words: &str,
    ) {
        self.tested += 1;
        if pattern.is_some() {
            self.disagree(Disagreement {
                pattern: text.to_owned(),
                event: None,
                engine: "takes the pattern".to_owned(),
                aws: format!("refuses the pattern: {words}"),
                assumptions: Vec::new(),
            });
        }
    }

    pub(super) fn note_not_asked(&mut self, why: &str) {
        match self.not_asked.iter_mut().find(|known| known.why == why) {
            Some(known) => known.count += 1,
            None => self.not_asked.push(NotAsked {
                why: why.to_owned(),
                count: 1,
            }),
        }
    }

    fn disagree(&mut self, disagreement: Disagreement) {
        self.disagreeing += 1;
        if self.disagreements.len() < MOST_KEPT {
            self.disagreements.push(disagreement);
        }
    }

    fn settle(&mut self, assumption: &Assumption, holds: bool, pattern: &str, event: &str) {
        let known = |one: &Settled| one.name == assumption.name() && one.holds == holds;
        if !self.settled.iter().any(known) {
            self.settled.push(Settled {
                name: assumption.name().to_owned(),
                statement: assumption.statement().to_owned(),
                holds,
                pattern: pattern.to_owned(),
                event: event.to_owned(),
            });
        }
    }

    /// An error when there is anything to send in.
    pub(in super::super) fn verdict(&self) -> anyhow::Result<()> {
        if self.disagreeing == 0 {
            return Ok(());
        }
        anyhow::bail!(
            "AWS and this engine disagree about {} of {}; this is a bug of orgsweep: please send in what is \
             printed about it (pattern, event, both answers)",
            self.disagreeing,
            counted(self.tested, "answer")
        )
    }

    /// For a person.
    pub(in super::super) fn told(&self) -> String {
        let mut text = String::new();
        let asked = format!("logs:TestMetricFilter in {}", self.region);
        // Writing to a `String` cannot fail.
        if self.disagreeing == 0 {
            let answers = counted(self.tested, "answer");
            let _ = writeln!(text, "AWS agrees ({answers} of {asked})");
        }
        for one in &self.disagreements {
            text.push_str(&one.told());
            let _ = writeln!(text, "  asked    {asked}, orgsweep {}", self.version);
        }
        let untold = self.disagreeing - self.disagreements.len() as u64;
        if untold > 0 {
            let _ = writeln!(text, "and about {}", counted(untold, "other answer"));
        }
        if self.disagreeing > 0 {
            text.push_str(
                "Before you send this in: an event may hold names, addresses and account ids. Replace them, and run \
                 again to see that the answers stay the same.\n",
            );
        }
        for settled in &self.settled {
            let holds = if settled.holds {
                "holds"
            } else {
                "does not hold"
            };
            let _ = writeln!(
                text,
                "Settled by AWS ({holds}): {}, by its answer on {} and {}",
                escaped(&settled.statement),
                escaped(&settled.pattern),
                escaped(&shortened(&settled.event, 200)),
            );
        }
        for not_asked in &self.not_asked {
            let _ = writeln!(
                text,
                "Not asked ({}): {}",
                not_asked.count,
                escaped(&not_asked.why)
            );
        }
        text
    }

    /// One JSON object a line, for programs.
    pub(in super::super) fn line(&self) -> anyhow::Result<String> {
        Ok(json::line(&serde_json::json!({ "live": self }))?)
    }
}

/// Which of the assumptions of the engine's answer AWS's answer bears out or refutes: those on which
/// all readings of the pattern agree that give AWS's answer.
fn settled_by(
    pattern: &FilterPattern,
    message: &str,
    assumptions: &[Assumption],
    aws_matches: bool,
) -> Vec<(Assumption, bool)> {
    let open: Vec<OpenQuestion> = OpenQuestion::ALL
        .into_iter()
        .filter(|question| assumptions.iter().any(|one| one.name() == question.name()))
        .collect();
    if let ([assumption], []) = (assumptions, &open[..]) {
        let holds = pattern.matches_message(message) == aws_matches;
        return vec![(assumption.clone(), holds)];
    }
    let Ok(event) = Event::parse(message) else {
        return Vec::new();
    };
    let readings = (0..1_u32 << open.len()).map(|chosen| {
        let affirmed = open
            .iter()
            .enumerate()
            .filter(|(at, _)| chosen & 1 << at != 0);
        affirmed.fold(Reading::default(), |reading, (_, question)| {
            reading.with(*question)
        })
    });
    let fitting: Vec<Reading> = readings
        .filter(|reading| pattern.matches_under(&event, *reading) == aws_matches)
        .collect();
    // With other assumptions beside them, AWS may follow none of these readings.
    if fitting.is_empty() || open.len() < assumptions.len() {
        return Vec::new();
    }
    let all = |question: OpenQuestion, answer: bool| {
        fitting
            .iter()
            .all(|reading| reading.answers_yes(question) == answer)
    };
    open.into_iter()
        .filter_map(
            |question| match (all(question, false), all(question, true)) {
                (true, _) => Some((question.assumption(false), true)),
                (_, true) => Some((question.assumption(false), false)),
                _ => None,
            },
        )
        .collect()
}

impl Disagreement {
    fn told(&self) -> String {
        let mut text = format!(
            "{}\n  pattern  {}\n",
            styled(style::BAD, "AWS and this engine disagree"),
            escaped(&self.pattern)
        );
        if let Some(event) = &self.event {
            let _ = writeln!(
                text,
                "  event    {}",
                escaped(&shortened(event, MOST_SHOWN))
            );
        }
        let _ = writeln!(text, "  engine   {}", escaped(&self.engine));
        let _ = writeln!(text, "  AWS      {}", escaped(&self.aws));
        for assumption in &self.assumptions {
            let _ = writeln!(text, "  assumed  {}", escaped(assumption));
        }
        text
    }
}

fn fields_in_words(fields: &BTreeMap<String, String>) -> String {
    let fields: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name} = {value:?}"))
        .collect();
    fields.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, messages: &[&str], matching: &[(usize, &[(&str, &str)])]) -> Found {
        let messages: Vec<String> = messages.iter().map(|text| (*text).to_owned()).collect();
        let matches: Vec<MatchedMessage> = matching
            .iter()
            .map(|(position, fields)| MatchedMessage {
                position: *position,
                extracted: fields
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                    .collect(),
            })
            .collect();
        let mut found = Found::new("111122223333", "eu-west-1");
        found.note(pattern, pattern.parse().ok().as_ref(), &messages, &matches);
        found
    }

    fn told(found: &Found) -> String {
        anstream::adapter::strip_str(&found.told()).to_string()
    }

    #[test]
    fn agreement_is_said_in_one_line() {
        let found = found("{ $.a = 1 }", &["{\"a\": 1}", "{\"a\": 2}"], &[(0, &[])]);
        assert!(found.verdict().is_ok());
        assert_eq!(
            told(&found),
            "AWS agrees (2 answers of logs:TestMetricFilter in eu-west-1)\n"
        );
    }

    #[test]
    fn every_way_of_disagreeing_is_told_with_both_answers() {
        let mut refused = Found::new("111122223333", "eu-west-1");
        let pattern = "{ $.a = 1 }".parse().unwrap();
        refused.note_refused_pattern("{ $.a = 1 }", Some(&pattern), "Invalid pattern");
        let fields: &[(&str, &str)] = &[("$a", "x"), ("$b", "\u{1b}z")];
        let told: Vec<String> = [
            found("{ $.a = 1 }", &["{\"a\": 1}", "{\"a\": 2}"], &[(1, &[])]),
            found("{ $.a != x }", &["{\"a\": null}"], &[(0, &[])]),
            found("[a, b]", &["x y"], &[(0, fields)]),
            found("{ $.a == 1 }", &["{}"], &[]),
            refused,
        ]
        .iter()
        .map(|found| {
            assert!(found.verdict().is_err());
            told(found)
        })
        .collect();
        insta::assert_snapshot!(told.join("----\n"));
    }

    #[test]
    fn what_both_refuse_is_no_disagreement() {
        let mut found = Found::new("111122223333", "eu-west-1");
        found.note_refused_pattern("{ $.a == 1 }", None, "Invalid pattern");
        assert!(found.verdict().is_ok());
    }

    #[test]
    fn a_point_is_settled_when_only_one_reading_of_it_gives_the_answer() {
        let null = "{\"a\": null}";
        for (matching, holds) in [(&[][..], true), (&[(0, &[][..])][..], false)] {
            let found = found("{ $.a != x }", &[null], matching);
            assert_eq!(found.settled.len(), 1);
            assert_eq!(found.settled[0].name, "not-equals-on-null");
            assert_eq!(found.settled[0].holds, holds);
        }
        // Each of two would let it match: that it does not settles both, that it does neither.
        let two = "{ $.a != x || $.a NOT EXISTS }";
        let settled = |matching| found(two, &[null], matching).settled.len();
        assert_eq!(settled(&[]), 2);
        assert_eq!(settled(&[(0, &[][..])]), 0);
        // Nothing is settled by what AWS documents.
        assert_eq!(
            found("{ $.a != x }", &["{\"a\": \"y\"}"], &[(0, &[])]).settled,
            []
        );
    }

    #[test]
    fn what_was_not_asked_is_counted_by_its_reason() {
        let mut found = Found::new("111122223333", "eu-west-1");
        for why in ["empty", "too long", "empty"] {
            found.note_not_asked(why);
        }
        assert!(
            told(&found).contains("Not asked (2): empty"),
            "{}",
            told(&found)
        );
        assert!(found.verdict().is_ok());
    }
}
