//! A plan for a large round. There is no peer that anybody could run.

use anyhow::Result;

use crate::shell::{self, command};
use crate::workspace::{Workspace, cargo};

/// Proposes plans for the same made-up round, with quotas and without, and prints time and how much is filled.
pub(super) fn run(workspace: &Workspace) -> Result<()> {
    let arguments = ["bench", "--locked", "-p", "haamu-domain", "--bench", "assigning"];
    shell::run(command(cargo(), arguments).current_dir(&workspace.root))
}
