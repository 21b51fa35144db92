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
        match parts.as_slice() {
            [] => self.constant(true),
            [single] => *single,
            _ => self.push(Node::And(parts.into())),
        }
    }

    pub(crate) fn or(&mut self, parts: Vec<NodeId>) -> NodeId {
        match parts.as_slice() {
            [] => self.constant(false),
            [single] => *single,
            _ => self.push(Node::Or(parts.into())),
        }
    }

    fn push(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        self.nodes.len() as NodeId - 1
    }
}
