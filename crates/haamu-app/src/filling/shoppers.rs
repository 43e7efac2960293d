//! Looking for people of the shopper panel.

use std::collections::BTreeMap;

use haamu_domain::eligibility::Point;
use haamu_domain::panel::Profile;
use haamu_domain::{Actor, LocalDate, Role, Timestamp, UserId, Verb};
use haamu_store::Tx;
use haamu_store::repo::identity::{self, Membership, User};
use haamu_store::repo::panel::{self, ProfileRecord};
use haamu_store::repo::{imports, members};
use uuid::Uuid;

use crate::context::{Page, require_in_agency};
use crate::error::Checks;
use crate::{App, Error};

use super::board::nearest;

/// So many shoppers are on a page.
const PAGE: usize = 50;
/// So many people of the panel are looked at for one page; whoever looks for few among many is answered with a short
/// page and a cursor, and nobody reads the whole panel at once.
const SCAN: u64 = 1_000;

/// Which shoppers are looked for.
#[derive(Clone, Debug, Default)]
pub struct ShopperQuery {
    /// Each of whose words is in the name, the e-mail address or the agency's own key, in whatever case.
    pub words: Option<String>,
    /// With this key of the agency's own.
    pub external_id: Option<String>,
    /// With this e-mail address.
    pub email: Option<String>,
    /// Who have this qualification today.
    pub qualification: Option<String>,
    /// Who speak this language.
    pub language: Option<String>,
    /// Whether they may be given visits: they take some, are not suspended and not kept out.
    pub is_active: Option<bool>,
    /// How far they live from here.
    pub near: Option<Point>,
    /// Within so many kilometres of it.
    pub radius_km: Option<u32>,
    /// After this shopper.
    pub after: Option<Uuid>,
}

/// A shopper of the panel.
#[derive(Clone, Debug)]
pub struct ShopperView {
    /// Who.
    pub id: UserId,
    /// The e-mail address.
    pub email: String,
    /// The name.
    pub display_name: String,
    /// The agency's own key.
    pub external_id: Option<String>,
    /// What the agency knows.
    pub profile: Profile,
    /// Since when they are kept out.
    pub disabled_at: Option<Timestamp>,
    /// How far the nearest of their places is from where it was asked, in kilometres.
    pub distance_km: Option<f64>,
}

impl App {
    /// Shoppers of the panel, by id. A page may be short and have another behind it.
    ///
    /// # Errors
    /// A field is out of range, or there is a radius around nothing.
    pub async fn list_shoppers(
        &self,
        actor: &Actor,
        query: &ShopperQuery,
    ) -> Result<Page<ShopperView>, Error> {
        require_in_agency(actor, Verb::ManagePanel)?;
        check(query)?;
        let wanted = &Wanted::new(query, self.today());
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let (people, is_cut) = match named(tx, actor, query).await? {
                Some(people) => (people, false),
                None => {
                    let shopper = Some(Role::Shopper);
                    members::list_members(tx, actor.agency, shopper, query.after, SCAN).await?
                }
            };
            let ids: Vec<_> = people.iter().map(|(user, _)| user.id).collect();
            let profiles = panel::list_profiles(tx, actor.agency, &ids).await?;
            let mut profiles: BTreeMap<_, _> =
                profiles.into_iter().map(|record| (record.user, record)).collect();
            let last = ids.last().map(|id| id.uuid());
            let views = people.into_iter().map(|person| {
                let profile = profiles.remove(&person.0.id);
                wanted.view(person, profile)
            });
            let mut items: Vec<_> = views.filter(|view| wanted.has(view)).take(PAGE + 1).collect();
            let is_long = items.len() > PAGE;
            items.truncate(PAGE);
            let next = match (is_long, is_cut) {
                (true, _) => items.last().map(|shopper| shopper.id.uuid()),
                (false, true) => last,
                (false, false) => None,
            };
            Ok(Page { items, next })
        })
        .await
    }
}

