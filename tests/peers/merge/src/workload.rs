//! The work: evaluations of visits, each filled in on a phone and then changed by two people at once.
//!
//! The same seed gives the same work to every contestant.

/// The questions of one evaluation.
pub const QUESTIONS: usize = 60;
/// Edits in the first push: every question once, and some of them again.
pub const FIRST_EDITS: usize = 80;
/// Edits of each side while it does not know of the other.
pub const LATER_EDITS: usize = 10;
/// How many of those meet the same question.
pub const OVERLAPS: usize = 3;

/// Milliseconds since 1970 at which the first visit begins.
const START: u64 = 1_795_176_000_000;

/// A value, in the form that is natural for a document of scalars.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A choice, a text, or the ordered choices of a multi-select as a JSON array, which stand or fall together.
    Text(String),
    Bool(bool),
    Number(i64),
    /// The SHA-256 of a photo.
    Photo([u8; 32]),
}

impl Answer {
    /// One byte string for each value, whatever a contestant keeps it as.
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.clone().into_bytes(),
            Self::Bool(is_true) => is_true.to_string().into_bytes(),
            Self::Number(number) => number.to_string().into_bytes(),
            Self::Photo(hash) => hash.to_vec(),
        }
    }
}

/// One answer given at one moment.
#[derive(Clone, Debug)]
pub struct Edit {
    /// Index of the question.
    pub question: usize,
    /// Milliseconds since 1970.
    pub at: u64,
    pub answer: Answer,
}

/// One evaluation.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Its number, from 0.
    pub number: u64,
    pub first: Vec<Edit>,
    pub phone: Vec<Edit>,
    pub reviewer: Vec<Edit>,
}

/// Names of the questions, the same in all visits.
pub fn question_names() -> Vec<String> {
    const PARTS: [&str; 10] = [
        "greeting", "waiting", "cleanliness", "fitting_room", "advice", "checkout", "price_tag", "stock", "farewell",
        "facade",
    ];
    (0..QUESTIONS)
        .map(|index| format!("{}_{}", PARTS[index % PARTS.len()], index / PARTS.len() + 1))
        .collect()
}

/// The visits of a seed.
pub fn visits(count: u64, seed: u64) -> Vec<Visit> {
    (0..count).map(|number| visit(number, seed)).collect()
}

fn visit(number: u64, seed: u64) -> Visit {
    let mut draw = Draw(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut at = START + number * 3_600_000;
    let mut first: Vec<Edit> = Vec::with_capacity(FIRST_EDITS);
    for index in 0..FIRST_EDITS {
        let question = if index < QUESTIONS { index } else { draw.below(QUESTIONS) };
        at += 1_000 + draw.next() % 25_000;
        first.push(Edit { question, at, answer: draw.answer(question) });
    }
    // Distinct questions, of which the two sides share some.
    let mut order: Vec<usize> = (0..QUESTIONS).collect();
    for index in 0..2 * LATER_EDITS - OVERLAPS {
        let other = index + draw.below(QUESTIONS - index);
        order.swap(index, other);
    }
    let later = |questions: &[usize], draw: &mut Draw| {
        let mut at = at + 600_000;
        let edit = |question: &usize| {
            at += 1_000 + draw.next() % 25_000;
            Edit { question: *question, at, answer: draw.answer(*question) }
        };
        questions.iter().map(edit).collect::<Vec<_>>()
    };
    let phone = later(&order[..LATER_EDITS], &mut draw);
    let reviewer = later(&order[LATER_EDITS - OVERLAPS..2 * LATER_EDITS - OVERLAPS], &mut draw);
    Visit { number, first, phone, reviewer }
}

/// A stream of numbers (splitmix64).
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    /// 24 single choices, 12 yes or no, 6 numbers, 6 multi-selects, 4 short and 2 long texts, 6 photos.
    fn answer(&mut self, question: usize) -> Answer {
        match question {
            0..24 => Answer::Text(format!("option_{}", self.below(5) + 1)),
            24..36 => Answer::Bool(self.below(2) == 0),
            36..42 => Answer::Number(self.next() as i64 % 1_000),
            42..48 => self.multi_select(),
            48..52 => self.text(4, 10),
            52..54 => self.text(40, 80),
            _ => {
                let mut hash = [0; 32];
                for part in hash.chunks_mut(8) {
                    part.copy_from_slice(&self.next().to_le_bytes());
                }
                Answer::Photo(hash)
            }
        }
    }

    fn multi_select(&mut self) -> Answer {
        let mut options = vec![1, 2, 3, 4, 5, 6];
        let count = 1 + self.below(4);
        let chosen = (0..count).map(|_| options.remove(self.below(options.len())));
        let chosen: Vec<String> = chosen.map(|option| format!("\"option_{option}\"")).collect();
        Answer::Text(format!("[{}]", chosen.join(",")))
    }

    fn text(&mut self, least: usize, most: usize) -> Answer {
        const WORDS: [&str; 24] = [
            "the", "staff", "was", "friendly", "but", "nobody", "came", "for", "five", "minutes", "while", "two",
            "colleagues", "talked", "at", "checkout", "and", "shelf", "looked", "empty", "near", "entrance", "clean",
            "floor",
        ];
        let count = least + self.below(most - least + 1);
        let words: Vec<&str> = (0..count).map(|_| WORDS[self.below(WORDS.len())]).collect();
        Answer::Text(words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_two_sides_meet_in_three_questions() {
        for visit in visits(20, 7) {
            let phone: BTreeSet<usize> = visit.phone.iter().map(|edit| edit.question).collect();
            let reviewer: BTreeSet<usize> = visit.reviewer.iter().map(|edit| edit.question).collect();
            assert_eq!((phone.len(), reviewer.len()), (LATER_EDITS, LATER_EDITS));
            assert_eq!(phone.intersection(&reviewer).count(), OVERLAPS);
            assert_eq!(visit.first.len(), FIRST_EDITS);
        }
    }
}
