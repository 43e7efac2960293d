//! Devices, sync, files, and what was set aside.

use axum::middleware::from_fn;
use haamu_app::App;
use haamu_domain::{Code, Verb};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::route::Operations;
use crate::http::{MAX_BODY, MAX_FRAME, MAX_PART, blobs, deposits, set_aside, sync, tus};

pub(super) fn fieldwork() -> OpenApiRouter<App> {
    let sync = &[Code::SyncFrame, Code::UpgradeRequired, Code::DeviceNotEnrolled];
    let upload = &[
        Code::ValidationFailed,
        Code::NotFound,
        Code::WrongOffset,
        Code::DigestMismatch,
        Code::QuotaExceeded,
    ];
    let cancel = &[Code::NotFound, Code::NotPossibleInState];
    let frames = Operations::default()
        .verb(Verb::Sync, sync, routes!(sync::sync))
        .with_body_limit(MAX_FRAME);
    Operations::default()
        .verb(Verb::UploadBlob, &[Code::NotFound], routes!(blobs::head_blob))
        .verb(Verb::UploadBlob, upload, routes!(blobs::patch_blob))
        .verb(Verb::UploadBlob, cancel, routes!(blobs::delete_blob))
        .verb(Verb::ReadReceipt, &[Code::NotFound], routes!(blobs::read_receipt))
        .open(&[], routes!(blobs::read_receipt_keys))
        .with_body_limit(MAX_PART)
        .merge(frames)
        .merge(deposits())
        .merge(tus_uploads())
}

fn deposits() -> OpenApiRouter<App> {
    let deposit = &[
        Code::SyncFrame,
        Code::UpgradeRequired,
        Code::DeviceNotEnrolled,
        Code::QuotaExceeded,
    ];
    let upload = &[
        Code::ValidationFailed,
        Code::NotFound,
        Code::WrongOffset,
        Code::DigestMismatch,
        Code::QuotaExceeded,
    ];
    let frames = Operations::default()
        .device(deposit, routes!(deposits::create_deposit))
        .with_body_limit(MAX_FRAME);
    Operations::default()
        .device(upload, routes!(deposits::patch_deposit_blob))
        .with_body_limit(MAX_PART)
        .merge(frames)
}

fn tus_uploads() -> OpenApiRouter<App> {
    let look = &[Code::InvalidRequest, Code::NotFound, Code::TusVersion];
    let cancel = &[Code::NotFound, Code::NotPossibleInState, Code::TusVersion];
    let create = &[
        Code::ValidationFailed,
        Code::NotFound,
        Code::Conflict,
        Code::WrongOffset,
        Code::DigestMismatch,
        Code::ChecksumMismatch,
        Code::QuotaExceeded,
        Code::TusVersion,
    ];
    let append = &[
        Code::NotFound,
        Code::Conflict,
        Code::WrongOffset,
        Code::DigestMismatch,
        Code::ChecksumMismatch,
        Code::QuotaExceeded,
        Code::TusVersion,
    ];
    let any = &[
        Code::NotFound,
        Code::MethodNotAllowed,
        Code::Conflict,
        Code::NotPossibleInState,
        Code::WrongOffset,
        Code::DigestMismatch,
        Code::ChecksumMismatch,
        Code::QuotaExceeded,
        Code::TusVersion,
    ];
    Operations::default()
        .open(&[], routes!(tus::tus_options))
        .verb(Verb::UploadBlob, create, routes!(tus::create_tus_upload))
        .verb(Verb::UploadBlob, look, routes!(tus::head_tus_upload))
        .verb(Verb::UploadBlob, append, routes!(tus::patch_tus_upload))
        .verb(Verb::UploadBlob, cancel, routes!(tus::delete_tus_upload))
        .verb(Verb::UploadBlob, any, routes!(tus::override_tus_method))
        .with_body_limit(MAX_PART)
        .layer(from_fn(tus::protocol))
}

pub(super) fn set_aside() -> OpenApiRouter<App> {
    let list = &[Code::ValidationFailed, Code::NotFound];
    let adopt = &[
        Code::ValidationFailed,
        Code::OwnWork,
        Code::NotFound,
        Code::NotPossibleInState,
        Code::Conflict,
        Code::NotAdoptable,
        Code::DeletedByRetention,
        Code::AlreadyDecided,
    ];
    let discard = &[
        Code::ValidationFailed,
        Code::OwnWork,
        Code::NotFound,
        Code::AlreadyDecided,
    ];
    Operations::default()
        .verb(Verb::ReadSetAside, list, routes!(set_aside::list_set_aside))
        .verb(Verb::ReadSetAside, &[], routes!(set_aside::count_set_aside))
        .verb(
            Verb::ReadSetAside,
            &[Code::NotFound],
            routes!(set_aside::read_set_aside),
        )
        .verb(Verb::AdoptSetAside, adopt, routes!(set_aside::adopt_set_aside))
        .verb(
            Verb::DiscardSetAside,
            discard,
            routes!(set_aside::discard_set_aside),
        )
        .with_body_limit(MAX_BODY)
}
