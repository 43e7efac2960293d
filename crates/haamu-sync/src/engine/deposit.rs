//! Sending work under the device's own key, for when its person cannot sign in any more.
//!
//! A deposit is the push half of a sync: the same log, the same chain, the
//! same files. It ends by itself when everything is sent, or with the first
//! failure; then the device is where it was before.

use crate::{DepositResponse, SyncResponse};

use super::response::{acknowledge, is_lost};
use super::session::{Outcome, Phase};
use super::{Effect, EffectId, Engine, Failure, Notice, Pending, Then, WriteBatch};

/// A deposit that is under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Deposit {
    /// None is.
    #[default]
    None,
    /// One is, and the person has to sign in before anything else.
    InPlaceOfSession,
    /// One is, on a device that has not asked yet whether its session is still good.
    Unasked,
}

impl Engine {
    /// Begins a deposit, unless something else is under way.
    pub(super) fn deposit(&mut self) {
        if !self.state.device.enrolled {
            self.notify(Notice::NotDeposited(Failure::NotEnrolled));
            return;
        }
        self.session.deposit = match self.session.phase {
            Phase::AuthRequired => Deposit::InPlaceOfSession,
            Phase::Idle | Phase::Waiting(_) => Deposit::Unasked,
            _ => {
                self.notify(Notice::NotDeposited(Failure::Busy(0)));
                return;
            }
        };
        self.uploader.stop();
        self.ask();
    }

    /// Sends the next request of a deposit.
    pub(super) fn send_deposit(&mut self, id: EffectId) {
        let mut request = self.request();
        request.cursor = None;
        self.session.sent_bytes = request.ops.iter().map(|raw| raw.0.len()).sum();
        self.session.phase = Phase::Asking {
            id,
            offered: request.offers.clone(),
        };
        self.effects.push_back(Effect::Deposit(id, Box::new(request)));
    }

    pub(super) fn deposited(&mut self, id: EffectId, outcome: Result<Box<DepositResponse>, Failure>) {
        let Phase::Asking {
            id: expected,
            offered,
        } = &mut self.session.phase
        else {
            return;
        };
        if *expected != id || self.session.deposit == Deposit::None {
            return;
        }
        let offered = std::mem::take(offered);
        match outcome {
            Ok(response) if response.proto == crate::PROTO => {
                self.session.phase = Phase::Applying { offered };
                self.waiting.push_back(Pending::Deposited(response));
            }
            Ok(_) => self.failed(Failure::UpgradeRequired),
            Err(failure) => self.failed(failure),
        }
    }

    pub(super) fn commit_deposit(&mut self, response: DepositResponse) {
        let Phase::Applying { offered } = &mut self.session.phase else {
            return;
        };
        let offered = std::mem::take(offered);
        let have = response.have.head();
        if self.state.chain_at(have.seq) != Some(have.chain) {
            // A clone would need a new name, and nobody is there whom it could be enrolled for.
            self.end_deposit(Err(Failure::NotEnrolled));
            return;
        }
        let mut device = self.state.device.clone();
        let response = SyncResponse {
            proto: response.proto,
            server_time: response.server_time,
            have: response.have,
            exceptions: response.exceptions,
            reset: false,
            page: Vec::new(),
            fetched: Vec::new(),
            cursor: device.cursor.unwrap_or_default(),
            more: false,
            needs: response.needs,
            custody_upto: 0,
            policy: device.policy.clone(),
        };
        let mut batch = WriteBatch::default();
        let mut outcome = Outcome {
            needs: response.needs.clone(),
            ..Outcome::default()
        };
        if have.seq < device.acknowledged {
            self.offer_again(is_lost, &mut batch, &mut outcome);
        }
        let agreed = have.seq.min(response.have.common.max(device.acknowledged));
        self.judge_anew(&response, agreed, &mut batch);
        acknowledge(&mut device, agreed, &mut outcome);
        device.included = device.included.min(device.acknowledged);
        self.set_aside(&response, &mut batch, &mut outcome);
        self.confirm_files(&offered, &response, &mut batch, &mut outcome);
        batch.device = Some(device);
        self.start_commit(batch, Then::Applied(outcome));
    }

    /// Ends a deposit: done, or broken off.
    pub(super) fn end_deposit(&mut self, outcome: Result<(), Failure>) {
        let before = std::mem::take(&mut self.session.deposit);
        self.uploader.stop();
        self.session.phase = if before == Deposit::InPlaceOfSession {
            Phase::AuthRequired
        } else {
            Phase::Idle
        };
        if let Some((files, bytes, hold)) = self.held_back() {
            self.notify(Notice::HeldBack(files, bytes, hold));
        }
        self.notify(match outcome {
            Ok(()) => Notice::Deposited,
            Err(failure) => Notice::NotDeposited(failure),
        });
    }
}
