//! The state machines against their diagrams: no edge that is not drawn, none that is missing, ends that are ends.

use std::collections::BTreeSet;
use std::fmt::Debug;

use haamu_domain::filling::{ProposalEvent, ProposalState};
use haamu_domain::job::{JobEvent, JobState};
use haamu_domain::renewal::{TokenEvent, TokenState};
use haamu_domain::{
    AssignmentEvent, AssignmentState, ChecklistEvent, ChecklistState, InvitationEvent, InvitationState,
    MailEvent, MailState, ProgrammeEvent, ProgrammeState, TransitionError, VisitEvent, VisitState,
};
use proptest::prelude::*;
use proptest::sample::Index;

/// A state machine of the code.
trait Machine: Copy + Debug + PartialEq + 'static {
    type Event: Copy + Debug + 'static;
    const STATES: &'static [Self];
    const EVENTS: &'static [Self::Event];
    fn name(self) -> &'static str;
    fn event_name(event: Self::Event) -> &'static str;
    fn next(self, event: Self::Event) -> Result<Self, TransitionError>;
}

/// A diagram: where it begins, its edges, where it ends, and the events that may come once more and change nothing.
struct Diagram {
    initial: &'static str,
    edges: &'static [(&'static str, &'static str, &'static str)],
    ends: &'static [&'static str],
    repeatable: &'static [&'static str],
}

/// The glossary's line of assignments, with the offers that end before they were taken.
const ASSIGNMENT: Diagram = Diagram {
    initial: "planned",
    edges: &[
        ("planned", "open", "open"),
        ("open", "apply", "applied"),
        ("planned", "assign", "assigned"),
        ("open", "assign", "assigned"),
        ("applied", "assign", "assigned"),
        ("assigned", "accept", "accepted"),
        ("assigned", "decline", "declined"),
        ("assigned", "expire", "expired"),
        ("planned", "cancel", "cancelled"),
        ("open", "cancel", "cancelled"),
        ("applied", "cancel", "cancelled"),
        ("assigned", "cancel", "cancelled"),
        ("accepted", "cancel", "cancelled"),
    ],
    ends: &["declined", "expired", "cancelled"],
    repeatable: &[],
};

/// The glossary's line of visits; before it, a visit waits for somebody, and may be taken back from them.
const VISIT: Diagram = Diagram {
    initial: "planned",
    edges: &[
        ("planned", "accept", "accepted"),
        ("accepted", "fall_back", "planned"),
        ("in_progress", "fall_back", "planned"),
        ("accepted", "start", "in_progress"),
        ("in_progress", "submit", "submitted"),
        ("submitted", "begin_review", "in_review"),
        ("in_review", "return", "returned"),
        ("returned", "submit", "submitted"),
        ("in_review", "approve", "approved"),
        ("approved", "reopen", "in_review"),
        ("approved", "release", "released"),
        ("released", "dispute", "disputed"),
        ("disputed", "settle_dispute", "released"),
        ("released", "close", "closed"),
        ("submitted", "void", "voided"),
        ("in_review", "void", "voided"),
        ("returned", "void", "voided"),
        ("approved", "void", "voided"),
        ("released", "void", "voided"),
        ("disputed", "void", "voided"),
    ],
    ends: &["closed", "voided"],
    repeatable: &[],
};

const PROGRAMME: Diagram = Diagram {
    initial: "draft",
    edges: &[
        ("draft", "activate", "active"),
        ("active", "close", "closing"),
        ("closing", "finish", "closed"),
    ],
    ends: &["closed"],
    repeatable: &[],
};

const CHECKLIST: Diagram = Diagram {
    initial: "draft",
    edges: &[
        ("draft", "publish", "published"),
        ("published", "withdraw", "withdrawn"),
    ],
    ends: &["withdrawn"],
    repeatable: &[],
};

/// A plan whose job was given up fails, however often that is noted; with the job it goes on where it was.
const PROPOSAL: Diagram = Diagram {
    initial: "waiting",
    edges: &[
        ("waiting", "plan", "planning"),
        ("planning", "plan", "planning"),
        ("planning", "keep", "ready"),
        ("ready", "apply", "applying"),
        ("applying", "finish", "applied"),
        ("waiting", "fail", "failed"),
        ("planning", "fail", "failed"),
        ("applying", "fail", "failed"),
        ("failed", "fail", "failed"),
        ("failed", "plan_anew", "waiting"),
        ("failed", "apply_anew", "applying"),
    ],
    ends: &["applied"],
    repeatable: &["plan", "fail"],
};

const INVITATION: Diagram = Diagram {
    initial: "open",
    edges: &[
        ("open", "resend", "open"),
        ("open", "accept", "accepted"),
        ("open", "withdraw", "withdrawn"),
        ("withdrawn", "withdraw", "withdrawn"),
    ],
    ends: &["accepted", "withdrawn"],
    repeatable: &["resend", "withdraw"],
};

const MAIL: Diagram = Diagram {
    initial: "waiting",
    edges: &[
        ("waiting", "try_again", "waiting"),
        ("waiting", "send", "sent"),
        ("waiting", "give_up", "failed"),
    ],
    ends: &["sent", "failed"],
    repeatable: &["try_again"],
};

