//! The closed list of problem codes. A code is never renamed nor used for another meaning.

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $title:literal;)*) => {
        /// Why a request was not carried out.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// All codes.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The stable code.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// One English sentence that is the same at every occurrence.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$name => $title,)*
                }
            }
        }
    };
}

codes! {
    /// The request cannot be read.
    InvalidRequest = "invalid_request", "The request could not be read.";
    /// Fields of the request are missing or out of range.
    ValidationFailed = "validation_failed", "Some fields are missing or out of range.";
    /// There is no valid access token.
    Unauthenticated = "unauthenticated", "Sign in first.";
    /// E-mail and password do not belong together.
    InvalidCredentials = "invalid_credentials", "The e-mail or the password is wrong.";
    /// Too many attempts have failed, on this account or from this address.
    SignInLocked = "sign_in_locked", "Too many attempts have failed; wait before the next one.";
    /// The second factor is wrong, was used before, or is none of this person's.
    SecondFactorWrong = "second_factor_wrong", "The second factor is wrong.";
    /// The role needs a second factor, and this session has none.
    SecondFactorRequired = "second_factor_required", "Your role needs a second factor; set one up first.";
    /// The session is too old for what concerns the account itself.
    SignInAgain = "sign_in_again", "Sign in again before you do this.";
    /// A link, a challenge or a ceremony is unknown, was used, or has run out.
    NoLongerGood = "no_longer_good", "This link or step is not good any more; start over.";
    /// The address of the server does not allow passkeys.
    PasskeysUnavailable = "passkeys_unavailable", "This server cannot use passkeys.";
    /// The identity provider vouched for nobody whom the agency knows.
    NotVouchedFor = "not_vouched_for", "The identity provider does not vouch for a member of the agency.";
    /// The identity provider cannot be reached, or answers what makes no sense.
    IdentityProviderFailed = "identity_provider_failed", "The identity provider did not answer as it should.";
    /// A refresh token is unknown, expired or was used before.
    InvalidRefreshToken = "invalid_refresh_token", "The session has ended; sign in again.";
    /// The role may not do this.
    Forbidden = "forbidden", "Your role may not do this.";
    /// The token of the integration was not made for this.
    ScopeMissing = "scope_missing", "The token does not have the scope for this.";
    /// Whoever made a visit would decide about it.
    OwnWork = "own_work", "Nobody decides about their own work.";
    /// The agency would be left without anybody who runs it.
    LastAdministrator = "last_administrator", "The agency needs an administrator.";
    /// There is no such thing within reach.
    NotFound = "not_found", "There is no such thing.";
    /// The path has no such method.
    MethodNotAllowed = "method_not_allowed", "The method is not available here.";
    /// Something with the same name or key exists already.
    AlreadyExists = "already_exists", "Something with the same key exists already.";
    /// The thing was changed meanwhile.
    Conflict = "conflict", "The thing was changed meanwhile; load it again.";
    /// The state does not allow it.
    NotPossibleInState = "not_possible_in_state", "This is not possible in the present state.";
    /// The body is larger than allowed.
    PayloadTooLarge = "payload_too_large", "The request is too large.";
    /// The body has a media type that is not taken here.
    UnsupportedMediaType = "unsupported_media_type", "This media type is not taken here.";
    /// Too many requests in a short time.
    TooManyRequests = "too_many_requests", "Too many requests; come again later.";
    /// The person has caused as many mails on one day as the server sends for anybody.
    DailyLimit = "daily_limit", "Enough for today; go on tomorrow.";
    /// The agency takes no registrations.
    RegistrationClosed = "registration_closed", "The agency takes no registrations at present.";
    /// The installation has its first administrator already.
    SetupClosed = "setup_closed", "The installation is set up already.";
    /// The set-up code is wrong.
    SetupCodeWrong = "setup_code_wrong", "The set-up code is wrong.";
    /// The checklist document has errors.
    ChecklistUnsound = "checklist_unsound", "The checklist has errors.";
    /// The checklist version is not published.
    ChecklistNotPublished = "checklist_not_published", "The checklist version is not published.";
    /// Rules of the programme stand in the way.
    NotEligible = "not_eligible", "Rules of the programme do not allow this.";
    /// The visit is taken, or is not on the job board.
    JobTaken = "job_taken", "This visit is not to be had any more.";
    /// The staff notice is missing or too fresh.
    StaffNoticeMissing = "staff_notice_missing", "Staff have not been informed long enough ago.";
    /// Fewer days or hours have passed than the programme asks for.
    ReleaseTooEarly = "release_too_early", "The release delay of the programme has not passed.";
    /// A critical answer is not confirmed.
    CriticalUnconfirmed = "critical_unconfirmed", "A critical answer has not been confirmed.";
    /// Two answers were given without knowing of each other.
    ConflictUnresolved = "conflict_unresolved", "Answers in conflict have not been resolved.";
    /// Photos are still on their way.
    PhotosMissing = "photos_missing", "Photos of the evaluation are still on their way.";
    /// What was asked for was deleted when its retention period was over.
    DeletedByRetention = "deleted_by_retention", "This was deleted when its retention period was over.";
    /// Work that was set aside has no place that it could be taken over into.
    NotAdoptable = "not_adoptable", "This work cannot be taken over.";
    /// Somebody has decided the opposite.
    AlreadyDecided = "already_decided", "Something else was decided about this already.";
    /// The envelope of a sync request cannot be read.
    SyncFrame = "sync_frame", "The sync frame could not be read.";
    /// The protocol version is not supported.
    UpgradeRequired = "upgrade_required", "This build of the app is too old.";
    /// The device is not enrolled, or not for this person.
    DeviceNotEnrolled = "device_not_enrolled", "The device is not enrolled.";
    /// The request is not signed by a device that is known here.
    DeviceSignature = "device_signature", "The request is not signed by a known device.";
    /// A part of a file does not start where the last one ended.
    WrongOffset = "wrong_offset", "The part does not start where the last one ended.";
    /// The bytes do not have the hash that names them.
    DigestMismatch = "digest_mismatch", "The bytes do not have the hash that names them.";
    /// A part does not have the checksum that came with it, as tus says.
    ChecksumMismatch = "checksum_mismatch", "The part does not have the checksum that came with it.";
    /// There is no room for the file.
    QuotaExceeded = "quota_exceeded", "There is no room for the file.";
    /// The client speaks another version of tus.
    TusVersion = "tus_version", "This version of tus is not spoken here.";
    /// A dependency is out of reach for the moment.
    Unavailable = "unavailable", "The service is out of reach for the moment.";
    /// A fault of the server.
    Internal = "internal", "The server failed; the fault is logged.";
}

impl Code {
    /// The code of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct() {
        let names: std::collections::BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
    }
}
