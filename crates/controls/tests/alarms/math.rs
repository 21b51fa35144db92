//! Expressions of metric math on one metric, step by step: what the series becomes,
//! period by period, as CloudWatch's page on metric math describes each function. It
//! shares no code with the decision.

/// One function or operation on the series `x`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Step {
    Times(f64),
    Plus(f64),
    Negated,
    FillZero,
    FillRepeat,
    FillLinear,
    Above(f64),
    AtLeastOne,
    PerSecond,
    Diff,
    Rate,
    RunningSum,
    WithItself,
    LessItself,
    SumWithFilled,
    LargestWithHalf,
    SmallestWithDouble,
    MeanWithFilled,
    UnlessSilent,
}

/// All of them.
pub(crate) const STEPS: &[Step] = &[
    Step::Times(100.0),
    Step::Times(0.5),
    Step::Plus(1.0),
    Step::Negated,
    Step::FillZero,
    Step::FillRepeat,
    Step::FillLinear,
    Step::Above(0.0),
    Step::Above(1.0),
    Step::AtLeastOne,
    Step::PerSecond,
    Step::Diff,
    Step::Rate,
    Step::RunningSum,
    Step::WithItself,
    Step::LessItself,
    Step::SumWithFilled,
    Step::LargestWithHalf,
    Step::SmallestWithDouble,
    Step::MeanWithFilled,
    Step::UnlessSilent,
];

impl Step {
    /// It, as metric math writes it.
    pub(crate) fn text(self, x: &str) -> String {
        match self {
            Self::Times(by) => format!("({x} * {by})"),
            Self::Plus(more) => format!("({x} + {more})"),
            Self::Negated => format!("(-{x})"),
            Self::FillZero => format!("FILL({x}, 0)"),
            Self::FillRepeat => format!("FILL({x}, REPEAT)"),
            Self::FillLinear => format!("FILL({x}, LINEAR)"),
            Self::Above(limit) => format!("IF({x} > {limit}, 1, 0)"),
            Self::AtLeastOne => format!("({x} >= 1)"),
            Self::PerSecond => format!("({x} / PERIOD(m1))"),
            Self::Diff => format!("DIFF({x})"),
            Self::Rate => format!("RATE({x})"),
            Self::RunningSum => format!("RUNNING_SUM({x})"),
            Self::WithItself => format!("({x} + {x})"),
            Self::LessItself => format!("({x} - {x})"),
            Self::SumWithFilled => format!("SUM([{x}, FILL({x}, 0)])"),
            Self::LargestWithHalf => format!("MAX([{x}, {x} * 0.5])"),
            Self::SmallestWithDouble => format!("MIN([{x}, {x} * 2])"),
            Self::MeanWithFilled => format!("AVG([{x}, FILL({x}, 0)])"),
            Self::UnlessSilent => format!("IF(FILL({x}, 0) > 0, {x}, 0)"),
        }
    }

    /// Whether what it shows depends on earlier periods.
    pub(crate) fn looks_back(self) -> bool {
        let back = [
            Self::FillRepeat,
            Self::FillLinear,
            Self::Diff,
            Self::Rate,
            Self::RunningSum,
        ];
        back.contains(&self)
    }

    /// What the series becomes, oldest period first, in periods of so many seconds.
    pub(crate) fn of(self, series: &[Option<f64>], seconds: f64) -> Vec<Option<f64>> {
        let each = |change: &dyn Fn(f64) -> f64| -> Vec<Option<f64>> {
            series.iter().map(|value| value.map(change)).collect()
        };
        let filled = |change: &dyn Fn(f64) -> f64| -> Vec<Option<f64>> {
            let zero = |value: &Option<f64>| value.unwrap_or(0.0);
            series
                .iter()
                .map(|value| Some(change(zero(value))))
                .collect()
        };
        let truth = |holds: bool| f64::from(u8::from(holds));
        match self {
            Self::Times(by) => each(&|value| value * by),
            Self::Plus(more) => each(&|value| value + more),
            Self::Negated => each(&|value| -value),
            Self::FillZero => filled(&|value| value),
            Self::FillRepeat => repeated(series),
            Self::FillLinear => interpolated(series),
            Self::Above(limit) => each(&|value| truth(value > limit)),
            Self::AtLeastOne => each(&|value| truth(value >= 1.0)),
            Self::PerSecond => each(&|value| value / seconds),
            Self::Diff => changes(series, |_| 1.0),
            Self::Rate => changes(series, |periods| periods as f64 * seconds),
            Self::RunningSum => {
                let mut sum = 0.0;
                let mut add = |value: &Option<f64>| {
                    sum += (*value)?;
                    Some(sum)
                };
                series.iter().map(&mut add).collect()
            }
            Self::WithItself => each(&|value| value + value),
            Self::LessItself => each(&|_| 0.0),
            Self::SumWithFilled => filled(&|value| value + value),
            Self::LargestWithHalf => each(&|value| value.max(value * 0.5)),
            Self::SmallestWithDouble => each(&|value| value.min(value * 2.0)),
            Self::MeanWithFilled => filled(&|value| f64::midpoint(value, value)),
            Self::UnlessSilent => filled(&|value| if value > 0.0 { value } else { 0.0 }),
        }
    }
}

fn repeated(series: &[Option<f64>]) -> Vec<Option<f64>> {
    let mut last = None;
    let mut next = |value: &Option<f64>| {
        last = value.or(last);
        last
    };
    series.iter().map(&mut next).collect()
}

fn interpolated(series: &[Option<f64>]) -> Vec<Option<f64>> {
    let before = |place: usize| (0..=place).rev().find_map(|at| Some((at, series[at]?)));
    let after = |place: usize| (place..series.len()).find_map(|at| Some((at, series[at]?)));
    (0..series.len())
        .map(|place| match (before(place), after(place)) {
            (Some((from, a)), Some((to, b))) if to > from => {
                let share = (place - from) as f64 / (to - from) as f64;
                Some(a + (b - a) * share)
            }
            _ => series[place],
        })
        .collect()
}

/// The difference of each value and the one before it that is there.
fn changes(series: &[Option<f64>], per: impl Fn(usize) -> f64) -> Vec<Option<f64>> {
    (0..series.len())
        .map(|place| {
            let value = series[place]?;
            let earlier = (0..place).rev().find_map(|at| Some((at, series[at]?)));
            let (at, before) = earlier?;
            Some((value - before) / per(place - at))
        })
        .collect()
}
