//! A short way to write down tables.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

/// The type of a column.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// A UUID.
    Uuid,
    /// Text of any length.
    Text,
    /// Bytes of any length.
    Bytes,
    /// A 64-bit integer; moments are milliseconds since 1970.
    Big,
    /// A 32-bit integer.
    Int,
    /// True or false.
    Bool,
}

/// A column that must have a value.
pub(crate) const fn required(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        is_null: false,
    }
}

/// A column that may be null.
pub(crate) const fn optional(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        is_null: true,
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    name: &'static str,
    kind: Kind,
    is_null: bool,
}

/// A table with its keys.
#[derive(Debug)]
pub(crate) struct NewTable {
    pub(crate) name: &'static str,
    /// What a row is, kept in the database where it can be.
    pub(crate) comment: &'static str,
    pub(crate) columns: &'static [Column],
    pub(crate) primary_key: &'static [&'static str],
    /// Further keys, by name and columns.
    pub(crate) unique: &'static [(&'static str, &'static [&'static str])],
    /// Columns that refer to the `id` of another table. Nothing that is referred to can be deleted.
    pub(crate) references: &'static [(&'static str, &'static str)],
    /// Further indexes, by name and columns.
    pub(crate) indexes: &'static [(&'static str, &'static [&'static str])],
}

impl NewTable {
    pub(crate) async fn create(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        let mut table = Table::create();
        table.table(self.name);
        for column in self.columns {
            let mut definition = ColumnDef::new(column.name);
            match column.kind {
                Kind::Uuid => definition.uuid(),
                Kind::Text => definition.text(),
                Kind::Bytes => definition.blob(),
                Kind::Big => definition.big_integer(),
                Kind::Int => definition.integer(),
                Kind::Bool => definition.boolean(),
            };
            if column.is_null {
                definition.null();
            } else {
                definition.not_null();
            }
            table.col(&mut definition);
        }
        let mut primary_key = Index::create();
        for column in self.primary_key {
            primary_key.col(*column);
        }
        table.primary_key(&mut primary_key);
        for (column, other) in self.references {
            let mut key = ForeignKey::create();
            key.name(format!("fk_{}_{column}", self.name))
                .from(self.name, *column)
                .to(*other, "id")
                .on_delete(ForeignKeyAction::Restrict);
            table.foreign_key(&mut key);
        }
        manager.create_table(table).await?;
        self.create_indexes(manager).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            let comment = self.comment.replace('\'', "''");
            let sql = format!("COMMENT ON TABLE \"{}\" IS '{comment}'", self.name);
            manager.get_connection().execute_unprepared(&sql).await?;
        }
        Ok(())
    }

    async fn create_indexes(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        for (name, columns) in self.unique {
            manager
                .create_index(index(name, self.name, columns).unique().to_owned())
                .await?;
        }
        for (name, columns) in self.indexes {
            manager.create_index(index(name, self.name, columns)).await?;
        }
        for (column, _) in self.references {
            let is_covered = [self.primary_key]
                .into_iter()
                .chain(
                    self.unique
                        .iter()
                        .chain(self.indexes)
                        .map(|(_, columns)| *columns),
                )
                .any(|columns| columns.first() == Some(column));
            if !is_covered {
                let name = format!("ix_{}_{column}", self.name);
                manager.create_index(index(&name, self.name, &[column])).await?;
            }
        }
        Ok(())
    }
}

fn index(name: &str, table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(name).table(table);
    for column in columns {
        index.col(*column);
    }
    index.to_owned()
}
