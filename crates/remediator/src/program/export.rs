//! A plan as infrastructure as code: into a directory, or onto stdout when one
//! account and Region is all there is.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use orgsweep_remediator::Plan;
use orgsweep_remediator::export::{CHANGES, ExportedFile, cloudformation, terraform};

use super::arguments::Format;
use super::{output, usage};

/// How a plan is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Showing<'a> {
    /// In which form.
    pub(crate) format: Format,
    /// Whether every step is listed.
    pub(crate) whole: bool,
    /// Whether it is said what carrying it out takes.
    pub(crate) estimate: bool,
    /// The directory that is written, if there is one.
    pub(crate) directory: Option<&'a Path>,
}

/// Prints the plan, or writes it into a directory.
pub(crate) fn deliver(plan: &Plan, showing: Showing<'_>) -> anyhow::Result<()> {
    let Showing {
        format,
        whole,
        estimate,
        directory,
    } = showing;
    let files = match format {
        Format::Terraform => terraform(plan),
        Format::Cloudformation => cloudformation(plan),
        _ => {
            return Ok(output::print(&output::plan(
                plan, format, whole, estimate,
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

/// Writes the files, unless one of them is there with something else in it.
fn write(files: &[ExportedFile], directory: &Path) -> anyhow::Result<()> {
    for file in files {
        let path = directory.join(&file.path);
        if fs::read_to_string(&path).is_ok_and(|text| text != file.text) {
            return Err(usage(format!(
                "`{}` exists and is another one; choose an empty directory",
                path.display()
            )));
        }
    }
    for file in files {
        let path = directory.join(&file.path);
        let parent = path.parent().unwrap_or(directory);
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, &file.text))
            .with_context(|| format!("`{}` cannot be written", path.display()))?;
    }
    output::tell(&format!("{} files in {}", files.len(), directory.display()));
    Ok(())
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
