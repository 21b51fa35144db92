//! Coverage proofs, remembered. The same question comes back for account after
//! account, since organizations roll out the same filters everywhere; the answer
//! depends on the patterns and the known facts alone.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use filter_pattern::{CoverQuestion, Covers, Schema, covers, missing_values, overlap};

use super::{needed, noise};
use crate::ids::{AccountId, Region};
use crate::pattern::{Pattern, PatternSet, TextDigest};

/// Whether filters cover a pattern.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    Yes {
        assumptions: Vec<String>,
        /// Whether events escape that only exclusions excuse.
        needs_exclusions: bool,
    },
    No {
        witness: serde_json::Value,
        assumptions: Vec<String>,
    },
    Unknown(String),
}

impl Answer {
    pub(super) fn is_yes(&self) -> bool {
        matches!(self, Self::Yes { .. })
    }

    /// Whether they cover without any exclusion.
    fn is_unconditional(&self) -> bool {
        matches!(
            self,
            Self::Yes {
                needs_exclusions: false,
                ..
            }
        )
    }

    pub(super) fn is_no(&self) -> bool {
        matches!(self, Self::No { .. })
    }
}

/// Facts about the events that are judged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts<'a> {
    pub(super) account: &'a AccountId,
    pub(super) region: Option<&'a Region>,
    /// Events that were agreed to go unnoticed.
    pub(super) except: &'a PatternSet,
}

/// What is remembered of two patterns.
type ByPair<T> = Mutex<HashMap<(TextDigest, TextDigest), T>>;

/// Proofs with their answers.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    answers: Mutex<HashMap<Question, Arc<Answer>>>,
    missing: Mutex<HashMap<Question, Arc<Vec<String>>>>,
    needed: Mutex<HashMap<Question, Arc<Vec<Arc<Pattern>>>>>,
    concerned: ByPair<Arc<PatternSet>>,
    pairs: ByPair<Pair>,
    noise: ByPair<Arc<BTreeSet<noise::Class>>>,
    shared: ByPair<bool>,
}

/// What a required pattern and one filter have to do with each other.
#[derive(Debug, Clone, Copy)]
struct Pair {
    /// Whether some event may match both.
    touching: bool,
    /// Whether the filter looks as if it were meant for the pattern.
    relevant: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Question {
    required: TextDigest,
    filters: TextDigest,
    except: TextDigest,
    account: Option<AccountId>,
    region: Option<Region>,
    by_category: bool,
}

/// Answers that are kept; far more than an organization's distinct questions.
const MOST_ANSWERS: usize = 50_000;

impl Coverage {
    /// Whether `filters` together match every event of `facts` that `required`
    /// matches and that is not excluded.
    pub(super) fn decide(
        &self,
        required: &Pattern,
        filters: &PatternSet,
        facts: Facts<'_>,
    ) -> Arc<Answer> {
        let filters = self.concerned(required, filters);
        let question = question(required, &filters, facts);
        if let Some(known) = lock(&self.answers).get(&question) {
            return Arc::clone(known);
        }
        let answer = self
            .one_alone(required, &filters, facts)
            .unwrap_or_else(|| {
                asked(required, &filters, facts, &question, |asked| {
                    Arc::new(answer(&asked.decide()))
                })
            });
        keep(&self.answers, question, Arc::clone(&answer));
        answer
    }

    /// Usually one filter is the one: the proof for it alone is short, and the
    /// same in every account.
    fn one_alone(
        &self,
        required: &Pattern,
        filters: &PatternSet,
        facts: Facts<'_>,
    ) -> Option<Arc<Answer>> {
        if filters.patterns.len() < 2 {
            return None;
        }
        let same = filters
            .patterns
            .iter()
            .filter(|pattern| pattern.text == required.text);
        let meant = filters
            .patterns
            .iter()
            .filter(|filter| self.is_relevant(required, filter));
        same.chain(meant).find_map(|pattern| {
            let alone = PatternSet::from_iter([Arc::clone(pattern)]);
            // Where it needs exclusions, all of them together may not.
            Some(self.decide(required, &alone, facts)).filter(|answer| answer.is_unconditional())
        })
    }

