//! Plans and runs as people name them: by their ids, or the beginning of these.

use std::str::FromStr;

use anyhow::bail;
use orgsweep_store::Store;
use uuid::Uuid;

/// Characters of an id that are enough to look for it.
const FEWEST: usize = 4;

/// The id of a plan or a run, or its beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Id(String);

impl FromStr for Id {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim().to_ascii_lowercase();
        if let Ok(whole) = text.parse::<Uuid>() {
            return Ok(Self(whole.to_string()));
        }
        let is_of_an_id = |letter: char| letter.is_ascii_hexdigit() || letter == '-';
        let whole = Uuid::nil().to_string().len();
        if !text.chars().all(is_of_an_id) || !(FEWEST..=whole).contains(&text.len()) {
            return Err(format!(
                "write an id as `orgsweep remediate list` shows it, or {FEWEST} or more of its first characters"
            ));
        }
        Ok(Self(text))
    }
}

/// What an id is one of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    Plan(Uuid),
    Run(Uuid),
}

impl Named {
    fn id(self) -> Uuid {
        match self {
            Self::Plan(id) | Self::Run(id) => id,
        }
    }
}

impl Id {
    /// The plan of that id.
    pub(super) async fn plan(&self, store: &Store) -> anyhow::Result<Uuid> {
        let plans = store.plans_beginning(&self.0).await?;
        let plans: Vec<_> = plans.into_iter().map(Named::Plan).collect();
        let why = "there is no plan";
        Ok(self.one(&plans, why, "`orgsweep remediate list`")?.id())
    }

    /// The run of that id.
    pub(super) async fn run(&self, store: &Store) -> anyhow::Result<Uuid> {
        let runs = store.runs_beginning(&self.0).await?;
        let runs: Vec<_> = runs.into_iter().map(Named::Run).collect();
        let why = "there is no run";
        Ok(self
            .one(&runs, why, "`orgsweep remediate list --runs`")?
            .id())
    }

    /// The plan or run of that id.
    pub(super) async fn either(&self, store: &Store) -> anyhow::Result<Named> {
        let runs = store.runs_beginning(&self.0).await?;
        let plans = store.plans_beginning(&self.0).await?;
        let runs = runs.into_iter().map(Named::Run);
        let both: Vec<_> = runs.chain(plans.into_iter().map(Named::Plan)).collect();
        let lists = "`orgsweep remediate list`, and with `--runs` runs,";
        self.one(&both, "there is no plan or run", lists)
    }

    fn one(&self, found: &[Named], none: &str, lists: &str) -> anyhow::Result<Named> {
        match found {
            [one] => Ok(*one),
            [] => bail!("{none} `{}`; {lists} lists them", self.0),
            several => {
                let ids: Vec<String> = several.iter().map(|one| one.id().to_string()).collect();
                bail!(
                    "several ids begin with `{}`; write more of it: {}",
                    self.0,
                    ids.join(", ")
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_taken_whole_or_by_its_beginning_and_nothing_else_is() {
        let whole = Uuid::from_u128(u128::MAX).to_string();
        for (text, taken) in [
            (whole.as_str(), true),
            (&"f".repeat(32), true),
            ("0193A7", true),
            ("0193a7c2-4", true),
            (" 0193 ", true),
            ("019", false),
            ("", false),
            ("last", false),
            ("0193%", false),
            (&format!("{whole}0"), false),
        ] {
            assert_eq!(text.parse::<Id>().is_ok(), taken, "{text}");
        }
    }

    #[test]
    fn several_of_a_beginning_are_named() {
        let id: Id = "0193".parse().unwrap();
        let two = [
            Named::Plan(Uuid::from_u128(1)),
            Named::Run(Uuid::from_u128(2)),
        ];
        let error = id.one(&two, "there is no plan or run", "a list");
        let error = error.unwrap_err().to_string();
        let expected = "several ids begin with `0193`; write more of it: \
            00000000-0000-0000-0000-000000000001, 00000000-0000-0000-0000-000000000002";
        assert_eq!(error, expected);
        let none = id.one(&[], "there is no plan", "`list`");
        assert_eq!(
            none.unwrap_err().to_string(),
            "there is no plan `0193`; `list` lists them"
        );
    }
}
