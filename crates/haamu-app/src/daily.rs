//! What people may cause only so often on one day.

use haamu_domain::daily::{Counted, next_day};
use haamu_domain::{Actor, AgencyId, Code};
use haamu_store::Tx;
use haamu_store::repo::daily_counts;

use crate::{App, Error};

impl App {
    /// Counts mails that a person causes, in the transaction that causes them: what is refused later is not counted.
    ///
    /// # Errors
    /// [`Code::DailyLimit`].
    pub(crate) async fn count_caused(
        &self,
        tx: &Tx,
        actor: &Actor,
        of: Counted,
        more: usize,
        limit: u32,
    ) -> Result<(), Error> {
        let more = u32::try_from(more).unwrap_or(u32::MAX);
        let key = actor.user.uuid();
        self.count_daily(
            tx,
            actor.agency,
            (of, key.as_bytes()),
            more,
            (limit, Code::DailyLimit),
        )
        .await
    }

    /// Counts something that may be only so often on one day.
    ///
    /// # Errors
    /// The code, once it was as often; the refusal says when the next day begins.
    pub(crate) async fn count_daily(
        &self,
        tx: &Tx,
        agency: AgencyId,
        (of, key): (Counted, &[u8]),
        more: u32,
        (limit, code): (u32, Code),
    ) -> Result<(), Error> {
        let now = self.now();
        let count = daily_counts::add(tx, agency, of, key, more, now).await?;
        if count <= u64::from(limit) {
            return Ok(());
        }
        let next = next_day(now);
        let seconds = next.millis().saturating_sub(now.millis()).div_euclid(1_000) + 1;
        let detail = format!(
            "At most {limit} on one day; the next one begins at {}.",
            next.to_rfc3339()
        );
        Err(Error::until_then(code, detail, seconds.unsigned_abs()))
    }
}
