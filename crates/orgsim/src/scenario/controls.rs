//! The controls for which chains are built: data of this crate, so that it can
//! contradict the catalog that it tests.

use std::sync::OnceLock;

use serde::Deserialize;

const CONTROLS_TOML: &str = include_str!("../../data/controls.toml");

/// A control, as far as building chains for it goes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Control {
    /// Its id.
    pub(super) id: String,
    /// Pattern of a filter that covers it.
    pub(super) pattern: String,
    /// Pattern of a filter that misses some of its events.
    pub(super) partial: String,
    /// Whether its events arise in every Region.
    #[serde(default)]
    pub(super) every_region: bool,
    /// Whether events of any service are among its events.
    #[serde(default)]
    pub(super) every_source: bool,
    /// Whether its events are those of a global service.
    #[serde(default)]
    pub(super) global_service: bool,
    /// Whether it concerns the management account alone.
    #[serde(default)]
    pub(super) management_account_only: bool,
}

/// All controls, in their order.
pub(super) fn controls() -> &'static [Control] {
    #[derive(Deserialize)]
    struct File {
        control: Vec<Control>,
    }
    static CONTROLS: OnceLock<Vec<Control>> = OnceLock::new();
    CONTROLS.get_or_init(|| {
        toml::from_str::<File>(CONTROLS_TOML)
            .expect("the file is part of the program and tested")
            .control
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_fifteen_controls_whose_partial_patterns_differ() {
        assert_eq!(controls().len(), 15);
        for control in controls() {
            assert_ne!(control.pattern, control.partial, "{}", control.id);
            assert!(control.pattern.len() <= 1024, "{}", control.id);
            for pattern in [&control.pattern, &control.partial] {
                let count = |bracket| pattern.matches(bracket).count();
                assert_eq!(count('('), count(')'), "{}", control.id);
            }
        }
    }
}
