//! What the sync engine of a device weighs in a browser: its snapshot is loaded, every kind of event is taken, and
//! every effect is handed out, all of it as bytes. `cargo xtask ci wasm` builds it for the web and weighs it; it does
//! nothing of use when run.

use std::hint::black_box;

use haamu_sync::engine::{
    Battery, Conditions, Config, Connection, DeviceState, Edit, Effect, Engine, Event, Failure, Import,
    Snapshot, StoredBlob, StoredEntity, StoredOp, UploadFailure,
};
use haamu_sync::{
    AuthorId, BlobHash, Bytes, ClockReading, DepositResponse, DeviceId, DocumentId, Frame, RegisterKey,
    SyncResponse, cbor, codec,
};

/// What a host would hand over with an event.
#[derive(Clone, Copy)]
struct Message<'a> {
    now: ClockReading,
    kind: u8,
    id: u64,
    failure: u8,
    body: &'a [u8],
}

fn main() {
    // Nothing of this can be worked out before it runs.
    let (stored, messages): (&[u8], &[Message<'_>]) = black_box((&[], &[]));
    let Some(mut engine) = load(stored) else {
        return;
    };
    for message in messages {
        if let Some(event) = event(message) {
            engine.handle(message.now, event);
        }
        while let Some(effect) = engine.poll_effect() {
            black_box(bytes_of(effect));
        }
        black_box(engine.poll_timeout());
        black_box(shown(&engine, message.body));
    }
}

/// The engine of a store that was written before.
fn load(stored: &[u8]) -> Option<Engine> {
    type Stored = (
        (Option<DeviceState>, Vec<StoredOp>),
        (Vec<StoredEntity>, Vec<StoredBlob>),
    );
    let ((device, ops), (entities, blobs)): Stored = cbor::from_slice(stored).ok()?;
    let snapshot = Snapshot {
        device,
        ops,
        entities,
        blobs,
    };
    let (build, seed): (&str, [u8; 32]) = black_box(("", [0; 32]));
    let fresh = DeviceState::new(black_box(DeviceId::default()), black_box(AuthorId::default()));
    Some(Engine::new(Config::new(build, seed), snapshot, fresh))
}

fn event(message: &Message<'_>) -> Option<Event> {
    let Message { id, body, .. } = *message;
    let outcome = || failure(message.failure).map_or(Ok(()), Err);
    Some(match message.kind {
        0 => Event::Edit(edit(body)?),
        1 => Event::Committed(id),
        2 => Event::CommitFailed(id),
        3 => Event::Enrolled(id, outcome()),
        4 => Event::Synced(id, answered(message, |body| SyncResponse::from_cbor(body).ok())),
        5 => Event::Deposited(
            id,
            answered(message, |body| DepositResponse::from_cbor(body).ok()),
        ),
        6 => Event::Uploaded(id, uploaded(message)),
        7 => Event::AuthRefreshed(id, outcome()),
        8 => receipt(body)?,
        9 => Event::Freed(BlobHash::from_slice(body)?),
        10 => Event::Conditions(conditions(message)),
        11 => Event::Import(import(body)?),
        12 => Event::Copied,
        13 => Event::Deposit,
        14 => Event::SignedIn,
        15 => Event::SyncNow,
        _ => Event::Timeout,
    })
}

fn receipt(body: &[u8]) -> Option<Event> {
    let ((sha256, document), bytes): ((BlobHash, DocumentId), Bytes) = cbor::from_slice(body).ok()?;
    Some(Event::Receipt(sha256, document, bytes))
}

fn edit(body: &[u8]) -> Option<Edit> {
    let (key, document): (RegisterKey, DocumentId) = cbor::from_slice(body).ok()?;
    let op = codec::decode(body, DeviceId::default(), 0).ok()?;
    Some(Edit {
        document,
        key,
        action: op.action,
        form_version: op.form_version,
        preview: BlobHash::from_slice(body).map(|preview| (preview, 0)),
    })
}

fn answered<T>(message: &Message<'_>, read: fn(&[u8]) -> Option<T>) -> Result<Box<T>, Failure> {
    match failure(message.failure) {
        Some(failure) => Err(failure),
        None => read(message.body).map(Box::new).ok_or(Failure::NotOurServer),
    }
}

fn uploaded(message: &Message<'_>) -> Result<u64, UploadFailure> {
    Err(match message.failure {
        0 => return Ok(message.id),
        100 => UploadFailure::WrongOffset(message.id),
        101 => UploadFailure::DigestMismatch,
        102 => UploadFailure::LocalDamage,
        103 => UploadFailure::Refused,
        other => UploadFailure::Request(failure(other).unwrap_or(Failure::Network)),
    })
}

fn failure(code: u8) -> Option<Failure> {
    Some(match code {
        0 => return None,
        1 => Failure::Network,
        2 => Failure::NotOurServer,
        3 => Failure::Unauthorised,
        4 => Failure::Forbidden,
        5 => Failure::NotEnrolled,
        6 => Failure::TooLarge,
        7 => Failure::FrameRefused,
        8 => Failure::UpgradeRequired,
        9 => Failure::Busy(1_000),
        _ => Failure::Server,
    })
}

fn conditions(message: &Message<'_>) -> Conditions {
    Conditions {
        connection: if message.failure == 0 {
            Connection::Metered
        } else {
            Connection::Unmetered
        },
        battery: Some(Battery {
            percent: message.failure,
            is_charging: message.id == 0,
        }),
        ..Conditions::default()
    }
}

fn import(body: &[u8]) -> Option<Import> {
    type Exported = ((DeviceId, u64), (Vec<Bytes>, Vec<StoredBlob>));
    let ((device, first_seq), (ops, files)): Exported = cbor::from_slice(body).ok()?;
    Some(Import {
        device,
        first_seq,
        ops,
        files,
    })
}

/// An effect as its host would take it: bytes for the store, the network or the screen.
fn bytes_of(effect: Effect) -> Vec<Vec<u8>> {
    match effect {
        Effect::Commit(id, batch) => vec![
            cbor::to_vec(&(id, (batch.replace_log, batch.forget_ops_upto))),
            cbor::to_vec(&batch.device),
            cbor::to_vec(&batch.put_ops),
            cbor::to_vec(&batch.put_entities),
            cbor::to_vec(&batch.drop_entities),
            cbor::to_vec(&batch.put_blobs),
        ],
        Effect::Enrol(id, enrolment) => vec![cbor::to_vec(&(id, (enrolment.device, enrolment.cloned_from)))],
        Effect::Sync(_, request) | Effect::Deposit(_, request) => vec![request.to_cbor()],
        Effect::Upload(id, part) => {
            let place = (part.url, (part.offset, (part.length, part.total)));
            vec![cbor::to_vec(&(id, (part.sha256, place)))]
        }
        Effect::RefreshAuth(id) => vec![cbor::to_vec(&id)],
        Effect::Notify(notice) => {
            black_box(notice);
            Vec::new()
        }
    }
}

/// What a person would see.
fn shown(engine: &Engine, document: &[u8]) -> Option<(usize, u64)> {
    let document = DocumentId::from_slice(document)?;
    let view = engine.document(document);
    let conflicts = view.conflicts(haamu_sync::Lane::Shopper).len();
    black_box((engine.backlog(), engine.submission(document)));
    Some((conflicts, engine.last_seq()))
}
