//! Review, release, and what the client downloads.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::shell::note;

use super::agency::{Agency, PlannedVisit};
use super::api::{Api, Session, items, text};
use super::progress;

/// The server scores in the background; longer than this is a failure.
const PATIENCE: Duration = Duration::from_secs(60);

/// Reviews and releases every visit; the clients' people download their reports.
pub(super) fn review_and_download(api: &Api, agency: &Agency, folder: &Path) -> Result<Vec<PathBuf>> {
    let reviewer = agency.sign_in(api, "reviewer")?;
    let bar = progress("Reviewing and releasing", agency.visits.len());
    for visit in &agency.visits {
        release(api, &reviewer, visit).with_context(|| format!("the visit to {}", visit.location))?;
        bar.inc(1);
    }
    bar.finish();
    let bar = progress("Downloading as the clients", agency.visits.len());
    let own = folder.join("reports");
    fs::create_dir_all(&own)?;
    let mut reports = Vec::new();
    for client in agency.sign_in_clients(api)? {
        for report in items(&api.get(&client, "visit-reports")?)? {
            let id = text(report, "visit")?;
            let visit = agency.visits.iter().position(|visit| visit.id == id);
            let number = visit.context("a report of a visit that nobody planned")?;
            reports.push(download(api, &client, &id, &own, number, report)?);
            bar.inc(1);
        }
    }
    bar.finish();
    if reports.len() != agency.visits.len() {
        bail!("{} visits, but {} reports", agency.visits.len(), reports.len());
    }
    reports.sort();
    Ok(reports)
}

/// Reviews and releases the first so many visits; the others wait for a reviewer.
pub(super) fn release_first(api: &Api, agency: &Agency, count: usize) -> Result<()> {
    let reviewer = agency.sign_in(api, "reviewer")?;
    for visit in agency.visits.iter().take(count) {
        release(api, &reviewer, visit).with_context(|| format!("the visit to {}", visit.location))?;
    }
    Ok(())
}

fn release(api: &Api, reviewer: &Session, visit: &PlannedVisit) -> Result<()> {
    let path = format!("visits/{}", visit.id);
    let evaluation = await_review(api, reviewer, &path)?;
    for trigger in evaluation["triggers"].as_array().into_iter().flatten() {
        let body = json!({
            "question": trigger["question"],
            "evidence": "Kertomus kuvaa saman kohdan, ja vastaus on sen kanssa yhtäpitävä.",
        });
        api.post(reviewer, &format!("{path}/critical-confirmations"), &body)?;
    }
    api.post(reviewer, &format!("{path}/approve"), &json!({}))?;
    api.post(reviewer, &format!("{path}/release"), &Value::Null)?;
    Ok(())
}

/// Waits until the server has validated and scored the submission.
fn await_review(api: &Api, reviewer: &Session, path: &str) -> Result<Value> {
    let until = Instant::now() + PATIENCE;
    loop {
        let evaluation = api.get(reviewer, &format!("{path}/evaluation"))?;
        if evaluation["state"] == "in_review" {
            return Ok(evaluation);
        }
        if Instant::now() > until {
            bail!("it is not ready for review: {evaluation}");
        }
        thread::sleep(Duration::from_millis(50));
    }
}

fn download(
    api: &Api,
    client: &Session,
    id: &str,
    folder: &Path,
    number: usize,
    summary: &Value,
) -> Result<PathBuf> {
    let stem = format!("visit-{:02}", number + 1);
    let json = api.get_text(client, &format!("visit-reports/{id}"))?;
    fs::write(folder.join(format!("{stem}.json")), &json)?;
    let page = folder.join(format!("{stem}.html"));
    fs::write(
        &page,
        api.get_text(client, &format!("visit-reports/{id}/html?lang=fi"))?,
    )?;
    let score = summary["score"].as_str().unwrap_or("–");
    let place = summary["location_name"].as_str().unwrap_or_default();
    note(&format!("  {stem}  {score:>5} %  {place}"));
    Ok(page)
}
