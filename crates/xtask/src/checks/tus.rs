//! Ready-made tus clients against the real server, over connections that are cut.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::demo::{Sender, UploadScene};
use crate::shell::{self, capture, command, note, succeeds};
use crate::workspace::Workspace;

use super::cutting_proxy::CuttingProxy;
use super::tools;

/// The client for JavaScript, on npm.
const TUS_JS_CLIENT: &str = "tus-js-client@4.3.1";
/// The client for Python, on PyPI.
const TUSPY: &str = "tuspy==1.1.0";
/// So many photos are sent by each client.
const PHOTOS: usize = 100;
/// Every connection is cut after so many bytes from the client.
const CUT_AFTER: usize = 200_000;
const SHORTEST: usize = 300_000;
const LONGEST: usize = 600_000;

/// Lets each client send its photos, and compares what the server has with them.
pub(super) fn check(workspace: &Workspace) -> Result<()> {
    let folder = workspace.target.join("haamu-tus");
    fs::create_dir_all(&folder)?;
    let clients = [javascript(workspace, &folder)?, python(workspace, &folder)?];
    let data = folder.join("server");
    if data.exists() {
        fs::remove_dir_all(&data)?;
    }
    fs::create_dir_all(&data)?;
    let haamu = workspace.build_haamu()?;
    let scene = UploadScene::start(&haamu, &data, &workspace.path("deploy/examples"))?;
    let server: SocketAddr = scene.address().parse()?;
    let base = fs::read(workspace.path("tests/fixtures/entrance-with-gps.jpg"))?;
    for ((name, client), sender) in clients.into_iter().zip(scene.senders()) {
        let photos = write_photos(&data.join(name), &base, name)?;
        let proxy = CuttingProxy::start(server, CUT_AFTER)?;
        let started = Instant::now();
        let hashes = send(client, proxy.address(), sender, &photos)?;
        note(&format!(
            "{name}: {} photos in {:.1} s over {} cut connections",
            hashes.len(),
            started.elapsed().as_secs_f64(),
            proxy.cuts(),
        ));
        // One client sends every other photo in parts that fit into a connection; those are not cut.
        if proxy.cuts() < PHOTOS / 2 {
            bail!(
                "{name}: only {} connections were cut, so nothing was shown",
                proxy.cuts()
            );
        }
        compare(&data, &photos, &hashes)?;
        verify_receipt(&haamu, &scene, sender, &photos[0], &hashes[0])?;
    }
    Ok(())
}

/// The program that uploads with tus-js-client.
fn javascript(workspace: &Workspace, folder: &Path) -> Result<(&'static str, Command)> {
    let modules = folder.join("npm");
    fs::create_dir_all(&modules)?;
    fs::write(modules.join("package.json"), "{\"private\": true}\n")?;
    if !succeeds(&mut command("npm", ["--version"])) {
        tools::install_debian(&["nodejs", "npm"])?;
    }
    note(&format!("Installing {TUS_JS_CLIENT} …"));
    let mut install = command(
        "npm",
        ["install", "--no-audit", "--no-fund", "--silent", TUS_JS_CLIENT],
    );
    shell::run(install.current_dir(&modules)).with_context(|| {
        format!("{TUS_JS_CLIENT} could not be installed; this check needs Node.js, npm and the network")
    })?;
    let mut client = command("node", [workspace.path("tests/peers/tus-upload.mjs")]);
    client.arg(&modules);
    Ok(("tus-js-client", client))
}

