//! Answering with what a device lacks.

use haamu_domain::brief::kind;
use haamu_domain::{Actor, AgencyId, AssignmentId, SubmissionId};
use haamu_store::Tx;
use haamu_store::repo::feed::FeedRow;
use haamu_store::repo::{checklists, feed, submissions, visits};
use haamu_sync::server::resume;
use haamu_sync::{
    Body, Bytes, CellEntry, Change, Cursor, Document, Entity, FeedEntry, FormVersion, Revocation,
    SubmissionBody, SyncRequest,
};

use crate::visits::{brief, scope_of};
use crate::{App, Error};

/// At most so many entities are loaded for a page, whatever their size.
const MAX_PAGE_ENTITIES: u64 = 500;
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
    pub(super) async fn pull(&self, actor: &Actor, request: &SyncRequest) -> Result<Pulled, Error> {
        let scope = scope_of(actor.agency, actor.user);
        let scope = &scope;
        self.look(|tx: Tx| async move {
            let tx = &tx;
            let head = feed::head(tx, scope).await?;
            let at_seen = match request.cursor {
                Some(cursor) => feed::incarnation_at(tx, scope, cursor.seen_head).await?,
                None => None,
            };
            let from = resume(request.cursor, head, |_| at_seen);
            let rows = feed::list_after(tx, scope, from.after, MAX_PAGE_ENTITIES).await?;
            let mut page = Vec::new();
            let mut bytes = 0;
            let mut pos = from.after;
            for row in rows {
                let (entry, size) = entry(tx, actor.agency, &row).await?;
                if bytes > 0 && bytes + size > self.settings().page_bytes {
                    break;
                }
                bytes += size;
                pos = row.pos;
                page.push(entry);
            }
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
        let mut fetched = Vec::new();
        for wanted in request.refetch.iter().take(MAX_REFETCH) {
            if let Some(row) = feed::find(tx, scope, wanted).await? {
                fetched.push(entry(tx, actor.agency, &row).await?.0);
            }
        }
        Ok(fetched)
    }
}

/// An entity in its present state, and roughly how many bytes it takes.
async fn entry(tx: &Tx, agency: AgencyId, row: &FeedRow) -> Result<(FeedEntry, usize), Error> {
    let entity = row.entity.clone();
    let gone = |reason: &str| {
        let revocation = Revocation {
            reason: reason.to_owned(),
            keep_until_uploaded: true,
        };
        (
            FeedEntry {
                entity: entity.clone(),
                change: Change::Revoke(revocation),
            },
            100,
        )
    };
    if let Some(reason) = &row.revoked {
        return Ok(gone(reason));
    }
    let Some(body) = body(tx, agency, &row.entity).await? else {
        return Ok(gone("gone"));
    };
    let size = match &body {
        Body::Record(bytes) => bytes.0.len(),
        Body::Submission(submission) => estimated_size(submission),
    };
    Ok((
        FeedEntry {
            entity,
            change: Change::Upsert(body),
        },
        size,
    ))
}

/// An estimate of a submission's encoded size.
fn estimated_size(body: &SubmissionBody) -> usize {
    let of_cell = |entry: &CellEntry| {
        let heads = entry.cell.register.heads.iter();
        let values: usize = heads
            .map(|head| 120 + head.value.as_ref().map_or(0, |value| value.bytes.0.len()))
            .sum();
        60 + values + entry.cell.elements.present.len() * 200
    };
    body.cells.iter().map(of_cell).sum::<usize>() + 100
}

async fn body(tx: &Tx, agency: AgencyId, entity: &Entity) -> Result<Option<Body>, Error> {
    Ok(match entity.kind.as_str() {
        kind::FORM => {
            let Ok(form) = entity.id.parse::<FormVersion>() else {
                return Ok(None);
            };
            let version = checklists::find_by_hash(tx, agency, &form).await?;
            version.map(|version| Body::Record(Bytes::from(version.document.into_bytes())))
        }
        kind::ASSIGNMENT => {
            let Ok(id) = entity.id.parse::<AssignmentId>() else {
                return Ok(None);
            };
            let Some(brief) = brief(tx, agency, id).await? else {
                return Ok(None);
            };
            let json = serde_json::to_vec(&brief).map_err(|error| Error::internal("write a brief", error))?;
            Some(Body::Record(Bytes::from(json)))
        }
        kind::SUBMISSION => {
            let Ok(id) = entity.id.parse::<SubmissionId>() else {
                return Ok(None);
            };
            submission_body(tx, agency, id).await?.map(Body::Submission)
        }
        _ => None,
    })
}

async fn submission_body(
    tx: &Tx,
    agency: AgencyId,
    id: SubmissionId,
) -> Result<Option<SubmissionBody>, Error> {
    let Some(submission) = submissions::find(tx, agency, id).await? else {
        return Ok(None);
    };
    let Some(visit) = visits::find(tx, agency, submission.visit).await? else {
        return Ok(None);
    };
    let cells = submissions::load_cells(tx, agency, id).await?;
    Ok(Some(SubmissionBody {
        document: id.document(),
        state: visit.state.as_str().to_owned(),
        cycle: submission.cycle,
        cells: cells
            .into_iter()
            .map(|(key, cell)| CellEntry { key, cell })
            .collect(),
    }))
}

/// The content of a submission.
pub(crate) async fn load_document(tx: &Tx, agency: AgencyId, id: SubmissionId) -> Result<Document, Error> {
    let cells = submissions::load_cells(tx, agency, id).await?;
    Ok(Document {
        cells: cells.into_iter().collect(),
    })
}
