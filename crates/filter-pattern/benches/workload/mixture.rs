//! Patterns at random, near the limit of characters: mixtures of all kinds of conditions.

use super::{ROOM, letter};

/// Mixtures of conditions at random, the same ones on every machine.
pub(super) fn mixtures() -> Vec<(String, String, String)> {
    (0..60)
        .map(|seed| {
            let mut random = Random(seed * 7919 + 17);
            let text = random.pattern(false);
            let mut random = Random(seed * 7919 + 17);
            let alike = random.pattern(true);
            (format!("mixture {seed}"), text, alike)
        })
        .collect()
}

/// A generator of the kind that fits on a line (Knuth's MMIX constants).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    /// A pattern near the limit; with `other`, its first condition differs.
    fn pattern(&mut self, other: bool) -> String {
        let fields = [3, 12, 40][self.below(3)];
        let depth = 1 + self.below(5);
        let mut text = String::new();
        let top = ["&&", "||"][self.below(2)];
        let mut regexes = 2;
        for _ in 0..400 {
            let part = self.expression(depth, fields, top, &mut regexes);
            let part = if text.is_empty() && other {
                "$.zz=1".to_owned()
            } else {
                part
            };
            if text.len() + part.len() + 2 > ROOM {
                if text.is_empty() {
                    continue;
                }
                break;
            }
            if !text.is_empty() {
                text.push_str(top);
            }
            text.push_str(&part);
        }
        format!("{{ {text} }}")
    }

    fn expression(
        &mut self,
        depth: usize,
        fields: usize,
        above: &str,
        regexes: &mut usize,
    ) -> String {
        if depth == 0 || self.below(3) == 0 {
            return self.condition(fields, regexes);
        }
        let operator = if above == "&&" { "||" } else { "&&" };
        let parts: Vec<String> = (0..2 + self.below(3))
            .map(|_| self.expression(depth - 1, fields, operator, regexes))
            .collect();
        format!("({})", parts.join(operator))
    }

    fn condition(&mut self, fields: usize, regexes: &mut usize) -> String {
        let number = self.below(fields);
        let field = match self.below(8) {
            0 => format!("$.a[{number}]"),
            1 => format!("$.o.p{number}"),
            2 => [
                "$.eventName",
                "$.errorCode",
                "$.userIdentity.arn",
                "$.awsRegion",
            ][number % 4]
                .to_owned(),
            _ => format!("$.f{number}"),
        };
        let (one, two) = (letter(self.below(26)), letter(self.below(26)));
        let sign = ["=", "!="][self.below(2)];
        let test = match self.below(10) {
            0 => format!("{sign}{one}"),
            1 => format!("{sign}*{one}*{two}"),
            2 => format!("{sign}{one}{two}*"),
            3 => format!("{sign}*{one}*"),
            4 => format!("{}{}", [">", "<=", "<", ">="][self.below(4)], self.below(9)),
            5 => format!("{sign}{}", self.below(9)),
            6 => [" NOT EXISTS", " IS NULL", " IS TRUE"][self.below(3)].to_owned(),
            7 if *regexes > 0 && self.below(4) == 0 => {
                *regexes -= 1;
                format!("{sign}%{one}.{{{}}}{two}%", self.below(40))
            }
            8 => format!("{sign}{}*", self.below(9)),
            _ => format!("{sign}\"{}\"", self.below(9)),
        };
        format!("{field}{test}")
    }
}
