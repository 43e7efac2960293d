//! One sentence for each reason, in the product's languages.

use crate::checklist::DurationUnit;
use crate::{Decimal, Language};

use super::reason::percentage_points;
use super::{Reason, TraceLine};

impl TraceLine {
    /// One sentence for a person, in the language asked for.
    #[must_use]
    pub fn sentence(&self, language: Language) -> String {
        match language {
            Language::Finnish => finnish(&self.reason),
            Language::Swedish => swedish(&self.reason),
            Language::English => english(&self.reason),
        }
    }

    /// The effect on the visit score in percentage points, such as `−1.25`,
    /// with the decimal sign of the language.
    #[must_use]
    pub fn effect_text(&self, language: Language) -> String {
        localise_decimal(&percentage_points(&self.effect), language)
    }
}

/// A decimal with a comma where the language writes one.
fn localise_decimal(text: &str, language: Language) -> String {
    match language {
        Language::Finnish | Language::Swedish => text.replace('.', ","),
        Language::English => text.to_owned(),
    }
}

fn measure(value: Decimal, unit: Option<DurationUnit>, language: Language) -> String {
    let number = localise_decimal(&value.to_string(), language);
    match unit {
        Some(unit) => format!("{number} {}", unit.as_str()),
        None => number,
    }
}

fn english(reason: &Reason) -> String {
    let measure = |value: &Decimal, unit: &Option<DurationUnit>| measure(*value, *unit, Language::English);
    match reason {
        Reason::NotGoodAnswer => "The standard was not met.".to_owned(),
        Reason::Option => "The chosen alternative earns only a part of the points.".to_owned(),
        Reason::Options => "The observed behaviours earn only a part of the points.".to_owned(),
        Reason::Faults { count: 1 } => "One fault was observed.".to_owned(),
        Reason::Faults { count } => format!("{count} faults were observed."),
        Reason::NotAllMet => "Not everything that is required was met.".to_owned(),
        Reason::TooFew { seen, wanted } => format!("{seen} of at least {wanted} signs were observed."),
        Reason::Scale { value, best } => format!("The rating is {value}; the best is {best}."),
        Reason::BelowBand { value, limit, unit } => {
            format!(
                "{} is below the optimum, which starts at {}.",
                measure(value, unit),
                measure(limit, unit)
            )
        }
        Reason::AboveBand { value, limit, unit } => {
            format!(
                "{} is above the optimum, which ends at {}.",
                measure(value, unit),
                measure(limit, unit)
            )
        }
        Reason::Change { difference } => format!("The state changed by {difference:+} during the encounter."),
        Reason::Unanswered => "A required question was left unanswered.".to_owned(),
        Reason::Bonus => "Bonus for doing more than is expected.".to_owned(),
        Reason::BonusCap => "Bonus points do not lift the result above 100 %.".to_owned(),
        Reason::SectionZero { .. } => "A critical answer sets the section to zero.".to_owned(),
        Reason::SectionCap { cap, .. } => format!("A critical answer limits the section to {cap} %."),
        Reason::VisitCap { cap, .. } => format!("A critical answer limits the visit to {cap} %."),
        Reason::VisitZero { .. } => "A critical answer sets the visit to zero.".to_owned(),
        Reason::VisitFail => "A critical answer fails the visit; the number stays.".to_owned(),
        Reason::Flag => "A critical answer that raises an alert.".to_owned(),
        Reason::QuizMark { mark } => format!("The result is below {mark} %, so the test is not passed."),
        Reason::PassMark { mark } => {
            format!("The section is below its pass mark of {mark} %, so the visit failed.")
        }
    }
}