/// The program that uploads with tuspy.
fn python(workspace: &Workspace, folder: &Path) -> Result<(&'static str, Command)> {
    let environment = folder.join("python");
    note(&format!("Installing {TUSPY} …"));
    let mut make = command("python3", ["-m", "venv"]);
    if !succeeds(make.arg(&environment)) {
        tools::install_debian(&["python3", "python3-venv"])?;
        let mut make = command("python3", ["-m", "venv"]);
        capture(make.arg(&environment)).context("no Python environment could be made")?;
    }
    let mut install = command(environment.join("bin/pip"), ["install", "--quiet", TUSPY]);
    capture(install.env("PIP_DISABLE_PIP_VERSION_CHECK", "1"))
        .with_context(|| format!("{TUSPY} could not be installed; this check needs the network"))?;
    let program = workspace.path("tests/peers/tus_upload.py");
    Ok(("tuspy", command(environment.join("bin/python"), [program])))
}

/// Photos of different lengths and contents: a real one, and after its end what makes it another file.
fn write_photos(folder: &Path, base: &[u8], seed: &str) -> Result<Vec<PathBuf>> {
    fs::create_dir_all(folder)?;
    let mut state = seed.bytes().fold(0x2545_f491_4f6c_dd1d, |state: u64, byte| {
        state.rotate_left(7) ^ u64::from(byte)
    });
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut paths = Vec::with_capacity(PHOTOS);
    for number in 0..PHOTOS {
        let length = SHORTEST + (LONGEST - SHORTEST) * number / (PHOTOS - 1);
        let mut bytes = base.to_vec();
        while bytes.len() < length {
            bytes.extend_from_slice(&random().to_le_bytes());
        }
        bytes.truncate(length);
        let path = folder.join(format!("{number:03}.jpg"));
        fs::write(&path, bytes)?;
        paths.push(path);
    }
    Ok(paths)
}

/// Runs a client, and returns the hashes of the files that it has sent.
fn send(mut client: Command, proxy: SocketAddr, sender: &Sender, photos: &[PathBuf]) -> Result<Vec<String>> {
    client
        .arg(format!("http://{proxy}/v1/tus"))
        .args([sender.token(), sender.submission()])
        .args(photos);
    // Its arguments hold a token, which does not belong into an error.
    let output = client.output().context("start a tus client")?;
    if !output.status.success() {
        bail!("a tus client failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let hashes: Vec<String> = String::from_utf8(output.stdout)?
        .lines()
        .map(str::to_owned)
        .collect();
    if hashes.len() != photos.len() {
        bail!("a tus client sent {} of {} photos", hashes.len(), photos.len());
    }
    Ok(hashes)
}

/// Compares the photos with what the server keeps under their hashes.
fn compare(data: &Path, photos: &[PathBuf], hashes: &[String]) -> Result<()> {
    let agencies = data.join("data/objects/blobs");
    let agency = fs::read_dir(&agencies)?
        .next()
        .context("the server has no files")??
        .path();
    for (photo, hash) in photos.iter().zip(hashes) {
        let kept = fs::read(agency.join(hash)).with_context(|| format!("the server lacks {hash}"))?;
        if kept != fs::read(photo)? {
            bail!("the server has other bytes for {}", photo.display());
        }
    }
    let staging = data.join("data/objects/staging");
    let left = files_below(&staging)?;
    if left > 0 {
        bail!("{left} parts are left in staging");
    }
    Ok(())
}

fn files_below(folder: &Path) -> Result<usize> {
    if !folder.exists() {
        return Ok(0);
    }
    let mut count = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        count += if path.is_dir() { files_below(&path)? } else { 1 };
    }
    Ok(count)
}

/// Has the program check the receipt of a photo against the keys that the server publishes.
fn verify_receipt(
    haamu: &Path,
    scene: &UploadScene,
    sender: &Sender,
    photo: &Path,
    hash: &str,
) -> Result<()> {
    let receipt = photo.with_extension("receipt.json");
    fs::write(&receipt, scene.receipt(sender, hash)?)?;
    let mut verify = command(haamu, ["receipt", "verify", "--keys"]);
    verify.arg(format!("http://{}/v1/receipt-keys", scene.address()));
    capture(verify.arg("--file").arg(photo).arg(&receipt)).map(|_| ())
}
