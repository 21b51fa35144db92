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
