//! What a reviewer has put in the place of testimony.

use haamu_sync::{Cell, Document, Lane, RegisterKey};

/// The reviewer's cell of a register of whichever lane, if there is a value in it.
pub(super) fn review_cell<'a>(document: &'a Document, key: &RegisterKey) -> Option<&'a Cell> {
    let key = RegisterKey {
        lane: Lane::Review,
        ..key.clone()
    };
    document
        .cell(&key)
        .filter(|cell| cell.register.winner().is_some())
}

/// Whether a register has a reviewer's value whose author has not seen the testimony as it is now.
#[must_use]
pub fn is_review_stale(document: &Document, key: &RegisterKey) -> bool {
    let Some(review) = review_cell(document, key) else {
        return false;
    };
    let testimony = RegisterKey {
        lane: Lane::Shopper,
        ..key.clone()
    };
    let heads = document.visible_heads(&testimony);
    let seen = &review.register.superseded;
    heads.iter().any(|head| !seen.contains(head))
}

#[cfg(test)]
mod tests {
    use haamu_form::{Answers, Context, Slot};

    use super::super::tests::{checklist, write};
    use super::super::{answer_key, bind, set_json};
    use super::*;

    #[test]
    fn a_reviewer_corrects_without_destroying_testimony() {
        let checklist = checklist();
        let mut document = Document::default();
        write(
            &mut document,
            1,
            answer_key(Lane::Shopper, "greeted"),
            set_json("\"no\""),
        );
        write(
            &mut document,
            2,
            answer_key(Lane::Shopper, "greeted"),
            set_json("\"yes\""),
        );
        assert_eq!(
            bind(&checklist, &document, &Context::default()).conflicts,
            [Slot::from(0)]
        );
        write(
            &mut document,
            3,
            answer_key(Lane::Review, "greeted"),
            set_json("\"no\""),
        );
        let bound = bind(&checklist, &document, &Context::default());
        assert!(bound.conflicts.is_empty(), "the reviewer settled it");
        assert_eq!(
            bound.draft.answers(),
            &Answers::parse(&checklist, r#"{"greeted": "no"}"#).expect("sound")
        );
        let testimony = document
            .cell(&answer_key(Lane::Shopper, "greeted"))
            .expect("kept");
        assert_eq!(testimony.register.heads.len(), 2);
    }

    #[test]
    fn a_reviewers_value_that_has_not_seen_the_last_testimony_is_stale() {
        let (checklist, mut document) = (checklist(), Document::default());
        let (testimony, review) = (
            answer_key(Lane::Shopper, "greeted"),
            answer_key(Lane::Review, "greeted"),
        );
        write(&mut document, 2, review, set_json("\"no\""));
        let bound = bind(&checklist, &document, &Context::default());
        assert_eq!((bound.reviewed, bound.stale), (vec![Slot::from(0)], Vec::new()));
        write(&mut document, 3, testimony.clone(), set_json("\"yes\""));
        assert!(is_review_stale(&document, &testimony));
        let bound = bind(&checklist, &document, &Context::default());
        assert_eq!(bound.stale, [Slot::from(0)]);
        let stands = Answers::parse(&checklist, r#"{"greeted": "no"}"#).expect("sound");
        assert_eq!(bound.draft.answers(), &stands);
    }
}
