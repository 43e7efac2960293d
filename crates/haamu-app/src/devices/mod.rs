//! Devices of shoppers.

use haamu_domain::{Actor, AuditEvent, Code, Target, Verb};
use haamu_store::Tx;
use haamu_store::repo::devices::{self, Device};
use haamu_store::repo::{identity, sessions};
use haamu_sync::{ChainHead, DeviceId};

use crate::context::{require, require_in_agency};
use crate::error::Checks;
use crate::identity::Bearer;
use crate::{App, Error};

/// A device to be enrolled.
#[derive(Clone, Debug)]
pub struct DeviceInput {
    /// The device.
    pub device: DeviceId,
    /// Its Ed25519 public key.
    pub public_key: Vec<u8>,
    /// Its platform.
    pub platform: String,
    /// The build of the app.
    pub build: String,
    /// The device that it turned out to be a clone of.
    pub cloned_from: Option<DeviceId>,
}

impl App {
    /// Enrols a device of the actor, and binds the session to it. Enrolling once more changes nothing.
    ///
    /// # Errors
    /// The public key is none, or the device belongs to somebody else.
    pub async fn enrol_device(&self, bearer: &Bearer, input: &DeviceInput) -> Result<String, Error> {
        let actor = bearer.actor;
        require_in_agency(&actor, Verb::EnrolDevice)?;
        let mut checks = Checks::default();
        let platform = checks.text("platform", &input.platform, 100);
        let build = checks.text("build", &input.build, 100);
        let key = <[u8; 32]>::try_from(input.public_key.as_slice()).ok();
        let is_key = key.is_some_and(|key| ed25519_dalek::VerifyingKey::from_bytes(&key).is_ok());
        if !is_key {
            checks.issue("public_key", "bad_key", "this is not an Ed25519 public key");
        }
        checks.finish()?;
        let (platform, build) = (&platform, &build);
        // A device that belongs to another agency is refused, and must be seen for that.
        self.act_across(&actor, |tx: Tx| async move {
            let tx = &tx;
            self.require_live(tx, bearer).await?;
            match devices::lock(tx, input.device).await? {
                Some(known) if known.user != actor.user || known.agency != actor.agency => {
                    return Err(Error::refused(Code::DeviceNotEnrolled));
                }
                Some(known) if known.revoked_at.is_some() => {
                    return Err(Error::refused(Code::DeviceNotEnrolled));
                }
                Some(_) => {}
                None => {
                    let device = Device {
                        id: input.device,
                        agency: actor.agency,
                        user: actor.user,
                        public_key: input.public_key.clone(),
                        platform: platform.clone(),
                        build: build.clone(),
                        cloned_from: input.cloned_from,
                        head: ChainHead::default(),
                        head_effective: None,
                        enrolled_at: self.now(),
                        revoked_at: None,
                        custody_seq: 0,
                    };
                    devices::insert(tx, &device).await?;
                }
            }
            sessions::bind_device(tx, bearer.require_session()?, input.device).await?;
            Ok(((), AuditEvent::of(Verb::EnrolDevice, "device", input.device)))
        })
        .await?;
        let bound = Bearer {
            actor: Actor {
                device: Some(input.device),
                ..actor
            },
            ..*bearer
        };
        self.sign(&bound)
    }

    /// A new token is only given out in a session that could be renewed as well.
    async fn require_live(&self, tx: &Tx, bearer: &Bearer) -> Result<(), Error> {
        let own = bearer.require_session()?;
        // A server that was restored does not have the sessions that were begun after its backup.
        if sessions::find(tx, own).await?.is_none() {
            return Err(Error::refused(Code::Unauthenticated));
        }
        let session = sessions::lock(tx, own).await?;
        let user = identity::load_user(tx, bearer.actor.user).await?;
        let member = identity::find_membership(tx, bearer.actor.agency, bearer.actor.user).await?;
        let is_member =
            member.is_some_and(|member| member.role == bearer.actor.role && member.disabled_at.is_none());
        if session.ended_at.is_none() && user.disabled_at.is_none() && is_member {
            Ok(())
        } else {
            Err(Error::refused(Code::Unauthenticated))
        }
    }

    /// Shuts a device out, and ends its sessions: one's own, or for coordinators any of the agency. Doing
    /// so once more changes nothing.
    ///
    /// # Errors
    /// There is no such device for the actor.
    pub async fn revoke_device(&self, actor: &Actor, id: DeviceId) -> Result<Device, Error> {
        require_in_agency(actor, Verb::RevokeDevice)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let found = devices::lock(tx, id).await?;
            // The log that the server writes itself is no device of anybody's.
            let found = found.filter(|device| device.agency == actor.agency && !device.public_key.is_empty());
            let device = found.ok_or_else(|| Error::not_found("device"))?;
            let target = Target::owned(device.agency, device.user);
            require(actor, Verb::RevokeDevice, &target, "device")?;
            let event = AuditEvent::of(Verb::RevokeDevice, "device", id);
            if device.revoked_at.is_some() {
                return Ok((device, event));
            }
            let now = self.now();
            devices::revoke(tx, id, now).await?;
            sessions::end_of_device(tx, id, now, "device revoked").await?;
            let device = Device {
                revoked_at: Some(now),
                ..device
            };
            Ok((device, event))
        })
        .await
    }

    /// The actor's devices.
    ///
    /// # Errors
    /// The role may not do this.
    pub async fn list_devices(&self, actor: &Actor) -> Result<Vec<Device>, Error> {
        require_in_agency(actor, Verb::ReadDevices)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            Ok(devices::list(tx, actor.agency, actor.user).await?)
        })
        .await
    }
}
