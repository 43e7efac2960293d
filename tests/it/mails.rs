//! The outbox: mails are sent once, tried again, given up, and seen by administrators.

use haamu_app::MailFailure;
use haamu_domain::Role;
use haamu_tests::mail::secret;
use haamu_tests::{TestServer, both_dbs};
use serde_json::{Value, json};

async fn invite(server: &TestServer, language: &str) -> Value {
    let body = json!({"email": "uusi@new.example", "role": "shopper", "language": language});
    server
        .post("/v1/invitations", body)
        .by(server.north.coordinator())
        .await
        .send()
        .await
        .created()
}

async fn listed(server: &TestServer, query: &str) -> Vec<Value> {
    let path = format!("/v1/mails{query}");
    let listed = server
        .get(&path)
        .by(server.north.person(Role::Administrator))
        .await
        .send()
        .await
        .ok();
    listed["items"].as_array().expect("items").clone()
}

fn failure(is_final: bool) -> MailFailure {
    MailFailure {
        is_final,
        reason: "the mail server is tired".to_owned(),
    }
}

both_dbs! {
    async fn a_mail_is_sent_once_in_the_language_that_was_asked_for(server) {
        for (language, subject, role) in [("fi", "Kutsu: Agency north", "haamuasiakas"), ("sv", "Inbjudan: Agency north", "mystery shopper"), ("en", "Invitation to Agency north", "mystery shopper")] {
            let invitation = invite(&server, language).await;
            server.run_jobs().await;
            let mail = server.mail.only();
            assert_eq!((mail.recipient.as_str(), mail.content.subject.as_str()), ("uusi@new.example", subject));
            for text in [&mail.content.text, &mail.content.html] {
                assert!(text.contains(role) && text.contains(&format!("http://localhost:8080/invitation#{}", secret(&mail))), "{text}");
            }
            assert!(mail.content.html.contains(&format!("<html lang=\"{language}\">")));
            let path = format!("/v1/invitations/{}/withdraw", invitation["id"].as_str().expect("an id"));
            let _ = server.post(&path, Value::Null).by(server.north.coordinator()).await.send().await.ok();
        }
        server.clock.advance_seconds(3_600);
        server.run_jobs().await;
        assert!(server.mail.take().is_empty());
    }

    async fn administrators_see_what_became_of_mails_and_never_their_links(server) {
        let _ = invite(&server, "fi").await;
        let waiting = listed(&server, "?state=waiting").await;
        assert_eq!((&waiting[0]["template"], &waiting[0]["attempts"]), (&json!("invitation"), &json!(0)));
        server.run_jobs().await;
        let secret = secret(&server.mail.only());
        let answer = server.get("/v1/mails").by(server.north.person(Role::Administrator)).await.send().await;
        assert!(!answer.text().contains(&secret) && !answer.text().contains("http"), "{}", answer.text());
        let mail = &answer.ok()["items"][0];
        assert_eq!((&mail["state"], &mail["attempts"], &mail["language"]), (&json!("sent"), &json!(1), &json!("fi")));
        assert_eq!(mail["recipient"], "uusi@new.example");
        assert!(listed(&server, "?state=failed").await.is_empty());
        let odd = server.get("/v1/mails?state=lost").by(server.north.person(Role::Administrator)).await.send().await;
        assert_eq!(odd.issues(422), ["state unknown_value"]);
        let other = server.get("/v1/mails").by(server.south.person(Role::Administrator)).await.send().await.ok();
        assert_eq!(other["items"], json!([]));
    }

    async fn a_mail_that_was_not_taken_is_tried_again(server) {
        let _ = invite(&server, "en").await;
        server.mail.fail(vec![failure(false), failure(false)]);
        server.run_jobs().await;
        let mail = &listed(&server, "").await[0];
        assert_eq!((&mail["state"], &mail["attempts"], &mail["last_error"]),
            (&json!("waiting"), &json!(1), &json!("the mail server is tired")));
        server.clock.advance_seconds(60);
        server.run_jobs().await;
        assert_eq!(server.mail.attempts(), 2);
        server.clock.advance_seconds(239);
        server.run_jobs().await;
        assert_eq!(server.mail.attempts(), 2);
        server.clock.advance_seconds(1);
        server.run_jobs().await;
        assert_eq!(server.mail.take().len(), 1);
        let mail = &listed(&server, "").await[0];
        assert_eq!((&mail["state"], &mail["attempts"], mail.get("last_error")), (&json!("sent"), &json!(3), None));
    }

    async fn a_mail_that_never_can_be_taken_is_given_up(server) {
        let _ = invite(&server, "en").await;
        server.mail.fail(vec![failure(true)]);
        server.run_jobs().await;
        let mail = &listed(&server, "?state=failed").await[0];
        assert_eq!((&mail["attempts"], mail["ended_at"].is_string()), (&json!(1), true));
        server.clock.advance_seconds(24 * 3_600);
        server.run_jobs().await;
        assert_eq!(server.mail.attempts(), 1);
    }

    async fn a_mail_is_not_sent_when_it_is_of_no_more_use(server) {
        let _ = invite(&server, "en").await;
        server.clock.advance_seconds(8 * 24 * 3_600);
        server.run_jobs().await;
        assert_eq!(server.mail.attempts(), 0);
        assert_eq!(listed(&server, "?state=failed").await.len(), 1);
    }

    async fn what_a_mail_says_is_sealed_while_it_waits_and_gone_afterwards(server) {
        let _ = invite(&server, "en").await;
        let contents = || async {
            let connection = server.database.connect().await;
            let statement = sea_orm::Statement::from_string(
                sea_orm::ConnectionTrait::get_database_backend(&connection),
                "SELECT content FROM mail",
            );
            let rows = sea_orm::ConnectionTrait::query_all_raw(&connection, statement).await.expect("rows");
            rows.iter().map(|row| row.try_get_by_index::<Option<Vec<u8>>>(0).expect("a column")).collect::<Vec<_>>()
        };
        let sealed = contents().await.remove(0).expect("content");
        assert!(!String::from_utf8_lossy(&sealed).contains("invitation"));
        server.run_jobs().await;
        let secret = secret(&server.mail.only());
        assert!(!String::from_utf8_lossy(&sealed).contains(&secret));
        assert_eq!(contents().await, [None]);
    }
}
