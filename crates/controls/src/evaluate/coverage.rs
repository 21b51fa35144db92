//! Coverage proofs, remembered. The same question comes back for account after
//! account, since organizations roll out the same filters everywhere; the answer
//! depends on the patterns and the known facts alone.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use filter_pattern::{Covers, FilterPattern, Schema, covers, missing_values, overlap};

use crate::ids::{AccountId, Region};

/// Whether filters cover a pattern.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    Yes {
        assumptions: Vec<String>,
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

    pub(super) fn is_no(&self) -> bool {
        matches!(self, Self::No { .. })
    }
}

/// Facts about the events that are judged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts<'a> {
    pub(super) account: &'a AccountId,
    pub(super) region: Option<&'a Region>,
}

/// Proofs with their answers.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    answers: Mutex<HashMap<Question, Arc<Answer>>>,
    missing: Mutex<HashMap<Question, Arc<Vec<String>>>>,
    touching: Mutex<HashMap<Question, Arc<bool>>>,
    relevant: Mutex<HashMap<(String, String), bool>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Question {
    required: String,
    filters: Vec<String>,
    account: Option<AccountId>,
    region: Option<Region>,
}

/// Answers that are kept; far more than an organization's distinct questions.
const MOST_ANSWERS: usize = 50_000;

/// Distinct filters, by their canonical text: equal sets are equal questions.
pub(super) type Filters = BTreeMap<String, Arc<FilterPattern>>;

impl Coverage {
    /// Whether `filters` together match every event of `facts` that `required` matches.
    pub(super) fn decide(
        &self,
        required: &FilterPattern,
        filters: &Filters,
        facts: Facts<'_>,
    ) -> Arc<Answer> {
        let question = question(required, filters, facts);
        if let Some(known) = lock(&self.answers).get(&question) {
            return Arc::clone(known);
        }
        let answer = self.one_alone(required, filters, facts).unwrap_or_else(|| {
            let concerned = self.concerned(required, filters, &question);
            Arc::new(answer(&covers(required, &concerned, &schema(&question))))
        });
        keep(&self.answers, question, &answer);
        answer
    }

    /// Usually one filter is the one: the proof for it alone is short, and the
    /// same in every account.
    fn one_alone(
        &self,
        required: &FilterPattern,
        filters: &Filters,
        facts: Facts<'_>,
    ) -> Option<Arc<Answer>> {
        if filters.len() < 2 {
            return None;
        }
        let alone = |(text, pattern): (&String, &Arc<FilterPattern>)| {
            let alone = Filters::from([(text.clone(), Arc::clone(pattern))]);
            Some(self.decide(required, &alone, facts)).filter(|answer| answer.is_yes())
        };
        let same = filters.get_key_value(&required.to_string());
        let meant = filters
            .iter()
            .filter(|(_, filter)| self.is_relevant(required, filter));
        same.into_iter().chain(meant).find_map(alone)
    }

