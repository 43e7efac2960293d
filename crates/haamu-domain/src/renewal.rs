//! What comes of a refresh token that somebody shows.

use crate::Timestamp;
use crate::machine::TransitionError;
use crate::names::names;

/// For so long, a token that was used may be used once more, if its answer was lost on the way.
pub const REUSE_GRACE_SECONDS: i64 = 60;

names! {
    /// Where a refresh token is in its life.
    TokenState {
        /// Nobody has used it.
        Fresh = "fresh",
        /// A successor was given out for it.
        Used = "used",
        /// Another one was given out in its place, because its answer was lost.
        Superseded = "superseded",
    }
}

names! {
    /// What can happen to a refresh token of a session that goes on.
    TokenEvent {
        /// It renews the session.
        Use = "use",
        /// Its predecessor is used once more.
        Supersede = "supersede",
    }
}

impl TokenState {
    /// The state of a token of which this is noted.
    #[must_use]
    pub const fn of(is_used: bool, is_superseded: bool) -> Self {
        match (is_used, is_superseded) {
            (_, true) => Self::Superseded,
            (true, _) => Self::Used,
            _ => Self::Fresh,
        }
    }

    /// The state after an event.
    ///
    /// # Errors
    /// [`TransitionError`] where it has no such edge: a superseded token renews nothing, and a used one stays used.
    pub const fn after(self, event: TokenEvent) -> Result<Self, TransitionError> {
        match (self, event) {
            (Self::Fresh | Self::Used, TokenEvent::Use) => Ok(Self::Used),
            (Self::Fresh | Self::Superseded, TokenEvent::Supersede) => Ok(Self::Superseded),
            _ => Err(TransitionError::new(self.as_str(), event.as_str())),
        }
    }
}

/// A refresh token that somebody shows, and what is known of its session.
#[derive(Clone, Copy, Debug)]
pub struct ShownToken {
    /// Whether its session has ended.
    pub has_session_ended: bool,
    /// From when on it is worthless.
    pub expires_at: Timestamp,
    /// When it was used first.
    pub used_at: Option<Timestamp>,
    /// Whether another one was given out in its place.
    pub is_superseded: bool,
    /// Whether one that was given out after it has been used.
    pub has_used_successor: bool,
}

/// What comes of showing a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// Nothing: it is worthless, and says nothing of whoever shows it.
    Refuse,
    /// The session is renewed.
    Renew,
    /// The session is renewed, and what was given out for the token before is worthless.
    RenewAgain,
    /// The session ends: two hold tokens of it, and one of them has stolen it.
    End,
}

/// Judges a token that somebody shows.
#[must_use]
pub fn judge(token: &ShownToken, now: Timestamp) -> Renewal {
    if token.has_session_ended || token.expires_at <= now {
        return Renewal::Refuse;
    }
    let state = TokenState::of(token.used_at.is_some(), token.is_superseded);
    if state.after(TokenEvent::Use).is_err() {
        return Renewal::End;
    }
    let Some(used_at) = token.used_at else {
        return Renewal::Renew;
    };
    let is_lost_answer = now <= used_at.plus_seconds(REUSE_GRACE_SECONDS) && !token.has_used_successor;
    if is_lost_answer {
        Renewal::RenewAgain
    } else {
        Renewal::End
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(0).plus_seconds(seconds)
    }

    /// The refresh tokens of one session, as a server keeps them.
    #[derive(Default)]
    struct Session {
        tokens: Vec<(Option<i64>, bool)>,
        has_ended: bool,
    }

    impl Session {
        fn show(&mut self, index: usize, now: i64) -> Renewal {
            let (used_at, is_superseded) = self.tokens[index];
            let shown = ShownToken {
                has_session_ended: self.has_ended,
                expires_at: at(1_000_000),
                used_at: used_at.map(at),
                is_superseded,
                has_used_successor: self.tokens[index + 1..].iter().any(|(used, _)| used.is_some()),
            };
            let renewal = judge(&shown, at(now));
            match renewal {
                Renewal::Refuse => {}
                Renewal::End => self.has_ended = true,
                Renewal::Renew | Renewal::RenewAgain => {
                    if renewal == Renewal::RenewAgain {
                        let others = self.tokens.iter_mut().filter(|(used, _)| used.is_none());
                        others.for_each(|token| token.1 = true);
                    }
                    self.tokens[index].0.get_or_insert(now);
                    self.tokens.push((None, false));
                }
            }
            renewal
        }
    }

    proptest! {
        /// Whoever shows what, in whatever order: at most one token can renew the session anew, and what was
        /// passed over never can.
        #[test]
        fn a_session_has_one_holder(shown in proptest::collection::vec((any::<proptest::sample::Index>(), 0_i64..90), 1..40)) {
            let mut session = Session { tokens: vec![(None, false)], has_ended: false };
            let mut now = 0;
            for (index, pause) in shown {
                now += pause;
                let index = index.index(session.tokens.len());
                let before = (session.has_ended, session.tokens[index]);
                let renewal = session.show(index, now);
                prop_assert_eq!(renewal == Renewal::Refuse, before.0, "an ended session stays ended, and one that goes on decides");
                if before.1.1 {
                    prop_assert!(matches!(renewal, Renewal::End | Renewal::Refuse));
                }
                let fresh = session.tokens.iter().filter(|(used, is_superseded)| used.is_none() && !is_superseded);
                prop_assert_eq!(fresh.count(), 1);
            }
        }
    }

    #[test]
    fn an_answer_is_lost_for_a_minute() {
        let mut session = Session {
            tokens: vec![(None, false)],
            has_ended: false,
        };
        assert_eq!(session.show(0, 0), Renewal::Renew);
        assert_eq!(session.show(0, 60), Renewal::RenewAgain);
        assert_eq!(session.show(2, 61), Renewal::Renew);
        assert_eq!(session.show(0, 60), Renewal::End, "its successor was used");
        assert_eq!(session.show(3, 62), Renewal::Refuse);
    }

    #[test]
    fn a_token_that_ran_out_says_nothing() {
        let token = ShownToken {
            has_session_ended: false,
            expires_at: at(5),
            used_at: Some(at(0)),
            is_superseded: true,
            has_used_successor: true,
        };
        assert_eq!(judge(&token, at(5)), Renewal::Refuse);
        assert_eq!(judge(&token, at(4)), Renewal::End);
    }
}
