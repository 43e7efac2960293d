//! The API document before two judges: a linter, and requests that are generated from it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::demo::ContractScene;
use crate::shell::{self, capture, command, note, succeeds};
use crate::workspace::Workspace;

use super::tools;

/// The linter, on npm.
const REDOCLY: &str = "@redocly/cli@2.77.0";
/// Where its rules, what is generated, and the versions of the Python packages stand.
const SETTINGS: &str = "tests/contract";

/// Lints `openapi/openapi.json`.
pub(super) fn lint(workspace: &Workspace) -> Result<()> {
    let modules = folder(workspace)?.join("npm");
    fs::create_dir_all(&modules)?;
    fs::write(modules.join("package.json"), "{\"private\": true}\n")?;
    if !succeeds(&mut command("npm", ["--version"])) {
        tools::install_debian(&["nodejs", "npm"])?;
    }
    note(&format!("Installing {REDOCLY} …"));
    let mut install = command("npm", ["install", "--no-audit", "--no-fund", "--silent", REDOCLY]);
    shell::run(install.current_dir(&modules)).with_context(|| {
        format!("{REDOCLY} could not be installed; this check needs Node.js, npm and the network")
    })?;
    let mut lint = command(modules.join("node_modules/.bin/redocly"), ["lint"]);
    lint.arg("openapi/openapi.json")
        .arg("--config")
        .arg(Path::new(SETTINGS).join("redocly.yaml"))
        // It would tell its makers what it is used for, and look for a newer version of itself.
        .env("REDOCLY_TELEMETRY", "off")
        .env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true");
    shell::run(lint.current_dir(&workspace.root))
}

/// Sends requests that schemathesis generates from `openapi/openapi.json` to a server on SQLite.
pub(super) fn generate_requests(workspace: &Workspace) -> Result<()> {
    let folder = folder(workspace)?;
    let schemathesis = schemathesis(workspace, &folder)?;
    let data = folder.join("server");
    if data.exists() {
        fs::remove_dir_all(&data)?;
    }
    fs::create_dir_all(&data)?;
    let haamu = workspace.build_haamu()?;
    let scene = ContractScene::start(&haamu, &data, &workspace.path("deploy/examples"))?;
    let described = data.join("scene.json");
    fs::write(&described, scene.description().to_string())?;
    // It looks for its hooks where it runs, and leaves files there.
    for file in ["schemathesis.toml", "hooks.py"] {
        fs::copy(workspace.path(SETTINGS).join(file), data.join(file))?;
    }
    let mut run = command(schemathesis, ["--config-file", "schemathesis.toml"]);
    run.arg("run")
        .arg(workspace.path("openapi/openapi.json"))
        .args(["--url", &scene.url()])
        .env("HAAMU_CONTRACT", &described)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(&data);
    shell::run(&mut run)?;
    scene.stop()
}

/// The program, in a Python environment of its own.
fn schemathesis(workspace: &Workspace, folder: &Path) -> Result<PathBuf> {
    let environment = folder.join("python");
    let versions = workspace.path(SETTINGS).join("requirements.txt");
    note("Installing schemathesis …");
    let mut make = command("python3", ["-m", "venv"]);
    if !succeeds(make.arg(&environment)) {
        tools::install_debian(&["python3", "python3-venv"])?;
        let mut make = command("python3", ["-m", "venv"]);
        capture(make.arg(&environment)).context("no Python environment could be made")?;
    }
    let mut install = command(
        environment.join("bin/pip"),
        ["install", "--quiet", "--requirement"],
    );
    install.arg(versions).env("PIP_DISABLE_PIP_VERSION_CHECK", "1");
    capture(&mut install)
        .context("schemathesis could not be installed; this check needs Python and the network")?;
    Ok(environment.join("bin/schemathesis"))
}

/// Where what is installed and what is run with it are kept.
fn folder(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.target.join("haamu-contract");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}
