//! The pure packages build for browsers.
//!
//! Where rustup has or can fetch the target, that is used. Elsewhere Debian's
//! compiler for the web builds the standard library from its source.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::shell::{self, capture, command, note, succeeds};
use crate::workspace::{Workspace, cargo};

use super::tools;

const TARGET: &str = "wasm32-unknown-unknown";
/// The packages that phones and browsers share with the server.
const PACKAGES: [&str; 4] = ["haamu-form", "haamu-sync", "haamu-domain", "haamu-wire"];
const DEBIAN_PACKAGES: [&str; 3] = ["rustc-web", "rust-web-src", "libstd-rust-web-dev"];

/// The form model alone, compressed, is at most so many bytes: a tenth above the goal of 150,000, which it misses
/// by a little before `wasm-opt`.
const MAX_FORM_BYTES: usize = 165_000;

/// The whole sync engine of a device, compressed by brotli, is at most so many bytes.
const MAX_SYNC_BYTES: usize = 60_000;

/// Builds the pure packages for the browser, and weighs the form model and the sync engine.
pub(super) fn check(workspace: &Workspace) -> Result<()> {
    let packages = PACKAGES.iter().flat_map(|package| ["--package", package]);
    build(workspace, packages)?;
    let size = form_size(workspace)?;
    note(&format!("haamu-form for the browser: {size} bytes compressed"));
    if size > MAX_FORM_BYTES {
        bail!("haamu-form for the browser has {size} bytes compressed; at most {MAX_FORM_BYTES} are wanted");
    }
    let size = sync_size(workspace)?;
    note(&format!("haamu-sync for the browser: {size}"));
    if size.brotli > MAX_SYNC_BYTES {
        bail!("haamu-sync for the browser has {size}; at most {MAX_SYNC_BYTES} by brotli are wanted");
    }
    Ok(())
}

/// The bytes of the form model as a module of its own: checklist and answers read, validation, score
/// and trace in one language, compressed by gzip.
pub(crate) fn form_size(workspace: &Workspace) -> Result<usize> {
    gzipped(&weighed(workspace, "haamu-form")?)
}

/// What a module weighs, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    raw: usize,
    gzip: usize,
    brotli: usize,
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { raw, gzip, brotli } = self;
        write!(f, "{brotli} bytes by brotli ({gzip} by gzip, {raw} as they are)")
    }
}

/// What the sync engine of a device weighs as a module of its own: engine, codec and frames in CBOR.
pub(crate) fn sync_size(workspace: &Workspace) -> Result<Size> {
    let module = weighed(workspace, "haamu-sync")?;
    let bytes = fs::read(&module).with_context(|| format!("read {}", module.display()))?;
    let mut compressed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 24,
        size_hint: bytes.len(),
        ..Default::default()
    };
    brotli::BrotliCompress(&mut bytes.as_slice(), &mut compressed, &parameters)?;
    Ok(Size {
        raw: bytes.len(),
        gzip: gzipped(&module)?,
        brotli: compressed.len(),
    })
}

/// Builds the program of a package that is there to be weighed, and returns its module.
fn weighed(workspace: &Workspace, package: &str) -> Result<PathBuf> {
    let arguments = ["--profile", "web", "--package", package, "--features", "size"];
    let folder = build(workspace, arguments)?;
    Ok(folder.join(TARGET).join(format!("web/{package}-size.wasm")))
}

/// The bytes of a file after gzip.
fn gzipped(module: &Path) -> Result<usize> {
    let output = command("gzip", ["-9", "--stdout"]).arg(module).output()?;
    if !output.status.success() || output.stdout.is_empty() {
        bail!("{} cannot be compressed", module.display());
    }
    Ok(output.stdout.len())
}

/// Builds for the browser, and says in which folder.
fn build<'a>(workspace: &Workspace, arguments: impl IntoIterator<Item = &'a str>) -> Result<PathBuf> {
    let mut build = command(cargo(), ["build", "--locked", "--target", TARGET]);
    build.args(arguments).current_dir(&workspace.root);
    if succeeds(&mut command("rustup", ["target", "add", TARGET])) {
        shell::run(&mut build)?;
        return Ok(workspace.target.clone());
    }
    note("rustup cannot fetch the target; Debian's compiler for the web is used");
    let compiler = debian_compiler()?;
    let linker = rust_lld(&compiler)?;
    let mut setting = OsString::from(format!("target.{TARGET}.linker=\""));
    setting.push(linker);
    setting.push("\"");
    build
        .args(["-Z", "build-std=std,panic_abort"])
        .arg("--config")
        .arg(setting)
        // Another compiler: its own folder, or each would build the other's packages anew.
        .arg("--target-dir")
        .arg(workspace.target.join("web"))
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTC", compiler);
    shell::run(&mut build)?;
    Ok(workspace.target.join("web"))
}

/// The rustc of the package `rustc-web`, which is installed if it is missing.
fn debian_compiler() -> Result<PathBuf> {
    if let Some(found) = find_compiler() {
        return Ok(found);
    }
    tools::install_debian(&DEBIAN_PACKAGES)?;
    find_compiler().context("rustc-web was installed, but its rustc is not among its files")
}

fn find_compiler() -> Option<PathBuf> {
    let files = capture(&mut command("dpkg", ["-L", "rustc-web"])).ok()?;
    let is_compiler = |path: &&str| path.ends_with("/bin/rustc");
    files.lines().find(is_compiler).map(PathBuf::from)
}

/// The linker that comes with either compiler.
fn rust_lld(compiler: &Path) -> Result<PathBuf> {
    for rustc in [compiler, Path::new("rustc")] {
        let root = capture(&mut command(rustc, ["--print", "sysroot"]))?;
        let found = capture(&mut command(
            "find",
            [root.trim(), "-name", "rust-lld", "-type", "f"],
        ))?;
        if let Some(line) = found.lines().next() {
            return Ok(PathBuf::from(line));
        }
    }
    bail!("no rust-lld comes with the compilers")
}