/// Refuses what is out of range.
fn check(query: &ShopperQuery) -> Result<(), Error> {
    let mut checks = Checks::default();
    if let Some(radius) = query.radius_km {
        checks.range("radius_km", radius, 1..=20_000);
        if query.near.is_none() {
            checks.issue("near", "required", "a radius is around a place");
        }
    }
    for (path, text) in [
        ("q", &query.words),
        ("external_id", &query.external_id),
        ("email", &query.email),
    ] {
        if let Some(text) = text {
            let _ = checks.text(path, text, 200);
        }
    }
    checks.finish()
}

/// The shoppers of a key or an address, where one is asked for: one or none.
async fn named(
    tx: &Tx,
    actor: &Actor,
    query: &ShopperQuery,
) -> Result<Option<Vec<(User, Membership)>>, Error> {
    let by_key = match &query.external_id {
        None => None,
        Some(key) => {
            let found = imports::list_profiles_by_external_id(tx, actor.agency, &[key.trim()]).await?;
            Some(found.first().map(|record| record.user))
        }
    };
    let by_email = match &query.email {
        None => None,
        Some(email) => {
            let found = identity::find_user_by_email(tx, &email.trim().to_lowercase()).await?;
            Some(found.map(|user| user.id))
        }
    };
    let user = match (by_key, by_email) {
        (None, None) => return Ok(None),
        (Some(user), None) | (None, Some(user)) => user,
        (Some(user), Some(other)) => user.filter(|user| Some(*user) == other),
    };
    let Some(user) = user.filter(|user| query.after.is_none_or(|after| user.uuid() > after)) else {
        return Ok(Some(Vec::new()));
    };
    let member = identity::find_membership(tx, actor.agency, user).await?;
    let Some(member) = member.filter(|member| member.role == Role::Shopper) else {
        return Ok(Some(Vec::new()));
    };
    Ok(Some(vec![(identity::load_user(tx, user).await?, member)]))
}

/// What a shopper is held against.
struct Wanted<'a> {
    query: &'a ShopperQuery,
    /// In lower case.
    words: Vec<String>,
    today: LocalDate,
}

impl<'a> Wanted<'a> {
    fn new(query: &'a ShopperQuery, today: LocalDate) -> Self {
        let words = query.words.as_deref().unwrap_or_default();
        Self {
            query,
            words: words.split_whitespace().map(str::to_lowercase).collect(),
            today,
        }
    }

    fn view(&self, (user, member): (User, Membership), known: Option<ProfileRecord>) -> ShopperView {
        let (external_id, profile) = match known {
            Some(record) => (record.external_id, record.profile),
            None => (None, Profile::unknown()),
        };
        ShopperView {
            id: user.id,
            email: user.email,
            display_name: user.display_name,
            external_id,
            distance_km: self.query.near.and_then(|near| nearest(&profile.points(), near)),
            profile,
            disabled_at: member.disabled_at.or(user.disabled_at),
        }
    }

    /// Whether a shopper is looked for. Whose places nobody knows is not within any radius.
    fn has(&self, of: &ShopperView) -> bool {
        let said = [
            of.display_name.to_lowercase(),
            of.email.to_lowercase(),
            of.external_id.as_deref().unwrap_or_default().to_lowercase(),
        ];
        let is_said = |word: &String| said.iter().any(|text| text.contains(word.as_str()));
        let holds = |name: &String| {
            let end = of.profile.qualification_ends.get(name);
            of.profile.qualifications.contains(name) && end.is_none_or(|end| *end >= self.today)
        };
        let is_active = of.profile.takes_visits() && of.disabled_at.is_none();
        let is_within = |radius: u32| {
            of.distance_km
                .is_some_and(|distance| distance <= f64::from(radius))
        };
        let query = self.query;
        self.words.iter().all(is_said)
            && query.qualification.as_ref().is_none_or(holds)
            && query
                .language
                .as_ref()
                .is_none_or(|tag| of.profile.languages.contains(tag))
            && query.is_active.is_none_or(|wanted| wanted == is_active)
            && query.radius_km.is_none_or(is_within)
    }
}
