//! Stored nights: which one people mean (`naming`), and judging one again (`judging`).

pub(crate) mod judging;
pub(crate) mod naming;
