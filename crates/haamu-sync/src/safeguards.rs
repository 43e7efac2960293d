//! The safeguards of the protocol, each of which a simulation can remove.
//!
//! A safeguard that nothing notices the loss of is either not needed or not
//! tested. With the feature `mutations`, `without` runs code without one of
//! them; in any other build they hold, and the question costs nothing.

/// One thing that keeps work from being lost, doubled or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Safeguard {
    /// The hash chain says how far two logs agree; not their length.
    Chain,
    /// An operation is kept after its acknowledgement, until a verified backup has it.
    KeepUntilCustody,
    /// What is forgotten is not written again by the same batch.
    ForgetAltogether,
    /// A file counts as arrived only with a copy of the feed that knows of it.
    ConfirmFiles,
    /// A server that lost operations takes its acknowledgement back.
    WithdrawAcknowledgement,
    /// Only what a request was compared with is acknowledged.
    AcknowledgeAgreed,
    /// What a server may have lost and put elsewhere since is compared with it again.
    CompareAnew,
    /// What was acknowledged and lost again is shown from the device's own log.
    ShowWithdrawn,
    /// The copy of the feed counts as containing the log only after its last page.
    IncludeAfterLastPage,
    /// An operation that is sent again under a new name keeps the name of its content.
    OriginOnReissue,
    /// A clone sends everything again that it still holds.
    ReissueAll,
    /// An edit names the edits that its author saw.
    Predecessors,
    /// An edit names nothing that came in after its author's tap.
    OnlyWhatWasSeen,
    /// A replaced edit stays replaced if it arrives after the one that replaced it.
    RememberReplaced,
    /// Whoever removes an instance of a repeated group names what they see in it.
    RemovalNamesSeen,
    /// What the remover had not seen keeps the instance.
    UnseenKeepsInstance,
    /// Stamps of a device never go back, whatever its clock does.
    MonotoneStamps,
    /// An effective stamp is above those of everything that its author had seen or written.
    EffectiveFloor,
    /// An effective stamp is not far ahead of the server.
    EffectiveLimit,
    /// Work that was carried over from another installation keeps its own time.
    OwnTimeOfCarriedOver,
    /// A cursor counts only in its own timeline.
    IncarnationInCursor,
    /// A cursor tells the head that it was read against, and not only its position.
    SeenHeadInCursor,
    /// A feed that starts over drops what it does not mention.
    ResetDrops,
    /// A device is left to its own copy only of what nobody else has changed.
    ConfirmOnlyOwn,
    /// A device is left to its own copy only where its operations took effect as it wrote them.
    ConfirmPlain,
    /// The answer to a superseded request moves nothing.
    OnlyAwaitedAnswers,
    /// Files are offered again to a server that lost something.
    OfferAgain,
    /// Work on a visit that was taken away stays visible until it is sent.
    KeepRevokedUntilSent,
    /// A revocation that was taken back drops nothing.
    RevocationTakenBack,
    /// Only the lane of its author takes an operation.
    OwnLane,
    /// Content that is settled does not change.
    SettledStays,
    /// A failed attempt is followed by another one.
    Retry,
    /// What is too large is sent in smaller parts.
    SmallerBatches,
    /// A new session of a device is bound to it again.
    EnrolAgain,
    /// What has had no outcome for long is given up and tried anew.
    Watchdog,
    /// Files are sent when all answers are.
    AnswersFirst,
    /// Attempts that fail are made ever more rarely.
    Backoff,
    /// Fresh tokens that are refused are no reason to obtain others at once.
    PauseWhenRefused,
    /// Only the progress of a file ends the pauses after files that fail.
    BackoffOfFiles,
    /// A file that fails lets the others go first.
    OtherFilesFirst,
    /// Of a file that something on the way does not let through, shorter parts are sent.
    ShorterParts,
}

impl Safeguard {
    /// All of them.
    pub const ALL: [Self; 41] = [
        Self::Chain,
        Self::KeepUntilCustody,
        Self::ForgetAltogether,
        Self::ConfirmFiles,
        Self::WithdrawAcknowledgement,
        Self::AcknowledgeAgreed,
        Self::CompareAnew,
        Self::ShowWithdrawn,
        Self::IncludeAfterLastPage,
        Self::OriginOnReissue,
        Self::ReissueAll,
        Self::Predecessors,
        Self::OnlyWhatWasSeen,
        Self::RememberReplaced,
        Self::RemovalNamesSeen,
        Self::UnseenKeepsInstance,
        Self::MonotoneStamps,
        Self::EffectiveFloor,
        Self::EffectiveLimit,
        Self::OwnTimeOfCarriedOver,
        Self::IncarnationInCursor,
        Self::SeenHeadInCursor,
        Self::ResetDrops,
        Self::ConfirmOnlyOwn,
        Self::ConfirmPlain,
        Self::OnlyAwaitedAnswers,
        Self::OfferAgain,
        Self::KeepRevokedUntilSent,
        Self::RevocationTakenBack,
        Self::OwnLane,
        Self::SettledStays,
        Self::Retry,
        Self::SmallerBatches,
        Self::EnrolAgain,
        Self::Watchdog,
        Self::AnswersFirst,
        Self::Backoff,
        Self::PauseWhenRefused,
        Self::BackoffOfFiles,
        Self::OtherFilesFirst,
        Self::ShorterParts,
    ];
}

/// Whether a safeguard is in place: always, outside of mutated builds.
#[cfg(not(feature = "mutations"))]
pub(crate) const fn holds(_: Safeguard) -> bool {
    true
}

#[cfg(feature = "mutations")]
std::thread_local! {
    static REMOVED: std::cell::Cell<Option<Safeguard>> = const { std::cell::Cell::new(None) };
}

#[cfg(feature = "mutations")]
pub(crate) fn holds(safeguard: Safeguard) -> bool {
    REMOVED.get() != Some(safeguard)
}

/// Runs `work` on this thread without one safeguard.
#[cfg(feature = "mutations")]
pub fn without<T>(safeguard: Safeguard, work: impl FnOnce() -> T) -> T {
    /// Puts the safeguard back, also if the work panics.
    struct PutBack;
    impl Drop for PutBack {
        fn drop(&mut self) {
            REMOVED.set(None);
        }
    }
    REMOVED.set(Some(safeguard));
    let _put_back = PutBack;
    work()
}
