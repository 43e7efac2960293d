//! An exhaustive search of small worlds: two devices, a clone, a backup and a restored server, in every order.
//!
//! Where the random worlds are wide, this one is complete: every state within the bound is
//! visited, and from each of them everything must come to rest with all invariants kept.
//!
//! There are two searches. The *wide* one makes few moves, and every message may also arrive without being heard
//! of, or be on its way while other things happen. The *deep* one makes more, and a device syncs as a whole.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use stateright::{Checker, Model, Property};

use crate::plan::{Fate, Plan, Setting, Step, What};
use crate::played::Server;
use crate::world::World;

/// How many edits are made at most.
const EDITS: usize = 3;

/// What can happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Move {
    /// Somebody answers the one question on a device.
    Edit(u8),
    /// A device syncs, and hears the answer.
    Round(u8),
    /// A device syncs; the server takes everything in, and its answer is lost.
    UnheardRound(u8),
    /// A device syncs; the answer is on its way.
    Request(u8),
    /// The oldest answer arrives.
    Arrival,
    /// The first device is copied.
    Clone,
    /// The server is backed up.
    Backup,
    /// The server is restored.
    Restore,
}

impl Move {
    fn steps(self) -> Vec<Step> {
        let work = u8::MAX;
        let message = |fate| Step::Network { pick: 0, fate, work };
        match self {
            Self::Edit(device) => vec![Step::Edit {
                device,
                document: 0,
                place: 0,
                what: What::Set,
                work,
            }],
            Self::Round(device) => {
                let mut steps = vec![Step::Sync { device, work }];
                steps.extend([message(Fate::Deliver); 6]);
                steps
            }
            Self::UnheardRound(device) => {
                vec![Step::Sync { device, work }, message(Fate::FailAfterCommit)]
            }
            Self::Request(device) => vec![Step::Sync { device, work }, message(Fate::Deliver)],
            Self::Arrival => vec![message(Fate::Deliver)],
            Self::Clone => vec![Step::Clone { device: 0 }],
            Self::Backup => vec![Step::ServerBackup],
            Self::Restore => vec![Step::ServerRestore],
        }
    }
}

/// A world by the way that led to it; two ways to the same world are one state.
#[derive(Clone, Debug)]
struct State {
    moves: Vec<Move>,
    fingerprint: u64,
    /// What broke, if everything came to rest from here.
    broken: Vec<String>,
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint
    }
}

impl Eq for State {}

impl Hash for State {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.fingerprint.hash(state);
    }
}

/// The worlds that are searched.
#[derive(Clone, Copy, Debug)]
struct SmallWorlds {
    /// How many moves are made at most.
    depth: usize,
    /// Whether messages are moves of their own.
    has_messages: bool,
}

impl SmallWorlds {
    /// The depth from a variable, or what a test has time for.
    fn new(has_messages: bool, variable: &str, depth: usize) -> Self {
        let set = std::env::var(variable).ok();
        let depth = set.and_then(|text| text.parse().ok()).unwrap_or(depth);
        Self { depth, has_messages }
    }
}

fn after(moves: Vec<Move>) -> State {
    let plan = Plan {
        seed: 0,
        setting: Setting {
            users: 1,
            devices: 2,
            documents: 1,
            page: 1,
            json: false,
        },
        faults: BTreeSet::new(),
        steps: moves.iter().flat_map(|one| one.steps()).collect(),
    };
    let mut world = World::new(&plan, None, Box::new(Server::new(&plan, None)));
    for device in 0..2 {
        world.sync_in_peace(device);
    }
    for step in &plan.steps {
        if let Some(device) = world.step(step) {
            world.watch(device);
        }
    }
    let mut hasher = DefaultHasher::new();
    for device in &world.devices {
        format!("{:?} {:?} {:?}", device.store, device.todo, device.engine).hash(&mut hasher);
    }
    format!("{:?} {:?}", world.backend, world.network).hash(&mut hasher);
    world.ledger.shown.hash(&mut hasher);
    let fingerprint = hasher.finish();
    world.come_to_rest();
    world.check();
    let broken = world.ledger.violations.into_iter();
    State {
        moves,
        fingerprint,
        broken: broken
            .map(|(invariant, what)| format!("{invariant:?}: {what}"))
            .collect(),
    }
}

impl Model for SmallWorlds {
    type State = State;
    type Action = Move;

    fn init_states(&self) -> Vec<State> {
        vec![after(Vec::new())]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Move>) {
        let count = |one: &Move| state.moves.iter().filter(|other| *other == one).count();
        let edits = state.moves.iter().filter(|one| matches!(one, Move::Edit(_)));
        let may_edit = edits.count() < EDITS;
        let is_untouched = |one: &Move| matches!(one, Move::Backup | Move::Restore);
        let devices = if state.moves.iter().all(is_untouched) {
            // Both are alike as yet: what the second one does first, the first one does as well.
            1
        } else {
            2 + u8::try_from(count(&Move::Clone)).expect("one at most")
        };
        for device in 0..devices {
            if may_edit {
                actions.push(Move::Edit(device));
            }
            actions.push(Move::Round(device));
            if self.has_messages {
                actions.push(Move::UnheardRound(device));
                actions.push(Move::Request(device));
            }
        }
        if self.has_messages {
            actions.push(Move::Arrival);
        }
        let once = [Move::Clone, Move::Backup, Move::Restore];
        actions.extend(once.into_iter().filter(|one| count(one) == 0));
    }

    fn next_state(&self, last: &State, action: Move) -> Option<State> {
        let mut moves = last.moves.clone();
        moves.push(action);
        let next = after(moves);
        (next.fingerprint != last.fingerprint).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("everything comes to rest and holds", |_, state: &State| {
                state.broken.is_empty()
            }),
            Property::sometimes(
                "a clone and a restored server in one world",
                |_, state: &State| state.moves.contains(&Move::Clone) && state.moves.contains(&Move::Restore),
            ),
        ]
    }

    fn within_boundary(&self, state: &State) -> bool {
        state.moves.len() <= self.depth
    }
}

fn search(worlds: SmallWorlds) {
    let checker = worlds.checker().threads(2).spawn_bfs().join();
    println!(
        "{worlds:?}: {} states, {} of them different",
        checker.state_count(),
        checker.unique_state_count()
    );
    if let Some(path) = checker.discovery("everything comes to rest and holds") {
        let last = path.last_state();
        panic!("{:?} after {:#?}", last.broken, last.moves);
    }
    checker.assert_properties();
}

#[test]
fn every_small_world_comes_to_rest_and_holds() {
    search(SmallWorlds::new(true, "HAAMU_MODEL_DEPTH", 3));
}

#[test]
fn every_longer_story_of_whole_rounds_comes_to_rest_and_holds() {
    search(SmallWorlds::new(false, "HAAMU_DEEP_MODEL_DEPTH", 4));
}
