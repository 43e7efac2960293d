//! The routes of signing in, accounts, people and what administrators ask of them.

use haamu_app::App;
use haamu_domain::{Code, Verb};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::route::Operations;
use super::{
    MAX_BODY, account, agency_access, audit, devices, health, invitations, registration, sessions, sign_in,
    users,
};

pub(super) fn identity() -> OpenApiRouter<App> {
    sign_in_routes()
        .merge(account_routes())
        .merge(people())
        .merge(agency())
        .merge(registrations())
}

fn registrations() -> OpenApiRouter<App> {
    let register = &[Code::ValidationFailed, Code::NotFound, Code::RegistrationClosed];
    let confirm = &[
        Code::NoLongerGood,
        Code::InvalidCredentials,
        Code::SignInLocked,
        Code::AlreadyExists,
    ];
    let set = &[Code::ValidationFailed, Code::AlreadyExists];
    let decide = &[Code::NotFound, Code::NotPossibleInState, Code::AlreadyExists];
    let decline = &[Code::ValidationFailed, Code::NotFound, Code::NotPossibleInState];
    let verb = Verb::DecideRegistrations;
    Operations::default()
        .open(&[Code::NotFound], routes!(registration::read_public_registration))
        .guessable(register, routes!(registration::create_registration))
        .guessable(confirm, routes!(registration::confirm_registration))
        .verb(
            Verb::ManageRegistration,
            &[],
            routes!(registration::read_registration_conditions),
        )
        .verb(
            Verb::ManageRegistration,
            set,
            routes!(registration::set_registration_conditions),
        )
        .verb(
            verb,
            &[Code::ValidationFailed],
            routes!(registration::list_registrations),
        )
        .verb(verb, decide, routes!(registration::approve_registration))
        .verb(verb, decline, routes!(registration::decline_registration))
        .with_body_limit(MAX_BODY)
}

fn sign_in_routes() -> OpenApiRouter<App> {
    let setup = &[
        Code::ValidationFailed,
        Code::SetupClosed,
        Code::SetupCodeWrong,
        Code::AlreadyExists,
    ];
    let password = &[Code::InvalidCredentials, Code::SignInLocked];
    let second = &[
        Code::ValidationFailed,
        Code::NoLongerGood,
        Code::SecondFactorWrong,
        Code::SignInLocked,
    ];
    let passkey = &[
        Code::NoLongerGood,
        Code::InvalidCredentials,
        Code::PasskeysUnavailable,
    ];
    let oidc = &[
        Code::NotFound,
        Code::NoLongerGood,
        Code::NotVouchedFor,
        Code::IdentityProviderFailed,
    ];
    let own = Verb::ManageSessions;
    Operations::default()
        .watched(&[], routes!(health::live))
        .watched(&[], routes!(health::ready))
        .open(&[], routes!(health::read_openapi))
        .open(&[], routes!(agency_access::read_token_keys))
        .guessable(setup, routes!(sessions::set_up))
        .guessable(password, routes!(sign_in::create_session))
        .guessable(second, routes!(sign_in::complete_session))
        .guessable(
            &[Code::PasskeysUnavailable],
            routes!(sign_in::begin_passkey_session),
        )
        .guessable(passkey, routes!(sign_in::create_passkey_session))
        .guessable(
            &[Code::NotFound, Code::IdentityProviderFailed],
            routes!(sign_in::begin_oidc_session),
        )
        .guessable(oidc, routes!(sign_in::create_oidc_session))
        // Devices behind one address renew their sessions all the time; a refresh token cannot be guessed.
        .open(&[Code::InvalidRefreshToken], routes!(sessions::refresh_session))
        .verb(own, &[], routes!(sessions::list_sessions))
        .verb(own, &[], routes!(sessions::delete_sessions))
        .verb(own, &[], routes!(sessions::delete_session))
        .verb(own, &[Code::NotFound], routes!(sessions::end_session))
        .verb(Verb::ReadMe, &[], routes!(sessions::read_me))
        .with_body_limit(MAX_BODY)
}

fn account_routes() -> OpenApiRouter<App> {
    let password = &[Code::ValidationFailed, Code::SignInLocked];
    let email = &[
        Code::ValidationFailed,
        Code::SignInLocked,
        Code::SignInAgain,
        Code::DailyLimit,
    ];
    let fresh = &[Code::SignInAgain, Code::NotPossibleInState];
    let confirm = &[Code::SignInAgain, Code::SecondFactorWrong, Code::SignInLocked];
    let begin = &[
        Code::SignInAgain,
        Code::NotPossibleInState,
        Code::PasskeysUnavailable,
    ];
    let add = &[
        Code::ValidationFailed,
        Code::SignInAgain,
        Code::NoLongerGood,
        Code::SecondFactorWrong,
        Code::AlreadyExists,
        Code::PasskeysUnavailable,
    ];
    let remove = &[Code::NotFound, Code::SignInAgain, Code::NotPossibleInState];
    let own = Verb::ManageAccount;
    let factors = Verb::ManageSecondFactors;
    Operations::default()
        .verb(own, &[Code::ValidationFailed], routes!(sessions::update_me))
        .verb(own, password, routes!(account::change_password))
        .verb(
            own,
            &[Code::NotPossibleInState, Code::DailyLimit],
            routes!(account::request_email_verification),
        )
        .verb(own, email, routes!(account::request_email_change))
        .guessable(
            &[
                Code::NoLongerGood,
                Code::InvalidCredentials,
                Code::SignInLocked,
                Code::AlreadyExists,
            ],
            routes!(account::confirm_email),
        )
        .guessable(
            &[Code::ValidationFailed],
            routes!(account::request_password_reset),
        )
        .guessable(
            &[Code::ValidationFailed, Code::NoLongerGood],
            routes!(account::reset_password),
        )
        .verb(factors, &[], routes!(account::read_second_factors))
        .verb(factors, fresh, routes!(account::enrol_totp))
        .verb(factors, confirm, routes!(account::confirm_totp))
        .verb(factors, fresh, routes!(account::remove_totp))
        .verb(factors, fresh, routes!(account::renew_recovery_codes))
        .verb(factors, begin, routes!(account::begin_passkey))
        .verb(factors, add, routes!(account::add_passkey))
        .verb(factors, remove, routes!(account::remove_passkey))
        .with_body_limit(MAX_BODY)
}

