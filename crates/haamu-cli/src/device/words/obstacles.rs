//! What stands in the way of a visit, in words.

use haamu_domain::eligibility::ObstacleCode as Code;
use haamu_form::Language;

/// Why somebody may not make a visit; a rule that only a later server has stays as it is.
pub(crate) fn obstacle(code: &str, language: Language) -> &str {
    let mut known = WORDS.iter();
    let Some((_, [english, finnish, swedish])) = known.find(|(known, _)| known.as_str() == code) else {
        return code;
    };
    match language {
        Language::English => english,
        Language::Finnish => finnish,
        Language::Swedish => swedish,
    }
}

/// In English, Finnish and Swedish.
const WORDS: &[(Code, [&str; 3])] = &[
    (
        Code::NotActive,
        [
            "you are not active in the panel",
            "et ole mukana paneelissa",
            "du är inte aktiv i panelen",
        ],
    ),
    (
        Code::AgreementMissing,
        [
            "you have not accepted the shopper agreement as it is now",
            "et ole hyväksynyt nykyistä haamuasiakkaan sopimusta",
            "du har inte godkänt det gällande avtalet",
        ],
    ),
    (
        Code::AgeUnknown,
        [
            "your age is not known",
            "ikäsi ei ole tiedossa",
            "din ålder är inte känd",
        ],
    ),
    (
        Code::TooYoung,
        [
            "you are too young for it",
            "olet siihen liian nuori",
            "du är för ung för det",
        ],
    ),
    (
        Code::TooOld,
        [
            "you are older than it is meant for",
            "olet vanhempi kuin mille se on tarkoitettu",
            "du är äldre än det är avsett för",
        ],
    ),
    (
        Code::CertificationMissing,
        [
            "you have not passed the briefing or certification",
            "et ole suorittanut perehdytystä tai testiä",
            "du har inte klarat genomgången eller certifieringen",
        ],
    ),
    (
        Code::LanguageMissing,
        [
            "it needs a language that you have not named",
            "siihen tarvitaan kieli, jota et ole ilmoittanut",
            "det kräver ett språk som du inte har angett",
        ],
    ),
    (
        Code::QualificationMissing,
        [
            "it needs a qualification that you have not named",
            "siihen tarvitaan edellytys, jota et ole ilmoittanut",
            "det kräver en kvalifikation som du inte har angett",
        ],
    ),
    (
        Code::RatingTooLow,
        [
            "your reports were graded too low for it",
            "raporttiesi arvosanat eivät riitä siihen",
            "dina rapporter har för låga betyg för det",
        ],
    ),
    (
        Code::NotIndependent,
        [
            "you have declared a tie to the place",
            "olet ilmoittanut sidonnaisuuden paikkaan",
            "du har uppgett en bindning till platsen",
        ],
    ),
    (
        Code::TooFar,
        [
            "it is too far from your places",
            "se on liian kaukana paikoistasi",
            "det är för långt från dina orter",
        ],
    ),
    (
        Code::Rotation,
        [
            "you were there too short a time ago, or will be",
            "olet käynyt siellä liian vähän aikaa sitten tai käyt pian",
            "du var där för kort tid sedan, eller ska dit snart",
        ],
    ),
    (
        Code::RotationAsCompanion,
        [
            "you came along to a visit there",
            "olit siellä toisen käynnillä mukana",
            "du följde med på ett besök där",
        ],
    ),
    (
        Code::Spacing,
        [
            "another visit of yours is too near in time",
            "toinen käyntisi on ajallisesti liian lähellä",
            "ett annat besök av dig ligger för nära i tiden",
        ],
    ),
    (
        Code::DayFull,
        [
            "you make enough visits on that day",
            "sinulla on sinä päivänä jo tarpeeksi käyntejä",
            "du gör redan tillräckligt många besök den dagen",
        ],
    ),
    (
        Code::RoundFull,
        [
            "you make enough visits in this round",
            "sinulla on tällä kierroksella jo tarpeeksi käyntejä",
            "du gör redan tillräckligt många besök i omgången",
        ],
    ),
    (
        Code::TooManyOpen,
        [
            "you have enough visits to hand in first",
            "sinulla on ensin tarpeeksi käyntejä raportoitavana",
            "du har tillräckligt många besök att lämna in först",
        ],
    ),
    (
        Code::CompanionRotation,
        [
            "whoever comes along was there too short a time ago, or will be",
            "seuralaisesi on käynyt siellä liian vähän aikaa sitten tai käy pian",
            "den som följer med var där för kort tid sedan, eller ska dit snart",
        ],
    ),
    (
        Code::QuotaFull,
        [
            "there are enough visits of this kind on such days",
            "tällaisia käyntejä on sellaisina päivinä jo tarpeeksi",
            "det finns redan tillräckligt många sådana besök på sådana dagar",
        ],
    ),
    (
        Code::LocationClosed,
        [
            "the place is closed for good",
            "paikka on suljettu pysyvästi",
            "platsen är stängd för gott",
        ],
    ),
    (
        Code::LocationBusy,
        [
            "the place gets enough visits on that day",
            "paikassa on sinä päivänä jo tarpeeksi käyntejä",
            "platsen får redan tillräckligt många besök den dagen",
        ],
    ),
    (
        Code::OutsideRound,
        [
            "the day lies outside of the round",
            "päivä ei kuulu kierrokseen",
            "dagen ligger utanför omgången",
        ],
    ),
    (
        Code::PlaceClosed,
        [
            "the place is closed at that time",
            "paikka on silloin kiinni",
            "platsen är stängd då",
        ],
    ),
    (
        Code::DayOver,
        [
            "the day is over at the place",
            "päivä on paikassa jo ohi",
            "dagen är redan över på platsen",
        ],
    ),
    (
        Code::CompanionSpacing,
        [
            "another visit of whoever comes along is too near in time",
            "seuralaisesi toinen käynti on ajallisesti liian lähellä",
            "ett annat besök av den som följer med ligger för nära i tiden",
        ],
    ),
    (
        Code::CompanionNotActive,
        [
            "whoever comes along is not active in the panel",
            "seuralaisesi ei ole mukana paneelissa",
            "den som följer med är inte aktiv i panelen",
        ],
    ),
    (
        Code::CompanionAge,
        [
            "whoever comes along is too young or too old, or their age is not known",
            "seuralaisesi on liian nuori tai liian vanha, tai ikä ei ole tiedossa",
            "den som följer med är för ung eller för gammal, eller åldern är inte känd",
        ],
    ),
    (
        Code::CompanionNotIndependent,
        [
            "whoever comes along has declared a tie to the place",
            "seuralaisesi on ilmoittanut sidonnaisuuden paikkaan",
            "den som följer med har uppgett en bindning till platsen",
        ],
    ),
    (
        Code::OtherDaypart,
        [
            "it is planned for another part of the day",
            "se on suunniteltu toiseen vuorokaudenaikaan",
            "det är planerat för en annan tid på dagen",
        ],
    ),
    (
        Code::ProgrammeNotActive,
        [
            "the programme takes no visits now",
            "ohjelmassa ei nyt tehdä käyntejä",
            "programmet tar inte emot besök nu",
        ],
    ),
    (
        Code::VisitCalledOff,
        [
            "the visit is called off",
            "käynti on peruttu",
            "besöket är inställt",
        ],
    ),
    (
        Code::ScenarioNotReady,
        [
            "the scenario of the visit is not ready",
            "käynnin skenaario ei ole valmis",
            "besökets scenario är inte klart",
        ],
    ),
    (
        Code::VisitTaken,
        [
            "somebody else has the visit",
            "käynti on jo toisella",
            "någon annan har besöket",
        ],
    ),
    (
        Code::HandedIn,
        [
            "the evaluation of the visit has been handed in",
            "käynnin raportti on jo lähetetty",
            "besökets rapport är redan inlämnad",
        ],
    ),
];

/// Every rule has words, in the order of [`Code::ALL`].
const _: () = {
    assert!(WORDS.len() == Code::ALL.len(), "a rule has no words");
    let mut place = 0;
    while place < WORDS.len() {
        assert!(
            WORDS[place].0 as usize == Code::ALL[place] as usize,
            "a rule has no words"
        );
        place += 1;
    }
};
