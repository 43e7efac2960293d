//! Nobody decides about their own work, whatever they have become since.

use haamu_domain::{Actor, AssignmentId, Code, CompanionId};
use haamu_store::Tx;
use haamu_store::repo::submissions::Submission;
use haamu_store::repo::{panel, terms};

use crate::Error;

/// Refuses whoever wrote one of these submissions, or came along to its visit with an account of their own.
///
/// # Errors
/// [`Code::OwnWork`].
pub(crate) async fn require_others_work(tx: &Tx, actor: &Actor, of: &[Submission]) -> Result<(), Error> {
    if of.iter().any(|submission| submission.shopper == actor.user) {
        let detail = "You made the visit yourself; somebody else decides about it.";
        return Err(Error::because(Code::OwnWork, detail));
    }
    let assignments: Vec<AssignmentId> = of.iter().map(|submission| submission.assignment).collect();
    let terms = terms::list(tx, actor.agency, &assignments).await?;
    let companions: Vec<CompanionId> = terms.values().filter_map(|terms| terms.companion).collect();
    let companions = panel::list_companions_by_ids(tx, actor.agency, &companions).await?;
    if companions
        .values()
        .any(|companion| companion.user == Some(actor.user))
    {
        let detail = "You came along to the visit; somebody else decides about it.";
        return Err(Error::because(Code::OwnWork, detail));
    }
    Ok(())
}
