//! Programs that the checks need, at fixed versions, kept outside the workspace.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::shell::{self, command, note, succeeds};
use crate::workspace::cargo;

/// A program from a package of crates.io.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tool {
    package: &'static str,
    program: &'static str,
    version: &'static str,
    features: &'static str,
    /// Whether any version that is on the path already will do.
    is_any_version: bool,
}

pub(crate) const NEXTEST: Tool = Tool {
    package: "cargo-nextest",
    program: "cargo-nextest",
    version: "0.9.143",
    features: "",
    is_any_version: true,
};
pub(crate) const DENY: Tool = Tool {
    package: "cargo-deny",
    program: "cargo-deny",
    version: "0.20.2",
    features: "",
    is_any_version: false,
};
pub(crate) const MACHETE: Tool = Tool {
    package: "cargo-machete",
    program: "cargo-machete",
    version: "0.9.2",
    features: "",
    is_any_version: false,
};
pub(crate) const S3S_FS: Tool = Tool {
    package: "s3s-fs",
    program: "s3s-fs",
    version: "0.14.1",
    features: "binary",
    is_any_version: false,
};

/// Where the program is; it is built the first time, which takes some minutes.
pub(crate) fn installed(tool: Tool) -> Result<PathBuf> {
    if tool.is_any_version && succeeds(&mut command(tool.program, ["--version"])) {
        return Ok(PathBuf::from(tool.program));
    }
    let root = folder()?.join(format!("{}-{}", tool.package, tool.version));
    let program = root.join("bin").join(tool.program);
    if program.exists() {
        return Ok(program);
    }
    note(&format!("Installing {} {} …", tool.package, tool.version));
    let version = format!("={}", tool.version);
    let mut install = command(
        cargo(),
        [
            "install",
            "--quiet",
            "--locked",
            tool.package,
            "--version",
            &version,
            "--features",
            tool.features,
        ],
    );
    install
        .arg("--root")
        .arg(&root)
        .arg("--target-dir")
        .arg(root.join("target"));
    // What it was built from is of no more use.
    install.env_remove("CARGO_TARGET_DIR");
    shell::run(&mut install)?;
    std::fs::remove_dir_all(root.join("target"))?;
    Ok(program)
}

/// The folder for programs: beside other caches of the user.
fn folder() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("XDG_CACHE_HOME").filter(|folder| !folder.is_empty()) {
        return Ok(PathBuf::from(folder).join("haamu/tools"));
    }
    let home = std::env::var_os("HOME").context("neither XDG_CACHE_HOME nor HOME is set")?;
    Ok(PathBuf::from(home).join(".cache/haamu/tools"))
}

/// Installs Debian packages; needs root, or sudo without a password.
pub(crate) fn install_debian(packages: &[&str]) -> Result<()> {
    let names = packages.join(" ");
    if !succeeds(&mut command("apt-get", ["--version"])) {
        bail!("install {names} (this system has no apt-get)");
    }
    let prefix: &[&str] = match (is_root(), succeeds(&mut command("sudo", ["-n", "true"]))) {
        (true, _) => &[],
        (false, true) => &["sudo", "-n"],
        (false, false) => bail!("install {names} as root: apt-get install {names}"),
    };
    note(&format!("Installing {names} …"));
    let apt = |arguments: &[&str]| {
        let words: Vec<&str> = prefix
            .iter()
            .chain(&["apt-get"])
            .chain(arguments)
            .copied()
            .collect();
        let mut apt = command(words[0], &words[1..]);
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        shell::capture(&mut apt).map(|_| ())
    };
    apt(&["update", "-qq"])?;
    let install: Vec<&str> = ["install", "-y", "-qq", "--no-install-recommends"]
        .iter()
        .chain(packages)
        .copied()
        .collect();
    apt(&install)
}

/// Whether this process is root's.
pub(crate) fn is_root() -> bool {
    shell::capture(&mut command("id", ["-u"])).is_ok_and(|id| id.trim() == "0")
}
