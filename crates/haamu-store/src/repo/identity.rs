//! People and what they are.

use std::collections::BTreeSet;

use haamu_domain::{Actor, AgencyId, ClientOrganisationId, Role, Timestamp, UserId};
use haamu_form::Language;
use sea_orm::sea_query::{Expr, ExprTrait, LockType, Query};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::entity::identity::{membership, user_account};
use crate::{StoreError, Tx};

/// An account.
#[derive(Clone, Debug)]
pub struct User {
    /// The person.
    pub id: UserId,
    /// The e-mail address, in lower case.
    pub email: String,
    /// The name.
    pub display_name: String,
    /// The password's hash in PHC form; none for who signs in by other means only.
    pub password_hash: Option<String>,
    /// When the account was closed.
    pub disabled_at: Option<Timestamp>,
    /// When the person showed that the address is theirs.
    pub email_verified_at: Option<Timestamp>,
    /// The language of mails to the person, where it is known.
    pub language: Option<Language>,
}

/// What a person is in an agency.
#[derive(Clone, Debug)]
pub struct Membership {
    /// The agency.
    pub agency: AgencyId,
    /// The person.
    pub user: UserId,
    /// What the person is.
    pub role: Role,
    /// The client organisation of a client's person.
    pub client_organisation: Option<ClientOrganisationId>,
    /// Since when the person is kept out.
    pub disabled_at: Option<Timestamp>,
}

impl User {
    /// Whether the person has ever signed in for themselves: they chose a password, or showed the address to be theirs.
    #[must_use]
    pub const fn is_claimed(&self) -> bool {
        self.password_hash.is_some() || self.email_verified_at.is_some()
    }
}

impl Membership {
    /// Whether the person has this role, and is not kept out.
    #[must_use]
    pub fn works_as(&self, role: Role) -> bool {
        self.role == role && self.disabled_at.is_none()
    }

    /// The person as somebody who acts.
    #[must_use]
    pub const fn actor(&self) -> Actor {
        Actor::person(self.user, self.agency, self.role, self.client_organisation)
    }
}

