//! What the device says to its shopper, in three languages.

mod english;
mod finnish;
mod obstacles;
mod swedish;

use haamu_domain::VisitState;
use haamu_form::Language;
use haamu_sync::Disposition;

use english::ENGLISH;
use finnish::FINNISH;
use swedish::SWEDISH;

pub(super) use obstacles::obstacle;

/// The words of the device.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) signed_in: &'static str,
    pub(super) no_visits: &'static str,
    pub(super) accepted: &'static str,
    pub(super) saved: &'static str,
    pub(super) submitted: &'static str,
    pub(super) incomplete: &'static str,
    pub(super) up_to_date: &'static str,
    pub(super) offline: &'static str,
    pub(super) portal: &'static str,
    pub(super) server_busy: &'static str,
    pub(super) sign_in_again: &'static str,
    pub(super) update_app: &'static str,
    pub(super) answers_waiting: &'static str,
    pub(super) photos_waiting: &'static str,
    pub(super) set_aside: &'static str,
    /// For each place where the server puts what does not take effect.
    pub(super) aside_late: &'static str,
    pub(super) aside_orphaned: &'static str,
    pub(super) aside_unknown_form: &'static str,
    pub(super) aside_unparseable: &'static str,
    pub(super) handed_over: &'static str,
    pub(super) new_identity: &'static str,
    pub(super) damaged: &'static str,
    pub(super) refused: &'static str,
    pub(super) not_saved: &'static str,
    pub(super) removed: &'static str,
    pub(super) conflict: &'static str,
    pub(super) add_one: &'static str,
    pub(super) returned: &'static str,
    pub(super) visit_by: &'static str,
    pub(super) report_by: &'static str,
    pub(super) offered: &'static str,
    pub(super) answer_by: &'static str,
    /// From the morning to the night.
    pub(super) dayparts: [&'static str; 5],
    pub(super) scenario: &'static str,
    pub(super) persona: &'static str,
    pub(super) need: &'static str,
    pub(super) uncertainty: &'static str,
    pub(super) restriction: &'static str,
    pub(super) purchase: &'static str,
    pub(super) fee: &'static str,
    pub(super) reimbursement: &'static str,
    pub(super) with_receipt: &'static str,
    pub(super) travel: &'static str,
    pub(super) at_most: &'static str,
    pub(super) minutes: &'static str,
    pub(super) required: &'static str,
    pub(super) held_back: &'static str,
    pub(super) hold_offline: &'static str,
    pub(super) hold_battery: &'static str,
    pub(super) hold_metered: &'static str,
    pub(super) revoked: &'static str,
    pub(super) withdrawn: &'static str,
    pub(super) stalled: &'static str,
    pub(super) waiting: &'static str,
    pub(super) preview: &'static str,
    pub(super) arrived: &'static str,
    pub(super) exported: &'static str,
    pub(super) export_lacks: &'static str,
    pub(super) imported: &'static str,
    pub(super) left_out: &'static str,
    pub(super) entries: &'static str,
    pub(super) photos: &'static str,
    pub(super) deposited: &'static str,
    pub(super) signed_out: &'static str,
    pub(super) signed_out_here: &'static str,
    pub(super) logout_refused: &'static str,
    pub(super) erase_refused: &'static str,
    pub(super) erased: &'static str,
    pub(super) freed: &'static str,
    pub(super) freeable: &'static str,
    pub(super) disk_full: &'static str,
    pub(super) another_person: &'static str,
    pub(super) not_a_shopper: &'static str,
    pub(super) not_signed_in: &'static str,
    pub(super) wrong_password: &'static str,
    pub(super) not_allowed: &'static str,
    pub(super) closed: &'static str,
    pub(super) not_imported: &'static str,
    /// In the order of [`VisitState::ALL`].
    pub(super) states: [&'static str; VisitState::ALL.len()],
    pub(super) photos_refused: &'static str,
    pub(super) storage: &'static str,
    pub(super) device_failed: &'static str,
    pub(super) password: &'static str,
    pub(super) code: &'static str,
    pub(super) code_wrong: &'static str,
    pub(super) not_accepted: &'static str,
    pub(super) not_open: &'static str,
    pub(super) possible_from: &'static str,
    pub(super) agreed_day: &'static str,
    pub(super) no_checklist: &'static str,
    pub(super) takes_no_file: &'static str,
    pub(super) file_too_large: &'static str,
    pub(super) answer_too_long: &'static str,
    pub(super) comment_too_long: &'static str,
}

impl Words {
    pub(super) const fn of(language: Language) -> &'static Self {
        match language {
            Language::Finnish => &FINNISH,
            Language::Swedish => &SWEDISH,
            Language::English => &ENGLISH,
        }
    }

    /// Where a visit is in its life; a state that only a later server has stays as it is.
    pub(super) fn state<'a>(&self, state: &'a str) -> &'a str {
        let mut states = VisitState::ALL.iter().zip(self.states);
        let found = states.find(|(known, _)| known.as_str() == state);
        found.map_or(state, |(_, words)| words)
    }

    /// Why the server put something aside.
    pub(super) const fn aside(&self, disposition: Disposition) -> &'static str {
        match disposition {
            Disposition::Late => self.aside_late,
            Disposition::Orphaned => self.aside_orphaned,
            Disposition::UnknownForm => self.aside_unknown_form,
            Disposition::Unparseable => self.aside_unparseable,
            // Those are not put aside.
            Disposition::Applied | Disposition::Duplicate => self.set_aside,
        }
    }
}
