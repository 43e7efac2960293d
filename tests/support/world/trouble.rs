//! A database that asks for its transactions to be repeated.

use super::RealServer;

/// On PostgreSQL, the next so many changes of the tables that every push and every upload changes fail as after
/// a serialisation failure, in turn at the statement and at the commit. What sequences count is not rolled back.
const TRIGGERS: &str = "
    CREATE SEQUENCE trouble_wanted MINVALUE 0 START 0;
    CREATE SEQUENCE trouble_met MINVALUE 0 START 0;
    SELECT setval('trouble_wanted', 0), setval('trouble_met', 0);
    CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF (SELECT last_value FROM trouble_met) < (SELECT last_value FROM trouble_wanted) THEN
            IF nextval('trouble_met') % 2 = 0 THEN
                RAISE EXCEPTION 'trouble' USING ERRCODE = '40001';
            END IF;
            RAISE EXCEPTION 'trouble' USING ERRCODE = '40P01';
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER trouble AFTER INSERT OR UPDATE ON feed_head FOR EACH ROW EXECUTE FUNCTION trouble();
    CREATE CONSTRAINT TRIGGER trouble AFTER INSERT OR UPDATE ON op DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION trouble();
    CREATE CONSTRAINT TRIGGER trouble AFTER INSERT OR UPDATE ON upload DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION trouble();";

impl RealServer {
    /// Prepares a database to fail when it is told to. SQLite has one writer, and nothing to repeat.
    pub(super) fn prepare_trouble(&self) {
        if self.running.database.is_postgres() {
            self.execute(TRIGGERS);
        }
    }

    /// Lets the next so many transactions fail, or none. The server repeats them, and devices hear nothing of it.
    pub(super) fn fail_transactions(&self, count: u32) {
        if self.running.database.is_postgres() {
            self.execute(&format!(
                "SELECT setval('trouble_wanted', (SELECT last_value FROM trouble_met) + {count})"
            ));
        }
    }
}
