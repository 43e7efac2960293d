//! Files of work that is taken over.

use haamu_domain::{AgencyId, SubmissionId, UserId};
use haamu_store::Tx;
use haamu_store::repo::blobs::{self, Custody};
use haamu_sync::{Action, Op};

use crate::jobs::Job;
use crate::sync::Affected;
use crate::{App, Error};

use super::choice::Obstacle;

/// Lets the file of an operation belong to the submission that the operation is taken over into, and says what
/// stands in the way of that. Of operations without a file nothing is said.
pub(super) async fn take_over(
    app: &App,
    tx: &Tx,
    agency: AgencyId,
    from: SubmissionId,
    target: &Affected,
    said: &Op,
) -> Result<Option<Obstacle>, Error> {
    let Action::Attach(file) = &said.action else {
        return Ok(None);
    };
    let sha256 = file.sha256;
    let arrived = blobs::find_custody(tx, agency, from, sha256).await?;
    let blob = blobs::find(tx, agency, sha256).await?;
    let (Some(_), Some(blob)) = (arrived, blob) else {
        return Ok(Some(Obstacle {
            code: "file_missing",
            message: "its file has not arrived",
        }));
    };
    let submission = target.submission.id;
    if submission == from {
        return Ok(None);
    }
    let now = app.now();
    let custody = Custody {
        submission,
        // Whoever took it sent it, into whichever submission.
        user: UserId::from_author(said.author),
        sha256,
        received_at: now,
        receipt: Some(app.receipt(agency, submission, &blob, now)),
    };
    blobs::insert_owner(tx, agency, &custody).await?;
    let job = Job::MakeRendition { sha256, submission };
    app.enqueue(tx, agency, &job, now).await?;
    Ok(None)
}