    /// The filters that match some event of `required`; the others do not change what is
    /// covered, so that the facts that they ask for do not matter.
    pub(super) fn concerned(&self, required: &Pattern, filters: &PatternSet) -> Arc<PatternSet> {
        let key = (required.digest, filters.digest);
        if let Some(known) = lock(&self.concerned).get(&key) {
            return Arc::clone(known);
        }
        let alone = filters.patterns.len() < 2;
        let patterns = filters.patterns.iter();
        let concerned: PatternSet = patterns
            .filter(|filter| alone || self.pair(required, filter).touching)
            .cloned()
            .collect();
        let concerned = Arc::new(concerned);
        keep(&self.concerned, key, Arc::clone(&concerned));
        concerned
    }

    /// Event names that `required` lists and of which some event escapes that is
    /// not excluded.
    pub(super) fn missing(
        &self,
        required: &Pattern,
        filters: &PatternSet,
        facts: Facts<'_>,
    ) -> Arc<Vec<String>> {
        let filters = self.concerned(required, filters);
        let question = question(required, &filters, facts);
        if let Some(known) = lock(&self.missing).get(&question) {
            return Arc::clone(known);
        }
        let missing = asked(required, &filters, facts, &question, |asked| {
            asked.missing_values("eventName")
        });
        let missing = Arc::new(missing);
        keep(&self.missing, question, Arc::clone(&missing));
        missing
    }

    /// Of filters that cover a pattern, those that do not look meant for it and are needed.
    pub(super) fn needed(
        &self,
        required: &Pattern,
        filters: &PatternSet,
        facts: Facts<'_>,
    ) -> Arc<Vec<Arc<Pattern>>> {
        let filters = self.concerned(required, filters);
        let question = question(required, &filters, facts);
        if let Some(known) = lock(&self.needed).get(&question) {
            return Arc::clone(known);
        }
        let needed = Arc::new(needed::to_cover(required, &filters, facts, self));
        keep(&self.needed, question, Arc::clone(&needed));
        needed
    }

    /// Whether a filter looks as if it were meant for a pattern. Decides only
    /// what a finding shows and what it blames, never a verdict.
    pub(super) fn is_relevant(&self, required: &Pattern, filter: &Pattern) -> bool {
        self.pair(required, filter).relevant
    }

    /// What a filter matches beyond a pattern, in a sample of events.
    pub(super) fn beyond(
        &self,
        required: &Pattern,
        filter: &Pattern,
    ) -> Arc<BTreeSet<noise::Class>> {
        let key = (required.digest, filter.digest);
        if let Some(known) = lock(&self.noise).get(&key) {
            return Arc::clone(known);
        }
        let beyond = Arc::new(noise::beyond(required, filter));
        keep(&self.noise, key, Arc::clone(&beyond));
        beyond
    }

    /// Whether some event is known to match both.
    pub(super) fn share_an_event(&self, one: &Pattern, other: &Pattern) -> bool {
        let key = (one.digest, other.digest);
        if let Some(known) = lock(&self.shared).get(&key) {
            return *known;
        }
        let shared = noise::both_match(one, other);
        keep(&self.shared, key, shared);
        shared
    }

    /// Whether some event may match both.
    pub(super) fn touches(&self, required: &Pattern, other: &Pattern) -> bool {
        self.pair(required, other).touching
    }

