//! The question as a formula: conditions on fields joined by and and or, kept in
//! one list of nodes. Negation is no node; whoever walks the formula carries a
//! polarity.

/// A place in a [`Formula`].
pub(crate) type NodeId = u32;

#[derive(Clone, Debug)]
pub(crate) enum Node {
    True,
    False,
    Literal(u32),
    And(Box<[NodeId]>),
    Or(Box<[NodeId]>),
}

/// One condition on one field.
#[derive(Clone, Debug)]
pub(crate) struct Literal {
    pub(crate) field: usize,
    /// Classes of the field's values for which it holds throughout.
    pub(crate) classes: Box<[u64]>,
    /// The language that decides within cells; with true, being outside of it.
    pub(crate) language: Option<(usize, bool)>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Formula {
    pub(crate) nodes: Vec<Node>,
    pub(crate) literals: Vec<Literal>,
}

impl Formula {
    pub(crate) fn constant(&mut self, value: bool) -> NodeId {
        self.push(if value { Node::True } else { Node::False })
    }

    pub(crate) fn literal(&mut self, literal: Literal) -> NodeId {
        self.literals.push(literal);
        let position = self.literals.len() as u32 - 1;
        self.push(Node::Literal(position))
    }

    pub(crate) fn and(&mut self, parts: Vec<NodeId>) -> NodeId {
        let parts = self.merged(parts, |left, right| left & right);
        match parts.as_slice() {
            [] => self.constant(true),
            [single] => *single,
            _ => self.push(Node::And(parts.into())),
        }
    }

    pub(crate) fn or(&mut self, parts: Vec<NodeId>) -> NodeId {
        let parts = self.merged(parts, |left, right| left | right);
        match parts.as_slice() {
            [] => self.constant(false),
            [single] => *single,
            _ => self.push(Node::Or(parts.into())),
        }
    }

    /// One of two parts that are about different fields.
    pub(crate) fn either(&mut self, left: NodeId, right: NodeId) -> NodeId {
        self.push(Node::Or(Box::new([left, right])))
    }

    /// The parts with all literals of one field joined into one, where no
    /// language takes part: twenty event names are one condition.
    fn merged(&mut self, parts: Vec<NodeId>, join: impl Fn(u64, u64) -> u64) -> Vec<NodeId> {
        if parts.len() < 2 {
            return parts;
        }
        let mut kept: Vec<NodeId> = Vec::with_capacity(parts.len());
        // For each field, where in `kept` its literal stands and whether that is a joined one.
        let mut places: Vec<(usize, usize, bool)> = Vec::new();
        for part in parts {
            let literal = match &self.nodes[part as usize] {
                Node::Literal(literal) if self.literals[*literal as usize].language.is_none() => {
                    *literal as usize
                }
                _ => {
                    kept.push(part);
                    continue;
                }
            };
            let field = self.literals[literal].field;
            let Some(place) = places.iter_mut().find(|(known, ..)| *known == field) else {
                places.push((field, kept.len(), false));
                kept.push(part);
                continue;
            };
            if !place.2 {
                let first = self.literal_at(kept[place.1]);
                let copy = self.literals[first].clone();
                kept[place.1] = self.literal(copy);
                place.2 = true;
            }
            let target = self.literal_at(kept[place.1]);
            let mut words = std::mem::take(&mut self.literals[target].classes);
            for (word, other) in words.iter_mut().zip(&self.literals[literal].classes) {
                *word = join(*word, *other);
            }
            self.literals[target].classes = words;
        }
        kept
    }

    /// The literal of a node that is one.
    fn literal_at(&self, node: NodeId) -> usize {
        match &self.nodes[node as usize] {
            Node::Literal(literal) => *literal as usize,
            // INVARIANT: callers pass literals only.
            _ => unreachable!("a literal's node"),
        }
    }

    fn push(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        self.nodes.len() as NodeId - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(formula: &mut Formula, field: usize, classes: u64) -> NodeId {
        formula.literal(Literal {
            field,
            classes: [classes].into(),
            language: None,
        })
    }

    fn classes(formula: &Formula, node: NodeId) -> u64 {
        formula.literals[formula.literal_at(node)].classes[0]
    }

    #[test]
    fn literals_of_one_field_are_joined() {
        let mut formula = Formula::default();
        let parts = [0b0110, 0b0011, 0b0010].map(|it| literal(&mut formula, 7, it));
        let both = formula.and(parts.to_vec());
        let either = formula.or(parts.to_vec());
        assert_eq!(classes(&formula, both), 0b0010);
        assert_eq!(classes(&formula, either), 0b0111);
        assert_eq!(
            parts.map(|it| classes(&formula, it)),
            [0b0110, 0b0011, 0b0010]
        );
    }

    #[test]
    fn other_fields_and_languages_are_left_apart() {
        let mut formula = Formula::default();
        let plain = literal(&mut formula, 7, 1);
        let other = literal(&mut formula, 8, 2);
        let by_language = formula.literal(Literal {
            field: 7,
            classes: [4].into(),
            language: Some((0, false)),
        });
        let node = formula.or(vec![plain, other, by_language]);
        let Node::Or(parts) = &formula.nodes[node as usize] else {
            panic!("three parts");
        };
        assert_eq!(**parts, [plain, other, by_language]);
    }

    #[test]
    fn lists_of_none_and_of_one_are_no_lists() {
        let mut formula = Formula::default();
        let only = literal(&mut formula, 7, 1);
        assert_eq!(
            (formula.and(vec![only]), formula.or(vec![only])),
            (only, only)
        );
        let (all, none) = (formula.and(Vec::new()), formula.or(Vec::new()));
        assert!(matches!(formula.nodes[all as usize], Node::True));
        assert!(matches!(formula.nodes[none as usize], Node::False));
    }
}
