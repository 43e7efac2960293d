//! Snapshots that no test refers to any more.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;

fn references(workspace: &Workspace) -> PathBuf {
    workspace.target.join("haamu-snapshot-references.txt")
}

/// An empty file for the tests to note the snapshots in that they compared.
pub(super) fn fresh_references(workspace: &Workspace) -> Result<PathBuf> {
    let path = references(workspace);
    fs::create_dir_all(&workspace.target)?;
    fs::write(&path, "")?;
    Ok(path)
}

/// Compares what the last run of all tests referred to with the files that there are.
pub(super) fn check(workspace: &Workspace) -> Result<()> {
    let noted = fs::read_to_string(references(workspace)).context("run the step `tests` first")?;
    let used: BTreeSet<PathBuf> = noted
        .lines()
        .filter_map(|line| Path::new(line).canonicalize().ok())
        .collect();
    let mut files = Vec::new();
    for folder in ["crates", "tests"] {
        collect(&workspace.path(folder), &mut files)?;
    }
    let left: Vec<String> = files
        .iter()
        .filter(|file| !file.canonicalize().is_ok_and(|file| used.contains(&file)))
        .map(|file| {
            file.strip_prefix(&workspace.root)
                .unwrap_or(file)
                .display()
                .to_string()
        })
        .collect();
    if left.is_empty() {
        Ok(())
    } else {
        bail!("no test refers to these snapshots:\n  {}", left.join("\n  "))
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && path.file_name().is_none_or(|name| name != "target") {
            collect(&path, files)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "snap" || extension == "new")
        {
            files.push(path);
        }
    }
    Ok(())
}
