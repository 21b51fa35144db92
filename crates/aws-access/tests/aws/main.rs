//! Drives the crate through its public interface against a small fake of AWS on
//! this machine: what is asked, what is understood, and what becomes of every
//! kind of fault. The simulator of the whole organization is another crate's.

mod alarms;
mod check_access;
mod collect;
mod connect;
mod fake;
mod faults;
mod inventory;
mod monitoring;
mod subscriptions;
