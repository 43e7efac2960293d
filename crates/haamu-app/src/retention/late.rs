//! What arrives of an evaluation after some of it was deleted: it must not bring that back.

use std::collections::{BTreeMap, BTreeSet};

use haamu_domain::retention::{PurgeClass, class_of_register, coarse_moment, redact_action};
use haamu_domain::{AgencyId, SubmissionId, Timestamp, Zone};
use haamu_form::Checklist;
use haamu_store::Tx;
use haamu_store::repo::ops::ReceivedOp;
use haamu_sync::{DeviceId, Hlc, Op, OpId, codec};

use crate::evaluation;
use crate::jobs::load_zone;
use crate::sync::Affected;
use crate::{App, Error};

/// Why work is set aside that is about an evaluation of which something was deleted.
pub(crate) const DELETED: &str = "deleted_by_retention";

impl App {
    /// Takes what was deleted before out of operations that have just come. They keep their names.
    pub(crate) async fn redact_late(
        &self,
        tx: &Tx,
        agency: AgencyId,
        device: DeviceId,
        affected: &BTreeMap<SubmissionId, Affected>,
        received: &mut [ReceivedOp<'_>],
    ) -> Result<(), Error> {
        for target in affected.values().filter(|one| !one.submission.purged.is_empty()) {
            let evaluation = evaluation::load(tx, agency, &target.visit, &target.submission).await?;
            let zone = load_zone(tx, agency, &target.visit).await?;
            let of_target = |one: &&mut ReceivedOp<'_>| one.submission == Some(target.submission.id);
            for one in received.iter_mut().filter(of_target) {
                let Ok(said) = &one.incoming.op else { continue };
                let id = one.incoming.id;
                let left = self.left_late(said, id, &target.submission.purged, &evaluation.checklist, &zone);
                if left != *said {
                    one.redacted = Some(codec::encode(&left, device, one.incoming.head.seq));
                    one.incoming.op = Ok(left);
                }
            }
        }
        Ok(())
    }

    fn left_late(
        &self,
        said: &Op,
        id: OpId,
        purged: &BTreeSet<PurgeClass>,
        checklist: &Checklist,
        zone: &Zone,
    ) -> Op {
        let mut left = said.clone();
        if purged.contains(&PurgeClass::StaffData) {
            let moment = Timestamp::from_millis(i64::try_from(said.hlc.millis()).unwrap_or(i64::MAX));
            left.hlc = Hlc::at(coarse_moment(moment, zone).sync_millis());
        }
        if class_of_register(checklist, &said.register).is_some_and(|class| purged.contains(&class)) {
            let commit = |op, value: &[u8]| self.inner.seal.known().commit(op, value);
            let action = redact_action(&said.action, id, checklist, &said.register, zone, &commit);
            left.action = action.unwrap_or(left.action);
        }
        left
    }
}
