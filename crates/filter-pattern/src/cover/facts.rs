//! What a schema says, as restrictions of a problem that can be switched off
//! one by one, so that a proof can name the ones that it needs.

use crate::ast::{Ast, Condition, Selector};
use crate::pattern::FilterPattern;
use crate::schema::{self, Claim, FieldRule, Kinds, Presence, Records, Relation, Schema};

use super::assumption::Assumption;
use super::builder::Builder;
use super::calls;
use super::drafts::Drafts;
use super::formula::NodeId;

/// One statement of the schema.
#[derive(Debug)]
pub(crate) struct Fact<'a> {
    pub(crate) effect: Effect,
    statement: Statement<'a>,
}

/// How a fact narrows the events.
#[derive(Debug)]
pub(crate) enum Effect {
    /// A field's value is in one of these classes.
    Restrict { field: usize, classes: Box<[u64]> },
    /// A node of the formula holds.
    Holds(NodeId),
}

#[derive(Debug)]
enum Statement<'a> {
    Present(&'static FieldRule),
    OfKind(&'static FieldRule),
    OneOf(&'static FieldRule),
    Known(&'a Selector, &'a str),
    EventSources(&'a str, &'static [&'static str]),
    Writes(&'a str),
    Calls(&'a str),
    OfCalls,
    Related(&'static Relation),
}

impl Fact<'_> {
    /// Whether nothing documents the statement of single events, so that a proof rests on it only
    /// where all other statements do not suffice.
    pub(super) fn is_last_resort(&self) -> bool {
        matches!(self.statement, Statement::OfCalls)
    }

    pub(crate) fn assumption(&self) -> Assumption {
        match &self.statement {
            Statement::Present(rule) => Assumption::new(
                format!("{}-present", rule.path),
                format!("every CloudTrail record has `{}`", rule.path),
                rule.source,
            ),
            Statement::OfKind(rule) => Assumption::new(
                format!("{}-kind", rule.path),
                format!(
                    "`{}` is {} in CloudTrail records",
                    rule.path,
                    kind_name(rule.kinds)
                ),
                rule.source,
            ),
            Statement::OneOf(rule) => Assumption::new(
                format!("{}-values", rule.path),
                format!("`{}` is one of {}", rule.path, rule.values.join(", ")),
                rule.source,
            ),
            Statement::Known(selector, value) => Assumption::new(
                format!("{}-known", selector.field_name()),
                format!("`{}` is `{value}`", selector.field_name()),
                "given with the question",
            ),
            Statement::EventSources(name, sources) => Assumption::new(
                format!("{name}-source"),
                format!("only {} logs `{name}`", sources.join(" or ")),
                "the services' CloudTrail pages and API models",
            ),
            Statement::Writes(name) => Assumption::new(
                format!("{name}-writes"),
                format!("no record of `{name}` says `readOnly: true`"),
                "CloudTrail User Guide, management events: read and write events",
            ),
            Statement::Calls(name) => Assumption::new(
                format!("{name}-call"),
                format!("`{name}` is a call, whose `eventType` is not that of a sign-in"),
                "CloudTrail User Guide, record contents: eventType",
            ),
            Statement::OfCalls => Assumption::new(
                "event-type-of-calls",
                "an event with the name of an API call, from the service that has that call, is of the `eventType` `AwsApiCall` (`AwsVpceEvents` if a VPC endpoint reports it)",
                "the services' CloudTrail pages and API models list the names; AWS documents the type of no single event, and ECR's `CreateRepository` (of no control) was seen as `AwsServiceEvent`, too",
            ),
            Statement::Related(relation) => {
                Assumption::new(relation.name, relation.statement, relation.source)
            }
        }
    }
}

fn kind_name(kinds: Kinds) -> &'static str {
    [
        (Kinds::STRING, "a text"),
        (Kinds::BOOLEAN, "true or false"),
        (Kinds::NUMBER, "a number"),
        (Kinds::ARRAY, "an array"),
        (Kinds::OBJECT, "an object"),
        (Kinds::OBJECT.or(Kinds::NULL), "an object or null"),
    ]
    .into_iter()
    .find_map(|(known, name)| (known == kinds).then_some(name))
    .unwrap_or("of a documented kind")
}

/// The relations whose fields the question is about; adds their tests.
pub(super) fn relevant_relations(
    drafts: &mut Drafts<'_>,
    schema: &Schema,
) -> Vec<&'static Relation> {
    let mut relevant = Vec::new();
    if schema.records() != Records::CloudTrail {
        return relevant;
    }
    for relation in schema::relations() {
        let (Ast::Json(when), Ast::Json(then)) = (relation.when.ast(), relation.then.ast()) else {
            continue;
        };
        if when
            .conditions()
            .iter()
            .any(|it| drafts.find(&it.selector).is_none())
        {
            continue;
        }
        let conditions = [when.conditions(), then.conditions()].concat();
        if add_tests(drafts, &conditions) {
            relevant.push(relation);
        }
    }
    if drafts.find(&Selector::of_keys(["eventName"])).is_some() {
        for said in [schema::not_read_only(), schema::no_sign_in()] {
            if let Ast::Json(said) = said.ast() {
                add_tests(drafts, &said.conditions());
            }
        }
    }
    relevant
}

/// Adds the tests of a statement, when the question is about all of its fields.
fn add_tests(drafts: &mut Drafts<'_>, conditions: &[&'static Condition]) -> bool {
    let fields: Option<Vec<usize>> = conditions
        .iter()
        .map(|condition| drafts.find(&condition.selector))
        .collect();
    for (condition, field) in conditions.iter().zip(fields.iter().flatten()) {
        drafts.list[*field].tests.push(&condition.test);
    }
    fields.is_some()
}

/// Adds the texts that facts name, so that they have classes of their own.
pub(super) fn add_texts<'a>(drafts: &mut Drafts<'a>, schema: &'a Schema) {
    for draft in &mut drafts.list {
        if let Some(rule) = schema.rule(&draft.selector) {
            draft.texts.extend(rule.values);
        }
    }
    for (selector, value) in schema.known() {
        if let Some(field) = drafts.find(selector) {
            drafts.list[field].texts.push(value);
        }
    }
    let Some((names, sources)) = event_fields(drafts, schema) else {
        return;
    };
    let all_matter = calls::asks_for_type(drafts, schema);
    for name in calls::named_texts(&drafts.list[names]) {
        if let Some((claim, from)) = schema::sources_of_event(name)
            && (all_matter || claim == Claim::Only)
        {
            drafts.list[sources].texts.extend(from);
        }
    }
}

fn event_fields(drafts: &Drafts<'_>, schema: &Schema) -> Option<(usize, usize)> {
    if schema.records() != Records::CloudTrail {
        return None;
    }
    let names = drafts.find(&Selector::of_keys(["eventName"]))?;
    let sources = drafts.find(&Selector::of_keys(["eventSource"]))?;
    Some((names, sources))
}

/// The facts about the fields of a question.
pub(super) fn facts<'a>(
    builder: &mut Builder<'a>,
    schema: &'a Schema,
    relations: &[&'static Relation],
) -> Vec<Fact<'a>> {
    let mut facts = Vec::new();
    for field in 0..builder.fields.len() {
        let rule = builder.fields[field]
            .selector()
            .and_then(|selector| schema.rule(selector));
        if let Some(rule) = rule {
            field_facts(builder, field, rule, &mut facts);
        }
    }
    for (selector, value) in schema.known() {
        if let Some(field) = builder.field(selector) {
            let classes = builder.fields[field].classes.only_text(value);
            facts.push(Fact {
                effect: Effect::Restrict { field, classes },
                statement: Statement::Known(selector, value),
            });
        }
    }
    event_source_facts(builder, schema, &mut facts);
    // Before what says less of the same events, so that a proof that needs no more names that.
    facts.extend(calls::are_of_type(builder, schema).map(|node| Fact {
        effect: Effect::Holds(node),
        statement: Statement::OfCalls,
    }));
    named_event_facts(builder, schema, &mut facts);
    for relation in relations {
        let (Ast::Json(when), Ast::Json(then)) = (relation.when.ast(), relation.then.ast()) else {
            continue;
        };
        let none = super::elements::Elements::none();
        let when = builder.negated(when);
        let then = builder.expression(then, true, &none);
        let holds = builder.formula.or(vec![when, then]);
        facts.push(Fact {
            effect: Effect::Holds(holds),
            statement: Statement::Related(relation),
        });
    }
    facts
}

fn field_facts(
    builder: &Builder<'_>,
    field: usize,
    rule: &'static FieldRule,
    facts: &mut Vec<Fact<'_>>,
) {
    let classes = &builder.fields[field].classes;
    if rule.presence == Presence::Always {
        let classes = classes.mask(|class| class.kind() != Kinds::MISSING);
        facts.push(Fact {
            effect: Effect::Restrict { field, classes },
            statement: Statement::Present(rule),
        });
    }
    let admitted = rule.kinds.or(Kinds::MISSING);
    let of_kind = classes.mask(|class| admitted.contains(class.kind()));
    facts.push(Fact {
        effect: Effect::Restrict {
            field,
            classes: of_kind,
        },
        statement: Statement::OfKind(rule),
    });
    if !rule.values.is_empty() {
        let classes = classes.mask(|class| match class {
            super::classes::Class::Text(text) => rule.values.contains(text),
            super::classes::Class::OtherText => false,
            _ => true,
        });
        facts.push(Fact {
            effect: Effect::Restrict { field, classes },
            statement: Statement::OneOf(rule),
        });
    }
}

/// For each named event that one service alone logs: the service follows.
fn event_source_facts<'a>(builder: &mut Builder<'a>, schema: &Schema, facts: &mut Vec<Fact<'a>>) {
    if schema.records() != Records::CloudTrail {
        return;
    }
    let names = builder.field(&Selector::of_keys(["eventName"]));
    let sources = builder.field(&Selector::of_keys(["eventSource"]));
    let (Some(names), Some(sources)) = (names, sources) else {
        return;
    };
    let named: Vec<&'a str> = builder.fields[names].classes.named_texts().collect();
    // Most names have the same source: its condition is made once.
    let mut known: Vec<(*const [&str], NodeId)> = Vec::new();
    for name in named {
        let Some((Claim::Only, from)) = schema::sources_of_event(name) else {
            continue;
        };
        let place = std::ptr::from_ref(from);
        let made = known.iter().find(|(other, _)| std::ptr::eq(*other, place));
        let of_source = if let Some((_, node)) = made {
            *node
        } else {
            let node = builder.text_among(sources, from);
            known.push((place, node));
            node
        };
        let other_name = builder.text_is_not(names, name);
        let holds = builder.formula.either(other_name, of_source);
        facts.push(Fact {
            effect: Effect::Holds(holds),
            statement: Statement::EventSources(name, from),
        });
    }
}

