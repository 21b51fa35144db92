//! What a series can show in one period: a set of values, and whether it may
//! show nothing.

/// The values that a series can show in one period.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Shown {
    /// Whether it may have no datapoint.
    pub(super) missing: bool,
    /// In order, each once.
    pub(super) values: Vec<f64>,
}

impl Shown {
    /// No datapoint.
    pub(crate) const NOTHING: Self = Self {
        missing: true,
        values: Vec::new(),
    };

    /// This one, or no datapoint.
    pub(crate) fn one(value: Option<f64>) -> Self {
        std::iter::once(value).collect()
    }

    /// Each of them.
    pub(crate) fn options(&self) -> impl Iterator<Item = Option<f64>> + '_ {
        let values = self.values.iter().copied().map(Some);
        self.missing.then_some(None).into_iter().chain(values)
    }

    /// How many they are.
    pub(crate) fn count(&self) -> usize {
        self.values.len() + usize::from(self.missing)
    }

    /// These and `others`.
    pub(crate) fn or(&self, others: &Self) -> Self {
        self.options().chain(others.options()).collect()
    }

    /// The smallest and the largest, which is all that matters to what is monotone in them.
    pub(super) fn extremes(mut self) -> Self {
        if let [smallest, .., largest] = *self.values.as_slice() {
            self.values = vec![smallest, largest];
        }
        self
    }

    /// The same after each value was changed.
    pub(super) fn map(&self, change: impl Fn(f64) -> Option<f64>) -> Self {
        self.options().map(|value| change(value?)).collect()
    }
}

impl FromIterator<Option<f64>> for Shown {
    fn from_iter<I: IntoIterator<Item = Option<f64>>>(options: I) -> Self {
        let mut shown = Self::default();
        for option in options {
            match option {
                // Both zeros are one.
                Some(value) => shown.values.push(value + 0.0),
                None => shown.missing = true,
            }
        }
        shown.values.sort_by(f64::total_cmp);
        shown.values.dedup();
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_kept_once_and_extremes_stand_for_those_between() {
        let shown: Shown = [Some(2.0), None, Some(-0.0), Some(0.0), Some(1.0), None]
            .into_iter()
            .collect();
        assert_eq!(shown.values, [0.0, 1.0, 2.0]);
        assert_eq!(shown.count(), 4);
        assert_eq!(shown.clone().extremes().values, [0.0, 2.0]);
        assert!(shown.extremes().missing);
        assert_eq!(Shown::one(None), Shown::NOTHING);
        assert_eq!(Shown::one(Some(1.0)).extremes().count(), 1);
    }
}
