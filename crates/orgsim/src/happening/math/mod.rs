//! Metric math, as far as it is about event counts: arithmetic, comparisons,
//! `AND` and `OR`, `SUM`, `MAX`, `MIN`, `AVG` of several series, `METRICS()`, `FILL`,
//! `IF`, `ABS`, `CEIL`, `FLOOR`, `PERIOD`, `RATE` and `DIFF` (CloudWatch user guide,
//! "Using metric math"). Anything else is said not to be simulated.
//!
//! [`parsing`] reads an expression, [`functions`] has what is applied to series, [`queries`]
//! answers for expressions that build on metrics and on each other.

mod functions;
mod parsing;
mod queries;

pub(crate) use functions::Line;
pub(crate) use queries::{Problem, Queries};
