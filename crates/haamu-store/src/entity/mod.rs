//! Storage shapes of the tables. Nothing outside of this crate sees them.

pub(crate) mod access;
pub(crate) mod filling;
pub(crate) mod identity;
pub(crate) mod operations;
pub(crate) mod planning;
pub(crate) mod programmes;
pub(crate) mod registration;
pub(crate) mod retention;
pub(crate) mod review;
pub(crate) mod submissions;
pub(crate) mod tenancy;

/// A module with a table's model; relations are followed by explicit queries.
macro_rules! entity {
    ($name:ident, $table:literal, { $($(#[$attribute:meta])* $field:ident: $type:ty,)* }) => {
        pub(crate) mod $name {
            use sea_orm::entity::prelude::*;

            #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
            #[sea_orm(table_name = $table)]
            pub(crate) struct Model {
                $($(#[$attribute])* pub(crate) $field: $type,)*
            }

            #[derive(Clone, Copy, Debug, DeriveRelation, EnumIter)]
            pub(crate) enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}
        }
    };
}
pub(crate) use entity;
