//! A plan as infrastructure as code: into a directory, or onto stdout when one
//! account and Region is all there is.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use orgsweep_controls::AccountId;
use orgsweep_remediator::Plan;
use orgsweep_remediator::estimate::Speed;
use orgsweep_remediator::export::table::AccountNames;
use orgsweep_remediator::export::{CHANGES, ExportedFile, cloudformation, terraform};

use super::arguments::Format;
use super::{output, usage};

/// The files of a Terraform module, which lie in `ACCOUNT/REGION`.
const MODULE: [&str; 3] = ["imports.tf", "main.tf", "provider.tf"];

/// How a plan is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Showing<'a> {
    /// In which form.
    pub(crate) format: Format,
    /// Whether every step is listed.
    pub(crate) whole: bool,
    /// How fast it may be carried out, when it is said what that takes.
    pub(crate) estimated_at: Option<Speed>,
    /// The directory that is written, if there is one.
    pub(crate) directory: Option<&'a Path>,
}

/// Prints the plan, or writes it into a directory. Pages for people have the names of accounts.
pub(crate) fn deliver(
    plan: &Plan,
    names: &AccountNames,
    showing: Showing<'_>,
) -> anyhow::Result<()> {
    let Showing {
        format,
        whole,
        estimated_at,
        directory,
    } = showing;
    let files = match format {
        Format::Terraform => terraform(plan),
        Format::Cloudformation => cloudformation(plan),
        _ => {
            return Ok(output::print(&output::plan(
                plan,
                names,
                format,
                whole,
                estimated_at,
            )?)?);
        }
    };
    if files.is_empty() {
        output::tell("The plan has nothing to export.");
        return Ok(());
    }
    match directory {
        Some(directory) => write(&files, directory),
        None => Ok(output::print(&on_one_page(&files)?)?),
    }
}

/// Refuses a directory that no format writes to, before anything is done.
pub(crate) fn check(format: Format, directory: Option<&Path>) -> anyhow::Result<()> {
    let writes = matches!(format, Format::Terraform | Format::Cloudformation);
    if directory.is_some() && !writes {
        return Err(usage(
            "--output goes with --format terraform or cloudformation; others are printed",
        ));
    }
    Ok(())
}

/// Writes the files, unless one of them is there with something else in it, or something that
/// belongs to the export of another plan.
fn write(files: &[ExportedFile], directory: &Path) -> anyhow::Result<()> {
    let differs = |file: &ExportedFile| {
        let path = directory.join(&file.path);
        fs::read_to_string(&path)
            .is_ok_and(|text| text != file.text)
            .then_some(path)
    };
    let another = files.iter().find_map(differs);
    if let Some(path) = another.or_else(|| foreign(files, directory)) {
        return Err(usage(format!(
            "`{}` exists and is another one; choose an empty directory",
            path.display()
        )));
    }
    for file in files {
        let path = directory.join(&file.path);
        let parent = path.parent().unwrap_or(directory);
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, &file.text))
            .with_context(|| format!("`{}` cannot be written", path.display()))?;
    }
    output::tell(&format!(
        "{} in {}",
        output::counted(files.len(), "file", "files"),
        directory.display()
    ));
    Ok(())
}

/// A file that exports write and that is not one of these: what is there is another plan's, and
/// whoever applied the directory would apply that, too. Files of other names are nobody's business.
fn foreign(files: &[ExportedFile], directory: &Path) -> Option<PathBuf> {
    let ours: BTreeSet<PathBuf> = files
        .iter()
        .map(|file| directory.join(&file.path))
        .collect();
    let modules = entries(directory)
        .into_iter()
        .filter(|path| path.file_name().is_some_and(is_account))
        .flat_map(|account| entries(&account))
        .flat_map(|region| MODULE.map(|name| region.join(name)));
    let beside = [directory.join(CHANGES)];
    modules
        .chain(beside)
        .find(|path| path.is_file() && !ours.contains(path))
}

fn is_account(name: &OsStr) -> bool {
    name.to_str()
        .is_some_and(|name| name.parse::<AccountId>().is_ok())
}

/// What is in a directory, sorted; nothing when it is none.
fn entries(directory: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(directory)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.sort();
    paths
}

/// The files of one module or template one after the other.
fn on_one_page(files: &[ExportedFile]) -> anyhow::Result<String> {
    let is = |file: &ExportedFile, ending: &str| {
        Path::new(&file.path).extension() == Some(OsStr::new(ending))
    };
    let code: Vec<&ExportedFile> = files.iter().filter(|file| !is(file, "md")).collect();
    let mut places: Vec<&Path> = code
        .iter()
        .map(|file| {
            let path = Path::new(&file.path);
            let alone = is(file, "yaml");
            path.parent().filter(|_| !alone).unwrap_or(path)
        })
        .collect();
    places.dedup();
    let changes = files.iter().any(|file| file.path == CHANGES);
    if places.len() != 1 || changes {
        return Err(usage(format!(
            "the plan is exported as {} files; name a directory with --output DIR",
            files.len()
        )));
    }
    let texts: Vec<&str> = code.iter().map(|file| file.text.as_str()).collect();
    Ok(texts.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(account: &str) -> Vec<ExportedFile> {
        let file = |name: &str| ExportedFile {
            path: format!("{account}/eu-west-1/{name}"),
            text: format!("# {account} {name}\n"),
        };
        MODULE.map(file).into()
    }

    #[test]
    fn a_directory_with_the_export_of_another_plan_is_refused_and_the_same_one_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let first = module("111122223333");
        write(&first, directory.path()).unwrap();
        fs::write(directory.path().join("README.md"), "ours\n").unwrap();
        fs::write(
            directory
                .path()
                .join("111122223333/eu-west-1/.terraform.lock.hcl"),
            "",
        )
        .unwrap();
        write(&first, directory.path()).unwrap();

        let told = write(&module("444455556666"), directory.path())
            .unwrap_err()
            .to_string();
        assert!(
            told.contains("111122223333/eu-west-1/imports.tf` exists and is another one"),
            "{told}"
        );
        assert!(
            !directory.path().join("444455556666").exists(),
            "nothing is written"
        );

        let both = [module("111122223333"), module("444455556666")].concat();
        write(&both, directory.path()).unwrap();
    }
}
