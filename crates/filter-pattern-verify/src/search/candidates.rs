//! Values that the conditions tell apart, put together to events.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use filter_pattern::ast::{Segment, Test};
use filter_pattern::{Event, Reading, Schema};

use super::atoms::{Answers, Atoms, Way};
use super::texts;
use crate::generate::{Case, Events, FIELDS, PLAIN_RECORD};
use crate::random::Random;
use crate::reference::Value;

/// Combinations of one object's members that are looked at.
const COMBINATIONS: usize = 2_000;

/// Makes the events of a question.
pub(super) struct Maker<'m, 'a> {
    atoms: &'m Atoms<'a>,
    records: bool,
    reading: Reading,
    random: &'m mut Random,
    /// Whether no combination was left out.
    pub(super) exhaustive: bool,
}

/// Values, one for each combination of answers.
struct Kept {
    seen: HashSet<Answers>,
    values: Vec<Option<Value>>,
}

impl Kept {
    fn new() -> Self {
        Self {
            seen: HashSet::new(),
            values: Vec::new(),
        }
    }

    fn add(&mut self, value: Option<Value>, answers: Answers) {
        if self.seen.insert(answers) {
            self.values.push(value);
        }
    }
}

/// Where in a record a value stands; nothing below arrays and wildcards.
type Path = Option<String>;

impl<'m, 'a> Maker<'m, 'a> {
    pub(super) fn new(
        atoms: &'m Atoms<'a>,
        case: &Case,
        reading: Reading,
        random: &'m mut Random,
    ) -> Self {
        let records = case.events != Events::Any;
        Self {
            atoms,
            records,
            reading,
            random,
            exhaustive: true,
        }
    }

    /// One event of each kind.
    pub(super) fn events(&mut self) -> Vec<Value> {
        let ways = self.atoms.ways();
        self.objects(&ways, &Some(String::new()))
            .into_iter()
            .flatten()
            .collect()
    }

