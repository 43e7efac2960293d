//! What the suites share: databases, servers in this process, a ready-made
//! agency, devices, and the program `haamu` as a process.

pub mod agency;
pub mod authenticator;
pub mod database;
pub mod device;
pub mod evaluation;
pub mod examples;
pub mod factors;
pub mod field;
pub mod golden;
pub mod identity_provider;
pub mod mail;
pub mod process;
pub mod proxy;
pub mod replicas;
pub mod sender;
pub mod server;
pub mod smtp;
pub mod upload;
pub mod wire;
pub mod world;

pub use agency::{PASSWORD, Person, TestAgency};
pub use database::TestDatabase;
pub use device::{PHOTO, TestDevice};
pub use server::{Answer, TestServer};
pub use wire::WireDevice;

/// Makes a test for each database; its body gets a fresh [`TestServer`].
///
/// The PostgreSQL one needs `TEST_DATABASE_URL`, and says that it did not run without.
#[macro_export]
macro_rules! both_dbs {
    ($(async fn $name:ident($server:ident) $body:block)+) => {
        $(mod $name {
            use super::*;

            async fn test($server: $crate::TestServer) $body

            #[tokio::test]
            async fn sqlite() {
                test($crate::TestServer::start($crate::TestDatabase::sqlite().await).await).await;
            }

            #[tokio::test]
            async fn postgres() {
                if let Some(database) = $crate::TestDatabase::postgres().await {
                    test($crate::TestServer::start(database).await).await;
                }
            }
        })+
    };
}
