//! tus 1.0: the same uploads by the words of another protocol.

use std::net::SocketAddr;

use axum::http::{Method, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use haamu_tests::agency::{ProgrammeOptions, Scene};
use haamu_tests::device::PHOTO;
use haamu_tests::upload::{Upload, sha256};
use haamu_tests::{Answer, TestServer, both_dbs};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const PART: &str = "application/offset+octet-stream";

async fn planned(server: &TestServer) -> Scene {
    server.plan(&server.north, ProgrammeOptions::default()).await
}

fn offset(answer: &Answer) -> usize {
    answer
        .header("upload-offset")
        .expect("an offset")
        .parse()
        .expect("a number")
}

/// How much has arrived, by tus.
async fn held(upload: &Upload<'_>) -> usize {
    let head = upload.tus(Method::HEAD, &upload.tus).await.send().await;
    offset(&head.expect(StatusCode::NO_CONTENT))
}

/// Sends the head of a request and as much of its body, then closes the connection.
async fn cut_off(address: SocketAddr, head: &str, body: &[u8]) {
    let mut connection = tokio::net::TcpStream::connect(address)
        .await
        .expect("a connection");
    connection.write_all(head.as_bytes()).await.expect("sent");
    connection.write_all(body).await.expect("sent");
    connection.shutdown().await.expect("closed");
    let _ = connection.read_to_end(&mut Vec::new()).await;
}

/// Waits for what a request does that has lost its client.
async fn until(condition: impl AsyncFn() -> bool) {
    for _ in 0..10_000 {
        if condition().await {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("it did not come about");
}

both_dbs! {
    async fn a_client_learns_what_is_spoken(server) {
        let answer = server.request(Method::OPTIONS, "/v1/tus").send().await.expect(StatusCode::NO_CONTENT);
        assert_eq!(answer.header("tus-version"), Some("1.0.0"));
        assert_eq!(answer.header("tus-resumable"), Some("1.0.0"));
        assert_eq!(answer.header("tus-extension"), Some("creation,creation-with-upload,checksum,termination,expiration"));
        assert_eq!(answer.header("tus-checksum-algorithm"), Some("sha1,sha256"));
        let longest = server.app.settings().max_file_bytes.to_string();
        assert_eq!(answer.header("tus-max-size"), Some(longest.as_str()));
    }

    async fn a_file_is_created_and_filled(server) {
        let scene = planned(&server).await;
        let upload = Upload::of(&server, &scene, PHOTO);
        let missing = upload.tus(Method::HEAD, &upload.tus).await.send().await;
        assert_eq!((missing.status.as_u16(), missing.header("upload-offset")), (404, None));
        let created = upload.create(PHOTO.len()).await.expect(StatusCode::CREATED);
        assert_eq!(created.header("location"), Some(upload.tus.as_str()));
        assert_eq!(created.header("upload-expires"), Some("Fri, 27 Nov 2026 12:00:00 GMT"));
        let head = upload.tus(Method::HEAD, &upload.tus).await.send().await.expect(StatusCode::NO_CONTENT);
        assert_eq!(head.header("upload-length"), Some(PHOTO.len().to_string().as_str()));
        assert_eq!(head.header("upload-metadata"), Some(upload.metadata().as_str()));
        assert_eq!((offset(&head), head.header("cache-control")), (0, Some("no-store")));
        let part = upload.append(0, &PHOTO[..70_000]).await.expect(StatusCode::NO_CONTENT);
        assert_eq!((offset(&part), part.header("haamu-receipt")), (70_000, None));
        // Creating it again finds it.
        assert_eq!(offset(&upload.create(PHOTO.len()).await.expect(StatusCode::CREATED)), 70_000);
        let last = upload.append(70_000, &PHOTO[70_000..]).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(offset(&last), PHOTO.len());
        assert!(last.header("haamu-receipt").is_some());
        assert_eq!(upload.state().await, (PHOTO.len(), true));
        assert_eq!(held(&upload).await, PHOTO.len());
        assert_eq!(offset(&upload.create(PHOTO.len()).await.expect(StatusCode::CREATED)), PHOTO.len());
    }

    async fn both_ways_lead_to_the_same_upload(server) {
        let scene = planned(&server).await;
        let upload = Upload::of(&server, &scene, PHOTO);
        let _ = upload.part(0, &PHOTO[..1_000], false).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(offset(&upload.create(PHOTO.len()).await.expect(StatusCode::CREATED)), 1_000);
        let _ = upload.append(1_000, &PHOTO[1_000..5_000]).await.expect(StatusCode::NO_CONTENT);
        let _ = upload.part(5_000, &PHOTO[5_000..], true).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(held(&upload).await, PHOTO.len());
    }

    async fn the_first_bytes_may_come_with_the_creation(server) {
        let scene = planned(&server).await;
        let upload = Upload::of(&server, &scene, PHOTO);
        let create = async |bytes: &[u8]| {
            let call = upload.tus(Method::POST, "/v1/tus").await.header("upload-length", &PHOTO.len().to_string());
            let call = call.header("upload-metadata", &upload.metadata());
            call.body(PART, bytes).send().await.expect(StatusCode::CREATED)
        };
        assert_eq!(offset(&create(&PHOTO[..3_000]).await), 3_000);
        assert_eq!(offset(&create(PHOTO).await), PHOTO.len());
        assert_eq!(upload.state().await, (PHOTO.len(), true));
        let empty = Upload::of(&server, &scene, b"");
        assert!(empty.create(0).await.expect(StatusCode::CREATED).header("haamu-receipt").is_some());
    }

    async fn requests_are_refused_by_the_words_of_tus(server) {
        let scene = planned(&server).await;
        let upload = Upload::of(&server, &scene, PHOTO);
        let _ = upload.create(PHOTO.len()).await.expect(StatusCode::CREATED);
        let other = server.request(Method::HEAD, &upload.tus).header("tus-resumable", "0.2.2").send().await;
        assert_eq!((other.status.as_u16(), other.header("tus-version")), (412, Some("1.0.0")));
        let none = server.request(Method::PATCH, &upload.tus).send().await;
        assert_eq!(none.problem(412), "tus_version");
        let unsigned = server.request(Method::PATCH, &upload.tus).header("tus-resumable", "1.0.0").send().await;
        assert_eq!(unsigned.header("tus-resumable"), Some("1.0.0"));
        assert_eq!(unsigned.problem(401), "unauthenticated");
        let ahead = upload.append(10, &PHOTO[10..20]).await;
        assert_eq!(offset(&ahead), 0);
        assert_eq!(ahead.problem(409), "wrong_offset");
        let call = upload.tus(Method::PATCH, &upload.tus).await.header("upload-offset", "0");
        assert_eq!(call.body("image/jpeg", PHOTO).send().await.problem(415), "unsupported_media_type");
        let call = upload.tus(Method::PATCH, &upload.tus).await.body(PART, PHOTO);
        assert_eq!(call.send().await.problem(400), "invalid_request");
        let long = [PHOTO, b"more"].concat();
        assert_eq!(upload.append(0, &long).await.problem(413), "payload_too_large");
        assert_eq!(held(&upload).await, 0);
        assert_eq!(upload.create(PHOTO.len() + 1).await.problem(409), "conflict");
        let longest = usize::try_from(server.app.settings().max_file_bytes).expect("a size");
        let large = Upload::of(&server, &scene, b"large");
        assert_eq!(large.create(longest + 1).await.problem(413), "payload_too_large");
        let call = upload.tus(Method::POST, "/v1/tus").await.header("upload-defer-length", "1");
        assert_eq!(call.send().await.problem(400), "invalid_request");
        let call = upload.tus(Method::POST, "/v1/tus").await.header("upload-length", "4");
        assert_eq!(call.send().await.issues(422), ["upload-metadata.sha256 required"]);
    }

    async fn a_checksum_is_checked(server) {
        let scene = planned(&server).await;
        let upload = Upload::of(&server, &scene, PHOTO);
        let _ = upload.create(PHOTO.len()).await.expect(StatusCode::CREATED);
        let send = async |checksum: &str| {
            let call = upload.tus(Method::PATCH, &upload.tus).await.header("upload-offset", "0");
            call.header("upload-checksum", checksum).body(PART, &PHOTO[..100]).send().await
        };
        let wrong = format!("sha256 {}", STANDARD.encode(sha256(b"something else")));
        assert_eq!(send(&wrong).await.problem(460), "checksum_mismatch");
        assert_eq!(send("crc32 AAAAAA==").await.problem(400), "invalid_request");
        assert_eq!(send("sha1 ?").await.problem(400), "invalid_request");
        // The example of the specification is the SHA-1 of "hello world".
        assert_eq!(send("sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=").await.problem(460), "checksum_mismatch");
        assert_eq!(held(&upload).await, 0);
        let right = format!("sha256 {}", STANDARD.encode(sha256(&PHOTO[..100])));
        assert_eq!(offset(&send(&right).await.expect(StatusCode::NO_CONTENT)), 100);
        let hello = Upload::of(&server, &scene, b"hello world");
        let _ = hello.create(11).await.expect(StatusCode::CREATED);
        let call = hello.tus(Method::PATCH, &hello.tus).await.header("upload-offset", "0");
        let call = call.header("upload-checksum", "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=");
        let _ = call.body(PART, *b"hello world").send().await.expect(StatusCode::NO_CONTENT);
    }

    async fn a_file_without_its_hash_begins_anew(server) {
        let scene = planned(&server).await;
        let upload = Upload::of(&server, &scene, PHOTO);
        let _ = upload.create(PHOTO.len()).await.expect(StatusCode::CREATED);
        let mut damaged = PHOTO.to_vec();
        damaged[5] ^= 1;
        assert_eq!(upload.append(0, &damaged).await.problem(422), "digest_mismatch");
        assert_eq!(upload.tus(Method::HEAD, &upload.tus).await.send().await.status, 404);
        let _ = upload.create(PHOTO.len()).await.expect(StatusCode::CREATED);
        let _ = upload.append(0, PHOTO).await.expect(StatusCode::NO_CONTENT);
    }

    async fn an_upload_is_terminated_and_expires(server) {
        let scene = planned(&server).await;
        let upload = Upload::of(&server, &scene, PHOTO);
        let _ = upload.create(PHOTO.len()).await.expect(StatusCode::CREATED);
        let _ = upload.append(0, &PHOTO[..500]).await.expect(StatusCode::NO_CONTENT);
        let terminate = async || upload.tus(Method::DELETE, &upload.tus).await.send().await;
        let _ = terminate().await.expect(StatusCode::NO_CONTENT);
        assert_eq!(terminate().await.problem(404), "not_found");
        let _ = upload.create(PHOTO.len()).await.expect(StatusCode::CREATED);
        assert_eq!(held(&upload).await, 0);
        server.clock.advance_seconds(8 * 24 * 3_600);
        server.run_jobs().await;
        server.forget_tokens();
        assert_eq!(upload.tus(Method::HEAD, &upload.tus).await.send().await.status, 404);
        let _ = upload.create(PHOTO.len()).await.expect(StatusCode::CREATED);
        let _ = upload.append(0, PHOTO).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(terminate().await.problem(409), "not_possible_in_state");
    }

    async fn clients_that_only_post_say_the_method_in_a_header(server) {
        let scene = planned(&server).await;
        let upload = Upload::of(&server, &scene, PHOTO);
        let _ = upload.create(PHOTO.len()).await.expect(StatusCode::CREATED);
        let call = async |method: &str| upload.tus(Method::POST, &upload.tus).await.header("x-http-method-override", method);
        let part = call("PATCH").await.header("upload-offset", "0").body(PART, &PHOTO[..10]).send().await;
        assert_eq!(offset(&part.expect(StatusCode::NO_CONTENT)), 10);
        assert_eq!(offset(&call("HEAD").await.send().await.expect(StatusCode::NO_CONTENT)), 10);
        let _ = call("DELETE").await.send().await.expect(StatusCode::NO_CONTENT);
        assert_eq!(call("GET").await.send().await.problem(405), "method_not_allowed");
    }

    async fn what_has_arrived_of_a_part_that_is_cut_off_is_kept(server) {
        let scene = planned(&server).await;
        let upload = Upload::of(&server, &scene, PHOTO);
        let _ = upload.create(PHOTO.len()).await.expect(StatusCode::CREATED);
        let address = server.listen().await;
        let token = server.token(server.north.shopper()).await;
        let head = |path: &str, media_type: &str, from: usize, more: &str| {
            format!("PATCH {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\ncontent-type: {media_type}\r\n\
                upload-offset: {from}\r\ncontent-length: {}\r\n{more}\r\n", PHOTO.len() - from)
        };
        let tus = "tus-resumable: 1.0.0\r\n";
        cut_off(address, &head(&upload.tus, PART, 0, tus), &PHOTO[..60_000]).await;
        until(async || held(&upload).await == 60_000).await;
        let draft = "application/partial-upload";
        cut_off(address, &head(&upload.path, draft, 60_000, "upload-complete: ?1\r\n"), &PHOTO[60_000..90_000]).await;
        until(async || held(&upload).await == 90_000).await;
        // With a digest it is all or nothing.
        let checksum = format!("{tus}upload-checksum: sha256 {}\r\n", STANDARD.encode(sha256(&PHOTO[90_000..])));
        cut_off(address, &head(&upload.tus, PART, 90_000, &checksum), &PHOTO[90_000..95_000]).await;
        let digest = format!("content-digest: sha-256=:{}:\r\n", STANDARD.encode(sha256(&PHOTO[90_000..])));
        cut_off(address, &head(&upload.path, draft, 90_000, &digest), &PHOTO[90_000..95_000]).await;
        assert_eq!(held(&upload).await, 90_000);
        let _ = upload.append(90_000, &PHOTO[90_000..]).await.expect(StatusCode::NO_CONTENT);
    }
}
