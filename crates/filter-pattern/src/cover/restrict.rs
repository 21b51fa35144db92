//! Statements of the schema brought to bear on a state of the search.

use super::facts::{Effect, Fact};
use super::formula::{Node, NodeId};
use super::problem::Problem;
use super::state::{State, Status};

/// What still has to hold, or to fail, in a state.
pub(super) type Goals = Vec<(NodeId, bool)>;

/// Adds what a fact says to a state and its goals.
pub(super) fn apply(problem: &Problem<'_>, fact: &Fact<'_>, state: &mut State, goals: &mut Goals) {
    match &fact.effect {
        Effect::Restrict { field, classes } => state.restrict(&problem.fields[*field], classes),
        Effect::Holds(node) => goals.push((*node, true)),
    }
}

/// Whether nothing that is left in a state agrees with a fact.
pub(crate) fn contradicts(problem: &Problem<'_>, state: &State, fact: &Fact<'_>) -> bool {
    match &fact.effect {
        Effect::Restrict { field, classes } => !state.meets(&problem.fields[*field], classes),
        Effect::Holds(node) => fails(problem, state, *node),
    }
}

fn fails(problem: &Problem<'_>, state: &State, node: NodeId) -> bool {
    match &problem.formula.nodes[node as usize] {
        Node::True => false,
        Node::False => true,
        Node::Literal(literal) => {
            let literal = &problem.formula.literals[*literal as usize];
            state.status(&problem.fields[literal.field], literal) == Status::Fails
        }
        Node::And(parts) => parts.iter().any(|part| fails(problem, state, *part)),
        Node::Or(parts) => parts.iter().all(|part| fails(problem, state, *part)),
    }
}