/// Adds an account.
///
/// # Errors
/// [`StoreError::AlreadyExists`] if the e-mail address has one.
pub async fn insert_user(tx: &Tx, user: &User, now: Timestamp) -> Result<(), StoreError> {
    user_account::Entity::insert(user_row(user, now))
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// The account of an e-mail address.
///
/// # Errors
/// The database failed.
pub async fn find_user_by_email(tx: &Tx, email: &str) -> Result<Option<User>, StoreError> {
    let row = user_account::Entity::find()
        .filter(user_account::Column::Email.eq(email))
        .filter(user_account::Column::IsService.eq(false))
        .one(tx.connection())
        .await?;
    Ok(row.map(user))
}

/// The account of a person, if it is still there.
///
/// # Errors
/// The database failed.
pub async fn find_user(tx: &Tx, id: UserId) -> Result<Option<User>, StoreError> {
    let row = user_account::Entity::find_by_id(id.uuid())
        .one(tx.connection())
        .await?;
    Ok(row.map(user))
}

/// The account of a person.
///
/// # Errors
/// It is not there, or the database failed.
pub async fn load_user(tx: &Tx, id: UserId) -> Result<User, StoreError> {
    let row = user_account::Entity::find_by_id(id.uuid())
        .one(tx.connection())
        .await?;
    row.map(user).ok_or(StoreError::Missing("user"))
}

/// Makes a person a member of an agency.
///
/// # Errors
/// [`StoreError::AlreadyExists`] if they are one.
pub async fn insert_membership(tx: &Tx, member: &Membership, now: Timestamp) -> Result<(), StoreError> {
    membership::Entity::insert(member_row(member, now))
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// What a person is in an agency.
///
/// # Errors
/// The database failed.
pub async fn find_membership(
    tx: &Tx,
    agency: AgencyId,
    id: UserId,
) -> Result<Option<Membership>, StoreError> {
    let row = membership::Entity::find_by_id((agency.uuid(), id.uuid()))
        .one(tx.connection())
        .await?;
    row.as_ref().map(member).transpose()
}

/// Which of these people are shoppers of the agency who are not kept out.
///
/// # Errors
/// The database failed.
pub async fn list_shoppers(
    tx: &Tx,
    agency: AgencyId,
    users: &[UserId],
) -> Result<BTreeSet<UserId>, StoreError> {
    let mut found = BTreeSet::new();
    for users in users.chunks(super::MAX_IDS) {
        let ids: Vec<Uuid> = membership::Entity::find()
            .select_only()
            .column(membership::Column::UserId)
            .filter(membership::Column::AgencyId.eq(agency.uuid()))
            .filter(works_as(Role::Shopper))
            .filter(membership::Column::UserId.is_in(users.iter().map(|user| user.uuid())))
            .into_tuple()
            .all(tx.connection())
            .await?;
        found.extend(ids.into_iter().map(UserId::from_uuid));
    }
    Ok(found)
}

/// All people with a role in an agency who are not kept out, by id.
///
/// # Errors
/// The database failed.
pub async fn list_working(tx: &Tx, agency: AgencyId, role: Role) -> Result<Vec<UserId>, StoreError> {
    let ids: Vec<Uuid> = membership::Entity::find()
        .select_only()
        .column(membership::Column::UserId)
        .filter(membership::Column::AgencyId.eq(agency.uuid()))
        .filter(works_as(role))
        .order_by_asc(membership::Column::UserId)
        .into_tuple()
        .all(tx.connection())
        .await?;
    Ok(ids.into_iter().map(UserId::from_uuid).collect())
}

/// That a membership has a role, and neither it nor the person's account is closed.
fn works_as(role: Role) -> Condition {
    let closed = Query::select()
        .expr(Expr::val(1))
        .from(user_account::Entity)
        .and_where(
            Expr::col((user_account::Entity, user_account::Column::Id))
                .equals((membership::Entity, membership::Column::UserId)),
        )
        .and_where(Expr::col((user_account::Entity, user_account::Column::DisabledAt)).is_not_null())
        .to_owned();
    Condition::all()
        .add(membership::Column::Role.eq(role.as_str()))
        .add(membership::Column::DisabledAt.is_null())
        .add(Expr::exists(closed).not())
}

/// Locks what a person is in an agency: two who give the same shopper visits do so one after the other.
///
/// # Errors
/// The database failed.
pub async fn lock_membership(
    tx: &Tx,
    agency: AgencyId,
    id: UserId,
) -> Result<Option<Membership>, StoreError> {
    let row = membership::Entity::find_by_id((agency.uuid(), id.uuid()))
        .lock_exclusive()
        .one(tx.connection())
        .await?;
    row.as_ref().map(member).transpose()
}

/// What a person is in an agency, which stays so until the transaction ends. Others may hold it at the same time.
///
/// # Errors
/// The database failed.
pub async fn hold_membership(
    tx: &Tx,
    agency: AgencyId,
    id: UserId,
) -> Result<Option<Membership>, StoreError> {
    let row = membership::Entity::find_by_id((agency.uuid(), id.uuid()))
        .lock_shared()
        .one(tx.connection())
        .await?;
    row.as_ref().map(member).transpose()
}

/// What a person is in all their agencies, by agency.
///
/// # Errors
/// The transaction does not reach all agencies, or the database failed.
pub async fn list_memberships(tx: &Tx, id: UserId) -> Result<Vec<Membership>, StoreError> {
    tx.require_all_agencies("memberships")?;
    let rows = membership::Entity::find()
        .filter(membership::Column::UserId.eq(id.uuid()))
        .order_by_asc(membership::Column::AgencyId)
        .all(tx.connection())
        .await?;
    rows.iter().map(member).collect()
}

/// The names of people, by id.
///
/// # Errors
/// The database failed.
pub async fn list_names(tx: &Tx, ids: Vec<Uuid>) -> Result<Vec<(Uuid, String)>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = user_account::Entity::find()
        .filter(user_account::Column::Id.is_in(ids))
        .all(tx.connection())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.display_name)).collect())
}

/// The account of a person, locked. Whoever refers to it meanwhile is not kept waiting.
///
/// # Errors
/// It is not there, or the database failed.
pub async fn lock_user(tx: &Tx, id: UserId) -> Result<User, StoreError> {
    let row = user_account::Entity::find_by_id(id.uuid())
        .lock(LockType::NoKeyUpdate)
        .one(tx.connection())
        .await?;
    row.map(user).ok_or(StoreError::Missing("user"))
}

/// Sets a person's password.
///
/// # Errors
/// The database failed.
pub async fn set_password(tx: &Tx, id: UserId, hash: &str) -> Result<(), StoreError> {
    let row = user_account::ActiveModel {
        id: Set(id.uuid()),
        password_hash: Set(hash.to_owned()),
        ..Default::default()
    };
    user_account::Entity::update(row).exec(tx.connection()).await?;
    Ok(())
}