    fn pair(&self, required: &Pattern, filter: &Pattern) -> Pair {
        let key = (required.digest, filter.digest);
        if let Some(known) = lock(&self.pairs).get(&key) {
            return *known;
        }
        // Without facts more events are possible, so that no overlap is missed.
        let both = overlap(&required.filter, &filter.filter, &Schema::cloudtrail());
        let pair = Pair {
            touching: !both.is_yes(),
            relevant: !both.is_yes() && looks_meant_for(required, filter, &both),
        };
        keep(&self.pairs, key, pair);
        pair
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn keep<K: Eq + Hash, V>(answers: &Mutex<HashMap<K, V>>, question: K, answer: V) {
    let mut answers = lock(answers);
    if answers.len() >= MOST_ANSWERS {
        answers.clear();
    }
    answers.insert(question, answer);
}

/// Facts take part in a question only when a pattern asks for them, so that the
/// answer is shared by all accounts and Regions otherwise.
fn question(required: &Pattern, filters: &PatternSet, facts: Facts<'_>) -> Question {
    let by_account = required.by_account || filters.by_account || facts.except.by_account;
    let by_region = required.by_region || filters.by_region || facts.except.by_region;
    Question {
        required: required.digest,
        filters: filters.digest,
        except: facts.except.digest,
        account: by_account.then(|| facts.account.clone()),
        region: facts.region.filter(|_| by_region).cloned(),
        by_category: required.by_category || filters.by_category || facts.except.by_category,
    }
}

/// What the engine says to a question.
fn asked<T>(
    required: &Pattern,
    filters: &PatternSet,
    facts: Facts<'_>,
    question: &Question,
    ask: impl FnOnce(&CoverQuestion<'_>) -> T,
) -> T {
    let filters = filters.filters();
    let schema = schema(question);
    let except = facts.except.filters();
    ask(&CoverQuestion {
        except: &except,
        schema: &schema,
        ..CoverQuestion::new(&required.filter, &filters)
    })
}

fn schema(question: &Question) -> Schema {
    let mut schema = Schema::cloudtrail();
    if let Some(account) = &question.account {
        schema = schema.with_fact("recipientAccountId", account.as_str());
    }
    if let Some(region) = &question.region {
        schema = schema.with_fact("awsRegion", region.as_str());
    }
    // The controls are about management events: trails need not record others.
    if question.by_category {
        schema = schema.with_fact("eventCategory", "Management");
    }
    schema
}

fn answer(covers: &Covers) -> Answer {
    let texts = |assumptions: &[filter_pattern::Assumption]| {
        assumptions.iter().map(ToString::to_string).collect()
    };
    match covers {
        Covers::Yes(proof) => Answer::Yes {
            assumptions: texts(proof.assumptions()),
            needs_exclusions: proof.needs_exclusions(),
        },
        Covers::No(witness) => Answer::No {
            witness: witness.event().clone(),
            assumptions: texts(witness.assumptions()),
        },
        Covers::Unknown(why) => Answer::Unknown(format!("{why}: {}", why.simplify_hint())),
    }
}

/// By the event names that both list, when the pattern lists several; else by
/// the other fields that both ask for.
fn looks_meant_for(required: &Pattern, filter: &Pattern, both: &Covers) -> bool {
    let schema = Schema::cloudtrail();
    let (required_text, filter_text) = (&required.text, &filter.text);
    let wanted = event_names(required_text);
    let named = event_names(filter_text);
    let shared = named.iter().filter(|name| wanted.contains(name)).count();
    // Only a filter that names events plainly can be told apart by their names.
    let by_name = !named.is_empty() && !filter_text.contains(['*', '%', '!']);
    if wanted.len() >= 2 {
        let enough = |number: usize, of: usize| number > 0 && number * 2 >= of;
        if by_name && shared == 0 {
            return false;
        }
        if enough(shared, named.len()) {
            return matches!(both, Covers::No(_));
        }
        let missing =
            missing_values(&required.filter, &[&filter.filter], "eventName", &schema).len();
        return enough(wanted.len() - missing.min(wanted.len()), wanted.len());
    }
    let asked = distinctive_tests(required_text);
    let meant = distinctive_tests(filter_text)
        .iter()
        .any(|test| asked.contains(test));
    if meant && matches!(both, Covers::No(_)) {
        return true;
    }
    let possible = wanted.is_empty() || !by_name || shared > 0;
    possible && covers(&required.filter, &[&filter.filter], &schema).is_yes()
}

/// The event names that a canonical pattern lists plainly.
fn event_names(canonical: &str) -> Vec<&str> {
    canonical
        .split("$.eventName = \"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|name| !name.contains('*'))
        .collect()
}

/// The fields that a pattern asks for beside the event's name and source; for
/// the identity's type with its value, since several controls ask for that.
fn distinctive_tests(canonical: &str) -> Vec<String> {
    canonical
        .split(['{', '}', '(', ')'])
        .flat_map(|part| part.split("&&"))
        .flat_map(|part| part.split("||"))
        .map(str::trim)
        .filter(|test| test.starts_with("$."))
        .map(|test| {
            let selector = test.split_whitespace().next().unwrap_or_default();
            let whole = selector == "$.userIdentity.type";
            if whole { test } else { selector }.to_owned()
        })
        .filter(|test| test != "$.eventName" && test != "$.eventSource")
        .collect()
}
