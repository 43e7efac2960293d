//! Failed attempts to sign in are slowed, and then locked out for a while.

use haamu_app::{Origin, SignInInput};
use haamu_domain::{Code, Role};
use haamu_tests::{Answer, PASSWORD, TestServer, both_dbs};
use serde_json::{Value, json};

async fn sign_in(server: &TestServer, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    server.post("/v1/sessions", body).send().await
}

const EMAIL: &str = "reviewer@north.example";

/// Fails, and waits as long as it is told to, so many times. Returns the waits.
async fn fail(server: &TestServer, email: &str, times: u32) -> Vec<i64> {
    let mut waits = Vec::new();
    for _ in 0..times {
        let answer = sign_in(server, email, "not the right one").await;
        if answer.status == 429 {
            let wait = retry_after(&answer);
            assert_eq!(answer.problem(429), "sign_in_locked");
            waits.push(wait);
            server.clock.advance_seconds(wait);
            let after = sign_in(server, email, "not the right one").await;
            assert_eq!(after.problem(401), "invalid_credentials");
        } else {
            assert_eq!(answer.problem(401), "invalid_credentials");
            waits.push(0);
        }
    }
    waits
}

fn retry_after(answer: &Answer) -> i64 {
    let value = answer.header("retry-after").expect("Retry-After");
    value.parse().expect("seconds")
}

both_dbs! {
    async fn an_account_is_slowed_and_then_locked(server) {
        assert_eq!(fail(&server, EMAIL, 11).await, [0, 0, 0, 0, 2, 4, 8, 16, 32, 60, 900]);
        // The right password does not help before the time is over.
        let early = sign_in(&server, EMAIL, PASSWORD).await;
        assert_eq!((retry_after(&early), early.problem(429).as_str()), (900, "sign_in_locked"));
        server.clock.advance_seconds(900);
        let _ = sign_in(&server, EMAIL, PASSWORD).await.created();
        // What is over is forgotten.
        assert_eq!(fail(&server, EMAIL, 4).await, [0; 4]);
    }

    async fn an_address_without_an_account_is_locked_in_the_same_way(server) {
        let unknown = fail(&server, "nobody@north.example", 11).await;
        assert_eq!(unknown, [0, 0, 0, 0, 2, 4, 8, 16, 32, 60, 900]);
    }

    async fn whoever_comes_from_where_they_have_been_is_kept_out_by_nobody_elsewhere(server) {
        let from = async |address: &str, password: &str| {
            let input = SignInInput { email: EMAIL.to_owned(), password: password.to_owned(), agency: None };
            let origin = Origin { address: Some(address.parse().expect("an address")), user_agent: None };
            server.app.sign_in(&input, &origin).await.map(drop).map_err(|error| error.code())
        };
        let (home, elsewhere, away) = ("2001:db8:1:2::7", "192.0.2.1", "198.51.100.1");
        assert_eq!(from(home, PASSWORD).await, Ok(()));
        for _ in 0..4 {
            assert_eq!(from(elsewhere, "not the right one").await, Err(Code::InvalidCredentials));
        }
        for address in [elsewhere, away] {
            assert_eq!(from(address, PASSWORD).await, Err(Code::SignInLocked), "{address}");
        }
        // Another address of the same network.
        assert_eq!(from("2001:db8:1:2::8", PASSWORD).await, Ok(()));
        // It gives nobody elsewhere more to guess.
        assert_eq!(from(elsewhere, PASSWORD).await, Err(Code::SignInLocked));
        for _ in 0..4 {
            assert_eq!(from(home, "not the right one").await, Err(Code::InvalidCredentials));
        }
        assert_eq!(from(home, PASSWORD).await, Err(Code::SignInLocked));
        server.clock.advance_seconds(60);
        assert_eq!(from(home, PASSWORD).await, Ok(()));
        // A new password forgets where its person has been, who may have been somebody else.
        let _ = server.post("/v1/password-resets", json!({"email": EMAIL})).send().await;
        server.run_jobs().await;
        let body = json!({"secret": haamu_tests::mail::secret(&server.mail.only()), "password": "kolme satunnaista sanaa"});
        let set = server.post("/v1/password-resets/complete", body).send().await;
        assert_eq!(set.status, 204);
        for _ in 0..4 {
            assert_eq!(from(elsewhere, "not the right one").await, Err(Code::InvalidCredentials));
        }
        assert_eq!(from(home, "kolme satunnaista sanaa").await, Err(Code::SignInLocked));
    }

    async fn one_account_does_not_lock_another(server) {
        let _ = fail(&server, EMAIL, 10).await;
        let _ = sign_in(&server, "coordinator@north.example", PASSWORD).await.created();
    }

    async fn old_failures_are_forgotten(server) {
        let _ = fail(&server, EMAIL, 10).await;
        server.clock.advance_seconds(24 * 3_600);
        assert_eq!(fail(&server, EMAIL, 4).await, [0; 4]);
    }

    async fn attempts_side_by_side_cannot_outrun_the_count(server) {
        let calls = (0..20).map(|_| sign_in(&server, EMAIL, "not the right one"));
        let answers = futures::future::join_all(calls).await;
        let tried = answers.iter().filter(|answer| answer.status == 401).count();
        assert_eq!(tried, 4);
        assert!(answers.iter().all(|answer| matches!(answer.status.as_u16(), 401 | 429)));
    }

    async fn the_password_of_a_session_cannot_be_guessed_either(server) {
        let person = server.north.person(Role::Reviewer);
        let body = json!({"current_password": "not the right one", "password": "neljä satunnaista sanaa"});
        for _ in 0..4 {
            let answer = server.post("/v1/me/password", body.clone()).by(person).await.send().await;
            assert_eq!(answer.issues(422), ["current_password wrong"]);
        }
        let answer = server.post("/v1/me/password", body).by(person).await.send().await;
        assert_eq!(answer.problem(429), "sign_in_locked");
    }

    async fn guessing_codes_of_second_factors_is_locked_as_well(server) {
        let person = server.north.person(Role::Reviewer);
        let _ = server.post("/v1/me/second-factors/totp", Value::Null).by(person).await.send().await.ok();
        let confirm = || async {
            server.post("/v1/me/second-factors/totp/confirm", json!({"code": "000000"})).by(person).await.send().await
        };
        for _ in 0..4 {
            assert_eq!(confirm().await.problem(422), "second_factor_wrong");
        }
        assert_eq!(confirm().await.problem(429), "sign_in_locked");
    }
}
