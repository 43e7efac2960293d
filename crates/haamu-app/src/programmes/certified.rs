//! Who may work for a programme that asks for briefing and certification, and for how long.

use std::collections::{BTreeMap, BTreeSet};

use haamu_domain::eligibility::Certified;
use haamu_domain::{AgencyId, BriefingId, LocalDate, ProgrammeId, Timestamp, UserId};
use haamu_store::Tx;
use haamu_store::repo::briefings::{self, Briefing};
use haamu_store::repo::certifications::{self, Certification};

use crate::Error;

use super::home_zone;

/// What there is to read and to pass in a programme.
pub(super) struct Training {
    quiz: Option<Certification>,
    briefings: Vec<Briefing>,
}

impl Training {
    /// Loads it.
    pub(super) async fn load(tx: &Tx, agency: AgencyId, of: ProgrammeId) -> Result<Self, Error> {
        Ok(Self {
            quiz: certifications::find(tx, agency, of).await?,
            briefings: briefings::list(tx, agency, of, true).await?,
        })
    }

    /// The same without a briefing.
    pub(super) fn without(mut self, id: BriefingId) -> Self {
        self.briefings.retain(|briefing| briefing.id != id);
        self
    }

    /// The same without the quiz.
    pub(super) fn without_quiz(mut self) -> Self {
        self.quiz = None;
        self
    }

    /// Whether there is nothing of both, so that nobody could ever be certified.
    pub(super) const fn is_empty(&self) -> bool {
        self.quiz.is_none() && self.briefings.is_empty()
    }
}

/// The last day on which a pass of a quiz holds.
pub(super) fn last_day(passed_at: Timestamp, valid_days: u32) -> LocalDate {
    home_zone().date_of(passed_at).plus_days(valid_days)
}

/// Who has read what there is to read and passed the quiz; whoever is not named has not. Where there is nothing to
/// read or to pass, that is everybody. Passes that are over are none.
pub(crate) async fn list_certified(
    tx: &Tx,
    agency: AgencyId,
    programme: ProgrammeId,
    now: Timestamp,
) -> Result<BTreeMap<UserId, Certified>, Error> {
    let training = Training::load(tx, agency, programme).await?;
    let mut all: Option<BTreeMap<UserId, Certified>> = None;
    let mut narrow = |these: BTreeMap<UserId, Certified>| {
        let before = all.take();
        all = Some(match before {
            None => these,
            Some(before) => {
                let both = these.into_iter();
                let both = both.filter_map(|(user, one)| Some((user, one.and(*before.get(&user)?))));
                both.collect()
            }
        });
    };
    if let Some(quiz) = training.quiz {
        // A pass of the whole of that day still holds today.
        let zone = home_zone();
        let since = zone.start_of(zone.date_of(now).minus_days(quiz.valid_days));
        let passed = certifications::list_last_passes(tx, agency, programme, (quiz.quiz, since)).await?;
        let valid = passed.into_iter().map(|(user, at)| {
            // It holds on the day on which it ends, whatever the hour.
            (user, Certified::Until(last_day(at, quiz.valid_days)))
        });
        narrow(valid.collect());
    }
    // Whoever has read a briefing in one language has read it.
    let keys: BTreeSet<_> = training.briefings.iter().map(|briefing| &briefing.key).collect();
    for key in keys {
        let same = training.briefings.iter().filter(|briefing| briefing.key == *key);
        let mut readers = BTreeMap::new();
        for briefing in same {
            let receipts = briefings::list_receipts(tx, agency, briefing.id).await?;
            readers.extend(receipts.into_iter().map(|(user, _)| (user, Certified::Always)));
        }
        narrow(readers);
    }
    Ok(all.unwrap_or_default())
}