/// For each named event that changes something: it is not said to read only. For each that is a
/// call: it is no sign-in.
fn named_event_facts<'a>(builder: &mut Builder<'a>, schema: &Schema, facts: &mut Vec<Fact<'a>>) {
    let is_write = schema::is_write_event;
    let written = (schema::not_read_only(), "readOnly");
    of_named_events(builder, schema, facts, written, is_write, Statement::Writes);
    let called = (schema::no_sign_in(), "eventType");
    of_named_events(
        builder,
        schema,
        facts,
        called,
        schema::is_call,
        Statement::Calls,
    );
}

/// What the pattern says about the field beside it, for each event name that is meant.
fn of_named_events<'a>(
    builder: &mut Builder<'a>,
    schema: &Schema,
    facts: &mut Vec<Fact<'a>>,
    (pattern, field): (&'static FilterPattern, &str),
    is_meant: fn(&str) -> bool,
    statement: fn(&'a str) -> Statement<'a>,
) {
    if schema.records() != Records::CloudTrail {
        return;
    }
    let names = builder.field(&Selector::of_keys(["eventName"]));
    let field = builder.field(&Selector::of_keys([field]));
    let (Some(names), Some(_), Ast::Json(pattern)) = (names, field, pattern.ast()) else {
        return;
    };
    let named: Vec<&'a str> = builder.fields[names].classes.named_texts().collect();
    let meant: Vec<&'a str> = named.into_iter().filter(|name| is_meant(name)).collect();
    if meant.is_empty() {
        return;
    }
    let none = super::elements::Elements::none();
    let holds = builder.expression(pattern, true, &none);
    for name in meant {
        let other_name = builder.text_is_not(names, name);
        facts.push(Fact {
            effect: Effect::Holds(builder.formula.either(other_name, holds)),
            statement: statement(name),
        });
    }
}
