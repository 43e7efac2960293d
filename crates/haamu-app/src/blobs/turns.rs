//! Requests about one upload take turns: a later one ends the reading of the one before it.
//!
//! A client whose connection broke without a word comes back and asks how far its file is, while this
//! process still waits for the rest of a body that will never come. What had arrived of it is staged
//! before the question is answered, so that no byte of it is sent again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use haamu_domain::{Actor, SubmissionId, UserId};
use haamu_sync::BlobHash;
use tokio::sync::{OwnedMutexGuard, watch};

use crate::App;

/// Only requests of the same person wait for each other: nobody else can break an upload off.
type Key = (UserId, SubmissionId, BlobHash);

/// The uploads that requests of this process are about.
#[derive(Debug, Default)]
pub(crate) struct Turns(Mutex<HashMap<Key, Arc<Place>>>);

/// One upload.
#[derive(Debug, Default)]
struct Place {
    /// The number of the request that came last.
    newest: watch::Sender<u64>,
    /// Held by the request whose turn it is.
    gate: Arc<tokio::sync::Mutex<()>>,
}

/// The turn of one request; it ends with this value.
#[derive(Debug)]
pub struct Turn {
    number: u64,
    newest: watch::Receiver<u64>,
    _place: Registered,
    _gate: OwnedMutexGuard<()>,
}

/// A place in the table, for as long as a request is about it.
#[derive(Debug)]
struct Registered {
    app: App,
    key: Key,
    place: Arc<Place>,
}

impl Turns {
    fn enter(&self, key: Key) -> Arc<Place> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(places.entry(key).or_default())
    }

    fn leave(&self, key: Key, place: &Arc<Place>) {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The table's own and the one that is leaving: nobody else is here.
        if Arc::strong_count(place) <= 2 {
            places.remove(&key);
        }
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.app.inner.turns.leave(self.key, &self.place);
    }
}

impl Turn {
    /// Waits until another request about the same upload has come.
    pub async fn superseded(&mut self) {
        let number = self.number;
        // The sender lives as long as the place, which this turn holds.
        let _ = self.newest.wait_for(|newest| *newest > number).await;
    }
}

impl App {
    /// Waits for the turn of a request about an upload. The request before it, if it still reads its
    /// body, is told to be content with what has arrived.
    pub async fn upload_turn(&self, actor: &Actor, submission: SubmissionId, sha256: BlobHash) -> Turn {
        let key = (actor.user, submission, sha256);
        let registered = Registered {
            app: self.clone(),
            key,
            place: self.inner.turns.enter(key),
        };
        let place = &registered.place;
        let mut number = 0;
        place.newest.send_modify(|newest| {
            *newest += 1;
            number = *newest;
        });
        let newest = place.newest.subscribe();
        let gate = Arc::clone(&place.gate).lock_owned().await;
        Turn {
            number,
            newest,
            _place: registered,
            _gate: gate,
        }
    }
}
