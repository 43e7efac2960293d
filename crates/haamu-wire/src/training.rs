//! To whom the training of programmes is open.

use haamu_domain::LocalDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Shoppers who are let into the training of a programme.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TraineesIn {
    /// Who, at most 500.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 500))]
    pub shoppers: Vec<Uuid>,
}

/// A shopper to whom the training of a programme was opened.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TraineeOut {
    /// Who.
    pub user: Uuid,
    /// Their name.
    pub display_name: String,
    /// When it was opened to them.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub opened_at: String,
    /// Whether they have read and passed all that there is today.
    pub certified: bool,
    /// The last day on which that holds, where it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub certified_until: Option<LocalDate>,
}

/// To whom the training of a programme was opened.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TraineesOut {
    /// The shoppers, by their ids.
    pub items: Vec<TraineeOut>,
}

/// A programme whose briefings and quiz are open to a shopper.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrainingOut {
    /// The programme.
    pub programme: Uuid,
    /// Whether the shopper has read and passed all that there is today.
    pub certified: bool,
    /// The last day on which that holds, where it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub certified_until: Option<LocalDate>,
}

/// The programmes whose training is open to a shopper.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrainingsOut {
    /// The programmes, by their ids.
    pub items: Vec<TrainingOut>,
}
