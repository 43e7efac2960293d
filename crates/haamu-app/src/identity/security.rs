//! What an agency asks of those who sign in.

use haamu_domain::{Actor, AuditEvent, Role, Verb};
use haamu_store::Tx;
use haamu_store::repo::security;

use crate::context::require_in_agency;
use crate::{App, Error};

impl App {
    /// The roles that need a second factor.
    ///
    /// # Errors
    /// The role may not do this.
    pub async fn read_second_factor_roles(&self, actor: &Actor) -> Result<Vec<Role>, Error> {
        require_in_agency(actor, Verb::ManageSecurity)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            Ok(security::load_second_factor_roles(tx, actor.agency).await?)
        })
        .await
    }

    /// Sets the roles that need a second factor. Who has none is let in only to set one up, from the next renewal
    /// of their session on.
    ///
    /// # Errors
    /// The role may not do this.
    pub async fn set_second_factor_roles(&self, actor: &Actor, roles: &[Role]) -> Result<Vec<Role>, Error> {
        require_in_agency(actor, Verb::ManageSecurity)?;
        let mut roles = roles.to_vec();
        roles.sort_unstable();
        roles.dedup();
        let roles = &roles;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            security::set_second_factor_roles(tx, actor.agency, roles, self.now()).await?;
            let names: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
            let event = AuditEvent::of(Verb::ManageSecurity, "agency", actor.agency)
                .with(serde_json::json!({"second_factor_roles": names}));
            Ok((roles.clone(), event))
        })
        .await
    }
}
