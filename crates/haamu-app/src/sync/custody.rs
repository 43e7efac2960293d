//! Vouching for backups: how much of each device's log a restored copy of the database has.

use haamu_domain::{AgencyId, AuditEvent};
use haamu_store::repo::custody::{self, DeviceLog};
use haamu_store::repo::ops;
use haamu_store::{Db, DbSettings, Reach, Tx};
use haamu_sync::{ChainHead, codec};
use serde_json::json;

use crate::{App, Error};

/// So many operations are read at once.
const OPS_AT_ONCE: u64 = 2_000;

/// What a comparison with a backup came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CustodyReport {
    /// Devices whose logs the backup has, read to the end.
    pub devices: usize,
    /// Operations in them.
    pub operations: u64,
    /// Devices whose log in the backup is damaged or has gaps; nothing is confirmed for them.
    pub damaged: usize,
    /// Devices whose log in the backup is not the beginning of the log here; nothing is confirmed for them.
    pub foreign: usize,
}

impl App {
    /// Reads a restored backup of this server's database, and confirms to devices what is safe in it: they
    /// may forget that. Every operation is read and the hash chain computed anew, so that a copy which only
    /// looks like one confirms nothing. `progress` is told of each device, and how many there are.
    ///
    /// # Errors
    /// One of the two databases failed.
    pub async fn confirm_custody(
        &self,
        backup: &DbSettings,
        mut progress: impl FnMut(usize, usize),
    ) -> Result<CustodyReport, Error> {
        let backup = Db::open_copy(backup).await?;
        // The operator compares the logs of all agencies.
        let logs: Vec<DeviceLog> = backup
            .read(Reach::Server, |tx: Tx| async move {
                let tx = &tx;
                Ok::<_, Error>(custody::list_logs(tx).await?)
            })
            .await?;
        let mut report = CustodyReport::default();
        let mut sound: Vec<DeviceLog> = Vec::new();
        for (done, log) in logs.iter().enumerate() {
            if read_through(&backup, log).await? {
                sound.push(*log);
            } else {
                report.damaged += 1;
            }
            progress(done + 1, logs.len());
        }
        for of_agency in sound.chunk_by(|a, b| a.agency == b.agency) {
            let agency = of_agency[0].agency;
            let confirmed = self.confirm_logs(agency, of_agency).await?;
            report.devices += confirmed.len();
            report.operations += confirmed.iter().map(|log| log.head.seq).sum::<u64>();
            report.foreign += of_agency.len() - confirmed.len();
        }
        Ok(report)
    }

    /// Confirms those logs that are the beginning of what is here.
    async fn confirm_logs(&self, agency: AgencyId, logs: &[DeviceLog]) -> Result<Vec<DeviceLog>, Error> {
        self.act_alone(agency, |tx: Tx| async move {
            let tx = &tx;
            let mut confirmed = Vec::new();
            for log in logs {
                let DeviceLog { device, head, .. } = *log;
                let here = ops::list_chains(tx, agency, device, head.seq, head.seq).await?;
                if head.seq == 0 || here.get(&head.seq) == Some(&head.chain) {
                    custody::confirm(tx, agency, device, head.seq).await?;
                    confirmed.push(*log);
                }
            }
            let detail = json!({"devices": confirmed.len()});
            let event = AuditEvent::named("custody.confirm", "agency", agency).with(detail);
            Ok((confirmed, event))
        })
        .await
    }
}

/// Whether a log in the backup is whole: without gaps, and with the chain that its head says.
async fn read_through(backup: &Db, log: &DeviceLog) -> Result<bool, Error> {
    let mut position = ChainHead::default();
    loop {
        let after = position.seq;
        let page = backup
            .read(Reach::Agency(log.agency), |tx: Tx| async move {
                let tx = &tx;
                Ok::<_, Error>(custody::list_raw(tx, log.device, after, OPS_AT_ONCE).await?)
            })
            .await?;
        if page.is_empty() {
            return Ok(position == log.head);
        }
        for (seq, raw) in page {
            if seq != position.seq + 1 {
                return Ok(false);
            }
            // Of what was deleted when its time was over, only the chain can tell that it was there.
            let id = raw.map_or_else(|id| id, |raw| codec::op_id(&raw, log.device, seq));
            position = position.then(id);
        }
    }
}
