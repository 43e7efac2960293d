//! The loop that does background jobs.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use haamu_app::record::ClaimedJob;
use haamu_app::{App, Error, error_chain};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

/// Jobs that another process has added, or that were planned for later, are found after this long.
const POLL: Duration = Duration::from_secs(1);
/// A claim is renewed so often within its lease, so that it outlives a renewal or two that fail.
const RENEWALS: u32 = 3;

/// Does jobs, one after the other, until `stop` is cancelled. The job under way is finished first.
pub(crate) async fn run(app: App, stop: CancellationToken) {
    while !stop.is_cancelled() {
        // A job that panics takes its claim with it, which lapses; it must not take the worker too.
        let done = AssertUnwindSafe(do_next(&app)).catch_unwind().await;
        let Ok(done) = done else {
            tracing::error!("a job panicked");
            continue;
        };
        match done {
            Ok(true) => {}
            Ok(false) => {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = app.job_added() => {}
                    () = tokio::time::sleep(POLL) => {}
                }
            }
            Err(error) => {
                tracing::error!(error = error_chain(&error), "no job could be claimed");
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(POLL) => {}
                }
            }
        }
    }
}

/// Does the next job that is due, and keeps the claim on it meanwhile. Returns false if there is none.
async fn do_next(app: &App) -> Result<bool, Error> {
    let Some(claimed) = app.claim_job().await? else {
        return Ok(false);
    };
    tokio::select! {
        done = app.do_job(&claimed) => done?,
        () = keep(app, &claimed) => {}
    }
    Ok(true)
}

/// Renews a claim again and again; never ends.
async fn keep(app: &App, claimed: &ClaimedJob) {
    let pause = app.settings().job_lease / RENEWALS;
    let mut ticks = tokio::time::interval_at(Instant::now() + pause, pause);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match app.renew_claim(claimed).await {
            Ok(true) => {}
            // The job goes on to its end all the same: broken off in the middle it is no better done.
            Ok(false) => std::future::pending().await,
            Err(error) => {
                tracing::warn!(job.id = %claimed.id, error = error_chain(&error), "the claim on a job could not be renewed");
            }
        }
    }
}
