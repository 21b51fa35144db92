//! The simulator from outside: over HTTP where bytes matter, through its library
//! where they do not.

mod faults;
mod happening;
mod linked_metrics;
mod metric_data;
mod oam;
mod organization;
mod protocols;
mod scenarios;
mod state;
mod support;
mod trails;
mod writes;
