//! `cargo xtask demo`: the main job, from an empty server to a scored report.
//!
//! Every step is a call of the HTTP API or of the program `haamu`, as a user
//! would make it; the devices work while the server is really stopped.

mod agency;
mod api;
mod contract;
mod fieldwork;
mod photos;
mod results;
mod server;
mod uploads;

use std::fs;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::shell::{note, say};
use crate::workspace::Workspace;

use api::Api;
pub(crate) use contract::ContractScene;
use server::Server;
pub(crate) use uploads::{Sender, UploadScene};

/// One password for everybody; the demo listens on this machine only.
const PASSWORD: &str = "haamu-demo-only";

/// How to run the demo.
#[derive(Args, Debug)]
pub(crate) struct DemoArgs {
    /// Stop the server at the end, and print the path of a scored report last.
    #[arg(long)]
    headless: bool,
    /// Folder for everything that the demo makes; it is emptied first.
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
}

pub(crate) fn run(arguments: &DemoArgs) -> Result<()> {
    let workspace = Workspace::find()?;
    let folder = arguments
        .dir
        .clone()
        .unwrap_or_else(|| workspace.path("haamu-demo"));
    let _lock = prepare(&folder)?;
    let folder = folder.canonicalize()?;
    note("Building haamu (the first time takes some minutes) …");
    let haamu = workspace.build_haamu()?;

    let mut server = Server::start(&haamu, &folder)?;
    let api = Api::new(server.address());
    let examples = workspace.path("deploy/examples");
    let agency = agency::set_up(&api, &server, &examples)?;
    let devices = fieldwork::enrol(&haamu, &folder, &api, &agency)?;

    note("Stopping the server: the shoppers have no signal.");
    server.stop()?;
    fieldwork::evaluate(&devices, &agency, &folder, &examples)?;
    note("Starting the server again.");
    server.restart()?;
    fieldwork::sync(&devices)?;

    let reports = results::review_and_download(&api, &agency, &folder)?;
    let Some(first) = reports.first() else {
        bail!("no report was released");
    };
    if arguments.headless {
        server.stop()?;
        say(&first.display().to_string());
        return Ok(());
    }
    say("");
    say(&format!("The server is at http://{}", server.address()));
    say(&format!("Everybody's password is {PASSWORD}"));
    for person in agency.people() {
        say(&format!("  {:<20} {}", person.role, person.email));
    }
    say("");
    say("Open a scored visit report:");
    for report in &reports {
        say(&format!("  {}", report.display()));
    }
    say("");
    say("Ctrl-C stops the server.");
    server.wait()
}

/// Empties the folder; the lock on it lasts as long as the demo.
fn prepare(folder: &PathBuf) -> Result<fs::File> {
    let made = fs::create_dir_all(folder);
    made.with_context(|| format!("{} cannot be made", folder.display()))?;
    let marker = folder.join("demo.lock");
    let is_ours = marker.exists() || fs::read_dir(folder)?.next().is_none();
    if !is_ours {
        bail!("{} holds something else; give another --dir", folder.display());
    }
    let lock = fs::File::create(&marker)?;
    if lock.try_lock().is_err() {
        bail!(
            "a demo is running in {}; stop it, or give another --dir",
            folder.display()
        );
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path == marker {
            continue;
        }
        if path.is_dir() {
            fs::remove_dir_all(&path)?;
        } else {
            fs::remove_file(&path)?;
        }
    }
    Ok(lock)
}

/// The present day, in UTC.
fn today() -> Result<Date> {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let now = Timestamp::from_second(i64::try_from(since_1970.as_secs())?).ok();
    let now = now.context("the clock is beyond the calendar")?;
    Ok(now.to_zoned(TimeZone::UTC).date())
}

/// A bar for `length` steps; where there is no terminal, a line at the start says what is done.
fn progress(title: &'static str, length: usize) -> ProgressBar {
    let bar = ProgressBar::new(length as u64);
    if bar.is_hidden() {
        note(&format!("{title} ({length}) …"));
    }
    let style = ProgressStyle::with_template("{msg:<34} {wide_bar} {pos}/{len}");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.set_message(title);
    bar
}
