//! Devices and servers as processes, beside PouchDB.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::checks::Cluster;
use crate::shell::{self, command};
use crate::workspace::{Workspace, cargo};

use super::install;

/// The peer, on npm: PouchDB, its server, and what that is mounted in.
const POUCHDB: [&str; 3] = ["pouchdb@9.0.0", "express-pouchdb@4.2.0", "express@4.21.2"];

/// Bytes and round trips.
pub(super) fn wire(workspace: &Workspace) -> Result<()> {
    shell::run(program(workspace, "wire")?.arg(peer(workspace)?))
}

/// Connections that are cut.
pub(super) fn cuts(workspace: &Workspace) -> Result<()> {
    shell::run(program(workspace, "cuts")?.arg(peer(workspace)?))
}

/// What servers take in.
pub(super) fn push(workspace: &Workspace) -> Result<()> {
    let peer = peer(workspace)?;
    let mut push = program(workspace, "push")?;
    let cluster = Cluster::start_durable()?;
    push.arg(peer).arg(cluster.url()).arg(cluster.pid().to_string());
    shell::run(&mut push)
}

fn peer(workspace: &Workspace) -> Result<PathBuf> {
    install(workspace, &POUCHDB)
}

/// The program that measures, and the one that is measured, both as they are released.
fn program(workspace: &Workspace, name: &str) -> Result<Command> {
    let haamu = workspace.build_release()?;
    let mut program = command(
        cargo(),
        [
            "bench",
            "--locked",
            "--quiet",
            "-p",
            "haamu-tests",
            "--bench",
            "field",
            "--",
            name,
        ],
    );
    program.current_dir(&workspace.root).env("HAAMU_BIN", haamu);
    Ok(program)
}
