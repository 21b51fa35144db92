//! Stored nights: which one people mean (`naming`), judging one again (`judging`), findings under
//! another framework (`under_framework`), and the document in which facts travel (`document`),
//! with what is nobody else's business replaced (`redaction`).

pub(crate) mod document;
pub(crate) mod judging;
pub(crate) mod naming;
pub(crate) mod redaction;
pub(crate) mod under_framework;
