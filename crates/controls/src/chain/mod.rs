//! The links of a chain, one file per kind: what makes each of them hold, break
//! or stay unknown. Every function here judges one link from the facts given to
//! it; putting links together is `evaluate`'s.

pub(crate) mod alarm_rule;
