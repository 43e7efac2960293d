//! What a round and its programme must be for something to be done about them.

use haamu_domain::{Actor, Code, Target, Verb};
use haamu_store::Tx;
use haamu_store::repo::programmes::{self, Programme, Round};

use crate::Error;
use crate::context::require;

/// A round that was looked for, with its programme, on which the actor may do `verb`; else there is no `what`.
pub(crate) async fn within_reach(
    tx: &Tx,
    actor: &Actor,
    verb: Verb,
    round: Option<Round>,
    what: &'static str,
) -> Result<(Round, Programme), Error> {
    let round = round.ok_or_else(|| Error::not_found(what))?;
    let programme = programmes::find(tx, actor.agency, round.programme).await?;
    let programme = programme.ok_or_else(|| Error::not_found(what))?;
    let target = Target::of_client(actor.agency, programme.client_organisation);
    require(actor, verb, &target, what)?;
    Ok((round, programme))
}

/// Refuses new visits of a round that was called off, or whose programme is not active.
pub(crate) fn require_takes_visits(round: &Round, programme: &Programme) -> Result<(), Error> {
    require_going(round)?;
    require_active(programme)
}

/// Refuses what only an active programme can have.
pub(crate) fn require_active(programme: &Programme) -> Result<(), Error> {
    if programme.state.takes_visits() {
        return Ok(());
    }
    let detail = format!("The programme is {}; it must be active.", programme.state);
    Err(Error::because(Code::NotPossibleInState, detail))
}

/// Refuses what a round cannot have any more that was called off.
pub(crate) fn require_going(round: &Round) -> Result<(), Error> {
    match &round.cancelled {
        None => Ok(()),
        Some((_, reason)) => {
            let detail = format!("The round was called off: {reason}");
            Err(Error::because(Code::NotPossibleInState, detail))
        }
    }
}
