//! What people and programs read: one file per form.

pub(crate) mod csv;
pub(crate) mod escape;
pub(crate) mod finding;
pub(crate) mod json;
pub(crate) mod listing;
pub(crate) mod number;
pub(crate) mod picture;
pub(crate) mod style;
pub(crate) mod terminal;

pub(crate) use escape::escaped;
pub(crate) use listing::{Column, Format, listing};
