//! The words of mails, in the product's languages.

use haamu_form::Language;

use super::roles::role_name;
use super::{Letter, offers, staff};

/// What a mail says.
pub(super) struct Words {
    pub(super) subject: String,
    pub(super) paragraphs: Vec<String>,
    /// The words of the link; empty where there is none.
    pub(super) action: &'static str,
    pub(super) footer: &'static str,
}

/// Subject, words of the link and what happened; `{agency}` and `{role}` are filled in.
pub(super) type Phrases = (&'static str, &'static str, &'static str);

/// What a language says in several mails.
struct Common {
    footer: &'static str,
    /// What becomes of a mail that nobody asked for.
    ignore: &'static str,
    /// What to do about a change that somebody else made.
    worry: &'static str,
    /// How long a link is good: one hour, `{}` hours, one day, `{}` days.
    good_for: [&'static str; 4],
}

const ENGLISH: Common = Common {
    footer: "This message was sent by Haamu, because somebody used this address there. Nobody reads answers.",
    ignore: "If you did not ask for this, you need not do anything.",
    worry: "If it was not you, ask your administrator at once, and set a new password.",
    good_for: [
        "The link is good for one hour.",
        "The link is good for {} hours.",
        "The link is good for one day.",
        "The link is good for {} days.",
    ],
};

const FINNISH: Common = Common {
    footer: "Tämän viestin lähetti Haamu, koska joku käytti siellä tätä osoitetta. Vastauksia ei lueta.",
    ignore: "Jos et pyytänyt tätä, sinun ei tarvitse tehdä mitään.",
    worry: "Jos et tehnyt tätä itse, ota heti yhteyttä ylläpitäjääsi ja vaihda salasana.",
    good_for: [
        "Linkki on voimassa yhden tunnin.",
        "Linkki on voimassa {} tuntia.",
        "Linkki on voimassa yhden päivän.",
        "Linkki on voimassa {} päivää.",
    ],
};

const SWEDISH: Common = Common {
    footer: "Det här meddelandet skickades av Haamu, eftersom någon använde adressen där. Svar läses inte.",
    ignore: "Om du inte har bett om det här behöver du inte göra något.",
    worry: "Om det inte var du, kontakta genast din administratör och byt lösenord.",
    good_for: [
        "Länken gäller i en timme.",
        "Länken gäller i {} timmar.",
        "Länken gäller i ett dygn.",
        "Länken gäller i {} dygn.",
    ],
};

impl Words {
    pub(super) fn of(letter: &Letter, language: Language) -> Self {
        let (common, (subject, action, said)) = match language {
            Language::Finnish => (&FINNISH, finnish(letter)),
            Language::Swedish => (&SWEDISH, swedish(letter)),
            Language::English => (&ENGLISH, english(letter)),
        };
        let fill = |text: &str| match letter {
            Letter::Invitation { agency, role, .. } => text
                .replace("{role}", role_name(*role, language))
                .replace("{agency}", agency),
            Letter::ConfirmRegistration { agency, .. }
            | Letter::JoinAgency { agency, .. }
            | Letter::ChoosePassword { agency, .. }
            | Letter::AlreadyMember { agency }
            | Letter::RegistrationApproved { agency }
            | Letter::RegistrationDeclined { agency, .. }
            | Letter::Offers { agency, .. }
            | Letter::Fieldwork { agency, .. } => text.replace("{agency}", agency),
            _ => text.to_owned(),
        };
        let mut paragraphs = vec![fill(said)];
        match letter {
            Letter::Invitation { good_for_hours, .. }
            | Letter::VerifyEmail { good_for_hours, .. }
            | Letter::ChangeEmail { good_for_hours, .. }
            | Letter::ConfirmRegistration { good_for_hours, .. }
            | Letter::JoinAgency { good_for_hours, .. }
            | Letter::ChoosePassword { good_for_hours, .. }
            | Letter::ResetPassword { good_for_hours, .. } => {
                paragraphs.push(common.good_for(*good_for_hours));
                paragraphs.push(common.ignore.to_owned());
            }
            Letter::RegistrationApproved { .. } => {}
            Letter::RegistrationDeclined { reason, .. } => paragraphs.push(reason.clone()),
            Letter::Offers { news, .. } => paragraphs.extend(news.paragraphs(language)),
            Letter::Fieldwork { news, .. } => paragraphs.extend(news.paragraphs(language)),
            Letter::EmailInUse | Letter::AlreadyMember { .. } => paragraphs.push(common.ignore.to_owned()),
            Letter::EmailChanged
            | Letter::PasswordChanged
            | Letter::SecondFactorAdded
            | Letter::SecondFactorsRemoved => paragraphs.push(common.worry.to_owned()),
        }
        Self {
            subject: fill(subject),
            paragraphs,
            action,
            footer: common.footer,
        }
    }
}

impl Common {
    fn good_for(&self, hours: u32) -> String {
        let [one_hour, in_hours, one_day, in_days] = self.good_for;
        match (hours / 24, hours % 24) {
            (1, 0) => one_day.to_owned(),
            (days, 0) => in_days.replace("{}", &days.to_string()),
            _ if hours == 1 => one_hour.to_owned(),
            _ => in_hours.replace("{}", &hours.to_string()),
        }
    }
}

#[expect(clippy::too_many_lines, reason = "a list, with the phrases of each letter")]
const fn english(letter: &Letter) -> Phrases {
    match letter {
        Letter::Invitation { .. } => (
            "Invitation to {agency}",
            "Accept the invitation",
            "{agency} asks you to join as: {role}. Choose a name and a password to accept.",
        ),
        Letter::VerifyEmail { .. } => (
            "Confirm your e-mail address",
            "Confirm the address",
            "Please confirm that this address is yours: follow the link and give the password of your account.",
        ),
        Letter::ChangeEmail { .. } => (
            "Confirm your new e-mail address",
            "Use this address",
            "Please confirm that your account is to use this address from now on: follow the link and give the password \
             of your account.",
        ),
        Letter::EmailInUse => (
            "This address has an account already",
            "",
            "Somebody wanted to use this address for another account. It has one already; nothing was changed.",
        ),
        Letter::EmailChanged => (
            "Your e-mail address was changed",
            "",
            "Your account uses another address from now on.",
        ),
        Letter::ResetPassword { .. } => (
            "Set a new password",
            "Set a new password",
            "Somebody has asked for a new password for your account.",
        ),
        Letter::PasswordChanged => (
            "Your password was changed",
            "",
            "The password of your account was changed, and other devices were signed out.",
        ),
        Letter::ChoosePassword { .. } => (
            "Your account with {agency}",
            "Choose a password",
            "{agency} has made an account for you. Choose a password to sign in with this address.",
        ),
        Letter::ConfirmRegistration { .. } => (
            "Confirm your registration with {agency}",
            "Confirm the registration",
            "Somebody has registered with this address as a mystery shopper of {agency}. If it was you, follow the \
             link and give the password that you chose.",
        ),
        Letter::JoinAgency { .. } => (
            "Join {agency}",
            "Join",
            "Somebody wants to register with this address as a mystery shopper of {agency}. The address has an \
             account already. If it was you, follow the link and give the password of your account to join.",
        ),
        Letter::AlreadyMember { .. } => (
            "You are with {agency} already",
            "",
            "Somebody wanted to register with this address with {agency}. You have an account there already; sign \
             in with it. Nothing was changed.",
        ),
        Letter::RegistrationApproved { .. } => (
            "Welcome to {agency}",
            "",
            "{agency} has let you in as a mystery shopper. Sign in with your address and your password.",
        ),
        Letter::RegistrationDeclined { .. } => (
            "Your registration with {agency}",
            "",
            "{agency} has declined your registration as a mystery shopper. The reason:",
        ),
        Letter::Offers { .. } => offers::phrases(Language::English),
        Letter::Fieldwork { .. } => staff::phrases(Language::English),
        Letter::SecondFactorAdded => (
            "A second factor was added",
            "",
            "An authenticator app or a passkey was added to your account.",
        ),
        Letter::SecondFactorsRemoved => (
            "Your second factors were removed",
            "",
            "Authenticator app, passkeys and recovery codes were removed from your account.",
        ),
    }
}

#[expect(clippy::too_many_lines, reason = "a list, with the phrases of each letter")]
const fn finnish(letter: &Letter) -> Phrases {
    match letter {
        Letter::Invitation { .. } => (
            "Kutsu: {agency}",
            "Hyväksy kutsu",
            "{agency} kutsuu sinut mukaan. Roolisi: {role}. Hyväksy kutsu valitsemalla nimi ja salasana.",
        ),
        Letter::VerifyEmail { .. } => (
            "Vahvista sähköpostiosoitteesi",
            "Vahvista osoite",
            "Vahvista, että tämä osoite on sinun: avaa linkki ja anna tilisi salasana.",
        ),
        Letter::ChangeEmail { .. } => (
            "Vahvista uusi sähköpostiosoitteesi",
            "Ota osoite käyttöön",
            "Vahvista, että tilisi käyttää jatkossa tätä osoitetta: avaa linkki ja anna tilisi salasana.",
        ),
        Letter::EmailInUse => (
            "Tällä osoitteella on jo tili",
            "",
            "Joku halusi käyttää tätä osoitetta toisella tilillä. Osoitteella on jo tili; mitään ei muutettu.",
        ),
        Letter::EmailChanged => (
            "Sähköpostiosoitteesi vaihdettiin",
            "",
            "Tilisi käyttää tästä lähtien toista osoitetta.",
        ),
        Letter::ResetPassword { .. } => (
            "Aseta uusi salasana",
            "Aseta uusi salasana",
            "Tilillesi on pyydetty uutta salasanaa.",
        ),
        Letter::PasswordChanged => (
            "Salasanasi vaihdettiin",
            "",
            "Tilisi salasana vaihdettiin, ja muut laitteet kirjattiin ulos.",
        ),
        Letter::ChoosePassword { .. } => (
            "Tilisi: {agency}",
            "Valitse salasana",
            "{agency} on luonut sinulle tilin. Valitse salasana, niin voit kirjautua sisään tällä osoitteella.",
        ),
        Letter::ConfirmRegistration { .. } => (
            "Vahvista rekisteröitymisesi: {agency}",
            "Vahvista rekisteröityminen",
            "Tällä osoitteella on rekisteröidytty mystery shopperiksi: {agency}. Jos se olit sinä, avaa linkki ja \
             anna valitsemasi salasana.",
        ),
        Letter::JoinAgency { .. } => (
            "Liity mukaan: {agency}",
            "Liity mukaan",
            "Joku haluaa rekisteröityä tällä osoitteella mystery shopperiksi: {agency}. Osoitteella on jo tili. Jos \
             se olit sinä, avaa linkki ja liity mukaan antamalla tilisi salasana.",
        ),
        Letter::AlreadyMember { .. } => (
            "Olet jo mukana: {agency}",
            "",
            "Joku halusi rekisteröityä tällä osoitteella: {agency}. Sinulla on siellä jo tili; kirjaudu sillä \
             sisään. Mitään ei muutettu.",
        ),
        Letter::RegistrationApproved { .. } => (
            "Tervetuloa mukaan: {agency}",
            "",
            "{agency} on hyväksynyt sinut mystery shopperiksi. Kirjaudu sisään osoitteellasi ja salasanallasi.",
        ),
        Letter::RegistrationDeclined { .. } => (
            "Rekisteröitymisesi: {agency}",
            "",
            "{agency} ei hyväksynyt rekisteröitymistäsi mystery shopperiksi. Perustelu:",
        ),
        Letter::Offers { .. } => offers::phrases(Language::Finnish),
        Letter::Fieldwork { .. } => staff::phrases(Language::Finnish),
        Letter::SecondFactorAdded => (
            "Tilillesi lisättiin toinen tunnistautumistapa",
            "",
            "Tilillesi lisättiin todennussovellus tai pääsyavain.",
        ),
        Letter::SecondFactorsRemoved => (
            "Tilisi toiset tunnistautumistavat poistettiin",
            "",
            "Todennussovellus, pääsyavaimet ja palautuskoodit poistettiin tililtäsi.",
        ),
    }
}

#[expect(clippy::too_many_lines, reason = "a list, with the phrases of each letter")]
const fn swedish(letter: &Letter) -> Phrases {
    match letter {
        Letter::Invitation { .. } => (
            "Inbjudan: {agency}",
            "Tacka ja",
            "{agency} bjuder in dig. Din roll: {role}. Välj ett namn och ett lösenord för att tacka ja.",
        ),
        Letter::VerifyEmail { .. } => (
            "Bekräfta din e-postadress",
            "Bekräfta adressen",
            "Bekräfta att den här adressen är din: öppna länken och ange lösenordet för ditt konto.",
        ),
        Letter::ChangeEmail { .. } => (
            "Bekräfta din nya e-postadress",
            "Använd adressen",
            "Bekräfta att ditt konto ska använda den här adressen från och med nu: öppna länken och ange lösenordet för \
             ditt konto.",
        ),
        Letter::EmailInUse => (
            "Adressen har redan ett konto",
            "",
            "Någon ville använda den här adressen för ett annat konto. Den har redan ett; ingenting ändrades.",
        ),
        Letter::EmailChanged => (
            "Din e-postadress har bytts",
            "",
            "Ditt konto använder en annan adress från och med nu.",
        ),
        Letter::ResetPassword { .. } => (
            "Välj ett nytt lösenord",
            "Välj ett nytt lösenord",
            "Någon har bett om ett nytt lösenord för ditt konto.",
        ),
        Letter::PasswordChanged => (
            "Ditt lösenord har bytts",
            "",
            "Lösenordet för ditt konto har bytts, och andra enheter har loggats ut.",
        ),
        Letter::ChoosePassword { .. } => (
            "Ditt konto hos {agency}",
            "Välj ett lösenord",
            "{agency} har skapat ett konto åt dig. Välj ett lösenord för att logga in med den här adressen.",
        ),
        Letter::ConfirmRegistration { .. } => (
            "Bekräfta din registrering hos {agency}",
            "Bekräfta registreringen",
            "Någon har registrerat sig med den här adressen som mystery shopper hos {agency}. Om det var du, öppna \
             länken och ange det lösenord som du valde.",
        ),
        Letter::JoinAgency { .. } => (
            "Gå med i {agency}",
            "Gå med",
            "Någon vill registrera sig med den här adressen som mystery shopper hos {agency}. Adressen har redan ett \
             konto. Om det var du, öppna länken och ange lösenordet för ditt konto för att gå med.",
        ),
        Letter::AlreadyMember { .. } => (
            "Du är redan med i {agency}",
            "",
            "Någon ville registrera sig med den här adressen hos {agency}. Du har redan ett konto där; logga in med \
             det. Ingenting ändrades.",
        ),
        Letter::RegistrationApproved { .. } => (
            "Välkommen till {agency}",
            "",
            "{agency} har godkänt dig som mystery shopper. Logga in med din adress och ditt lösenord.",
        ),
        Letter::RegistrationDeclined { .. } => (
            "Din registrering hos {agency}",
            "",
            "{agency} har inte godkänt din registrering som mystery shopper. Orsaken:",
        ),
        Letter::Offers { .. } => offers::phrases(Language::Swedish),
        Letter::Fieldwork { .. } => staff::phrases(Language::Swedish),
        Letter::SecondFactorAdded => (
            "En andra faktor har lagts till",
            "",
            "En autentiseringsapp eller en nyckel har lagts till i ditt konto.",
        ),
        Letter::SecondFactorsRemoved => (
            "Dina andra faktorer har tagits bort",
            "",
            "Autentiseringsapp, nycklar och återställningskoder har tagits bort från ditt konto.",
        ),
    }
}
