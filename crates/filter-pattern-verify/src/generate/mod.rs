//! Generated patterns, messages and coverage questions. Patterns are generated
//! as text in one of many spellings and read by the crate's parser, so that
//! parsing and printing are checked on the way.

mod case;
mod controls;
mod criteria;
mod json;
mod message;
mod operand;
mod records;
mod spelling;
mod text;

pub use case::{Case, Events, case};
pub use controls::{Controls, Effect, Mutation};
pub use criteria::{ACCOUNTS, Criteria, Criterion, REGIONS};
pub use json::{Flavour, expression};
pub use message::{line, value};
pub(crate) use records::{FIELDS, PLAIN_RECORD, SOURCES};
pub use spelling::respelled;
pub use text::text_pattern;

use filter_pattern::FilterPattern;
use filter_pattern::ast::Ast;

use crate::random::Random;

/// A pattern of any kind.
pub fn pattern(random: &mut Random) -> FilterPattern {
    match random.below(16) {
        0..=9 => json_pattern(random, Flavour::Letters, 3),
        10 => json_pattern(random, Flavour::Trail, 2),
        _ => text_pattern(random),
    }
}

/// A JSON pattern within AWS's limits.
pub fn json_pattern(random: &mut Random, flavour: Flavour, depth: usize) -> FilterPattern {
    loop {
        let made = FilterPattern::from_ast(Ast::Json(expression(random, flavour, depth)));
        // What is beyond a limit, such as two regular expressions, is made anew.
        if let Ok(pattern) = FilterPattern::parse(&made.to_string()) {
            return pattern;
        }
    }
}
