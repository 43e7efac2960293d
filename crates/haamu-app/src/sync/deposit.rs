//! Work that comes under a device's own key, when nobody can sign in on it any more.

use ed25519_dalek::VerifyingKey;
use haamu_domain::signature::{self, SignatureError, SignatureFields, SignedParts};
use haamu_domain::{Actor, Code, Role};
use haamu_store::Tx;
use haamu_store::repo::{devices, ops};
use haamu_sync::{DepositResponse, PROTO, SyncRequest};

use crate::{App, Error};

use super::{Door, not_enrolled, require_within_limits};

/// Of a device that nobody answers for at most so many operations are set aside in all.
const MAX_OPERATIONS: u64 = 100_000;

impl App {
    /// The person whose device signed a request. It does not matter whether they, their role or the device
    /// itself still exist for anything else: what is deposited only waits for somebody to decide.
    ///
    /// # Errors
    /// [`Code::DeviceSignature`].
    pub async fn authenticate_device(
        &self,
        fields: &SignatureFields,
        parts: SignedParts<'_>,
        body: &[u8],
    ) -> Result<Actor, Error> {
        let refused = |error: SignatureError| Error::because(Code::DeviceSignature, error.to_string());
        let id = signature::signer(&fields.input).map_err(refused)?;
        // The device says by its signature for which agency it speaks.
        let device = self
            .look_across(|tx: Tx| async move {
                let tx = &tx;
                Ok(devices::find(tx, id).await?)
            })
            .await?;
        // A device that is not known is refused as one whose key is another: nobody learns which there are.
        let key = device
            .as_ref()
            .and_then(|device| VerifyingKey::try_from(device.public_key.as_slice()).ok());
        let (Some(device), Some(key)) = (device, key) else {
            return Err(refused(SignatureError::Wrong));
        };
        signature::verify(&key, fields, parts, body).map_err(refused)?;
        Ok(Actor {
            device: Some(id),
            ..Actor::person(device.user, device.agency, Role::Shopper, None)
        })
    }

    /// Takes in what a device deposits. All of it is kept and acknowledged, and set aside.
    ///
    /// # Errors
    /// [`Code::UpgradeRequired`] for another protocol, [`Code::DeviceNotEnrolled`] if the request speaks for
    /// another device than the one that signed it, or [`Code::QuotaExceeded`].
    pub async fn deposit(&self, actor: &Actor, request: &SyncRequest) -> Result<DepositResponse, Error> {
        if request.proto != PROTO {
            let detail = format!("The server speaks version {PROTO} of the protocol.");
            return Err(Error::because(Code::UpgradeRequired, detail));
        }
        if actor.device != Some(request.device) {
            return Err(not_enrolled(request.device));
        }
        require_within_limits(request)?;
        let counting = self.look(actor.agency, |tx: Tx| async move {
            Ok(ops::count_set_aside(&tx, actor.agency, request.device).await?)
        });
        if counting.await?.saturating_add(request.ops.len() as u64) > MAX_OPERATIONS {
            let detail = format!("A device deposits at most {MAX_OPERATIONS} operations.");
            return Err(Error::because(Code::QuotaExceeded, detail));
        }
        let pushed = self.push(actor, request, Door::Deposit).await?;
        let needs = self.answer_offers(actor, &request.offers, Door::Deposit).await?;
        Ok(DepositResponse {
            proto: PROTO,
            server_time: self.now().sync_millis(),
            have: pushed.have,
            exceptions: pushed.exceptions,
            needs,
        })
    }
}
