//! Which operations of a task a decision is about.

use haamu_domain::{AgencyId, Code};
use haamu_store::Tx;
use haamu_store::repo::set_aside::{self, Outcome, SetAside, SetAsideOp};
use haamu_sync::OpId;

use crate::Error;
use crate::error::Issue;

/// So many operations are loaded at once.
const OPS_AT_ONCE: u64 = 500;

/// Which operations of a task are decided about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetAsideChoice {
    /// All about which nothing is decided yet.
    Rest,
    /// These.
    These(Vec<OpId>),
}

/// An operation that could not be adopted, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// A stable word.
    pub code: &'static str,
    /// One sentence for a person.
    pub message: &'static str,
}

/// What stands in the way of adopting an operation, as an issue.
pub(super) fn issue((id, obstacle): &(OpId, Obstacle)) -> Issue {
    Issue {
        path: id.to_string(),
        code: obstacle.code.to_owned(),
        message: obstacle.message.to_owned(),
    }
}

/// The operations of a locked task that a decision is to be made about. Those about which the same was decided
/// before are left out.
pub(super) async fn pending(
    tx: &Tx,
    agency: AgencyId,
    task: &SetAside,
    choice: &SetAsideChoice,
    is_same: impl Fn(Outcome) -> bool,
) -> Result<Vec<SetAsideOp>, Error> {
    let mut ops = list_all(tx, agency, task).await?;
    let is_decided_so = |op: &SetAsideOp| op.decision.as_ref().is_some_and(|made| is_same(made.outcome));
    match choice {
        SetAsideChoice::These(ids) => {
            if ids.iter().any(|id| ops.iter().all(|op| op.id != *id)) {
                return Err(Error::not_found("operation"));
            }
            ops.retain(|op| ids.contains(&op.id) && !is_decided_so(op));
            if ops.iter().any(|op| op.decision.is_some()) {
                return Err(Error::refused(Code::AlreadyDecided));
            }
        }
        SetAsideChoice::Rest => {
            let was_done_before = ops.iter().any(is_decided_so);
            ops.retain(|op| op.decision.is_none());
            if ops.is_empty() && !was_done_before {
                return Err(Error::refused(Code::AlreadyDecided));
            }
        }
    }
    // Later work replaces earlier work, whichever device it came from.
    ops.sort_unstable_by_key(|op| (op.effective, op.id));
    Ok(ops)
}

async fn list_all(tx: &Tx, agency: AgencyId, task: &SetAside) -> Result<Vec<SetAsideOp>, Error> {
    let mut all = Vec::new();
    loop {
        let next = set_aside::list_ops(tx, agency, task.id, all.len() as u64, OPS_AT_ONCE).await?;
        if next.is_empty() {
            return Ok(all);
        }
        all.extend(next);
    }
}
