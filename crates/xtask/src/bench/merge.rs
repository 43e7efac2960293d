//! Merges, beside automerge, loro and yrs.

use anyhow::Result;

use crate::checks::sync_size;
use crate::shell::{self, command, note};
use crate::workspace::{Workspace, cargo};

/// The package with the peers: a workspace of its own, so that nothing else has to build them.
const PACKAGE: &str = "tests/peers/merge";

/// Builds all contestants into one program, which takes some minutes the first time, and runs it.
pub(super) fn run(workspace: &Workspace) -> Result<()> {
    let folder = workspace.target.join("haamu-peers/merge");
    note("Building the peers of the merge …");
    let mut build = command(cargo(), ["build", "--locked", "--release", "--manifest-path"]);
    build
        .arg(workspace.path(PACKAGE).join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&folder)
        .current_dir(&workspace.root);
    shell::run(&mut build)?;
    let program = format!("haamu-peers-merge{}", std::env::consts::EXE_SUFFIX);
    shell::run(&mut command(folder.join("release").join(program), [""; 0]))?;
    let size = sync_size(workspace)?;
    note(&format!(
        "haamu-sync for the browser (the whole engine of a device): {size}"
    ));
    Ok(())
}
