//! The catalog as the store keeps it, so that SQL can name controls.
