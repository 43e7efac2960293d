//! Room for uploads: quotas, and forgetting what was given up.

use haamu_domain::{AgencyId, AuditEvent, Code, SubmissionId, Timestamp};
use haamu_store::repo::uploads::{self, Upload, Usage};
use haamu_store::{Reach, Staging, Tx};
use haamu_sync::BlobHash;

use crate::jobs::Job;
use crate::{App, AppSettings, Error};

use super::NewUpload;

impl App {
    /// Takes room for an upload up to `end`, or for all of it where its length is declared.
    ///
    /// It is done before a byte is staged, so that nothing is left half-written;
    /// it writes no audit entry, for a part changes nothing that lasts.
    pub(super) async fn reserve(
        &self,
        staging: &Staging,
        end: u64,
        declared: Option<&NewUpload>,
    ) -> Result<Upload, Error> {
        self.inner
            .db
            .write(Reach::Agency(staging.agency), |tx: Tx| async move {
                let tx = &tx;
                let known = uploads::lock(tx, staging).await?;
                let upload = self.extended(staging, known.as_ref(), end, declared)?;
                if known
                    .as_ref()
                    .is_none_or(|known| known.reserved < upload.reserved)
                {
                    let usage = uploads::usage(tx, staging).await?;
                    refuse_beyond_quotas(self.settings(), usage, upload.reserved)?;
                }
                uploads::save(tx, staging.agency, &upload).await?;
                if known.is_none() {
                    self.plan_expiry(tx, staging, self.expiry_of(&upload)).await?;
                }
                Ok::<_, Error>(upload)
            })
            .await
    }

    /// The upload as it is to be noted.
    fn extended(
        &self,
        staging: &Staging,
        known: Option<&Upload>,
        end: u64,
        declared: Option<&NewUpload>,
    ) -> Result<Upload, Error> {
        let before = known.and_then(|known| known.length);
        if let (Some(before), Some(declared)) = (before, declared)
            && before != declared.length
        {
            let detail = format!("The upload was begun with a length of {before} bytes.");
            return Err(Error::because(Code::Conflict, detail));
        }
        let length = before.or(declared.map(|declared| declared.length));
        let reserved = known.map_or(0, |known| known.reserved);
        let metadata = known.and_then(|known| known.metadata.clone());
        Ok(Upload {
            submission: staging.submission,
            sha256: staging.sha256,
            reserved: reserved.max(end).max(length.unwrap_or_default()),
            length,
            metadata: declared.map(|declared| declared.metadata.clone()).or(metadata),
            touched_at: self.now(),
        })
    }

    pub(super) fn refuse_too_long(&self, length: u64) -> Result<(), Error> {
        let longest = self.settings().max_file_bytes;
        if length <= longest {
            return Ok(());
        }
        let detail = format!("A file has at most {longest} bytes.");
        Err(Error::because(Code::PayloadTooLarge, detail))
    }

    /// When an upload is forgotten, unless something is done for it.
    pub(crate) fn expiry_of(&self, upload: &Upload) -> Timestamp {
        self.staging_expiry(upload.touched_at)
    }

    /// When what is touched at a moment is forgotten.
    pub(crate) fn staging_expiry(&self, touched_at: Timestamp) -> Timestamp {
        let seconds = self.settings().staging_expiry.as_secs();
        touched_at.plus_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
    }

    async fn plan_expiry(&self, tx: &Tx, staging: &Staging, at: Timestamp) -> Result<(), Error> {
        let job = Job::ExpireUpload {
            submission: staging.submission,
            sha256: staging.sha256,
        };
        self.enqueue(tx, staging.agency, &job, at).await
    }

    /// Forgets an upload and its parts.
    pub(super) async fn forget(&self, staging: &Staging) -> Result<(), Error> {
        self.inner
            .db
            .write(Reach::Agency(staging.agency), |tx: Tx| async move {
                Ok::<_, Error>(uploads::delete(&tx, staging).await?)
            })
            .await?;
        Ok(self.inner.files.drop_parts(staging).await?)
    }

    /// Forgets an upload that nothing was done for in a long time; looks again
    /// later if something was. Parts without an upload go in any case: whoever
    /// was to remove them has died.
    pub(crate) async fn expire_upload(
        &self,
        agency: AgencyId,
        submission: SubmissionId,
        sha256: BlobHash,
    ) -> Result<(), Error> {
        let staging = &Staging {
            agency,
            submission,
            sha256,
        };
        let is_over = self
            .act_alone(agency, |tx: Tx| async move {
                let tx = &tx;
                let event = AuditEvent::named("upload.expire", "blob", sha256);
                let upload = uploads::lock(tx, staging).await?;
                let later = upload
                    .map(|upload| self.expiry_of(&upload))
                    .filter(|at| *at > self.now());
                if let Some(later) = later {
                    self.plan_expiry(tx, staging, later).await?;
                    return Ok((
                        false,
                        event.with(serde_json::json!({"again_at": later.to_rfc3339()})),
                    ));
                }
                uploads::delete(tx, staging).await?;
                Ok((true, event))
            })
            .await?;
        if is_over {
            self.inner.files.drop_parts(staging).await?;
        }
        Ok(())
    }
}

/// Refuses an upload for which there is no room beside the others.
fn refuse_beyond_quotas(settings: &AppSettings, usage: Usage, reserved: u64) -> Result<(), Error> {
    let quotas = [
        (
            usage.submission,
            settings.max_submission_bytes,
            "The files of a submission",
        ),
        (
            usage.agency_staged,
            settings.max_staged_bytes,
            "The agency's uploads under way",
        ),
        (
            usage.agency_kept.saturating_add(usage.agency_staged),
            settings.max_agency_bytes,
            "The agency's files",
        ),
    ];
    for (used, quota, what) in quotas {
        if used.saturating_add(reserved) > quota {
            let detail =
                format!("{what} may take {quota} bytes; {used} are taken, and {reserved} are asked for.");
            return Err(Error::because(Code::QuotaExceeded, detail));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_can_be_filled_to_the_brim() {
        let settings = AppSettings {
            max_submission_bytes: 100,
            ..AppSettings::default()
        };
        let usage = Usage {
            submission: 60,
            ..Usage::default()
        };
        assert!(refuse_beyond_quotas(&settings, usage, 40).is_ok());
        let refused = refuse_beyond_quotas(&settings, usage, 41).expect_err("one byte too many");
        assert_eq!(refused.code(), Code::QuotaExceeded);
    }
}
