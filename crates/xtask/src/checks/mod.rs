//! `cargo xtask test` and `cargo xtask ci`: every check, each callable alone.

pub(crate) mod arch;
mod contract;
mod cutting_proxy;
mod generated;
mod postgres;
mod reach;
mod s3;
mod snapshots;
mod tools;
mod tus;
mod wasm;

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::shell::{self, command, note};
use crate::sim;
use crate::workspace::{Workspace, cargo};

pub(crate) use generated::{Generated, write_or_check};
pub(crate) use postgres::Cluster;
pub(crate) use wasm::{form_size, sync_size};

/// One check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Step {
    /// Source is formatted.
    Fmt,
    /// Clippy has no complaint.
    Clippy,
    /// Documentation builds, links and all.
    Doc,
    /// No package uses what its layer must not.
    Arch,
    /// The pure packages build for browsers.
    Wasm,
    /// All tests, on SQLite.
    Tests,
    /// The tests that need a database, on PostgreSQL, with a server of their own.
    TestsPostgres,
    /// Examples in documentation.
    Doctests,
    /// Worlds of the simulation, plans that failed once, and each safeguard removed in turn.
    Sim,
    /// The API document and the example configuration are up to date.
    Generated,
    /// No snapshot is left over.
    Snapshots,
    /// Licences, sources and banned uses of packages.
    Deny,
    /// Known vulnerabilities, where their database can be reached.
    Advisories,
    /// No package names a dependency that it does not use.
    UnusedDeps,
    /// Redocly has no complaint about the API document; needs Node.js and the network.
    OpenapiLint,
    /// Generated requests of every operation get no answer that the API document does not have; needs Python and
    /// the network.
    Schemathesis,
    /// Ready-made tus clients upload over connections that are cut; needs Node.js, Python and the network.
    Tus,
    /// The demo runs from end to end.
    Demo,
}

/// How a check ended, if it did not fail.
#[derive(Debug)]
enum Outcome {
    Passed,
    /// It could not be done here, and why; never a silent pass.
    NotRun(String),
}

/// Runs the given checks, or all; says at the end which passed.
pub(crate) fn run(steps: &[Step]) -> Result<()> {
    let workspace = Workspace::find()?;
    let steps = if steps.is_empty() {
        Step::value_variants()
    } else {
        steps
    };
    let mut lines = Vec::new();
    let mut failures = 0;
    for step in steps {
        let name = step.name();
        note(&format!("\n== {name}"));
        let started = Instant::now();
        let (word, reason) = match step.run(&workspace) {
            Ok(Outcome::Passed) => ("passed", String::new()),
            Ok(Outcome::NotRun(reason)) => ("not run", reason),
            Err(error) => {
                failures += 1;
                note(&format!("{error:#}"));
                ("FAILED", String::new())
            }
        };
        let took = seconds(started.elapsed());
        lines.push(format!("{name:<16} {word:<8} {took:>6} s  {reason}"));
    }
    note("\nChecks:");
    for line in &lines {
        note(&format!("  {}", line.trim_end()));
    }
    if failures > 0 {
        bail!("{failures} of {} checks failed", lines.len());
    }
    Ok(())
}

fn seconds(duration: Duration) -> String {
    format!("{:.1}", duration.as_secs_f64())
}

