//! Visits as coordinators see them.

use haamu_domain::filling::Holding;
use haamu_domain::{
    Actor, ClientOrganisationId, LocalDate, LocationId, ProgrammeId, RoundId, Target, UserId, Verb, VisitId,
    VisitState,
};
use haamu_store::Tx;
use haamu_store::repo::overdue::OverdueOn;
use haamu_store::repo::visit_search::FieldworkFilter;
use haamu_store::repo::visits::{self, VisitFilter};
use uuid::Uuid;

use crate::context::{PAGE_SIZE, Page, require, require_in_agency};
use crate::error::Checks;
use crate::programmes::home_zone;
use crate::{App, Error};

use super::view::VisitView;

/// Which visits are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct VisitQuery {
    /// Of one client organisation.
    pub client_organisation: Option<ClientOrganisationId>,
    /// Of one programme.
    pub programme: Option<ProgrammeId>,
    /// Of one round.
    pub round: Option<RoundId>,
    /// At one location.
    pub location: Option<LocationId>,
    /// In one state.
    pub state: Option<VisitState>,
    /// That this shopper has, or is offered.
    pub shopper: Option<UserId>,
    /// Whether anybody has them.
    pub holding: Option<Holding>,
    /// Whether they are called off.
    pub is_called_off: Option<bool>,
    /// Not before this day, which is agreed with whoever has the visit, or on which it counts.
    pub from: Option<LocalDate>,
    /// Not after this day.
    pub until: Option<LocalDate>,
    /// Only those whose last day is over, or that of their report, and that are not begun or handed in.
    pub is_overdue: bool,
    /// After this visit.
    pub after: Option<Uuid>,
}

impl App {
    /// Visits of the agency.
    ///
    /// # Errors
    /// The role may not do this, or the days are out of order.
    pub async fn list_visits(&self, actor: &Actor, query: VisitQuery) -> Result<Page<VisitView>, Error> {
        require_in_agency(actor, Verb::ReadVisits)?;
        let mut checks = Checks::default();
        if query
            .from
            .zip(query.until)
            .is_some_and(|(from, until)| until < from)
        {
            checks.issue("until", "out_of_order", "the last day is before the first");
        }
        checks.finish()?;
        let filter = VisitFilter {
            client_organisation: query.client_organisation,
            round: query.round,
            locations: query.location.map(|location| [location].into()),
            state: query.state,
            fieldwork: FieldworkFilter {
                programme: query.programme,
                shopper: query.shopper,
                holding: query.holding,
                is_called_off: query.is_called_off,
                from: query.from,
                until: query.until,
            },
            overdue_on: query.is_overdue.then(|| OverdueOn {
                fieldwork: home_zone().business_date_of(self.now()),
                reports: self.today(),
            }),
            ..VisitFilter::default()
        };
        let filter = &filter;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let (found, has_more) = visits::list(tx, actor.agency, filter, query.after, PAGE_SIZE).await?;
            let items = self.visit_views(tx, actor, found).await?;
            Ok(Page::new(items, has_more, |item: &VisitView| {
                item.visit.id.uuid()
            }))
        })
        .await
    }

    /// One visit.
    ///
    /// # Errors
    /// There is no such visit.
    pub async fn read_visit(&self, actor: &Actor, id: VisitId) -> Result<VisitView, Error> {
        require_in_agency(actor, Verb::ReadVisits)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let visit = visits::find(tx, actor.agency, id)
                .await?
                .ok_or_else(|| Error::not_found("visit"))?;
            let target = Target::of_client(actor.agency, visit.client_organisation);
            require(actor, Verb::ReadVisits, &target, "visit")?;
            let mut found = self.visit_views(tx, actor, vec![visit]).await?;
            found.pop().ok_or_else(|| Error::not_found("visit"))
        })
        .await
    }
}
