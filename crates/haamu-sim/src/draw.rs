//! Drawing a plan from a seed.

use std::collections::BTreeSet;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::plan::{Act, Fate, Fault, Plan, Setting, Step, Weather, What};

/// The number of steps of a drawn plan.
pub const STEPS: usize = 350;
/// Questions of a submission.
pub const PLACES: u8 = 5;
const DAY_MS: i64 = 24 * 3600 * 1000;

/// Draws from a seed.
struct Draw(ChaCha8Rng);

impl Draw {
    /// A number below `limit`.
    fn below(&mut self, limit: u64) -> u64 {
        self.0.next_u64() % limit.max(1)
    }

    fn byte(&mut self) -> u8 {
        self.0.next_u64().to_le_bytes()[0]
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> Option<T> {
        let pick = usize::try_from(self.below(choices.len() as u64)).unwrap_or_default();
        choices.get(pick).copied()
    }

    /// Mostly everything, sometimes a few.
    fn work(&mut self) -> u8 {
        if self.below(3) == 0 {
            u8::try_from(self.below(4)).unwrap_or_default()
        } else {
            u8::MAX
        }
    }
}

/// The plan of a seed: a random world with a random part of the faults.
#[must_use]
pub fn plan(seed: u64) -> Plan {
    let mut draw = Draw(ChaCha8Rng::seed_from_u64(seed));
    let small = |draw: &mut Draw, from: u8, to: u8| {
        from + u8::try_from(draw.below(u64::from(to - from) + 1)).unwrap_or_default()
    };
    let setting = Setting {
        users: small(&mut draw, 1, 2),
        devices: small(&mut draw, 2, 5),
        documents: small(&mut draw, 1, 4),
        page: small(&mut draw, 1, 4),
        json: draw.below(4) == 0,
    };
    // In one world of eight everything can happen, in one of thirty-two nothing.
    let share = match draw.below(32) {
        0 => 0,
        1..=4 => 100,
        _ => 10 + draw.below(60),
    };
    let faults: BTreeSet<Fault> = Fault::ALL
        .into_iter()
        .filter(|_| draw.below(100) < share)
        .collect();
    let fates = fates(&faults);
    let incidents = incidents(&faults);
    let steps = (0..STEPS)
        .map(|_| step(&mut draw, &faults, &fates, &incidents))
        .collect();
    Plan {
        seed,
        setting,
        faults,
        steps,
    }
}

/// What can happen to messages, beside arriving.
fn fates(faults: &BTreeSet<Fault>) -> Vec<Fate> {
    let table = [
        (Fault::Drop, Fate::Drop),
        (Fault::Duplicate, Fate::Twice),
        (Fault::Reorder, Fate::GiveUp),
        (Fault::Truncate, Fate::Truncate),
        (Fault::Refuse, Fate::Busy),
        (Fault::FailAfterCommit, Fate::FailAfterCommit),
        (Fault::Portal, Fate::Portal),
        (Fault::Corruption, Fate::Corrupt),
        (Fault::Silence, Fate::Vanish),
        (Fault::Flood, Fate::Flood),
        (Fault::Trickle, Fate::Trickle),
        (Fault::VersionSkew, Fate::TooOld),
    ];
    table
        .into_iter()
        .filter(|(fault, _)| faults.contains(fault))
        .map(|(_, fate)| fate)
        .collect()
}

/// The faults that are steps of their own.
fn incidents(faults: &BTreeSet<Fault>) -> Vec<Fault> {
    let own = [
        Fault::Kill,
        Fault::Kill,
        Fault::Kill,
        Fault::DiskFull,
        Fault::ClockJump,
        Fault::Reboot,
        Fault::Clone,
        Fault::Eviction,
        Fault::ServerRestart,
        Fault::ServerRestart,
        Fault::ServerRestore,
        Fault::ServerRestore,
        Fault::Lifecycle,
        Fault::Lifecycle,
        Fault::BitRot,
        Fault::Tokens,
        Fault::Tokens,
        Fault::Rescue,
        Fault::SecondTab,
        Fault::SecondTab,
        Fault::ShutOut,
        Fault::StorageTrouble,
        Fault::Background,
        Fault::Background,
    ];
    own.into_iter().filter(|fault| faults.contains(fault)).collect()
}

fn step(draw: &mut Draw, faults: &BTreeSet<Fault>, fates: &[Fate], incidents: &[Fault]) -> Step {
    let device = draw.byte();
    match draw.below(100) {
        0..=27 => Step::Edit {
            device,
            document: draw.byte(),
            place: draw.byte(),
            what: what(draw, faults),
            work: draw.work(),
        },
        28..=42 => Step::Sync {
            device,
            work: draw.work(),
        },
        43..=50 => Step::Work {
            device,
            count: draw.work(),
        },
        51..=82 => {
            let is_in_order = !faults.contains(&Fault::Reorder) || draw.below(2) == 0;
            let pick = if is_in_order { 0 } else { draw.byte() };
            let fate = if draw.below(100) < 25 {
                draw.one_of(fates)
            } else {
                None
            };
            Step::Network {
                pick,
                fate: fate.unwrap_or(Fate::Deliver),
                work: draw.work(),
            }
        }
        83..=88 => Step::Wait {
            ms: 1 << draw.below(20),
        },
        89..=91 => Step::Staff {
            document: draw.byte(),
            place: draw.byte(),
            act: match draw.below(13) {
                0..=3 => Act::Brief,
                4 => Act::Assign,
                5 => Act::AddForm,
                _ => Act::Review,
            },
        },
        92 => Step::ServerBackup,
        _ => match draw.one_of(incidents) {
            Some(fault) => incident(draw, fault),
            None => Step::Network {
                pick: 0,
                fate: Fate::Deliver,
                work: u8::MAX,
            },
        },
    }
}

fn what(draw: &mut Draw, faults: &BTreeSet<Fault>) -> What {
    match draw.below(100) {
        0..=47 => What::Set,
        48..=52 => What::Clear,
        53..=64 => What::Attach(draw.byte()),
        65..=68 => What::Detach,
        69..=72 => What::AddInstance,
        73 => What::RemoveInstances,
        74..=77 => What::RemoveInstance(draw.byte()),
        78..=87 => What::SetInside(draw.byte()),
        88 => What::ClearInside(draw.byte()),
        89..=92 => What::Submit,
        93..=94 => What::Note,
        _ if !faults.contains(&Fault::Poison) => What::Set,
        95..=96 => What::Unreadable,
        97..=98 => What::ForeignLane,
        _ => What::UnknownForm,
    }
}

fn incident(draw: &mut Draw, fault: Fault) -> Step {
    let device = draw.byte();
    match fault {
        Fault::DiskFull => Step::DiskFull {
            device,
            commits: 1 + draw.byte() % 3,
        },
        Fault::ClockJump => {
            let days = i64::try_from(draw.below(33)).unwrap_or_default() - 3;
            Step::SetClock {
                device,
                off_by: days * DAY_MS,
            }
        }
        Fault::Reboot => Step::Reboot { device },
        // Clones and cleared devices are rare, or nothing but them would be seen.
        Fault::Clone if draw.below(2) == 0 => Step::Clone { device },
        Fault::Eviction if draw.below(4) == 0 => Step::Evict { device },
        Fault::ServerRestart => Step::ServerRestart,
        Fault::ServerRestore if draw.below(2) == 0 => Step::ServerRestore,
        Fault::Lifecycle => Step::Staff {
            document: draw.byte(),
            place: draw.byte(),
            act: match draw.below(8) {
                0..=2 => Act::Approve,
                3..=6 => Act::Return,
                _ => Act::Revoke,
            },
        },
        Fault::BitRot => Step::Rot {
            device,
            pick: draw.byte(),
        },
        Fault::Tokens => match draw.below(4) {
            0..=1 => Step::ExpireToken { device },
            2 => Step::EndSession { device },
            _ => Step::SignIn { device },
        },
        Fault::Kill => Step::Kill { device },
        Fault::Rescue => Step::Rescue { device },
        Fault::SecondTab => Step::SecondTab { device },
        // As rare as devices are stolen, or nobody would be left.
        Fault::ShutOut if draw.below(6) == 0 => Step::ShutOut { device },
        Fault::StorageTrouble => Step::StorageTrouble {
            count: 1 + draw.byte() % 4,
        },
        Fault::Background => Step::Window {
            device,
            weather: weather(draw),
        },
        _ => Step::Sync {
            device,
            work: u8::MAX,
        },
    }
}

fn weather(draw: &mut Draw) -> Weather {
    match draw.below(12) {
        0..=2 => Weather::Fair,
        3..=4 => Weather::Lost(1 + draw.byte() % 6),
        5 => Weather::Unauthorised,
        6 => Weather::NotEnrolled,
        7 => Weather::PartsFail,
        8..=9 => Weather::OneFileFails,
        10 => Weather::Locked,
        _ => Weather::Busy,
    }
}
