//! The schema history, on both databases.

use std::collections::BTreeSet;

use haamu_migrations::{MigrateError, Migrator, MigratorTrait, migrate};
use haamu_tests::TestDatabase;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};

/// Tables without an agency of their own, and why.
const OF_NO_AGENCY: [(&str, &str); 12] = [
    (
        "account_secret",
        "links about an account, whose person may be of several agencies",
    ),
    ("agency", "it is the agency"),
    ("incarnation", "timelines of the whole database"),
    ("installation", "the one installation"),
    (
        "known_network",
        "where a person of several agencies has signed in",
    ),
    ("passkey", "what a person of several agencies signs in with"),
    (
        "passkey_ceremony",
        "a sign-in before it is known whose, or a person's",
    ),
    ("recovery_code", "what a person of several agencies signs in with"),
    ("seaql_migrations", "the history of the schema"),
    (
        "sign_in_attempt",
        "failed attempts by account and address, which may be nobody's",
    ),
    ("totp", "what a person of several agencies signs in with"),
    ("user_account", "a person, who may be of several agencies"),
];

async fn texts(connection: &DatabaseConnection, sql: &str) -> BTreeSet<String> {
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let rows = connection.query_all_raw(statement).await.expect("a query");
    rows.iter()
        .map(|row| row.try_get_by_index::<String>(0).expect("a text"))
        .collect()
}

async fn tables(database: &TestDatabase, connection: &DatabaseConnection) -> BTreeSet<String> {
    let sql = if database.is_postgres() {
        "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'"
    } else {
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    };
    texts(connection, sql).await
}

async fn with_agency(database: &TestDatabase, connection: &DatabaseConnection) -> BTreeSet<String> {
    let sql = if database.is_postgres() {
        "SELECT table_name::text FROM information_schema.columns
          WHERE table_schema = 'public' AND column_name = 'agency_id' AND is_nullable = 'NO'"
    } else {
        "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
          WHERE m.type = 'table' AND c.name = 'agency_id' AND c.\"notnull\" = 1"
    };
    texts(connection, sql).await
}

