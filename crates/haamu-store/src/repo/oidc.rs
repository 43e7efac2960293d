//! Identity providers that vouch for members of an agency.

use haamu_domain::{AgencyId, PendingId, Timestamp, UserId};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::entity::access::{oidc_identity, oidc_provider, oidc_sign_in};
use crate::{StoreError, Tx};

/// Who vouches for members of an agency.
#[derive(Clone, Debug)]
pub struct Provider {
    /// The address of the provider.
    pub issuer: String,
    /// As whom we are known there.
    pub client_id: String,
    /// Our secret there, sealed.
    pub client_secret: Vec<u8>,
    /// The domains of e-mail addresses that it may vouch for; none: any.
    pub allowed_domains: Vec<String>,
    /// Whether a member is recognised by their verified e-mail address the first time.
    pub match_by_email: bool,
    /// Whether its word counts as a second factor.
    pub counts_as_second_factor: bool,
    /// When it was set.
    pub updated_at: Timestamp,
}

/// The provider of an agency.
///
/// # Errors
/// The database failed.
pub async fn find_provider(tx: &Tx, agency: AgencyId) -> Result<Option<Provider>, StoreError> {
    let row = oidc_provider::Entity::find_by_id(agency.uuid())
        .one(tx.connection())
        .await?;
    let provider = |row: oidc_provider::Model| {
        let domains = serde_json::from_str(&row.allowed_domains);
        Ok(Provider {
            issuer: row.issuer,
            client_id: row.client_id,
            client_secret: row.client_secret,
            allowed_domains: domains.map_err(|_| StoreError::Corrupt("allowed domains"))?,
            match_by_email: row.match_by_email,
            counts_as_second_factor: row.counts_as_second_factor,
            updated_at: Timestamp::from_millis(row.updated_at),
        })
    };
    row.map(provider).transpose()
}

/// Sets the provider of an agency.
///
/// # Errors
/// The database failed.
pub async fn set_provider(tx: &Tx, agency: AgencyId, new: &Provider) -> Result<(), StoreError> {
    let row = oidc_provider::ActiveModel {
        agency_id: Set(agency.uuid()),
        issuer: Set(new.issuer.clone()),
        client_id: Set(new.client_id.clone()),
        client_secret: Set(new.client_secret.clone()),
        allowed_domains: Set(serde_json::Value::from(new.allowed_domains.clone()).to_string()),
        match_by_email: Set(new.match_by_email),
        counts_as_second_factor: Set(new.counts_as_second_factor),
        updated_at: Set(new.updated_at.millis()),
    };
    let replace = OnConflict::column(oidc_provider::Column::AgencyId)
        .update_columns([
            oidc_provider::Column::Issuer,
            oidc_provider::Column::ClientId,
            oidc_provider::Column::ClientSecret,
            oidc_provider::Column::AllowedDomains,
            oidc_provider::Column::MatchByEmail,
            oidc_provider::Column::CountsAsSecondFactor,
            oidc_provider::Column::UpdatedAt,
        ])
        .to_owned();
    oidc_provider::Entity::insert(row)
        .on_conflict(replace)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Removes the provider of an agency, and whom it meant by its subjects.
///
/// # Errors
/// The database failed.
pub async fn delete_provider(tx: &Tx, agency: AgencyId) -> Result<(), StoreError> {
    oidc_identity::Entity::delete_many()
        .filter(oidc_identity::Column::AgencyId.eq(agency.uuid()))
        .exec(tx.connection())
        .await?;
    oidc_provider::Entity::delete_by_id(agency.uuid())
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Whom a provider means by a subject.
///
/// # Errors
/// The database failed.
pub async fn find_identity(
    tx: &Tx,
    agency: AgencyId,
    issuer: &str,
    subject: &str,
) -> Result<Option<UserId>, StoreError> {
    let key = (agency.uuid(), issuer.to_owned(), subject.to_owned());
    let row = oidc_identity::Entity::find_by_id(key)
        .one(tx.connection())
        .await?;
    Ok(row.map(|row| UserId::from_uuid(row.user_id)))
}

/// Remembers whom a provider means by a subject.
///
/// # Errors
/// [`StoreError::AlreadyExists`] if it means somebody already.
pub async fn insert_identity(
    tx: &Tx,
    agency: AgencyId,
    issuer: &str,
    subject: &str,
    user: UserId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = oidc_identity::ActiveModel {
        agency_id: Set(agency.uuid()),
        issuer: Set(issuer.to_owned()),
        subject: Set(subject.to_owned()),
        user_id: Set(user.uuid()),
        created_at: Set(now.millis()),
    };
    oidc_identity::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// A sign-in that is under way at a provider.
#[derive(Clone, Debug)]
pub struct SignInUnderWay {
    /// Its id.
    pub id: PendingId,
    /// The agency that is signed in to.
    pub agency: AgencyId,
    /// The hash of the state that must come back.
    pub state_hash: Vec<u8>,
    /// The hash of the nonce that the provider must name.
    pub nonce_hash: Vec<u8>,
    /// What proves that the code was asked for here, sealed.
    pub verifier: Vec<u8>,
    /// Until when it can be completed.
    pub expires_at: Timestamp,
}

/// Begins a sign-in, and removes those of its agency that have run out.
///
/// # Errors
/// The database failed.
pub async fn insert_sign_in(
    tx: &Tx,
    new: &SignInUnderWay,
    hash: &[u8],
    now: Timestamp,
) -> Result<(), StoreError> {
    oidc_sign_in::Entity::delete_many()
        .filter(oidc_sign_in::Column::AgencyId.eq(new.agency.uuid()))
        .filter(oidc_sign_in::Column::ExpiresAt.lt(now.millis()))
        .exec(tx.connection())
        .await?;
    let row = oidc_sign_in::ActiveModel {
        id: Set(new.id.uuid()),
        agency_id: Set(new.agency.uuid()),
        secret_hash: Set(hash.to_vec()),
        state_hash: Set(new.state_hash.clone()),
        nonce_hash: Set(new.nonce_hash.clone()),
        verifier: Set(new.verifier.clone()),
        expires_at: Set(new.expires_at.millis()),
    };
    oidc_sign_in::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Takes a sign-in: it is there once.
///
/// # Errors
/// The database failed.
pub async fn take_sign_in(tx: &Tx, hash: &[u8]) -> Result<Option<SignInUnderWay>, StoreError> {
    let row = oidc_sign_in::Entity::find()
        .filter(oidc_sign_in::Column::SecretHash.eq(hash.to_vec()))
        .lock_exclusive()
        .one(tx.connection())
        .await?;
    let Some(row) = row else { return Ok(None) };
    oidc_sign_in::Entity::delete_by_id(row.id)
        .exec(tx.connection())
        .await?;
    Ok(Some(SignInUnderWay {
        id: PendingId::from_uuid(row.id),
        agency: AgencyId::from_uuid(row.agency_id),
        state_hash: row.state_hash,
        nonce_hash: row.nonce_hash,
        verifier: row.verifier,
        expires_at: Timestamp::from_millis(row.expires_at),
    }))
}
