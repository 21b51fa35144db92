//! Planning, from the outside: snapshots in, plans out, and what they look like.

mod estate;
mod laws;
mod output;
mod owners;
mod reasons;
mod repairs;
mod strategies;
mod support;
