//! Mails, invitations, second factors, one-time secrets, identity providers, and tokens of integrations.

use super::entity;

entity!(mail, "mail", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    template: String,
    language: String,
    recipient: String,
    content: Option<Vec<u8>>,
    state: String,
    attempts: i32,
    last_error: Option<String>,
    created_at: i64,
    give_up_at: i64,
    ended_at: Option<i64>,
});

entity!(invitation, "invitation", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    email: String,
    role: String,
    client_organisation_id: Option<Uuid>,
    language: String,
    secret_hash: Option<Vec<u8>>,
    state: String,
    created_by: Uuid,
    created_at: i64,
    sent_at: i64,
    expires_at: i64,
    accepted_by: Option<Uuid>,
    ended_at: Option<i64>,
});

entity!(account_secret, "account_secret", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    user_id: Uuid,
    purpose: String,
    secret_hash: Vec<u8>,
    email: String,
    created_at: i64,
    expires_at: i64,
});

entity!(password_reset_request, "password_reset_request", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    content: Vec<u8>,
    created_at: i64,
});

entity!(sign_in_challenge, "sign_in_challenge", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    user_id: Uuid,
    secret_hash: Vec<u8>,
    method: String,
    attempts: i32,
    passkey_state: Option<String>,
    created_at: i64,
    expires_at: i64,
});

entity!(totp, "totp", {
    #[sea_orm(primary_key, auto_increment = false)]
    user_id: Uuid,
    secret: Vec<u8>,
    created_at: i64,
    confirmed_at: Option<i64>,
    last_step: i64,
});

entity!(recovery_code, "recovery_code", {
    #[sea_orm(primary_key, auto_increment = false)]
    user_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    code_hash: Vec<u8>,
    created_at: i64,
    used_at: Option<i64>,
});

entity!(passkey, "passkey", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    user_id: Uuid,
    credential_id: Vec<u8>,
    content: String,
    name: String,
    created_at: i64,
    last_used_at: Option<i64>,
});

entity!(passkey_ceremony, "passkey_ceremony", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    user_id: Option<Uuid>,
    secret_hash: Vec<u8>,
    state: String,
    expires_at: i64,
});

entity!(sign_in_attempt, "sign_in_attempt", {
    #[sea_orm(primary_key, auto_increment = false)]
    kind: String,
    #[sea_orm(primary_key, auto_increment = false)]
    key: Vec<u8>,
    failures: i32,
    last_at: i64,
});

entity!(known_network, "known_network", {
    #[sea_orm(primary_key, auto_increment = false)]
    user_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    network_hash: Vec<u8>,
    last_used_at: i64,
});

entity!(agency_security, "agency_security", {
    #[sea_orm(primary_key, auto_increment = false)]
    agency_id: Uuid,
    second_factor_roles: String,
    updated_at: i64,
});

entity!(oidc_provider, "oidc_provider", {
    #[sea_orm(primary_key, auto_increment = false)]
    agency_id: Uuid,
    issuer: String,
    client_id: String,
    client_secret: Vec<u8>,
    allowed_domains: String,
    match_by_email: bool,
    counts_as_second_factor: bool,
    updated_at: i64,
});

entity!(oidc_identity, "oidc_identity", {
    #[sea_orm(primary_key, auto_increment = false)]
    agency_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    issuer: String,
    #[sea_orm(primary_key, auto_increment = false)]
    subject: String,
    user_id: Uuid,
    created_at: i64,
});

entity!(oidc_sign_in, "oidc_sign_in", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    secret_hash: Vec<u8>,
    state_hash: Vec<u8>,
    nonce_hash: Vec<u8>,
    verifier: Vec<u8>,
    expires_at: i64,
});

entity!(service_token, "service_token", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    user_id: Uuid,
    name: String,
    role: String,
    client_organisation_id: Option<Uuid>,
    scopes: String,
    secret_hash: Vec<u8>,
    created_by: Uuid,
    created_at: i64,
    expires_at: i64,
    last_used_at: Option<i64>,
    revoked_at: Option<i64>,
});
