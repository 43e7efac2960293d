//! The loop that does background jobs.

use std::time::Duration;

use haamu_app::{App, error_chain};
use tokio_util::sync::CancellationToken;

/// Jobs that another process has added, or that were planned for later, are found after this long.
const POLL: Duration = Duration::from_secs(1);

/// Does jobs, one after the other, until `stop` is cancelled. The job under way is finished first.
pub(crate) async fn run(app: App, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match app.run_next_job().await {
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