    /// One value of each kind, the missing one included.
    fn values(&mut self, ways: &[Way<'a>], path: &Path) -> Vec<Option<Value>> {
        let mut kept = Kept::new();
        let possible = Possible::at(path, self.records);
        if possible.missing {
            kept.add(None, self.atoms.of_value(None, ways, self.reading));
        }
        let tests: Vec<&Test> = ways
            .iter()
            .filter(|way| way.rest.is_empty())
            .map(|way| &self.atoms.conditions[way.condition].test)
            .collect();
        let mut scalars = texts::scalars(&tests);
        if self.records
            && let Some(path) = path
        {
            let known = FIELDS
                .iter()
                .filter(|field| field.path == path)
                .flat_map(|field| field.texts);
            scalars.extend(known.map(|text| Value::Text((*text).to_owned())));
        }
        for scalar in scalars {
            if possible.admits(path, &scalar) {
                let answers = self.atoms.of_value(Some(&scalar), ways, self.reading);
                kept.add(Some(scalar), answers);
            }
        }
        if possible.object {
            for object in self.objects(ways, path) {
                let answers = self.atoms.of_value(object.as_ref(), ways, self.reading);
                kept.add(object, answers);
            }
        }
        if possible.array {
            for array in self.arrays(ways) {
                let answers = self.atoms.of_value(array.as_ref(), ways, self.reading);
                kept.add(array, answers);
            }
        }
        kept.values
    }

    fn objects(&mut self, ways: &[Way<'a>], path: &Path) -> Vec<Option<Value>> {
        let mut keys: Vec<&str> = Vec::new();
        let mut any_key = false;
        for way in ways {
            match way.rest.first() {
                Some(Segment::Key(key)) if !keys.contains(&&**key) => keys.push(key),
                Some(Segment::AnyKey) => any_key = true,
                _ => {}
            }
        }
        let mut plain = Vec::new();
        if self.records
            && path.as_deref() == Some("")
            && let Some(Value::Object(members)) = Value::read(PLAIN_RECORD)
        {
            plain = members
                .into_iter()
                .filter(|(key, _)| !keys.contains(&key.as_str()))
                .collect();
        }
        if any_key {
            keys.extend(["other", "another"]);
        }
        let mut partial = vec![Some(Value::Object(plain))];
        for key in keys {
            let below: Vec<Way<'a>> = ways
                .iter()
                .filter(|way| match way.rest.first() {
                    Some(Segment::Key(name)) => **name == *key,
                    Some(Segment::AnyKey) => true,
                    _ => false,
                })
                .map(|way| Way {
                    rest: &way.rest[1..],
                    ..*way
                })
                .collect();
            let inner = path.as_ref().map(|path| match path.as_str() {
                "" => key.to_owned(),
                path => format!("{path}.{key}"),
            });
            let members = self.values(&below, &inner);
            let with_member = |object: &Option<Value>, member: &Option<Value>| {
                let mut object = object.clone();
                if let (Some(Value::Object(members)), Some(member)) = (&mut object, member) {
                    members.push((key.to_owned(), member.clone()));
                }
                object
            };
            partial = self.combined(ways, &partial, &members, with_member);
        }
        partial
    }

    fn arrays(&mut self, ways: &[Way<'a>]) -> Vec<Option<Value>> {
        let mut longest = 0;
        for way in ways {
            match way.rest.first() {
                Some(Segment::Index(index)) => longest = longest.max(*index as usize + 1),
                Some(Segment::AnyIndex) => longest = longest.max(2),
                _ => {}
            }
        }
        let mut all = vec![Some(Value::Array(Vec::new()))];
        let mut partial = all.clone();
        for position in 0..longest.min(4) {
            let below: Vec<Way<'a>> = ways
                .iter()
                .filter(|way| match way.rest.first() {
                    Some(Segment::Index(index)) => *index as usize == position,
                    Some(Segment::AnyIndex) => true,
                    _ => false,
                })
                .map(|way| Way {
                    rest: &way.rest[1..],
                    ..*way
                })
                .collect();
            let elements: Vec<Option<Value>> = self
                .values(&below, &None)
                .into_iter()
                .flatten()
                .map(Some)
                .collect();
            let with_element = |array: &Option<Value>, element: &Option<Value>| {
                let mut array = array.clone();
                if let (Some(Value::Array(elements)), Some(element)) = (&mut array, element) {
                    elements.push(element.clone());
                }
                array
            };
            partial = self.combined(ways, &partial, &elements, with_element);
            all.extend(partial.iter().cloned());
        }
        all
    }

    /// Every part with every addition, one for each combination of answers; a
    /// sample when those are too many.
    fn combined(
        &mut self,
        ways: &[Way<'a>],
        parts: &[Option<Value>],
        additions: &[Option<Value>],
        join: impl Fn(&Option<Value>, &Option<Value>) -> Option<Value>,
    ) -> Vec<Option<Value>> {
        let mut kept = Kept::new();
        let mut add = |part, addition| {
            let joined = join(part, addition);
            let answers = self.atoms.of_value(joined.as_ref(), ways, self.reading);
            kept.add(joined, answers);
        };
        if parts.len() * additions.len() <= COMBINATIONS {
            for part in parts {
                for addition in additions {
                    add(part, addition);
                }
            }
        } else {
            for _ in 0..COMBINATIONS {
                add(self.random.pick(parts), self.random.pick(additions));
            }
            self.exhaustive = false;
        }
        kept.values
    }
}

/// Which kinds of values a place in a record may have, asked of
/// `Schema::admits` with a record that says nothing else.
#[derive(Clone, Copy)]
struct Possible {
    missing: bool,
    text: bool,
    number: bool,
    boolean: bool,
    null: bool,
    array: bool,
    object: bool,
    /// Whether only some texts are possible.
    listed: bool,
}

impl Possible {
    const ALL: Self = Self {
        missing: true,
        text: true,
        number: true,
        boolean: true,
        null: true,
        array: true,
        object: true,
        listed: false,
    };

    fn at(path: &Path, records: bool) -> Self {
        thread_local! {
            static KNOWN: RefCell<HashMap<String, Possible>> = RefCell::default();
        }
        let Some(path) = path.as_ref().filter(|_| records) else {
            return Self::ALL;
        };
        KNOWN.with_borrow_mut(|known| {
            *known
                .entry(path.clone())
                .or_insert_with(|| Self::asked(path))
        })
    }

    fn asked(path: &str) -> Self {
        let with = |value: Value| admits(path, Some(value));
        let free = with(Value::Text("any text".to_owned()));
        Self {
            missing: admits(path, None),
            text: true,
            number: with(Value::Number("7".to_owned())),
            boolean: with(Value::Bool(true)),
            null: with(Value::Null),
            array: with(Value::Array(Vec::new())),
            object: with(Value::Object(Vec::new())),
            listed: !free,
        }
    }

    fn admits(self, path: &Path, value: &Value) -> bool {
        match value {
            Value::Text(_) if self.listed => path
                .as_ref()
                .is_some_and(|path| admits(path, Some(value.clone()))),
            Value::Text(_) => self.text,
            Value::Number(_) => self.number,
            Value::Bool(_) => self.boolean,
            Value::Null => self.null,
            Value::Array(_) => self.array,
            Value::Object(_) => self.object,
        }
    }
}

/// Whether a record with one property set or left out is one.
fn admits(path: &str, value: Option<Value>) -> bool {
    let mut record = Value::read(PLAIN_RECORD).expect("a record");
    let keys: Vec<&str> = path.split('.').collect();
    match value {
        Some(value) => record.set(&keys, value),
        None => {
            if let (Value::Object(members), [key]) = (&mut record, keys.as_slice()) {
                members.retain(|(name, _)| name != key);
            }
        }
    }
    Event::parse(&record.to_json()).is_ok_and(|event| Schema::cloudtrail().admits(&event))
}
