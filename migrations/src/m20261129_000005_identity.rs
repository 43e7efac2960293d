//! Invitations, second factors, one-time secrets, identity providers, tokens of integrations, and failed attempts.

use sea_orm_migration::prelude::*;

use crate::table::Kind::{Big, Bool, Bytes, Int, Text, Uuid};
use crate::table::{NewTable, optional, required};

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[expect(
    elided_lifetimes_in_paths,
    reason = "async_trait wants the spelling of the trait"
)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in ADDED {
            let mut definition = ColumnDef::new(*column);
            match *column {
                "language" | "user_agent" | "method" => definition.text().null(),
                "token_id" => definition.uuid().null(),
                "is_service" => definition.boolean().not_null().default(false),
                _ => definition.big_integer().null(),
            };
            let alter = Table::alter().table(*table).add_column(definition).to_owned();
            manager.alter_table(alter).await?;
        }
        for table in TABLES {
            table.create(manager).await?;
        }
        for sql in [
            "CREATE UNIQUE INDEX uq_invitation_open ON invitation (agency_id, email) WHERE state = 'open'",
            "CREATE INDEX ix_session_live ON session (user_id, agency_id) WHERE ended_at IS NULL",
        ] {
            manager.get_connection().execute_unprepared(sql).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .get_connection()
            .execute_unprepared("DROP INDEX ix_session_live")
            .await?;
        for table in TABLES.iter().rev() {
            manager
                .drop_table(Table::drop().table(table.name).to_owned())
                .await?;
        }
        for (table, column) in ADDED.iter().rev() {
            let alter = Table::alter().table(*table).drop_column(*column).to_owned();
            manager.alter_table(alter).await?;
        }
        Ok(())
    }
}

/// Columns of tables that were there before.
const ADDED: &[(&str, &str)] = &[
    ("user_account", "email_verified_at"),
    ("user_account", "language"),
    ("user_account", "is_service"),
    ("membership", "disabled_at"),
    ("session", "last_used_at"),
    ("session", "user_agent"),
    ("session", "method"),
    ("session", "factor_at"),
    ("audit", "token_id"),
];

