//! Who runs a location.

use serde::{Deserialize, Serialize};

/// Who runs a location; visits to competitors have stricter rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperatorKind {
    /// The client organisation itself.
    #[default]
    Own,
    /// An independent business under the client's brand.
    Franchise,
    /// A business that sells the client's products beside others.
    Dealer,
    /// A business that competes with the client.
    Competitor,
}

impl OperatorKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Own, Self::Franchise, Self::Dealer, Self::Competitor];

    /// The name in code, JSON and SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Franchise => "franchise",
            Self::Dealer => "dealer",
            Self::Competitor => "competitor",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}
