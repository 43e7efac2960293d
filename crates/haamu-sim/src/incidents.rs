//! What goes wrong with one device, or with the server as a whole.

use crate::device::Device;
use crate::plan::Step;
use crate::safeguard::Duty;
use crate::world::World;

/// At most so many devices, clones included.
const MAX_DEVICES: usize = 8;

impl World {
    /// The steps that are faults of one device.
    pub(crate) fn mishap(&mut self, step: &Step) -> Option<usize> {
        let now = self.now;
        let (Step::Kill { device }
        | Step::DiskFull { device, .. }
        | Step::SetClock { device, .. }
        | Step::Reboot { device }
        | Step::Clone { device }
        | Step::Evict { device }
        | Step::SecondTab { device }
        | Step::ShutOut { device }
        | Step::Rot { device, .. }
        | Step::ExpireToken { device }
        | Step::EndSession { device }) = *step
        else {
            return None;
        };
        self.ledger.counts.faults += 1;
        let number = self.device_of(device);
        let device = &mut self.devices[number];
        match *step {
            Step::DiskFull { commits, .. } => device.disk_full = commits,
            Step::SetClock { off_by, .. } => device.set_clock(off_by),
            Step::Reboot { .. } => device.reboot(now),
            Step::Clone { .. } => self.clone_device(number),
            Step::Evict { .. } => self.evict(number),
            // A second process finds the storage in use, and ends.
            Step::SecondTab { .. } if self.removed == Some(Duty::OneProcess) => device.switch_tab(),
            Step::SecondTab { .. } => {}
            Step::ShutOut { .. } => {
                let name = device.row().device;
                self.backend.shut_out(name, now);
            }
            Step::Rot { pick, .. } => {
                let count = device.files.len().max(1);
                if let Some((hash, file)) = device.files.iter_mut().nth(usize::from(pick) % count) {
                    file.is_sound = false;
                    self.ledger.destroyed.insert(*hash);
                }
            }
            Step::ExpireToken { .. } => device.session.is_valid = false,
            Step::EndSession { .. } => {
                self.backend.end_session(&device.session, now);
                device.session.is_valid = false;
                device.session.is_renewable = false;
            }
            _ => device.kill(),
        }
        Some(number)
    }

    /// The person installs the app that the server wants.
    pub(crate) fn update(&mut self, device: usize) {
        if self.devices[device].needs_update {
            self.devices[device].kill();
        }
    }

    /// Whether the server has shut a device out.
    pub(crate) fn is_shut_out(&mut self, device: usize) -> bool {
        let name = self.devices[device].row().device;
        self.backend.is_shut_out(name)
    }

    /// The work of devices that were shut out is carried to others of their people. Where there is none,
    /// it stays where it is.
    pub(crate) fn carry_out_of_devices(&mut self) {
        let count = self.devices.len();
        self.shut_out = (0..count).filter(|device| self.is_shut_out(*device)).collect();
        for from in self.shut_out.clone() {
            self.work(from, u8::MAX);
            let user = self.devices[from].user;
            let mut others = (0..count).filter(|other| !self.shut_out.contains(other));
            if let Some(to) = others.find(|other| self.devices[*other].user == user) {
                self.carry(from, to);
                continue;
            }
            let device = &self.devices[from];
            self.ledger.destroyed.extend(device.files.keys());
            let held: Vec<_> = device.log.values().map(|(id, _)| *id).collect();
            let lost = held.into_iter().filter(|id| !self.backend.has(*id));
            self.ledger.excused.extend(lost);
        }
    }

    fn clone_device(&mut self, number: usize) {
        if self.devices.len() >= MAX_DEVICES {
            return;
        }
        let original = &self.devices[number];
        let store = original.durable.as_ref().unwrap_or(&original.store).clone();
        let mut copy = Device::new(self.devices.len(), original.session.clone(), store, self.now);
        copy.files = original.files.clone();
        copy.durable = original.durable.clone();
        self.devices.push(copy);
    }

    fn evict(&mut self, number: usize) {
        let device = &mut self.devices[number];
        let held: Vec<_> = device.log.values().map(|(id, _)| *id).collect();
        self.ledger.destroyed.extend(device.files.keys());
        device.clear();
        let lost = held.iter().copied().filter(|id| !self.backend.has(*id));
        self.ledger.excused.extend(lost);
        self.ledger.cleared.extend(held);
    }

    pub(crate) fn restore_server(&mut self) {
        self.ledger.counts.faults += 1;
        self.backend.restore(self.now);
        let cleared = self.ledger.cleared.iter().copied();
        let lost = cleared.filter(|id| !self.backend.has(*id));
        self.ledger.excused.extend(lost);
    }
}
