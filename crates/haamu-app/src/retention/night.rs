//! One night of one agency: class after class, in transactions that stay small.
//!
//! What is to be deleted follows from what is still there, so that a purge whose process died goes on where it
//! was, and doing it twice changes nothing. The log has one entry for each class and night; each transaction adds
//! to it what it deleted.

use haamu_domain::retention::PurgeClass;
use haamu_domain::{AgencyId, LocalDate, PurgeId};
use haamu_store::repo::purge_log::{self, Purge};
use haamu_store::repo::{agencies, retention};
use haamu_store::{Reach, Tx};

use crate::jobs::error_chain;
use crate::programmes::home_zone;
use crate::{App, Error};

/// After so many steps a job ends and puts what is left into the queue again: no claim may lapse under way.
const STEPS_OF_JOB: u32 = 200;

/// Servers may stand still for so many days until their clock is doubted.
const LEAP_DAYS: i32 = 7;

/// What there is to delete of one class, or what was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PurgeCount {
    /// The class.
    pub class: PurgeClass,
    /// Evaluations, people or rows.
    pub rows: u64,
    /// Files.
    pub objects: u64,
}

/// How many more steps may be taken.
pub(super) struct Steps(u32);

impl Steps {
    /// Takes one, if there is one left.
    pub(super) const fn take(&mut self) -> bool {
        let is_left = self.0 > 0;
        self.0 = self.0.saturating_sub(1);
        is_left
    }
}

impl App {
    /// Deletes what is over by the night of a date, as much as one job does. Returns whether that was all.
    pub(crate) async fn purge_night(&self, agency: AgencyId, day: LocalDate) -> Result<bool, Error> {
        if self.skip_after_leap(agency, day).await? {
            return Ok(true);
        }
        self.purge_classes(agency, day, &mut Steps(STEPS_OF_JOB)).await
    }

    /// Deletes nothing in the first night after a leap, and says so in the log: a clock that is wrong by a year would
    /// delete a year of evaluations. If it says the same in the next night, it is believed.
    async fn skip_after_leap(&self, agency: AgencyId, day: LocalDate) -> Result<bool, Error> {
        let last = self
            .look(agency, |tx: Tx| async move {
                let tx = &tx;
                match purge_log::last_day(tx, agency, day).await? {
                    Some(last) => Ok(last),
                    None => Ok(home_zone().date_of(agencies::load_start(tx, agency).await?)),
                }
            })
            .await?;
        let days = day.days_since(last);
        if days <= LEAP_DAYS {
            return Ok(false);
        }
        tracing::error!(agency.id = %agency, days, "the clock has leapt, and nothing is deleted tonight");
        let why = format!(
            "The last night was {days} days before. If the clock is right, what is due is deleted in the next \
             night, or now by `haamu purge`."
        );
        let why = &why;
        for class in PurgeClass::ALL {
            let purge = self.begin_class(agency, day, *class).await?;
            self.inner
                .db
                .write(Reach::Agency(agency), |tx: Tx| async move {
                    let tx = &tx;
                    Ok::<_, Error>(purge_log::skip(tx, purge.id, why, self.now()).await?)
                })
                .await?;
        }
        Ok(true)
    }

    /// Deletes now what is due, of all agencies. Returns what was deleted today, the night included.
    ///
    /// # Errors
    /// The database or the object store failed; what was done before stays done.
    pub async fn purge_now(&self) -> Result<Vec<(AgencyId, Vec<PurgeCount>)>, Error> {
        let day = self.today();
        let mut counts = Vec::new();
        for agency in self.agencies().await? {
            for class in PurgeClass::ALL {
                let purge = self.begin_class(agency, day, *class).await?;
                self.reopen_class(agency, &purge).await?;
            }
            self.purge_classes(agency, day, &mut Steps(u32::MAX)).await?;
            let mut of_agency = Vec::new();
            for class in PurgeClass::ALL {
                let Purge { rows, objects, .. } = self.begin_class(agency, day, *class).await?;
                of_agency.push(PurgeCount {
                    class: *class,
                    rows,
                    objects,
                });
            }
            counts.push((agency, of_agency));
        }
        Ok(counts)
    }