fn people() -> OpenApiRouter<App> {
    let create_user = &[
        Code::ValidationFailed,
        Code::NotFound,
        Code::AlreadyExists,
        Code::DailyLimit,
    ];
    let device = &[Code::ValidationFailed, Code::DeviceNotEnrolled];
    let found = &[Code::NotFound];
    let disable = &[Code::NotFound, Code::NotPossibleInState, Code::LastAdministrator];
    let role = &[
        Code::ValidationFailed,
        Code::NotFound,
        Code::NotPossibleInState,
        Code::LastAdministrator,
    ];
    let open = &[Code::ValidationFailed, Code::NotFound, Code::NotPossibleInState];
    let invite = &[
        Code::ValidationFailed,
        Code::NotFound,
        Code::AlreadyExists,
        Code::DailyLimit,
    ];
    let resend = &[
        Code::ValidationFailed,
        Code::NotFound,
        Code::NotPossibleInState,
        Code::DailyLimit,
    ];
    let accept = &[
        Code::ValidationFailed,
        Code::NoLongerGood,
        Code::InvalidCredentials,
        Code::SignInLocked,
        Code::AlreadyExists,
    ];
    Operations::default()
        .verb(Verb::CreateUser, create_user, routes!(users::create_user))
        .verb(
            Verb::ListUsers,
            &[Code::ValidationFailed],
            routes!(users::list_users),
        )
        .verb(Verb::DisableUser, disable, routes!(users::disable_user))
        .verb(Verb::DisableUser, found, routes!(users::enable_user))
        .verb(Verb::ChangeRole, role, routes!(users::change_role))
        .verb(Verb::EndSessions, found, routes!(users::list_user_sessions))
        .verb(Verb::EndSessions, found, routes!(users::end_user_sessions))
        .verb(
            Verb::ResetSecondFactors,
            &[Code::NotFound, Code::NotPossibleInState],
            routes!(users::reset_second_factors),
        )
        .verb(Verb::ListDevices, found, routes!(users::list_user_devices))
        .verb(Verb::EnrolDevice, device, routes!(devices::enrol_device))
        .verb(Verb::ReadDevices, &[], routes!(devices::list_devices))
        .verb(Verb::RevokeDevice, found, routes!(devices::revoke_device))
        .verb(Verb::Invite, invite, routes!(invitations::create_invitation))
        .verb(Verb::Invite, &[], routes!(invitations::list_invitations))
        .verb(Verb::Invite, resend, routes!(invitations::resend_invitation))
        .verb(Verb::Invite, open, routes!(invitations::withdraw_invitation))
        .guessable(&[Code::NoLongerGood], routes!(invitations::look_at_invitation))
        .guessable(accept, routes!(invitations::accept_invitation))
        .with_body_limit(MAX_BODY)
}

fn agency() -> OpenApiRouter<App> {
    let security = Verb::ManageSecurity;
    let tokens = Verb::ManageServiceTokens;
    let create = &[Code::ValidationFailed, Code::NotFound];
    Operations::default()
        .verb(security, &[], routes!(agency_access::read_second_factor_roles))
        .verb(security, &[], routes!(agency_access::set_second_factor_roles))
        .verb(
            security,
            &[Code::NotFound],
            routes!(agency_access::read_identity_provider),
        )
        .verb(
            security,
            &[Code::ValidationFailed],
            routes!(agency_access::set_identity_provider),
        )
        .verb(security, &[], routes!(agency_access::delete_identity_provider))
        .verb(tokens, create, routes!(agency_access::create_service_token))
        .verb(tokens, &[], routes!(agency_access::list_service_tokens))
        .verb(
            tokens,
            &[Code::NotFound],
            routes!(agency_access::revoke_service_token),
        )
        .verb(
            Verb::ReadMails,
            &[Code::ValidationFailed],
            routes!(agency_access::list_mails),
        )
        .verb(
            Verb::ReadAudit,
            &[Code::ValidationFailed],
            routes!(audit::list_audit),
        )
        .with_body_limit(MAX_BODY)
}
