//! Earlier versions of the shopper agreement, and who accepted which.

use std::collections::BTreeMap;

use haamu_domain::{Actor, AgreementId, UserId, Verb};
use haamu_store::Tx;
use haamu_store::repo::agreements::{self, Acceptance, Agreement, AgreementHead};
use haamu_store::repo::identity;
use uuid::Uuid;

use crate::context::{PAGE_SIZE, Page, require_in_agency};
use crate::{App, Error};

/// That a shopper accepted the agreement, with their name.
#[derive(Clone, Debug)]
pub struct AcceptanceView {
    /// Which words, by whom and when.
    pub acceptance: Acceptance,
    /// The name of who accepted.
    pub display_name: String,
}

impl App {
    /// All words that were ever in force, the newest first, without the words themselves.
    ///
    /// # Errors
    /// The role may not do this.
    pub async fn list_agreements(
        &self,
        actor: &Actor,
        before: Option<Uuid>,
    ) -> Result<Page<AgreementHead>, Error> {
        require_in_agency(actor, Verb::ManagePanel)?;
        self.look(actor.agency, |tx: Tx| async move {
            let (rows, has_more) = agreements::list_heads(&tx, actor.agency, before, PAGE_SIZE).await?;
            Ok(Page::new(rows, has_more, |row: &AgreementHead| row.id.uuid()))
        })
        .await
    }

    /// The agreement in one version and language, in force or not: whoever accepted it can read what it was.
    ///
    /// # Errors
    /// There is no such agreement.
    pub async fn read_agreement_text(&self, actor: &Actor, id: AgreementId) -> Result<Agreement, Error> {
        require_in_agency(actor, Verb::ReadAgreement)?;
        self.look(actor.agency, |tx: Tx| async move {
            let found = agreements::find(&tx, actor.agency, id).await?;
            found.ok_or_else(|| Error::not_found("agreement"))
        })
        .await
    }

    /// Who accepted the agreement in one version and language, and when.
    ///
    /// # Errors
    /// There is no such agreement.
    pub async fn list_acceptances(
        &self,
        actor: &Actor,
        of: AgreementId,
        after: Option<Uuid>,
    ) -> Result<Page<AcceptanceView>, Error> {
        require_in_agency(actor, Verb::ManagePanel)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let known = agreements::find(tx, actor.agency, of).await?;
            known.ok_or_else(|| Error::not_found("agreement"))?;
            let found = agreements::list_acceptances(tx, actor.agency, of, after, PAGE_SIZE).await?;
            let user = |view: &AcceptanceView| view.acceptance.user.uuid();
            Ok(Page::new(named(tx, found.0).await?, found.1, user))
        })
        .await
    }

    /// What a member has accepted and when, the newest words first.
    ///
    /// # Errors
    /// There is no such person.
    pub async fn list_acceptances_of(
        &self,
        actor: &Actor,
        user: UserId,
        before: Option<Uuid>,
    ) -> Result<Page<AcceptanceView>, Error> {
        require_in_agency(actor, Verb::ManagePanel)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            // Whoever has become something else has accepted what they have accepted.
            let member = identity::find_membership(tx, actor.agency, user).await?;
            member.ok_or_else(|| Error::not_found("shopper"))?;
            let found = agreements::list_acceptances_of(tx, actor.agency, user, before, PAGE_SIZE).await?;
            let words = |view: &AcceptanceView| view.acceptance.agreement.uuid();
            Ok(Page::new(named(tx, found.0).await?, found.1, words))
        })
        .await
    }
}

async fn named(tx: &Tx, found: Vec<Acceptance>) -> Result<Vec<AcceptanceView>, Error> {
    let people = found.iter().map(|one| one.user.uuid()).collect();
    let names: BTreeMap<Uuid, String> = identity::list_names(tx, people).await?.into_iter().collect();
    let view = |acceptance: Acceptance| AcceptanceView {
        display_name: names.get(&acceptance.user.uuid()).cloned().unwrap_or_default(),
        acceptance,
    };
    Ok(found.into_iter().map(view).collect())
}
