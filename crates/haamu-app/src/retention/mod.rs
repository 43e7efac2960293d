//! How long data is kept: what an agency sets, what is held, and the nightly purge with its log.

mod content;
mod files;
mod holds;
mod late;
mod night;
mod rows;

pub(crate) use content::RETENTION;
pub(crate) use late::DELETED;
pub use night::PurgeCount;

use haamu_domain::retention::{PurgeClass, Retention, next_purge};
use haamu_domain::{Actor, AgencyId, AuditEvent, Code, Verb};
use haamu_store::repo::purge_log::{self, Purge};
use haamu_store::repo::{agencies, jobs, retention};
use haamu_store::{Reach, Tx};
use serde_json::json;
use uuid::Uuid;

use crate::context::{PAGE_SIZE, Page, require_in_agency};
use crate::error::Checks;
use crate::jobs::Job;
use crate::programmes::home_zone;
use crate::{App, Error};

impl App {
    /// For how many days the agency keeps each class of data.
    ///
    /// # Errors
    /// The role may not do this.
    pub async fn read_retention(&self, actor: &Actor) -> Result<Retention, Error> {
        require_in_agency(actor, Verb::ManageRetention)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            Ok(retention::load(tx, actor.agency).await?)
        })
        .await
    }

    /// Sets for how many days classes are kept; the others stay as they are. It counts from the next night on,
    /// also for what is there: what is deleted does not come back.
    ///
    /// # Errors
    /// The role may not do this, a class is named twice, or a number is out of its range.
    pub async fn set_retention(
        &self,
        actor: &Actor,
        rules: &[(PurgeClass, u32)],
    ) -> Result<Retention, Error> {
        require_in_agency(actor, Verb::ManageRetention)?;
        let mut checks = Checks::default();
        for (place, (class, days)) in rules.iter().enumerate() {
            let (least, most) = class.range();
            checks.range(&format!("rules[{place}].days"), *days, least..=most);
            if rules[..place].iter().any(|(other, _)| other == class) {
                checks.issue(
                    format!("rules[{place}].class"),
                    "repeated",
                    "the class is named twice",
                );
            }
        }
        checks.finish()?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            retention::save(tx, actor.agency, rules, actor.user, self.now()).await?;
            let set: serde_json::Map<_, _> = rules
                .iter()
                .map(|(class, days)| (class.as_str().to_owned(), json!(days)))
                .collect();
            let event = AuditEvent::of(Verb::ManageRetention, "agency", actor.agency).with(set.into());
            Ok((retention::load(tx, actor.agency).await?, event))
        })
        .await
    }

    /// What was deleted in past nights, the latest first.
    ///
    /// # Errors
    /// The role may not do this.
    pub async fn list_purges(&self, actor: &Actor, after: Option<Uuid>) -> Result<Page<Purge>, Error> {
        require_in_agency(actor, Verb::ManageRetention)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let (found, has_more) = purge_log::list(tx, actor.agency, after, PAGE_SIZE).await?;
            Ok(Page::new(found, has_more, |purge: &Purge| purge.id.uuid()))
        })
        .await
    }

    /// Plans the next purge of every agency, as far as it is not planned. Processes that start together plan it once.
    ///
    /// # Errors
    /// The database failed.
    pub async fn plan_purges(&self) -> Result<(), Error> {
        for agency in self.agencies().await? {
            self.inner
                .db
                .write(Reach::Agency(agency), |tx: Tx| async move {
                    let tx = &tx;
                    self.plan_purge(tx, agency).await
                })
                .await?;
        }
        Ok(())
    }

    /// All agencies of the installation.
    pub(crate) async fn agencies(&self) -> Result<Vec<AgencyId>, Error> {
        self.look_across(|tx: Tx| async move {
            let tx = &tx;
            Ok(agencies::list(tx).await?)
        })
        .await
    }

    /// Plans the next purge of an agency, unless that is done.
    pub(crate) async fn plan_purge(&self, tx: &Tx, agency: AgencyId) -> Result<(), Error> {
        let (day, at) = next_purge(self.now(), &home_zone());
        agencies::lock(tx, agency).await?;
        let new = self.new_job(agency, &Job::Purge { day, goes_on: false }, at)?;
        if !jobs::is_known(tx, agency, new.kind, &new.dedup_key).await? {
            jobs::enqueue(tx, &new, self.now()).await?;
        }
        Ok(())
    }
}

/// Refuses what would need content that was deleted.
pub(crate) fn deleted(detail: &'static str) -> Error {
    Error::because(Code::DeletedByRetention, detail)
}