/// Sets a person's name.
///
/// # Errors
/// The database failed.
pub async fn set_display_name(tx: &Tx, id: UserId, name: &str) -> Result<(), StoreError> {
    let row = user_account::ActiveModel {
        id: Set(id.uuid()),
        display_name: Set(name.to_owned()),
        ..Default::default()
    };
    user_account::Entity::update(row).exec(tx.connection()).await?;
    Ok(())
}

/// Sets the language of mails to a person; none: whichever the server writes.
///
/// # Errors
/// The database failed.
pub async fn set_language(tx: &Tx, id: UserId, language: Option<Language>) -> Result<(), StoreError> {
    let row = user_account::ActiveModel {
        id: Set(id.uuid()),
        language: Set(language.map(|language| language.tag().to_owned())),
        ..Default::default()
    };
    user_account::Entity::update(row).exec(tx.connection()).await?;
    Ok(())
}

/// Sets a person's address, which they have shown to be theirs.
///
/// # Errors
/// [`StoreError::AlreadyExists`] if the address has another account.
pub async fn set_verified_email(tx: &Tx, id: UserId, email: &str, now: Timestamp) -> Result<(), StoreError> {
    let row = user_account::ActiveModel {
        id: Set(id.uuid()),
        email: Set(email.to_owned()),
        email_verified_at: Set(Some(now.millis())),
        ..Default::default()
    };
    user_account::Entity::update(row).exec(tx.connection()).await?;
    Ok(())
}

/// Adds an account that stands for an integration. Nobody can sign in to it.
///
/// # Errors
/// The database failed.
pub async fn insert_service(tx: &Tx, id: UserId, name: &str, now: Timestamp) -> Result<(), StoreError> {
    let row = user_account::ActiveModel {
        id: Set(id.uuid()),
        // RFC 2606 keeps `.invalid` free: no mail ever goes there.
        email: Set(format!("{id}@service.invalid")),
        display_name: Set(name.to_owned()),
        password_hash: Set(String::new()),
        created_at: Set(now.millis()),
        disabled_at: Set(None),
        email_verified_at: Set(None),
        language: Set(None),
        is_service: Set(true),
    };
    user_account::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

pub(super) fn user_row(user: &User, now: Timestamp) -> user_account::ActiveModel {
    user_account::ActiveModel {
        id: Set(user.id.uuid()),
        email: Set(user.email.clone()),
        display_name: Set(user.display_name.clone()),
        // No hash is the empty text: the column is of the first schema.
        password_hash: Set(user.password_hash.clone().unwrap_or_default()),
        created_at: Set(now.millis()),
        disabled_at: Set(None),
        email_verified_at: Set(user.email_verified_at.map(Timestamp::millis)),
        language: Set(user.language.map(|language| language.tag().to_owned())),
        is_service: Set(false),
    }
}

pub(super) fn member_row(member: &Membership, now: Timestamp) -> membership::ActiveModel {
    membership::ActiveModel {
        agency_id: Set(member.agency.uuid()),
        user_id: Set(member.user.uuid()),
        role: Set(member.role.as_str().to_owned()),
        client_organisation_id: Set(member.client_organisation.map(ClientOrganisationId::uuid)),
        created_at: Set(now.millis()),
        disabled_at: Set(member.disabled_at.map(Timestamp::millis)),
        anonymised_at: Set(None),
        active_at: Set(None),
    }
}

pub(super) fn user(row: user_account::Model) -> User {
    User {
        id: UserId::from_uuid(row.id),
        email: row.email,
        display_name: row.display_name,
        password_hash: Some(row.password_hash).filter(|hash| !hash.is_empty()),
        disabled_at: row.disabled_at.map(Timestamp::from_millis),
        email_verified_at: row.email_verified_at.map(Timestamp::from_millis),
        language: row.language.as_deref().and_then(Language::from_tag),
    }
}

pub(super) fn member(row: &membership::Model) -> Result<Membership, StoreError> {
    Ok(Membership {
        agency: AgencyId::from_uuid(row.agency_id),
        user: UserId::from_uuid(row.user_id),
        role: Role::from_name(&row.role).ok_or(StoreError::Corrupt("role"))?,
        client_organisation: row.client_organisation_id.map(ClientOrganisationId::from_uuid),
        disabled_at: row.disabled_at.map(Timestamp::from_millis),
    })
}
