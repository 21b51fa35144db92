//! The catalog: which controls are judged, and what each framework requires of
//! them. It is data (`config/controls.toml`), compiled in, and a user's file of
//! the same form can replace and add controls. Judging is `evaluate`'s.

mod called;
mod control;
mod error;
mod file;

use std::sync::LazyLock;

use serde::Deserialize;
use sha2::{Digest, Sha256};

pub use control::{
    Assessment, BlindSpot, CisEntry, ClassSource, Control, ControlEvent, EventClass, MayWait,
    Recorded, Requirement, Scope,
};
pub use error::CatalogError;

use crate::ids::ControlId;

/// The text of the catalog that is compiled in.
pub const BUILTIN_CATALOG_TOML: &str = include_str!("../../../../config/controls.toml");

static BUILTIN: LazyLock<Catalog> = LazyLock::new(|| {
    Catalog::parse(BUILTIN_CATALOG_TOML).expect("the compiled-in catalog is tested to parse")
});

/// A set of requirements that prescribes patterns: a version of the CIS
/// benchmark, Security Hub, or the user's own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Framework {
    /// Stable name, for example `cis-7.0.0`.
    pub id: String,
    /// Name for people.
    pub title: String,
}

/// The controls that are judged, and the framework whose patterns are required.
#[derive(Debug, Clone, PartialEq)]
pub struct Catalog {
    pub(crate) controls: Vec<Control>,
    pub(crate) frameworks: Vec<Framework>,
    pub(crate) framework: String,
    pub(crate) digest: String,
}

impl Catalog {
    /// The catalog that is compiled in.
    pub fn builtin() -> &'static Catalog {
        &BUILTIN
    }

    /// Reads a whole catalog.
    pub fn parse(toml: &str) -> Result<Catalog, CatalogError> {
        let file = file::read(toml)?;
        let framework = match &file.default_framework {
            Some(named) => named.clone(),
            None => return Err(CatalogError::without_framework(toml)),
        };
        let mut catalog = Catalog {
            controls: Vec::new(),
            frameworks: Vec::new(),
            framework: String::new(),
            digest: digest_of(&[toml]),
        };
        catalog.take(toml, file)?;
        catalog.choose(toml, &framework)?;
        Ok(catalog)
    }

    /// The compiled-in catalog, with the controls of the user's file in place of
    /// those of the same id, and its other controls added.
    pub fn builtin_extended_by(toml: &str) -> Result<Catalog, CatalogError> {
        let file = file::read(toml)?;
        let framework = file.default_framework.clone();
        let mut catalog = Self::builtin().clone();
        catalog.digest = digest_of(&[BUILTIN_CATALOG_TOML, toml]);
        catalog.take(toml, file)?;
        if let Some(framework) = framework {
            catalog.choose(toml, &framework)?;
        }
        Ok(catalog)
    }

    /// The same controls, judged by another framework; `None` when the catalog
    /// has no framework of that name.
    pub fn for_framework(&self, id: &str) -> Option<Catalog> {
        let known = self.frameworks.iter().any(|framework| framework.id == id);
        known.then(|| Catalog {
            framework: id.to_owned(),
            digest: digest_of(&[&self.digest, id]),
            ..self.clone()
        })
    }

    /// The same catalog with those of its controls only.
    pub fn only(&self, ids: &[ControlId]) -> Catalog {
        let mut catalog = self.clone();
        catalog.controls.retain(|control| ids.contains(&control.id));
        let kept: Vec<&str> = catalog.controls.iter().map(|c| c.id.as_str()).collect();
        catalog.digest = digest_of(&[&[self.digest.as_str()], kept.as_slice()].concat());
        catalog
    }

    /// Every control, by number.
    pub fn controls(&self) -> &[Control] {
        &self.controls
    }

    /// The controls that the framework has, by number: those that are judged.
    pub fn required(&self) -> impl Iterator<Item = &Control> {
        self.controls
            .iter()
            .filter(|control| control.requirement(&self.framework).is_some())
    }

    /// The framework's name for people.
    pub fn framework_title(&self) -> &str {
        let named = self.frameworks.iter().find(|f| f.id == self.framework);
        named.map_or(self.framework.as_str(), |framework| &framework.title)
    }

    /// The control with that id.
    pub fn control(&self, id: &ControlId) -> Option<&Control> {
        self.controls.iter().find(|control| control.id == *id)
    }

    /// Every framework that some control may name, in the order of the file.
    pub fn frameworks(&self) -> &[Framework] {
        &self.frameworks
    }

    /// The framework whose patterns decide the verdict.
    pub fn framework(&self) -> &str {
        &self.framework
    }

    /// SHA-256 of the catalog's text, as lower-case hexadecimal digits: the same
    /// catalog gives the same verdicts.
    pub fn digest(&self) -> String {
        self.digest.clone()
    }

    fn take(&mut self, toml: &str, file: file::CatalogFile) -> Result<(), CatalogError> {
        for framework in file.frameworks {
            self.frameworks.retain(|known| known.id != framework.id);
            self.frameworks.push(framework);
        }
        let mut taken: Vec<Control> = Vec::new();
        for entry in file.controls {
            let at = entry.id.span();
            let control = entry.into_control(toml, &self.frameworks)?;
            if let Some(twice) = taken
                .iter()
                .find(|other| other.id == control.id || other.number == control.number)
            {
                let message = format!(
                    "control `{}` has the id or the number of control `{}`: give it its own",
                    control.id, twice.id
                );
                return Err(CatalogError::new(toml, message, Some(at)));
            }
            let foreign = self
                .controls
                .iter()
                .find(|other| other.number == control.number && other.id != control.id);
            if let Some(other) = foreign {
                let message = format!(
                    "number {} is that of control `{}`: choose another",
                    control.number, other.id
                );
                return Err(CatalogError::new(toml, message, Some(at)));
            }
            taken.push(control);
        }
        self.controls
            .retain(|known| taken.iter().all(|control| control.id != known.id));
        self.controls.extend(taken);
        self.controls.sort_by_key(|control| control.number);
        Ok(())
    }

    fn choose(
        &mut self,
        toml: &str,
        framework: &toml::Spanned<String>,
    ) -> Result<(), CatalogError> {
        let id = framework.get_ref();
        if self.frameworks.iter().any(|known| known.id == *id) {
            self.framework.clone_from(id);
            return Ok(());
        }
        let known: Vec<&str> = self.frameworks.iter().map(|f| f.id.as_str()).collect();
        let message = format!(
            "`{id}` is not a framework of the catalog: use one of {}",
            known.join(", ")
        );
        Err(CatalogError::new(toml, message, Some(framework.span())))
    }
}

fn digest_of(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.len().to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hex::encode(hasher.finalize())
}

#[cfg(test)]
mod tests;
