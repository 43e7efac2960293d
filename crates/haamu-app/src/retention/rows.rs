//! Rows and people whose time is over.

use haamu_domain::retention::PurgeClass;
use haamu_domain::{AgencyId, AuditEvent, Timestamp};
use haamu_store::repo::purge_log::{self, Purge};
use haamu_store::repo::purge_rows::{self, OldRows};
use haamu_store::repo::{purge_content, purge_people};
use haamu_store::{Reach, Tx};
use serde_json::json;

use crate::programmes::home_zone;
use crate::{App, Error};

use super::night::{PurgeCount, Steps};

/// A transaction deletes at most so many rows.
const ROWS_OF_STEP: u64 = 500;
/// So many submissions or people are looked at together.
pub(super) const LOOK_AT: u64 = 100;

/// The kinds of rows of a class.
const fn kinds(class: PurgeClass) -> &'static [OldRows] {
    match class {
        PurgeClass::Job => &[OldRows::FinishedJobs, OldRows::FailedJobs],
        PurgeClass::Mail => &[OldRows::Mails],
        PurgeClass::Access => &[
            // Tokens go before their sessions.
            OldRows::RefreshTokens,
            OldRows::Sessions,
            OldRows::Invitations,
            OldRows::ResetRequests,
            OldRows::Challenges,
            OldRows::ProviderSignIns,
            OldRows::Ceremonies,
            OldRows::AccountSecrets,
        ],
        PurgeClass::Audit => &[OldRows::Audit],
        _ => &[],
    }
}

impl App {
    /// Deletes rows that are old. Returns false if there are more than steps.
    pub(super) async fn purge_rows(
        &self,
        agency: AgencyId,
        purge: &Purge,
        steps: &mut Steps,
    ) -> Result<bool, Error> {
        for kind in kinds(purge.class) {
            loop {
                if !steps.take() {
                    return Ok(false);
                }
                if self.delete_rows(agency, purge, *kind).await? < ROWS_OF_STEP {
                    break;
                }
            }
        }
        self.delete_rest(agency, purge).await?;
        Ok(true)
    }

    async fn delete_rows(&self, agency: AgencyId, purge: &Purge, kind: OldRows) -> Result<u64, Error> {
        let are_there = self
            .look(agency, |tx: Tx| async move {
                let tx = &tx;
                Ok(purge_rows::count(tx, agency, kind, purge.kept_from, Some(1)).await? > 0)
            })
            .await?;
        if !are_there {
            return Ok(0);
        }
        self.act_alone(agency, |tx: Tx| async move {
            let tx = &tx;
            let rows = purge_rows::delete(tx, agency, kind, purge.kept_from, ROWS_OF_STEP).await?;
            purge_log::add(tx, purge.id, rows, 0).await?;
            let event = AuditEvent::named("retention.purge", "agency", agency);
            Ok((
                rows,
                event.with(json!({"class": purge.class.as_str(), "rows": rows})),
            ))
        })
        .await
    }

    /// What is little: failed attempts to sign in, and the log of purges itself.
    async fn delete_rest(&self, agency: AgencyId, purge: &Purge) -> Result<(), Error> {
        self.inner
            .db
            .write(Reach::Agency(agency), |tx: Tx| async move {
                let tx = &tx;
                let rows = match purge.class {
                    PurgeClass::Access => purge_rows::delete_attempts(tx, agency, purge.kept_from).await?,
                    PurgeClass::Audit => {
                        let before = home_zone().date_of(purge.kept_from);
                        purge_rows::delete_purges(tx, agency, before).await?
                    }
                    _ => 0,
                };
                Ok::<_, Error>(purge_log::add(tx, purge.id, rows, 0).await?)
            })
            .await
    }

    /// Forgets shoppers who have been away for long. Returns false if there are more than steps.
    pub(super) async fn purge_profiles(
        &self,
        agency: AgencyId,
        purge: &Purge,
        steps: &mut Steps,
    ) -> Result<bool, Error> {
        let mut after = None;
        loop {
            let found = self
                .look(agency, |tx: Tx| async move {
                    let tx = &tx;
                    Ok(purge_people::list_inactive(tx, agency, purge.kept_from, after, LOOK_AT).await?)
                })
                .await?;
            let Some((last, _)) = found.last() else {
                return Ok(true);
            };
            after = Some(*last);
            for (_, user) in found {
                if !steps.take() {
                    return Ok(false);
                }
                // Whether the account goes as well is for all their agencies to say.
                self.act_alone_across(agency, |tx: Tx| async move {
                    let tx = &tx;
                    let is_new = purge_people::anonymise(tx, agency, user, self.now()).await?;
                    purge_log::add(tx, purge.id, is_new.into(), 0).await?;
                    let event = AuditEvent::named("retention.purge", "user", user);
                    Ok(((), event.with(json!({"class": purge.class.as_str()}))))
                })
                .await?;
            }
        }
    }

    /// Counts what is due of a class.
    pub(super) async fn count_class(
        &self,
        agency: AgencyId,
        class: PurgeClass,
        kept_from: Timestamp,
    ) -> Result<PurgeCount, Error> {
        self.look(agency, |tx: Tx| async move {
            let tx = &tx;
            let (mut rows, mut objects) = (0, 0);
            for kind in kinds(class) {
                rows += purge_rows::count(tx, agency, *kind, kept_from, None).await?;
            }
            if class == PurgeClass::ShopperProfile {
                let mut after = None;
                loop {
                    let found = purge_people::list_inactive(tx, agency, kept_from, after, LOOK_AT).await?;
                    rows += found.len() as u64;
                    let Some((last, _)) = found.last() else { break };
                    after = Some(*last);
                }
            }
            let mut after = None;
            loop {
                let found = purge_content::list_due(tx, agency, class, kept_from, after, LOOK_AT).await?;
                rows += found.len() as u64;
                for (_, submission) in &found {
                    objects += super::files::count_files(tx, agency, class, submission).await?;
                }
                let Some((last, _)) = found.last() else { break };
                after = Some(*last);
            }
            Ok(PurgeCount { class, rows, objects })
        })
        .await
    }
}
