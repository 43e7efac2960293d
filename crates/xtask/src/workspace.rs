//! Where things are, and building the program.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::shell::{self, command};

/// The workspace on disk.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// The root folder.
    pub(crate) root: PathBuf,
    /// Where cargo builds.
    pub(crate) target: PathBuf,
    /// The packages of the workspace.
    pub(crate) packages: Vec<Package>,
}

/// A package, as `cargo metadata` describes it.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// Everything that it names in its Cargo.toml.
    pub(crate) dependencies: Vec<Dependency>,
}

/// A dependency as it is declared.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    /// The name of the other package.
    pub(crate) name: String,
    /// `dev` or `build`; none for an ordinary one.
    pub(crate) kind: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

impl Workspace {
    /// Finds the workspace that this program was started in.
    pub(crate) fn find() -> Result<Self> {
        let text = shell::capture(&mut command(
            cargo(),
            ["metadata", "--no-deps", "--format-version", "1", "--locked"],
        ))?;
        let metadata: Metadata = serde_json::from_str(&text).context("understand `cargo metadata`")?;
        Ok(Self {
            root: metadata.workspace_root,
            target: metadata.target_directory,
            packages: metadata.packages,
        })
    }

    /// A file or folder of the workspace.
    pub(crate) fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// Builds the program `haamu` and returns where it is.
    pub(crate) fn build_haamu(&self) -> Result<PathBuf> {
        self.build("debug", &[])
    }

    /// Builds the program `haamu` as it is released, and returns where it is.
    pub(crate) fn build_release(&self) -> Result<PathBuf> {
        self.build("release", &["--release"])
    }

    fn build(&self, folder: &str, more: &[&str]) -> Result<PathBuf> {
        let mut build = command(cargo(), ["build", "--package", "haamu-cli"]);
        shell::run(build.args(more).current_dir(&self.root))?;
        Ok(self
            .target
            .join(folder)
            .join(format!("haamu{}", std::env::consts::EXE_SUFFIX)))
    }
}

/// The cargo that runs this.
pub(crate) fn cargo() -> PathBuf {
    std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}
