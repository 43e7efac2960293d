//! Which mails were sent, for administrators.

use haamu_domain::{Actor, MailState, Verb};
use haamu_store::Tx;
use haamu_store::repo::mails::{self, Mail};
use uuid::Uuid;

use crate::context::{PAGE_SIZE, Page, require_in_agency};
use crate::{App, Error};

/// Which mails are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct MailQuery {
    /// Those before this one.
    pub before: Option<Uuid>,
    /// Those in this state.
    pub state: Option<MailState>,
}

impl App {
    /// Mails of the agency, the newest first. What they say is not among it.
    ///
    /// # Errors
    /// The role may not do this.
    pub async fn list_mails(&self, actor: &Actor, query: MailQuery) -> Result<Page<Mail>, Error> {
        require_in_agency(actor, Verb::ReadMails)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let MailQuery { before, state } = query;
            let (rows, has_more) = mails::list(tx, actor.agency, before, state, PAGE_SIZE).await?;
            Ok(Page::new(rows, has_more, |mail: &Mail| mail.id.uuid()))
        })
        .await
    }
}
