//! The sync endpoint: push, then pull, then which files are wanted.

mod affected;
mod custody;
mod deposit;
mod entries;
mod offers;
mod pull;
mod push;

use haamu_domain::{Actor, Code, Verb};
use haamu_sync::codec::MAX_OP_BYTES;
use haamu_sync::frame::{MAX_BATCH_BYTES, MAX_BATCH_OPS, MAX_OFFERS};
use haamu_sync::{DeviceId, PROTO, Policy, SyncRequest, SyncResponse};

use crate::context::require_in_agency;
use crate::{App, Error};

pub(crate) use affected::Affected;
pub use custody::CustodyReport;
pub(crate) use pull::load_document;
pub(crate) use push::DEPOSITED;

impl App {
    /// Takes in what a device sends, and answers with what it lacks.
    ///
    /// # Errors
    /// [`Code::UpgradeRequired`], or [`Code::DeviceNotEnrolled`] if the token is
    /// not bound to the device that the request speaks for. Whatever is in a
    /// well-framed push is kept.
    pub async fn sync(&self, actor: &Actor, request: &SyncRequest) -> Result<SyncResponse, Error> {
        require_in_agency(actor, Verb::Sync)?;
        if request.proto != PROTO {
            let detail = format!("The server speaks version {PROTO} of the protocol.");
            return Err(Error::because(Code::UpgradeRequired, detail));
        }
        if let Some(least) = self.settings().min_builds.refuses(&request.build) {
            return Err(Error::too_old(least));
        }
        if actor.device != Some(request.device) {
            return Err(Error::refused(Code::DeviceNotEnrolled));
        }
        require_within_limits(request)?;
        let pushed = self.push(actor, request, Door::Session).await?;
        // A file that another submission brought moves this one in the feed, so offers come before the pull.
        let needs = self.answer_offers(actor, &request.offers, Door::Session).await?;
        // The pull reads after the push was committed: what a device sends, it sees.
        let pulled = self.pull(actor, request, &pushed.echoes).await?;
        Ok(SyncResponse {
            proto: PROTO,
            server_time: self.now().sync_millis(),
            have: pushed.have,
            exceptions: pushed.exceptions,
            reset: pulled.reset,
            page: pulled.page,
            fetched: pulled.fetched,
            cursor: pulled.cursor,
            more: pulled.more,
            needs,
            custody_upto: pushed.custody_upto,
            policy: self.policy_for(&request.build),
        })
    }
}

impl App {
    /// What is asked of a device that runs this build.
    fn policy_for(&self, build: &str) -> Policy {
        let settings = self.settings();
        Policy {
            min_build: settings.min_builds.for_app_of(build).unwrap_or_default(),
            ..settings.policy.clone()
        }
    }
}

/// How a device comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door {
    /// With its person's session.
    Session,
    /// Under its own key: all is kept, and nothing takes effect.
    Deposit,
}

/// What no client of ours sends at once: it sends less when it is told so.
fn require_within_limits(request: &SyncRequest) -> Result<(), Error> {
    let bytes: usize = request.ops.iter().map(|raw| raw.0.len()).sum();
    let is_too_large = request.ops.len() > MAX_BATCH_OPS
        || bytes > MAX_BATCH_BYTES + MAX_OP_BYTES
        || request.offers.len() > MAX_OFFERS
        || request.refetch.len() > MAX_OFFERS;
    if is_too_large {
        let detail =
            format!("At most {MAX_BATCH_OPS} operations and {MAX_BATCH_BYTES} bytes of them at once.");
        return Err(Error::because(Code::PayloadTooLarge, detail));
    }
    Ok(())
}

/// A refusal for a device that is not enrolled for the actor.
fn not_enrolled(device: DeviceId) -> Error {
    Error::because(
        Code::DeviceNotEnrolled,
        format!("The device {device} is not enrolled for you."),
    )
}