/// A claim is taken over from a process that has died.
const JOB: Diagram = Diagram {
    initial: "waiting",
    edges: &[
        ("waiting", "claim", "claimed"),
        ("claimed", "claim", "claimed"),
        ("claimed", "finish", "finished"),
        ("claimed", "try_again", "waiting"),
        ("claimed", "give_up", "failed"),
        ("failed", "retry", "waiting"),
    ],
    ends: &["finished"],
    repeatable: &["claim"],
};

/// A refresh token of a session that goes on.
const TOKEN: Diagram = Diagram {
    initial: "fresh",
    edges: &[
        ("fresh", "use", "used"),
        ("used", "use", "used"),
        ("fresh", "supersede", "superseded"),
        ("superseded", "supersede", "superseded"),
    ],
    ends: &["used", "superseded"],
    repeatable: &["use", "supersede"],
};

fn is_as_drawn<M: Machine>(diagram: &Diagram) {
    let drawn: BTreeSet<_> = diagram.edges.iter().copied().collect();
    assert_eq!(drawn.len(), diagram.edges.len(), "each edge is drawn once");
    let mut found = BTreeSet::new();
    for state in M::STATES {
        for event in M::EVENTS {
            let names = (state.name(), M::event_name(*event));
            match state.next(*event) {
                Ok(next) => {
                    found.insert((names.0, names.1, next.name()));
                }
                Err(error) => assert_eq!(
                    (error.state, error.event),
                    names,
                    "a refusal says what it refuses"
                ),
            }
        }
    }
    assert_eq!(found, drawn);
    let names: BTreeSet<_> = M::STATES.iter().map(|state| state.name()).collect();
    assert_eq!(names.len(), M::STATES.len(), "no two states have one name");
    let mut reached = BTreeSet::from([diagram.initial]);
    let is_new =
        |reached: &BTreeSet<&str>, from: &str, to: &str| reached.contains(from) && !reached.contains(to);
    while let Some((_, _, next)) = diagram
        .edges
        .iter()
        .find(|(from, _, to)| is_new(&reached, from, to))
    {
        reached.insert(next);
    }
    assert_eq!(reached, names, "every state can be reached");
    let leads_on = |state: &str| {
        diagram
            .edges
            .iter()
            .any(|(from, _, to)| *from == state && *to != state)
    };
    let ends: BTreeSet<_> = names.iter().copied().filter(|state| !leads_on(state)).collect();
    assert_eq!(ends, diagram.ends.iter().copied().collect(), "what ends, ends");
}

/// An event that was applied comes once more: it changes nothing, or is refused, each as the diagram says.
fn replays_change_nothing<M: Machine>(diagram: &Diagram) {
    for state in M::STATES {
        for event in M::EVENTS {
            let Ok(next) = state.next(*event) else { continue };
            let (again, name) = (next.next(*event), M::event_name(*event));
            if diagram.repeatable.contains(&name) {
                assert_eq!(again, Ok(next), "{name} may come once more");
            } else {
                assert!(again.is_err(), "{name} is refused when it comes once more");
            }
            assert_eq!(again, next.next(*event), "and so for ever");
        }
    }
}

fn never_leaves_the_diagram<M: Machine>(diagram: &Diagram, picks: &[Index]) -> Result<(), TestCaseError> {
    let first = M::STATES.iter().find(|state| state.name() == diagram.initial);
    let mut state = *first.expect("it begins somewhere");
    let mut has_ended = false;
    for pick in picks {
        let event = *pick.get(M::EVENTS);
        if let Ok(next) = state.next(event) {
            let edge = (state.name(), M::event_name(event), next.name());
            prop_assert!(diagram.edges.contains(&edge), "{:?}", edge);
            prop_assert!(!has_ended || next == state, "{:?} leads out of an end", edge);
            state = next;
        }
        has_ended |= diagram.ends.contains(&state.name());
    }
    Ok(())
}

macro_rules! machines {
    ($($name:ident: $state:ty, $event:ty, $diagram:ident;)+) => {
        $(impl Machine for $state {
            type Event = $event;
            const STATES: &'static [Self] = Self::ALL;
            const EVENTS: &'static [Self::Event] = <$event>::ALL;

            fn name(self) -> &'static str {
                self.as_str()
            }

            fn event_name(event: Self::Event) -> &'static str {
                event.as_str()
            }

            fn next(self, event: Self::Event) -> Result<Self, TransitionError> {
                self.after(event)
            }
        }

        mod $name {
            use super::*;

            #[test]
            fn it_is_as_drawn() {
                is_as_drawn::<$state>(&$diagram);
            }

            #[test]
            fn what_was_done_is_not_done_again() {
                replays_change_nothing::<$state>(&$diagram);
            }

            proptest! {
                #[test]
                fn whatever_happens_it_stays_within(picks in proptest::collection::vec(any::<Index>(), 0..60)) {
                    never_leaves_the_diagram::<$state>(&$diagram, &picks)?;
                }
            }
        })+
    };
}

machines! {
    assignment: AssignmentState, AssignmentEvent, ASSIGNMENT;
    visit: VisitState, VisitEvent, VISIT;
    programme: ProgrammeState, ProgrammeEvent, PROGRAMME;
    checklist: ChecklistState, ChecklistEvent, CHECKLIST;
    proposal: ProposalState, ProposalEvent, PROPOSAL;
    invitation: InvitationState, InvitationEvent, INVITATION;
    mail: MailState, MailEvent, MAIL;
    job: JobState, JobEvent, JOB;
    token: TokenState, TokenEvent, TOKEN;
}
