//! How full the cells of quotas are, day by day.

use std::collections::BTreeMap;

use crate::eligibility::ObstacleCode;
use crate::filling::{QuotaKind, cells};
use crate::{Daypart, LocalDate};

use super::codes::Codes;

/// Parts of the day, and no part.
const PARTS: usize = Daypart::ALL.len() + 1;

struct Cell {
    most: u32,
    taken: u32,
}

/// Quotas of a round, and what is planned of them.
pub(super) struct Quotas {
    cells: Vec<Cell>,
    /// The cells that a visit in a part of the day falls into, for each day.
    of: [Vec<Vec<usize>>; PARTS],
    /// The code of full quotas, where one is, for each part and day.
    full: [Vec<Codes>; PARTS],
    /// Counts how often a cell became full or was full no longer.
    turns: u64,
}

/// The number of a part of the day.
pub(super) fn part_number(part: Option<Daypart>) -> usize {
    let known = Daypart::ALL.iter().position(|one| Some(*one) == part);
    known.unwrap_or(PARTS - 1)
}

impl Quotas {
    pub(super) fn new(
        quotas: &BTreeMap<(QuotaKind, String), u32>,
        taken: &BTreeMap<(QuotaKind, String), u32>,
        round_starts_on: LocalDate,
        dates: &[LocalDate],
    ) -> Self {
        let numbers: BTreeMap<_, _> = quotas.keys().enumerate().map(|(at, key)| (key, at)).collect();
        let of = std::array::from_fn(|part| {
            let part = Daypart::ALL.get(part).copied();
            let of_day = |date: &LocalDate| {
                let fallen = cells(round_starts_on, *date, part);
                let numbers = fallen.iter().filter_map(|key| numbers.get(key));
                numbers.copied().collect()
            };
            dates.iter().map(of_day).collect()
        });
        let cells = quotas.iter().map(|(key, most)| Cell {
            most: *most,
            taken: taken.get(key).copied().unwrap_or(0),
        });
        let mut made = Self {
            cells: cells.collect(),
            of,
            full: std::array::from_fn(|_| vec![Codes::NONE; dates.len()]),
            turns: 0,
        };
        made.refresh();
        made
    }

    /// Whether the cells are full, for each day.
    pub(super) fn full(&self, part: usize) -> &[Codes] {
        &self.full[part]
    }

    /// How often a cell became full or was full no longer.
    pub(super) const fn turns(&self) -> u64 {
        self.turns
    }

    /// How many visits the tightest cell of a day still takes.
    pub(super) fn room(&self, part: usize, day: usize) -> u32 {
        let cells = self.of[part][day].iter().map(|cell| &self.cells[*cell]);
        let room = cells.map(|cell| cell.most.saturating_sub(cell.taken)).min();
        room.unwrap_or(u32::MAX)
    }

    /// Whether two visits fall into a cell together.
    pub(super) fn share_cell(&self, one: (usize, usize), other: (usize, usize)) -> bool {
        let others = &self.of[other.0][other.1];
        self.of[one.0][one.1].iter().any(|cell| others.contains(cell))
    }

    pub(super) fn add(&mut self, part: usize, day: usize) {
        let mut is_turn = false;
        for cell in &self.of[part][day] {
            let cell = &mut self.cells[*cell];
            cell.taken += 1;
            is_turn |= cell.taken == cell.most;
        }
        if is_turn {
            self.refresh();
        }
    }

    pub(super) fn remove(&mut self, part: usize, day: usize) {
        let mut is_turn = false;
        for cell in &self.of[part][day] {
            let cell = &mut self.cells[*cell];
            is_turn |= cell.taken == cell.most;
            cell.taken -= 1;
        }
        if is_turn {
            self.refresh();
        }
    }

    fn refresh(&mut self) {
        self.turns += 1;
        for (of, full) in self.of.iter().zip(&mut self.full) {
            for (cells, full) in of.iter().zip(full) {
                let is_full = cells.iter().map(|cell| &self.cells[*cell]);
                let is_full = is_full.into_iter().any(|cell| cell.taken >= cell.most);
                *full = match is_full {
                    true => Codes::of(ObstacleCode::QuotaFull),
                    false => Codes::NONE,
                };
            }
        }
    }
}
