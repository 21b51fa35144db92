//! Planning, from the outside: snapshots in, plans out, and what they look like.

mod laws;
mod output;
mod repairs;
mod support;
