//! Field selection criteria with their meaning: generated as values of our own,
//! written as text, judged without the crate.

use crate::random::Random;

/// Criteria, as a tree of their own.
#[derive(Clone, Debug)]
pub enum Criteria {
    /// Joined by `AND`.
    And(Vec<Criteria>),
    /// Joined by `OR`.
    Or(Vec<Criteria>),
    /// One criterion.
    One(Criterion),
}

/// One criterion.
#[derive(Clone, Debug)]
pub struct Criterion {
    /// `@aws.account`, else `@aws.region`.
    pub account: bool,
    /// `=`, `!=`, `IN` or `NOT IN`.
    pub operator: &'static str,
    /// What is listed.
    pub values: Vec<&'static str>,
}

/// Accounts of the generated criteria.
pub static ACCOUNTS: &[&str] = &["111122223333", "444455556666", "777788889999"];
/// Regions of the generated criteria.
pub static REGIONS: &[&str] = &["us-east-1", "eu-west-1", "ap-south-1"];

impl Criteria {
    /// Criteria of some depth.
    pub fn generate(random: &mut Random, depth: usize) -> Self {
        if depth == 0 || random.once_in(2) {
            let account = random.once_in(2);
            let operator = random.word(&["=", "!=", "IN", "NOT IN"]);
            let listed = if account { ACCOUNTS } else { REGIONS };
            let count = if operator.ends_with("IN") {
                1 + random.below(3)
            } else {
                1
            };
            let values = (0..count).map(|_| *random.pick(listed)).collect();
            return Self::One(Criterion {
                account,
                operator,
                values,
            });
        }
        let parts = (0..2 + random.below(2))
            .map(|_| Self::generate(random, depth - 1))
            .collect();
        if random.once_in(2) {
            Self::And(parts)
        } else {
            Self::Or(parts)
        }
    }

    /// Whether log events from an account and Region are looked at.
    pub fn admits(&self, account: &str, region: &str) -> bool {
        match self {
            Self::And(parts) => !parts.iter().any(|part| !part.admits(account, region)),
            Self::Or(parts) => parts.iter().any(|part| part.admits(account, region)),
            Self::One(one) => {
                let value = if one.account { account } else { region };
                let listed = one.values.contains(&value);
                listed != matches!(one.operator, "!=" | "NOT IN")
            }
        }
    }

    /// The criteria as text.
    pub fn text(&self, random: &mut Random) -> String {
        let (parts, operator) = match self {
            Self::One(one) => {
                let field = if one.account {
                    "@aws.account"
                } else {
                    "@aws.region"
                };
                let values: Vec<String> = one
                    .values
                    .iter()
                    .map(|value| format!("\"{value}\""))
                    .collect();
                let listed = values.join(random.word(&[",", ", "]));
                return match one.operator {
                    operator @ ("=" | "!=") => format!("{field} {operator} {listed}"),
                    operator => format!("{field} {operator} [{listed}]"),
                };
            }
            Self::And(parts) => (parts, " AND "),
            Self::Or(parts) => (parts, " OR "),
        };
        let parts: Vec<String> = parts
            .iter()
            .map(|part| match part {
                Self::One(_) => part.text(random),
                nested => format!("({})", nested.text(random)),
            })
            .collect();
        parts.join(operator)
    }
}
