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
    shell::run(program(workspace, "wire", false)?.arg(peer(workspace)?))
}

/// Connections that are cut.
pub(super) fn cuts(workspace: &Workspace) -> Result<()> {
    shell::run(program(workspace, "cuts", false)?.arg(peer(workspace)?))
}

/// What servers take in.
pub(super) fn push(workspace: &Workspace) -> Result<()> {
    let peer = peer(workspace)?;
    let mut push = program(workspace, "push", false)?;
    let cluster = Cluster::start_durable()?;
    push.arg(peer).arg(cluster.url()).arg(cluster.pid().to_string());
    shell::run(&mut push)
}

/// What servers take in while they do their jobs.
pub(super) fn load(workspace: &Workspace, submissions: u32, is_unoptimised: bool) -> Result<()> {
    without_peer(program(workspace, "load", is_unoptimised)?, submissions)
}

/// How fast servers hand out pages of lists.
pub(super) fn lists(workspace: &Workspace, visits: u32, is_unoptimised: bool) -> Result<()> {
    without_peer(program(workspace, "lists", is_unoptimised)?, visits)
}

/// Runs what is measured on both databases, and beside nobody.
fn without_peer(mut program: Command, count: u32) -> Result<()> {
    let cluster = Cluster::start_durable()?;
    program.args([
        count.to_string(),
        cluster.url().to_owned(),
        cluster.pid().to_string(),
    ]);
    shell::run(&mut program)
}

fn peer(workspace: &Workspace) -> Result<PathBuf> {
    install(workspace, &POUCHDB)
}

/// The program that measures, and the one that is measured, both as they are released unless it is only tried.
fn program(workspace: &Workspace, name: &str, is_unoptimised: bool) -> Result<Command> {
    let (haamu, profile) = if is_unoptimised {
        (workspace.build_haamu()?, "dev")
    } else {
        (workspace.build_release()?, "bench")
    };
    let mut program = command(
        cargo(),
        [
            "bench",
            "--locked",
            "--quiet",
            "--profile",
            profile,
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
