//! Where things are, and building the program.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::shell::{self, command};

/// The workspace on disk.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// The root folder.
    pub(crate) root: PathBuf,
    /// Where cargo builds.
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// Finds the workspace that this program was started in.
    pub(crate) fn find() -> Result<Self> {
        let metadata = cargo_metadata::MetadataCommand::new()
            .no_deps()
            .exec()
            .context("read the workspace with `cargo metadata`")?;
        Ok(Self {
            root: metadata.workspace_root.into(),
            target: metadata.target_directory.into(),
        })
    }

    /// A file or folder of the workspace.
    pub(crate) fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// Builds the program `haamu` and returns where it is.
    pub(crate) fn build_haamu(&self) -> Result<PathBuf> {
        let mut build = command(cargo(), ["build", "--package", "haamu-cli"]);
        shell::run(build.current_dir(&self.root))?;
        Ok(self
            .target
            .join("debug")
            .join(format!("haamu{}", std::env::consts::EXE_SUFFIX)))
    }
}

/// The cargo that runs this.
pub(crate) fn cargo() -> PathBuf {
    std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}
