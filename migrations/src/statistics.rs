//! What SQLite believes about how rows are spread.
//!
//! Without statistics SQLite takes ten rows for every value of a column. It then finds a hundred visits by their ids
//! among all visits of the agency, for an agency has but ten. Measured statistics would be right only until a table
//! grows. So it is told once what holds wherever it matters: tables are large, an agency has much in each of them,
//! and most other columns tell rows apart. Plans are the same in a test and among a million visits.

use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, Statement, TransactionTrait};

/// Rows of every table.
const ROWS: u64 = 1_000_000;
const AGENCIES: u64 = 20;
/// Rows of one value of a column that tells rows apart, such as the visit that an assignment is of.
const FEW: u64 = 10;

/// How many values a column has, among all rows of a table.
fn values(column: &str) -> u64 {
    match column {
        "state" | "kind" | "class" | "board" | "lane" | "stage" | "cycle" | "reason" | "disposition"
        | "role" | "language" | "purpose" | "target_kind" | "issuer" | "undecided" => 10,
        "agency_id" => AGENCIES,
        "client_organisation_id" | "programme_id" | "round_id" => 100,
        _ => ROWS / FEW,
    }
}

/// What stands for an index in `sqlite_stat1` (<https://sqlite.org/fileformat2.html#stat1tab>): the rows of the
/// table, then how many of them share the first column, the first two, and so on.
fn spread(columns: &[String], is_unique: bool) -> String {
    let mut numbers = vec![ROWS];
    for end in 1..=columns.len() {
        let columns = &columns[..end];
        // Whatever tells more rows apart than agencies do is of one agency, which then tells no more.
        let is_of_agency = columns.iter().any(|column| values(column) > AGENCIES);
        let telling = columns
            .iter()
            .filter(|column| !(is_of_agency && *column == "agency_id"));
        let shared = telling.fold(ROWS, |shared, column| shared / values(column));
        numbers.push(shared.max(FEW));
    }
    if is_unique && let Some(last) = numbers.last_mut() {
        *last = 1;
    }
    let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
    numbers.join(" ")
}

/// Tells SQLite about each of its indexes. Connections that are opened afterwards know it.
pub(crate) async fn tell(connection: &DatabaseConnection) -> Result<(), DbErr> {
    let backend = connection.get_database_backend();
    // In one transaction: nobody sees half of it, and the disk is waited for once.
    let connection = connection.begin().await?;
    // Makes the table where it is missing, and measures nothing.
    connection.execute_unprepared("ANALYZE sqlite_schema").await?;
    connection.execute_unprepared("DELETE FROM sqlite_stat1").await?;
    let sql = "SELECT schema.name, list.name, list.\"unique\", info.name \
               FROM sqlite_schema AS schema, pragma_index_list(schema.name) AS list, pragma_index_info(list.name) AS info \
               WHERE schema.type = 'table' AND schema.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
               ORDER BY schema.name, list.name, info.seqno";
    let rows = connection
        .query_all_raw(Statement::from_string(backend, sql))
        .await?;
    let mut indexes: Vec<(String, String, bool, Vec<String>)> = Vec::new();
    for row in rows {
        let (table, index): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let is_unique: i64 = row.try_get_by_index(2)?;
        let column: Option<String> = row.try_get_by_index(3)?;
        // An expression has no name.
        let column = column.unwrap_or_default();
        match indexes.last_mut() {
            Some((_, last, _, columns)) if *last == index => columns.push(column),
            _ => indexes.push((table, index, is_unique != 0, vec![column])),
        }
    }
    for (table, index, is_unique, columns) in indexes {
        let sql = "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)";
        let stat = spread(&columns, is_unique);
        let values = [table.into(), index.into(), stat.into()];
        connection
            .execute_raw(Statement::from_sql_and_values(backend, sql, values))
            .await?;
    }
    // Lets this connection know it too.
    connection.execute_unprepared("ANALYZE sqlite_schema").await?;
    connection.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(columns: &[&str], is_unique: bool) -> String {
        let columns: Vec<String> = columns.iter().map(|column| (*column).to_owned()).collect();
        spread(&columns, is_unique)
    }

    #[test]
    fn an_agency_has_much_and_a_visit_little() {
        assert_eq!(of(&["agency_id"], false), "1000000 50000");
        assert_eq!(of(&["visit_id"], false), "1000000 10");
        assert_eq!(of(&["id"], true), "1000000 1");
        assert_eq!(of(&["agency_id", "state", "id"], false), "1000000 50000 5000 10");
        assert_eq!(
            of(&["agency_id", "round_id", "state"], false),
            "1000000 50000 10000 1000"
        );
    }
}
