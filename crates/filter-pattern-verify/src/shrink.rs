//! Smaller cases that go wrong the same way: parts are left out for as long as
//! the smaller case still fails.

use filter_pattern::FilterPattern;
use filter_pattern::ast::{Ast, Expression, Field, FieldCondition, FieldList, Terms};

use crate::generate::Case;
use crate::reference::Value;

/// The smallest value that can be reached in small steps and still fails.
pub fn smallest<T>(start: T, smaller: impl Fn(&T) -> Vec<T>, fails: impl Fn(&T) -> bool) -> T {
    let mut current = start;
    for _ in 0..200 {
        match smaller(&current).into_iter().find(|it| fails(it)) {
            Some(next) => current = next,
            None => break,
        }
    }
    current
}

/// A pattern with one part less.
pub fn smaller_patterns(pattern: &FilterPattern) -> Vec<FilterPattern> {
    let asts: Vec<Ast> = match pattern.ast() {
        Ast::Json(expression) => smaller_expressions(expression)
            .into_iter()
            .map(Ast::Json)
            .collect(),
        Ast::Terms(terms) => without_one(&terms.terms)
            .map(|terms| Ast::Terms(Terms { terms }))
            .collect(),
        Ast::SpaceDelimited(list) => smaller_lists(list)
            .into_iter()
            .map(Ast::SpaceDelimited)
            .collect(),
        Ast::Empty | Ast::Regex(_) => Vec::new(),
    };
    asts.into_iter().map(FilterPattern::from_ast).collect()
}

/// The list without one of its entries, and never without all.
fn without_one<T: Clone>(list: &[T]) -> impl Iterator<Item = Vec<T>> {
    let count = if list.len() > 1 { list.len() } else { 0 };
    (0..count).map(|left_out| {
        let mut rest = list.to_vec();
        rest.remove(left_out);
        rest
    })
}

fn smaller_expressions(expression: &Expression) -> Vec<Expression> {
    let (parts, join): (_, fn(Vec<Expression>) -> Expression) = match expression {
        Expression::Condition(_) => return Vec::new(),
        Expression::And(parts) => (parts, Expression::And),
        Expression::Or(parts) => (parts, Expression::Or),
    };
    let mut smaller = parts.clone();
    if parts.len() > 2 {
        smaller.extend(without_one(parts).map(join));
    }
    for (position, part) in parts.iter().enumerate() {
        for replacement in smaller_expressions(part) {
            // What would make a list within a list of its kind is left alone.
            if std::mem::discriminant(&replacement) == std::mem::discriminant(expression) {
                continue;
            }
            let mut changed = parts.clone();
            changed[position] = replacement;
            smaller.push(join(changed));
        }
    }
    smaller
}

fn smaller_lists(list: &FieldList) -> Vec<FieldList> {
    let mut smaller: Vec<Vec<Field>> = without_one(&list.fields).collect();
    for (position, field) in list.fields.iter().enumerate() {
        if let Field::Named {
            name,
            condition: Some(condition),
        } = field
        {
            let parts = match condition {
                FieldCondition::And(parts) | FieldCondition::Or(parts) => parts.clone(),
                FieldCondition::Test(_) => Vec::new(),
            };
            for condition in [None].into_iter().chain(parts.into_iter().map(Some)) {
                let mut fields = list.fields.clone();
                fields[position] = Field::Named {
                    name: name.clone(),
                    condition,
                };
                smaller.push(fields);
            }
        }
    }
    smaller
        .into_iter()
        .map(|fields| FieldList { fields })
        .collect()
}

/// A question with one part less.
pub fn smaller_cases(case: &Case) -> Vec<Case> {
    let mut smaller = Vec::new();
    let plain = Case {
        made_by: None,
        ..case.clone()
    };
    for filters in without_one(&case.filters) {
        smaller.push(Case {
            filters,
            ..plain.clone()
        });
    }
    for left_out in 0..case.except.len() {
        let mut except = case.except.clone();
        except.remove(left_out);
        smaller.push(Case {
            except,
            ..plain.clone()
        });
    }
    for required in smaller_patterns(&case.required) {
        smaller.push(Case {
            required,
            ..plain.clone()
        });
    }
    for position in 0..case.filters.len() {
        for filter in smaller_patterns(&case.filters[position]) {
            let mut filters = case.filters.clone();
            filters[position] = filter;
            smaller.push(Case {
                filters,
                ..plain.clone()
            });
        }
    }
    for position in 0..case.except.len() {
        for excluded in smaller_patterns(&case.except[position]) {
            let mut except = case.except.clone();
            except[position] = excluded;
            smaller.push(Case {
                except,
                ..plain.clone()
            });
        }
    }
    smaller
}

/// A message with one part less: a member, an element, a word.
pub fn smaller_messages(message: &str) -> Vec<String> {
    if let Some(value) = Value::read(message) {
        return smaller_values(&value).iter().map(Value::to_json).collect();
    }
    let characters: Vec<char> = message.chars().collect();
    without_one(&characters)
        .map(|kept| kept.into_iter().collect())
        .collect()
}

/// A value with one part less.
pub fn smaller_values(value: &Value) -> Vec<Value> {
    match value {
        Value::Object(members) => {
            let mut smaller = Vec::new();
            for position in 0..members.len() {
                let mut rest = members.clone();
                rest.remove(position);
                smaller.push(Value::Object(rest));
                for replacement in smaller_values(&members[position].1) {
                    let mut changed = members.clone();
                    changed[position].1 = replacement;
                    smaller.push(Value::Object(changed));
                }
            }
            smaller
        }
        Value::Array(elements) => {
            let mut smaller = Vec::new();
            for position in 0..elements.len() {
                let mut rest = elements.clone();
                rest.remove(position);
                smaller.push(Value::Array(rest));
                for replacement in smaller_values(&elements[position]) {
                    let mut changed = elements.clone();
                    changed[position] = replacement;
                    smaller.push(Value::Array(changed));
                }
            }
            smaller
        }
        _ => Vec::new(),
    }
}