/// Foreign keys whose columns no index begins with, as `table.column`.
async fn without_index(database: &TestDatabase, connection: &DatabaseConnection) -> BTreeSet<String> {
    let sql = if database.is_postgres() {
        "SELECT c.conrelid::regclass::text || '.' || a.attname FROM pg_constraint c
           JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
          WHERE c.contype = 'f' AND NOT EXISTS
            (SELECT 1 FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1])"
    } else {
        "SELECT m.name || '.' || f.\"from\" FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f
          WHERE m.type = 'table' AND f.seq = 0 AND NOT EXISTS
            (SELECT 1 FROM pragma_index_list(m.name) i JOIN pragma_index_info(i.name) x
              WHERE x.seqno = 0 AND x.name = f.\"from\")
            AND NOT EXISTS (SELECT 1 FROM pragma_table_info(m.name) t WHERE t.name = f.\"from\" AND t.pk = 1)"
    };
    texts(connection, sql).await
}

/// Tables whose rows become many, and that have an index of the agency alone.
async fn without_way(database: &TestDatabase, connection: &DatabaseConnection) -> BTreeSet<String> {
    let sql = if database.is_postgres() {
        "SELECT i.indrelid::regclass::text FROM pg_index i
           JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
          WHERE i.indnatts = 1 AND a.attname = 'agency_id'"
    } else {
        "SELECT m.name FROM sqlite_master m JOIN pragma_index_list(m.name) i
          WHERE m.type = 'table' AND (SELECT group_concat(x.name) FROM pragma_index_info(i.name) x) = 'agency_id'"
    };
    let found = texts(connection, sql).await;
    let growing = [
        "op",
        "register",
        "job",
        "submission_stage",
        "upload",
        "score",
        "blob_owner",
    ];
    let growing = growing.iter().map(|table| (*table).to_owned());
    growing.filter(|table| found.contains(table)).collect()
}

async fn there_and_back(database: &TestDatabase) {
    let connection = database.connect().await;
    migrate(&connection).await.expect("up");
    let first = tables(database, &connection).await;
    assert!(first.contains("submission"));
    migrate(&connection).await.expect("nothing to do");
    Migrator::down(&connection, None).await.expect("down");
    let left = tables(database, &connection).await;
    assert_eq!(left, BTreeSet::from(["seaql_migrations".to_owned()]));
    migrate(&connection).await.expect("up again");
    assert_eq!(tables(database, &connection).await, first);
}

async fn a_newer_database_is_left_alone(database: &TestDatabase) {
    let connection = database.connect().await;
    migrate(&connection).await.expect("up");
    let insert = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29990101_000001_later', 0)";
    connection.execute_unprepared(insert).await.expect("insert");
    match migrate(&connection).await {
        Err(MigrateError::Newer(name)) => assert_eq!(name, "m29990101_000001_later"),
        other => panic!("{other:?}"),
    }
}

async fn every_table_belongs_to_an_agency(database: &TestDatabase) {
    let connection = database.connect().await;
    migrate(&connection).await.expect("up");
    let all = tables(database, &connection).await;
    let owned = with_agency(database, &connection).await;
    let rest: Vec<&str> = all.difference(&owned).map(String::as_str).collect();
    assert_eq!(rest, OF_NO_AGENCY.map(|(table, _)| table));
}

/// A table that is added later has to have the wall as well, or a reason in [`OF_NO_AGENCY`]. It is one policy for
/// all statements and roles, which asks the same of what is read and of what is written.
async fn every_table_of_an_agency_has_the_wall(database: &TestDatabase) {
    let connection = database.connect().await;
    migrate(&connection).await.expect("up");
    if !database.is_postgres() {
        return;
    }
    let sql = "SELECT c.relname || ': ' || btrim(regexp_replace(pg_get_expr(p.polqual, c.oid), '\\s+', ' ', 'g'))
                 FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid
                WHERE c.relrowsecurity AND c.relforcerowsecurity AND p.polcmd = '*' AND p.polpermissive
                  AND p.polroles = '{0}' AND pg_get_expr(p.polqual, c.oid) = pg_get_expr(p.polwithcheck, c.oid)
                  AND (SELECT count(*) FROM pg_policy o WHERE o.polrelid = c.oid) = 1";
    let expected = |table: &str, column: &str| {
        let reach = "( SELECT current_setting('haamu.reach'::text, true) AS current_setting)";
        let setting = "NULLIF(current_setting('haamu.agency'::text, true), ''::text)";
        let agency = format!("( SELECT ({setting})::uuid AS \"nullif\")");
        format!(
            "{table}: CASE {reach} WHEN 'server'::text THEN true WHEN 'agency'::text THEN ({column} = {agency}) \
             ELSE false END"
        )
    };
    let owned = with_agency(database, &connection).await;
    let mut walls: BTreeSet<String> = owned.iter().map(|table| expected(table, "agency_id")).collect();
    walls.insert(expected("agency", "id"));
    assert_eq!(texts(&connection, sql).await, walls);
}

async fn every_foreign_key_has_an_index(database: &TestDatabase) {
    let connection = database.connect().await;
    migrate(&connection).await.expect("up");
    assert_eq!(without_index(database, &connection).await, BTreeSet::new());
    // An index of the agency alone would be taken for a short way to rows that are few of its many.
    assert_eq!(without_way(database, &connection).await, BTreeSet::new());
}

/// What was set aside before there were tasks is one afterwards: one for each subject and reason.
async fn earlier_work_becomes_tasks(database: &TestDatabase) {
    let connection = database.connect().await;
    Migrator::up(&connection, Some(1))
        .await
        .expect("the first schema");
    let bytes = |of: u8| {
        let hex = format!("{of:02x}").repeat(16);
        if database.is_postgres() {
            format!("'\\x{hex}'::bytea")
        } else {
            format!("x'{hex}'")
        }
    };
    let uuid = |of: u8| {
        if database.is_postgres() {
            format!("'{}'", uuid::Uuid::from_bytes([of; 16]))
        } else {
            bytes(of)
        }
    };
    let mut sql = vec![
        format!("INSERT INTO agency (id, name, created_at) VALUES ({}, 'A', 0)", uuid(1)),
        format!(
            "INSERT INTO user_account (id, email, display_name, password_hash, created_at)
             VALUES ({}, 'a@a.example', 'A', '', 0)",
            uuid(2)
        ),
        format!(
            "INSERT INTO device (id, agency_id, user_id, public_key, platform, build, head_seq, head_chain, enrolled_at)
             VALUES ({}, {}, {}, {}, 'test', 'test', 0, {}, 0)",
            bytes(3), uuid(1), uuid(2), bytes(0), bytes(0)
        ),
    ];
    let rows = [
        (1, "applied", "applied"),
        (2, "unparseable", "malformed"),
        (3, "unparseable", "malformed"),
        (4, "orphaned", "unknown_submission"),
        (5, "duplicate", "already_received"),
    ];
    for (seq, disposition, reason) in rows {
        sql.push(format!(
            "INSERT INTO op (device, seq, agency_id, op_id, chain, effective, disposition, reason, received_at, raw)
             VALUES ({}, {seq}, {}, {}, {}, 0, '{disposition}', '{reason}', {seq}, {})",
            bytes(3), uuid(1), bytes(10 + seq), bytes(0), bytes(0)
        ));
    }
    for sql in sql {
        connection.execute_unprepared(&sql).await.expect(&sql);
    }
    migrate(&connection).await.expect("up");
    let tasks = "SELECT s.disposition || ' ' || s.operations || ' ' || s.undecided || ' ' || s.last_received_at || ' ' ||
        (SELECT COUNT(*) FROM op WHERE op.set_aside_id = s.id) FROM set_aside s";
    let expected = ["orphaned 1 1 4 1", "unparseable 2 2 3 2"].map(str::to_owned);
    assert_eq!(texts(&connection, tasks).await, BTreeSet::from(expected));
}

macro_rules! on_empty_dbs {
    ($($name:ident as $module:ident;)+) => {
        $(mod $module {
            use super::*;

            #[tokio::test]
            async fn sqlite() {
                $name(&TestDatabase::empty_sqlite()).await;
            }

            #[tokio::test]
            async fn postgres() {
                if let Some(database) = TestDatabase::empty_postgres().await {
                    $name(&database).await;
                }
            }
        })+
    };
}

on_empty_dbs! {
    there_and_back as the_schema_goes_up_down_and_up;
    a_newer_database_is_left_alone as newer;
    earlier_work_becomes_tasks as backfill;
    every_table_belongs_to_an_agency as tenant_on_every_row;
    every_table_of_an_agency_has_the_wall as wall_around_every_agency;
    every_foreign_key_has_an_index as foreign_keys_are_indexed;
}