fn finnish(reason: &Reason) -> String {
    let number = |value: &Decimal| localise_decimal(&value.to_string(), Language::Finnish);
    let measure = |value: &Decimal, unit: &Option<DurationUnit>| measure(*value, *unit, Language::Finnish);
    match reason {
        Reason::NotGoodAnswer => "Kohtaamisstandardi ei täyttynyt.".to_owned(),
        Reason::Option => "Valittu vaihtoehto tuo vain osan pisteistä.".to_owned(),
        Reason::Options => "Havaitut asiat tuovat vain osan pisteistä.".to_owned(),
        Reason::Faults { count: 1 } => "Havaittiin yksi puute.".to_owned(),
        Reason::Faults { count } => format!("Havaittiin {count} puutetta."),
        Reason::NotAllMet => "Kaikki vaadittu ei täyttynyt.".to_owned(),
        Reason::TooFew { seen, wanted } => {
            format!("Merkkejä havaittiin {seen}, kun niitä pitäisi olla vähintään {wanted}.")
        }
        Reason::Scale { value, best } => format!("Arvosana on {value}; paras on {best}."),
        Reason::BelowBand { value, limit, unit } => {
            format!(
                "{} alittaa optimialueen, joka alkaa kohdasta {}.",
                measure(value, unit),
                measure(limit, unit)
            )
        }
        Reason::AboveBand { value, limit, unit } => {
            format!(
                "{} ylittää optimialueen, joka päättyy kohtaan {}.",
                measure(value, unit),
                measure(limit, unit)
            )
        }
        Reason::Change { difference } => format!("Tunnetila muuttui kohtaamisen aikana {difference:+}."),
        Reason::Unanswered => "Pakolliseen kysymykseen ei vastattu.".to_owned(),
        Reason::Bonus => "Lisäpisteitä odotukset ylittävästä palvelusta.".to_owned(),
        Reason::BonusCap => "Lisäpisteet eivät nosta tulosta yli 100 prosentin.".to_owned(),
        Reason::SectionZero { .. } => "Kriittinen vastaus nollaa osion.".to_owned(),
        Reason::SectionCap { cap, .. } => format!(
            "Kriittinen vastaus rajaa osion enintään {} prosenttiin.",
            number(cap)
        ),
        Reason::VisitCap { cap, .. } => format!(
            "Kriittinen vastaus rajaa käynnin enintään {} prosenttiin.",
            number(cap)
        ),
        Reason::VisitZero { .. } => "Kriittinen vastaus nollaa käynnin.".to_owned(),
        Reason::VisitFail => "Kriittinen vastaus hylkää käynnin; luku ei muutu.".to_owned(),
        Reason::Flag => "Kriittinen vastaus, josta tehdään hälytys.".to_owned(),
        Reason::QuizMark { mark } => {
            format!("Tulos on alle {} %, joten koetta ei ole läpäisty.", number(mark))
        }
        Reason::PassMark { mark } => {
            format!(
                "Osio jää hyväksymisrajan {} % alle, joten käynti hylätään.",
                number(mark)
            )
        }
    }
}

fn swedish(reason: &Reason) -> String {
    let number = |value: &Decimal| localise_decimal(&value.to_string(), Language::Swedish);
    let measure = |value: &Decimal, unit: &Option<DurationUnit>| measure(*value, *unit, Language::Swedish);
    match reason {
        Reason::NotGoodAnswer => "Servicestandarden uppfylldes inte.".to_owned(),
        Reason::Option => "Det valda alternativet ger bara en del av poängen.".to_owned(),
        Reason::Options => "Det som observerades ger bara en del av poängen.".to_owned(),
        Reason::Faults { count: 1 } => "En brist observerades.".to_owned(),
        Reason::Faults { count } => format!("{count} brister observerades."),
        Reason::NotAllMet => "Allt som krävs uppfylldes inte.".to_owned(),
        Reason::TooFew { seen, wanted } => format!("{seen} av minst {wanted} tecken observerades."),
        Reason::Scale { value, best } => format!("Betyget är {value}; det bästa är {best}."),
        Reason::BelowBand { value, limit, unit } => {
            format!(
                "{} ligger under det optimala intervallet, som börjar vid {}.",
                measure(value, unit),
                measure(limit, unit)
            )
        }
        Reason::AboveBand { value, limit, unit } => {
            format!(
                "{} ligger över det optimala intervallet, som slutar vid {}.",
                measure(value, unit),
                measure(limit, unit)
            )
        }
        Reason::Change { difference } => format!("Tillståndet ändrades med {difference:+} under kundmötet."),
        Reason::Unanswered => "En obligatorisk fråga lämnades obesvarad.".to_owned(),
        Reason::Bonus => "Bonuspoäng för service utöver det förväntade.".to_owned(),
        Reason::BonusCap => "Bonuspoäng höjer inte resultatet över 100 %.".to_owned(),
        Reason::SectionZero { .. } => "Ett kritiskt svar nollställer avsnittet.".to_owned(),
        Reason::SectionCap { cap, .. } => format!(
            "Ett kritiskt svar begränsar avsnittet till högst {} %.",
            number(cap)
        ),
        Reason::VisitCap { cap, .. } => format!(
            "Ett kritiskt svar begränsar besöket till högst {} %.",
            number(cap)
        ),
        Reason::VisitZero { .. } => "Ett kritiskt svar nollställer besöket.".to_owned(),
        Reason::VisitFail => "Ett kritiskt svar underkänner besöket; talet ändras inte.".to_owned(),
        Reason::Flag => "Ett kritiskt svar som utlöser ett larm.".to_owned(),
        Reason::QuizMark { mark } => {
            format!(
                "Resultatet är under {} %, så provet är inte godkänt.",
                number(mark)
            )
        }
        Reason::PassMark { mark } => {
            format!(
                "Avsnittet ligger under gränsen {} % för godkänt, så besöket underkänns.",
                number(mark)
            )
        }
    }
}
