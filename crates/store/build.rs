//! Makes cargo notice a new migration: `sqlx::migrate!` embeds the directory.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