const TABLES: &[NewTable] = &[
    NewTable {
        name: "invitation",
        comment: "That somebody was asked to become a member; the secret of the link by its hash.",
        columns: &[
            required("id", Uuid),
            required("agency_id", Uuid),
            required("email", Text),
            required("role", Text),
            optional("client_organisation_id", Uuid),
            required("language", Text),
            optional("secret_hash", Bytes),
            required("state", Text),
            required("created_by", Uuid),
            required("created_at", Big),
            required("sent_at", Big),
            required("expires_at", Big),
            optional("accepted_by", Uuid),
            optional("ended_at", Big),
        ],
        primary_key: &["id"],
        unique: &[("uq_invitation_secret", &["secret_hash"])],
        references: &[
            ("agency_id", "agency"),
            ("client_organisation_id", "client_organisation"),
            ("created_by", "user_account"),
            ("accepted_by", "user_account"),
        ],
        indexes: &[("ix_invitation_page", &["agency_id", "id"])],
    },
    NewTable {
        name: "account_secret",
        comment: "A link that was mailed to a person about their account, by the hash of its secret; good once.",
        columns: &[
            required("id", Uuid),
            required("user_id", Uuid),
            required("purpose", Text),
            required("secret_hash", Bytes),
            required("email", Text),
            required("created_at", Big),
            required("expires_at", Big),
        ],
        primary_key: &["id"],
        unique: &[
            ("uq_account_secret_hash", &["secret_hash"]),
            ("uq_account_secret_purpose", &["user_id", "purpose"]),
        ],
        references: &[("user_id", "user_account")],
        indexes: &[],
    },
    NewTable {
        name: "password_reset_request",
        comment: "That somebody asked for a new password, for an address that may have no account.",
        columns: &[
            required("id", Uuid),
            required("agency_id", Uuid),
            required("content", Bytes),
            required("created_at", Big),
        ],
        primary_key: &["id"],
        unique: &[],
        references: &[("agency_id", "agency")],
        indexes: &[],
    },
    NewTable {
        name: "sign_in_challenge",
        comment: "A sign-in that waits for its second factor.",
        columns: &[
            required("id", Uuid),
            required("agency_id", Uuid),
            required("user_id", Uuid),
            required("secret_hash", Bytes),
            required("method", Text),
            required("attempts", Int),
            optional("passkey_state", Text),
            required("created_at", Big),
            required("expires_at", Big),
        ],
        primary_key: &["id"],
        unique: &[("uq_sign_in_challenge_hash", &["secret_hash"])],
        references: &[("agency_id", "agency"), ("user_id", "user_account")],
        indexes: &[("ix_sign_in_challenge_expiry", &["expires_at"])],
    },
    NewTable {
        name: "totp",
        comment: "A person's authenticator app; the secret is sealed.",
        columns: &[
            required("user_id", Uuid),
            required("secret", Bytes),
            required("created_at", Big),
            optional("confirmed_at", Big),
            required("last_step", Big),
        ],
        primary_key: &["user_id"],
        unique: &[],
        references: &[("user_id", "user_account")],
        indexes: &[],
    },
    NewTable {
        name: "recovery_code",
        comment: "A code that stands in for a lost second factor, by its hash; good once.",
        columns: &[
            required("user_id", Uuid),
            required("code_hash", Bytes),
            required("created_at", Big),
            optional("used_at", Big),
        ],
        primary_key: &["user_id", "code_hash"],
        unique: &[],
        references: &[("user_id", "user_account")],
        indexes: &[],
    },
    NewTable {
        name: "passkey",
        comment: "The public key of a person's passkey.",
        columns: &[
            required("id", Uuid),
            required("user_id", Uuid),
            required("credential_id", Bytes),
            required("content", Text),
            required("name", Text),
            required("created_at", Big),
            optional("last_used_at", Big),
        ],
        primary_key: &["id"],
        unique: &[("uq_passkey_credential", &["credential_id"])],
        references: &[("user_id", "user_account")],
        indexes: &[],
    },
    NewTable {
        name: "passkey_ceremony",
        comment: "A passkey that is about to be made, or to be signed in with.",
        columns: &[
            required("id", Uuid),
            optional("user_id", Uuid),
            required("secret_hash", Bytes),
            required("state", Text),
            required("expires_at", Big),
        ],
        primary_key: &["id"],
        unique: &[("uq_passkey_ceremony_hash", &["secret_hash"])],
        references: &[("user_id", "user_account")],
        indexes: &[("ix_passkey_ceremony_expiry", &["expires_at"])],
    },
    NewTable {
        name: "sign_in_attempt",
        comment: "Failed attempts in a row, by account, address or person, of which only a keyed hash is kept.",
        columns: &[
            required("kind", Text),
            required("key", Bytes),
            required("failures", Int),
            required("last_at", Big),
        ],
        primary_key: &["kind", "key"],
        unique: &[],
        references: &[],
        indexes: &[("ix_sign_in_attempt_last", &["last_at"])],
    },
    NewTable {
        name: "agency_security",
        comment: "What an agency asks of those who sign in.",
        columns: &[
            required("agency_id", Uuid),
            required("second_factor_roles", Text),
            required("updated_at", Big),
        ],
        primary_key: &["agency_id"],
        unique: &[],
        references: &[("agency_id", "agency")],
        indexes: &[],
    },
    NewTable {
        name: "oidc_provider",
        comment: "Who vouches for members of an agency; the client's secret is sealed.",
        columns: &[
            required("agency_id", Uuid),
            required("issuer", Text),
            required("client_id", Text),
            required("client_secret", Bytes),
            required("allowed_domains", Text),
            required("match_by_email", Bool),
            required("counts_as_second_factor", Bool),
            required("updated_at", Big),
        ],
        primary_key: &["agency_id"],
        unique: &[],
        references: &[("agency_id", "agency")],
        indexes: &[],
    },
    NewTable {
        name: "oidc_identity",
        comment: "Whom an identity provider means by a subject.",
        columns: &[
            required("agency_id", Uuid),
            required("issuer", Text),
            required("subject", Text),
            required("user_id", Uuid),
            required("created_at", Big),
        ],
        primary_key: &["agency_id", "issuer", "subject"],
        unique: &[],
        references: &[("agency_id", "agency"), ("user_id", "user_account")],
        indexes: &[],
    },
    NewTable {
        name: "oidc_sign_in",
        comment: "A sign-in that is under way at an identity provider; state and nonce by their hashes.",
        columns: &[
            required("id", Uuid),
            required("agency_id", Uuid),
            required("secret_hash", Bytes),
            required("state_hash", Bytes),
            required("nonce_hash", Bytes),
            required("verifier", Bytes),
            required("expires_at", Big),
        ],
        primary_key: &["id"],
        unique: &[("uq_oidc_sign_in_hash", &["secret_hash"])],
        references: &[("agency_id", "agency")],
        indexes: &[("ix_oidc_sign_in_expiry", &["expires_at"])],
    },
    NewTable {
        name: "service_token",
        comment: "A token of an integration, by its hash, and the account that stands for it.",
        columns: &[
            required("id", Uuid),
            required("agency_id", Uuid),
            required("user_id", Uuid),
            required("name", Text),
            required("role", Text),
            optional("client_organisation_id", Uuid),
            required("scopes", Text),
            required("secret_hash", Bytes),
            required("created_by", Uuid),
            required("created_at", Big),
            required("expires_at", Big),
            optional("last_used_at", Big),
            optional("revoked_at", Big),
        ],
        primary_key: &["id"],
        unique: &[("uq_service_token_hash", &["secret_hash"])],
        references: &[
            ("agency_id", "agency"),
            ("user_id", "user_account"),
            ("client_organisation_id", "client_organisation"),
            ("created_by", "user_account"),
        ],
        indexes: &[("ix_service_token_page", &["agency_id", "id"])],
    },
];
