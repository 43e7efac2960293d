//! Answering with what a device lacks.

use haamu_domain::brief::kind;
use haamu_domain::{Actor, AgencyId, SubmissionId};
use haamu_store::Tx;
use haamu_store::repo::feed::FeedRow;
use haamu_store::repo::{feed, registers};
use haamu_sync::server::{Resume, resume};
use haamu_sync::{Cursor, Document, FeedEntry, SyncRequest};

use crate::visits::scope_of;
use crate::{App, Error};

use super::entries::entries;
use super::push::Echoes;

/// At most so many entities are loaded for a page, whatever their size.
const MAX_PAGE_ENTITIES: u64 = 500;
/// So many entities of a page are loaded first.
const FIRST_ENTITIES: usize = 32;
/// At most so many entities are fetched once more.
const MAX_REFETCH: usize = 100;

/// A page of a device's feed.
#[derive(Debug)]
pub(super) struct Pulled {
    pub(super) reset: bool,
    pub(super) page: Vec<FeedEntry>,
    pub(super) fetched: Vec<FeedEntry>,
    pub(super) cursor: Cursor,
    pub(super) more: bool,
}

impl App {
    pub(super) async fn pull(
        &self,
        actor: &Actor,
        request: &SyncRequest,
        echoes: &Echoes,
    ) -> Result<Pulled, Error> {
        let scope = scope_of(actor.agency, actor.user);
        let scope = &scope;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let head = feed::head(tx, scope).await?;
            let at_seen = match request.cursor {
                Some(cursor) => feed::incarnation_at(tx, scope, cursor.seen_head).await?,
                None => None,
            };
            let from = resume(request.cursor, head, |_| at_seen);
            let rows = feed::list_after(tx, scope, from.after, MAX_PAGE_ENTITIES).await?;
            let bytes = self.settings().page_bytes;
            let (page, pos) = page(tx, actor.agency, (&rows, bytes), from, echoes).await?;
            let fetched = self.refetch(tx, actor, request, scope).await?;
            let cursor = Cursor {
                pos,
                seen_head: head.pos,
                incarnation: head.incarnation,
            };
            Ok(Pulled {
                reset: from.reset,
                page,
                fetched,
                cursor,
                more: pos < head.pos,
            })
        })
        .await
    }

    /// Entities that the device wants once more, as far as they are in its feed.
    async fn refetch(
        &self,
        tx: &Tx,
        actor: &Actor,
        request: &SyncRequest,
        scope: &str,
    ) -> Result<Vec<FeedEntry>, Error> {
        let mut rows = Vec::new();
        for wanted in request.refetch.iter().take(MAX_REFETCH) {
            rows.extend(feed::find(tx, scope, wanted).await?);
        }
        let entries = entries(tx, actor.agency, &rows, &|_| false).await?;
        Ok(entries.into_iter().map(|(entry, _)| entry).collect())
    }
}

/// As many entities as a page holds, and the position of the last one. They are loaded in growing
/// numbers: a page may be full after few.
async fn page(
    tx: &Tx,
    agency: AgencyId,
    (mut rows, most_bytes): (&[FeedRow], usize),
    from: Resume,
    echoes: &Echoes,
) -> Result<(Vec<FeedEntry>, u64), Error> {
    let is_known = |row: &FeedRow| {
        let id = row.entity.id.parse().ok();
        let echo = id.and_then(|id: SubmissionId| echoes.get(&id));
        row.entity.kind == kind::SUBMISSION && echo.is_some_and(|echo| echo.is_known(from, row.pos))
    };
    let (mut page, mut bytes, mut pos, mut count) = (Vec::new(), 0, from.after, FIRST_ENTITIES);
    while !rows.is_empty() {
        let (some, rest) = rows.split_at(count.min(rows.len()));
        let loaded = entries(tx, agency, some, &is_known).await?;
        for (row, (entry, size)) in some.iter().zip(loaded) {
            if bytes > 0 && bytes + size > most_bytes {
                return Ok((page, pos));
            }
            bytes += size;
            pos = row.pos;
            page.push(entry);
        }
        (rows, count) = (rest, count * 2);
    }
    Ok((page, pos))
}

/// The content of a submission.
pub(crate) async fn load_document(tx: &Tx, agency: AgencyId, id: SubmissionId) -> Result<Document, Error> {
    let content = registers::list_of(tx, agency, &[id]).await?.remove(&id);
    Ok(Document {
        cells: content.unwrap_or_default().cells.into_iter().collect(),
    })
}
