//! What roles are called, in the product's languages.

use haamu_domain::Role;
use haamu_form::Language;

/// What a role is called.
pub(super) const fn role_name(role: Role, language: Language) -> &'static str {
    match (role, language) {
        (Role::Administrator, Language::Finnish) => "ylläpitäjä",
        (Role::Administrator, Language::Swedish) => "administratör",
        (Role::Administrator, Language::English) => "administrator",
        (Role::ProgrammeDesigner, Language::Finnish) => "ohjelman suunnittelija",
        (Role::ProgrammeDesigner, Language::Swedish) => "programdesigner",
        (Role::ProgrammeDesigner, Language::English) => "programme designer",
        (Role::Coordinator, Language::Finnish) => "koordinaattori",
        (Role::Coordinator, Language::Swedish) => "koordinator",
        (Role::Coordinator, Language::English) => "coordinator",
        (Role::Reviewer, Language::Finnish) => "tarkastaja",
        (Role::Reviewer, Language::Swedish) => "granskare",
        (Role::Reviewer, Language::English) => "reviewer",
        (Role::Shopper, Language::Finnish) => "haamuasiakas",
        (Role::Shopper, Language::Swedish | Language::English) => "mystery shopper",
        (Role::ClientManager, Language::Finnish) => "asiakkaan vastaava",
        (Role::ClientManager, Language::Swedish) => "kundansvarig",
        (Role::ClientManager, Language::English) => "client manager",
        (Role::ClientViewer, Language::Finnish) => "asiakkaan lukija",
        (Role::ClientViewer, Language::Swedish) => "kundläsare",
        (Role::ClientViewer, Language::English) => "client viewer",
    }
}