    /// The filters that match some event of `required`; the others do not change
    /// what is covered.
    fn concerned<'a>(
        &self,
        required: &FilterPattern,
        filters: &'a Filters,
        question: &Question,
    ) -> Vec<&'a FilterPattern> {
        let patterns = filters.iter();
        if filters.len() < 2 {
            return patterns.map(|(_, pattern)| pattern.as_ref()).collect();
        }
        let touches = |text: &str, pattern: &FilterPattern| {
            let key = Question {
                required: question.required.clone(),
                filters: vec![text.to_owned()],
                account: None,
                region: None,
            };
            *remembered(&self.touching, &key, || {
                // Without facts more events are possible, so that an overlap is
                // never missed.
                !overlap(required, pattern, &Schema::cloudtrail()).is_yes()
            })
        };
        patterns
            .filter(|(text, pattern)| touches(text, pattern))
            .map(|(_, pattern)| pattern.as_ref())
            .collect()
    }

    /// Event names that `required` lists and of which some event escapes.
    pub(super) fn missing(
        &self,
        required: &FilterPattern,
        filters: &Filters,
        facts: Facts<'_>,
    ) -> Arc<Vec<String>> {
        let question = question(required, filters, facts);
        remembered(&self.missing, &question, || {
            let concerned = self.concerned(required, filters, &question);
            missing_values(required, &concerned, "eventName", &schema(&question))
        })
    }

    /// Whether a filter looks as if it were meant for a pattern. Decides only
    /// what a finding shows and what it blames, never a verdict.
    pub(super) fn is_relevant(&self, required: &FilterPattern, filter: &FilterPattern) -> bool {
        let key = (required.to_string(), filter.to_string());
        let known = lock(&self.relevant).get(&key).copied();
        known.unwrap_or_else(|| {
            let value = looks_meant_for(required, filter);
            let mut relevant = lock(&self.relevant);
            if relevant.len() >= MOST_ANSWERS {
                relevant.clear();
            }
            relevant.insert(key, value);
            value
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn remembered<T>(
    answers: &Mutex<HashMap<Question, Arc<T>>>,
    question: &Question,
    decide: impl FnOnce() -> T,
) -> Arc<T> {
    if let Some(known) = lock(answers).get(question) {
        return Arc::clone(known);
    }
    let answer = Arc::new(decide());
    keep(answers, question.clone(), &answer);
    answer
}

fn keep<T>(answers: &Mutex<HashMap<Question, Arc<T>>>, question: Question, answer: &Arc<T>) {
    let mut answers = lock(answers);
    if answers.len() >= MOST_ANSWERS {
        answers.clear();
    }
    answers.insert(question, Arc::clone(answer));
}

/// Facts take part in a question only when a pattern asks for them, so that the
/// answer is shared by all accounts and Regions otherwise.
fn question(required: &FilterPattern, filters: &Filters, facts: Facts<'_>) -> Question {
    let required = required.to_string();
    let filters: Vec<String> = filters.keys().cloned().collect();
    let asks = |field: &str| required.contains(field) || filters.iter().any(|f| f.contains(field));
    let by_account = asks("ccount") || asks("arn") || asks("$.*");
    let by_region = asks("egion") || asks("$.*");
    Question {
        account: by_account.then(|| facts.account.clone()),
        region: facts.region.filter(|_| by_region).cloned(),
        required,
        filters,
    }
}

/// Whether answers to a question about these patterns differ by Region.
pub(super) fn depends_on_region<'a>(patterns: impl IntoIterator<Item = &'a str>) -> bool {
    patterns
        .into_iter()
        .any(|text| text.contains("egion") || text.contains("$.*"))
}

fn schema(question: &Question) -> Schema {
    let mut schema = Schema::cloudtrail();
    if let Some(account) = &question.account {
        schema = schema.with_fact("recipientAccountId", account.as_str());
    }
    if let Some(region) = &question.region {
        schema = schema.with_fact("awsRegion", region.as_str());
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
fn looks_meant_for(required: &FilterPattern, filter: &FilterPattern) -> bool {
    let schema = Schema::cloudtrail();
    let (required_text, filter_text) = (required.to_string(), filter.to_string());
    let wanted = event_names(&required_text);
    let named = event_names(&filter_text);
    let shared = named.iter().filter(|name| wanted.contains(name)).count();
    // Only a filter that names events plainly can be told apart by their names.
    let by_name = !named.is_empty() && !filter_text.contains(['*', '%', '!']);
    if wanted.len() >= 2 {
        let enough = |number: usize, of: usize| number > 0 && number * 2 >= of;
        if by_name && shared == 0 {
            return false;
        }
        if enough(shared, named.len()) {
            return matches!(overlap(required, filter, &schema), Covers::No(_));
        }
        let missing = missing_values(required, &[filter], "eventName", &schema).len();
        return enough(wanted.len() - missing.min(wanted.len()), wanted.len());
    }
    let asked = distinctive_tests(&required_text);
    let meant = distinctive_tests(&filter_text)
        .iter()
        .any(|test| asked.contains(test));
    if meant && matches!(overlap(required, filter, &schema), Covers::No(_)) {
        return true;
    }
    let possible = wanted.is_empty() || !by_name || shared > 0;
    possible && covers(required, &[filter], &schema).is_yes()
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