impl Step {
    fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }

    fn run(self, workspace: &Workspace) -> Result<Outcome> {
        match self {
            Self::Fmt => cargo_step(workspace, &["fmt", "--all", "--check"], &[]),
            Self::Clippy => cargo_step(
                workspace,
                &[
                    "clippy",
                    "--locked",
                    "--workspace",
                    "--all-targets",
                    "--all-features",
                    "--",
                    "-D",
                    "warnings",
                ],
                &[],
            ),
            Self::Doc => cargo_step(
                workspace,
                &[
                    "doc",
                    "--locked",
                    "--workspace",
                    "--no-deps",
                    "--document-private-items",
                ],
                &[("RUSTDOCFLAGS", "-D warnings")],
            ),
            Self::Arch => arch::check(workspace).map(|()| Outcome::Passed),
            Self::Wasm => wasm::check(workspace).map(|()| Outcome::Passed),
            Self::Tests => tests(workspace),
            Self::TestsPostgres => tests_postgres(workspace),
            Self::Doctests => cargo_step(
                workspace,
                &["test", "--locked", "--workspace", "--doc", "--quiet"],
                &[],
            ),
            Self::Sim => sim::check(workspace).map(|()| Outcome::Passed),
            Self::Generated => {
                let haamu = workspace.build_haamu()?;
                write_or_check(workspace, &haamu, Generated::OpenApi, true)?;
                write_or_check(workspace, &haamu, Generated::Config, true)?;
                write_or_check(workspace, &haamu, Generated::ChecklistSchema, true)?;
                Ok(Outcome::Passed)
            }
            Self::Snapshots => snapshots::check(workspace).map(|()| Outcome::Passed),
            Self::Deny => deny(workspace),
            Self::Advisories => advisories(workspace),
            Self::UnusedDeps => {
                let machete = tools::installed(tools::MACHETE)?;
                shell::run(command(machete, ["--with-metadata"]).current_dir(&workspace.root))?;
                Ok(Outcome::Passed)
            }
            Self::OpenapiLint => contract::lint(workspace).map(|()| Outcome::Passed),
            Self::Schemathesis => contract::generate_requests(workspace).map(|()| Outcome::Passed),
            Self::Tus => tus::check(workspace).map(|()| Outcome::Passed),
            Self::Demo => {
                let folder = workspace.target.join("haamu-demo-check");
                let folder = folder.to_string_lossy();
                cargo_step(workspace, &["xtask", "demo", "--headless", "--dir", &folder], &[])
            }
        }
    }
}

fn cargo_step(workspace: &Workspace, arguments: &[&str], environment: &[(&str, &str)]) -> Result<Outcome> {
    let mut step = command(cargo(), arguments);
    step.current_dir(&workspace.root)
        .envs(environment.iter().copied());
    shell::run(&mut step)?;
    Ok(Outcome::Passed)
}

/// A run of the tests that `filter` names, against a program that is built first.
pub(crate) fn nextest(workspace: &Workspace, filter: &str) -> Result<Command> {
    let haamu = workspace.build_haamu()?;
    let mut run = nextest_in(workspace, &["--workspace"], filter)?;
    run.env("HAAMU_BIN", haamu);
    Ok(run)
}

/// A run of the tests that `filter` names among those of the suites across crates, and need no program.
pub(crate) fn nextest_in_suites(workspace: &Workspace, filter: &str) -> Result<Command> {
    nextest_in(workspace, &["--package", arch::TESTS], filter)
}

fn nextest_in(workspace: &Workspace, packages: &[&str], filter: &str) -> Result<Command> {
    let mut run = command(tools::installed(tools::NEXTEST)?, ["nextest", "run", "--locked"]);
    run.args(packages)
        .args(["-E", filter])
        .current_dir(&workspace.root)
        .env("INSTA_UPDATE", "no");
    Ok(run)
}

fn tests(workspace: &Workspace) -> Result<Outcome> {
    let references = snapshots::fresh_references(workspace)?;
    let mut run = nextest(workspace, "not test(/::postgres/)")?;
    run.env("INSTA_SNAPSHOT_REFERENCES_FILE", references)
        .env_remove("TEST_DATABASE_URL");
    shell::run(&mut run)?;
    Ok(Outcome::Passed)
}

fn tests_postgres(workspace: &Workspace) -> Result<Outcome> {
    let mut run = nextest(workspace, "test(/::postgres/)")?;
    let s3 = s3::S3Server::start()?;
    let cluster = Cluster::start()?;
    run.env("TEST_DATABASE_URL", cluster.url())
        .env("TEST_S3_ENDPOINT", s3.endpoint());
    shell::run(&mut run)?;
    Ok(Outcome::Passed)
}

fn deny(workspace: &Workspace) -> Result<Outcome> {
    let deny = tools::installed(tools::DENY)?;
    let mut check = command(
        deny,
        ["--locked", "--workspace", "check", "bans", "licenses", "sources"],
    );
    shell::run(check.current_dir(&workspace.root))?;
    Ok(Outcome::Passed)
}

/// Only a database that cannot be fetched leaves this check undone.
fn advisories(workspace: &Workspace) -> Result<Outcome> {
    let deny = tools::installed(tools::DENY)?;
    if !shell::succeeds(command(&deny, ["--locked", "fetch", "db"]).current_dir(&workspace.root)) {
        return Ok(Outcome::NotRun(
            "the advisory database cannot be reached".to_owned(),
        ));
    }
    let mut check = command(deny, ["--locked", "--workspace", "check", "advisories"]);
    shell::run(check.current_dir(&workspace.root))?;
    Ok(Outcome::Passed)
}