    /// Counts what would be deleted now, of all agencies. Nothing is changed.
    ///
    /// # Errors
    /// The database failed.
    pub async fn count_due_purges(&self) -> Result<Vec<(AgencyId, Vec<PurgeCount>)>, Error> {
        let mut counts = Vec::new();
        for agency in self.agencies().await? {
            let mut of_agency = Vec::new();
            for class in PurgeClass::ALL {
                let kept_from = self
                    .look(agency, |tx: Tx| async move {
                        let tx = &tx;
                        let kept = retention::load(tx, agency).await?;
                        Ok(kept.kept_from(*class, self.today(), &home_zone()))
                    })
                    .await?;
                of_agency.push(self.count_class(agency, *class, kept_from).await?);
            }
            counts.push((agency, of_agency));
        }
        Ok(counts)
    }

    /// Goes through the classes. Returns false if there is more to do than steps. A class that fails does not
    /// keep the others from being done.
    async fn purge_classes(
        &self,
        agency: AgencyId,
        day: LocalDate,
        steps: &mut Steps,
    ) -> Result<bool, Error> {
        let mut failure = None;
        for class in PurgeClass::ALL {
            let purge = self.begin_class(agency, day, *class).await?;
            if purge.finished_at.is_some() {
                continue;
            }
            match self.purge_class(agency, &purge, steps).await {
                Ok(false) => return Ok(false),
                Ok(true) => self.end_class(agency, purge.id, Ok(())).await?,
                Err(error) => {
                    self.end_class(agency, purge.id, Err(error_chain(&error))).await?;
                    failure.get_or_insert(error);
                }
            }
        }
        failure.map_or(Ok(true), Err)
    }

    async fn purge_class(&self, agency: AgencyId, purge: &Purge, steps: &mut Steps) -> Result<bool, Error> {
        if purge.class.is_of_submission() {
            self.purge_submissions(agency, purge, steps).await
        } else if purge.class == PurgeClass::ShopperProfile {
            self.purge_profiles(agency, purge, steps).await
        } else {
            self.purge_rows(agency, purge, steps).await
        }
    }

    /// The entry of a class and night; what was begun keeps the bound that it was begun with.
    async fn begin_class(&self, agency: AgencyId, day: LocalDate, class: PurgeClass) -> Result<Purge, Error> {
        self.inner
            .db
            .write(Reach::Agency(agency), |tx: Tx| async move {
                let tx = &tx;
                let kept = retention::load(tx, agency).await?;
                let new = Purge {
                    id: PurgeId::from_uuid(self.fresh_uuid()),
                    day,
                    class,
                    kept_from: kept.kept_from(class, day, &home_zone()),
                    rows: 0,
                    objects: 0,
                    started_at: self.now(),
                    finished_at: None,
                    failure: None,
                };
                Ok(purge_log::begin(tx, agency, &new).await?)
            })
            .await
    }

    async fn reopen_class(&self, agency: AgencyId, purge: &Purge) -> Result<(), Error> {
        self.inner
            .db
            .write(Reach::Agency(agency), |tx: Tx| async move {
                let tx = &tx;
                let kept = retention::load(tx, agency).await?;
                let kept_from = kept.kept_from(purge.class, purge.day, &home_zone());
                Ok(purge_log::reopen(tx, purge.id, kept_from).await?)
            })
            .await
    }

    async fn end_class(
        &self,
        agency: AgencyId,
        id: PurgeId,
        outcome: Result<(), String>,
    ) -> Result<(), Error> {
        let outcome = &outcome;
        self.inner
            .db
            .write(Reach::Agency(agency), |tx: Tx| async move {
                let tx = &tx;
                Ok(purge_log::end(tx, id, outcome.clone(), self.now()).await?)
            })
            .await
    }
}
