//! The shoppers' devices: each is the program `haamu device` with a file of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use jiff::ToSpan;

use crate::shell::{capture, command, note};

use super::agency::{Agency, PlannedVisit};
use super::api::Api;
use super::{PASSWORD, photos, progress, today};

/// A shopper's device.
#[derive(Debug)]
pub(super) struct Device {
    haamu: PathBuf,
    store: PathBuf,
    email: String,
}

impl Device {
    /// Runs one command of the device, in a process of its own.
    fn run(&self, arguments: &[&str]) -> Result<String> {
        let mut device: Command = command(&self.haamu, ["device"]);
        device.args(arguments);
        device
            .env("HAAMU_DEVICE", &self.store)
            .env("HAAMU_PASSWORD", PASSWORD)
            .env("HAAMU_LANG", "en");
        capture(&mut device).with_context(|| format!("the device of {}", self.email))
    }
}

/// Signs in each shopper's device, fetches its visits and accepts them.
pub(super) fn enrol(haamu: &Path, folder: &Path, api: &Api, agency: &Agency) -> Result<Vec<Device>> {
    let bar = progress("Signing in devices", agency.shoppers().count());
    let mut devices = Vec::new();
    for shopper in agency.shoppers() {
        let name = shopper.email.split('@').next().unwrap_or("device");
        let own = folder.join("devices").join(name);
        fs::create_dir_all(&own)?;
        let device = Device {
            haamu: haamu.to_owned(),
            store: own.join("device.sqlite"),
            email: shopper.email.clone(),
        };
        device.run(&["login", "--server", api.server(), "--email", &shopper.email])?;
        device.run(&["pull"])?;
        let own = agency.visits.iter();
        for visit in own.filter(|visit| visit.shopper_email == shopper.email) {
            device.run(&["accept", &visit.id])?;
        }
        devices.push(device);
        bar.inc(1);
    }
    bar.finish();
    Ok(devices)
}

/// Fills in every visit, with no server at all.
pub(super) fn evaluate(devices: &[Device], agency: &Agency, folder: &Path, examples: &Path) -> Result<()> {
    let pictures = folder.join("photos");
    fs::create_dir_all(&pictures)?;
    let bar = progress("Visiting and evaluating, offline", agency.visits.len());
    for (number, visit) in agency.visits.iter().enumerate() {
        let device = devices.iter().find(|device| device.email == visit.shopper_email);
        let device = device.context("the shopper has no device")?;
        fill_in(device, visit, examples)?;
        for (index, (question, caption)) in visit.plan.photos.iter().enumerate() {
            let seed = u32::try_from(number * 8 + index)?;
            let file = pictures.join(format!("visit-{:02}-{question}.jpg", number + 1));
            fs::write(&file, photos::make(photos::Scene::of(question), seed)?)?;
            let file = file.to_str().context("the folder's name is no text")?;
            device.run(&["photo", &visit.id, question, file, "--caption", caption])?;
        }
        device.run(&["submit", &visit.id])?;
        if let Some((section, answers)) = visit.plan.later {
            let file = examples.join(format!("answers/{answers}.json"));
            device.run(&["answer", &visit.id, "--file", file.to_str().unwrap_or_default()])?;
            device.run(&["submit", &visit.id, "--stage", section])?;
        }
        bar.inc(1);
    }
    bar.finish();
    for device in devices {
        let waiting = device.run(&["status"])?;
        let waiting: Vec<_> = waiting.lines().skip(1).collect();
        note(&format!("  {}: {}", device.email, waiting.join("; ")));
    }
    Ok(())
}

fn fill_in(device: &Device, visit: &PlannedVisit, examples: &Path) -> Result<()> {
    let plan = visit.plan;
    let file = examples.join(format!("answers/{}.json", plan.answers));
    device.run(&["answer", &visit.id, "--file", file.to_str().unwrap_or_default()])?;
    for (question, answer) in plan.changes {
        device.run(&["answer", &visit.id, question, answer])?;
    }
    if let Some((question, days_ago)) = plan.moment {
        let day = today()?.saturating_sub(days_ago.days());
        device.run(&["answer", &visit.id, question, &format!("{day}T14:35")])?;
    }
    Ok(())
}

/// Sends everything.
pub(super) fn sync(devices: &[Device]) -> Result<()> {
    let bar = progress("Syncing", devices.len());
    for device in devices {
        device.run(&["sync", "--wait", "60"])?;
        bar.inc(1);
    }
    bar.finish();
    Ok(())
}
