//! Bad networks that only show with real sockets or real time: answers without end, bodies that trickle in.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;
use futures::stream::{self, StreamExt};
use haamu_client::native::HttpTransport;
use haamu_client::{Pass, Session, Transport, UploadFailure};
use haamu_domain::UserId;
use haamu_sync::engine::Failure;
use haamu_sync::{
    BlobHash, ChainValue, ClockReading, DeviceId, DocumentId, PROTO, PROTO_HEADER, SyncRequest,
};
use haamu_tests::agency::ProgrammeOptions;
use haamu_tests::device::PHOTO;
use haamu_tests::upload::Upload;
use haamu_tests::{TestDatabase, TestServer};
use haamu_wire::sync::Frame;

/// The server waits so long for the end of a part of a file.
const PATIENCE_OF_PARTS: Duration = Duration::from_secs(45);

fn request() -> SyncRequest {
    SyncRequest {
        proto: PROTO,
        build: "test".to_owned(),
        device: DeviceId::from_bytes([1; 16]),
        from_seq: 1,
        prev_chain: ChainValue::default(),
        ops: Vec::new(),
        cursor: None,
        refetch: Vec::new(),
        offers: Vec::new(),
        clock: ClockReading::default(),
        folds: true,
    }
}

fn session() -> Session {
    Session {
        server: "http://127.0.0.1".to_owned(),
        user: UserId::from_uuid(uuid::Uuid::nil()),
        display_name: "Nobody".to_owned(),
        access_token: "token".to_owned(),
        refresh_token: "token".to_owned(),
    }
}

/// Answers everything with a body that never ends, in the name of a sync server.
async fn flood(status: StatusCode) -> std::net::SocketAddr {
    let endless = move || async move {
        let chunk = Bytes::from(vec![b' '; 64 * 1024]);
        let body = Body::from_stream(stream::repeat(Ok::<_, std::convert::Infallible>(chunk)));
        Response::builder()
            .status(status)
            .header(PROTO_HEADER, "1")
            .body(body)
            .expect("a response")
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    let router = Router::new().route("/v1/sync", post(endless));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    for (status, heard) in [
        (StatusCode::OK, Failure::NotOurServer),
        (StatusCode::BAD_GATEWAY, Failure::Server),
    ] {
        let url = format!("http://{}", flood(status).await);
        let mut transport = HttpTransport::new(&url, "test").expect("a transport");
        assert_eq!(transport.sync(&session(), &request()).await, Err(heard));
    }
}

/// Answers everything with this status, in nobody's name.
async fn stranger(status: StatusCode) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    let router = Router::new().fallback(move || async move { status });
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

#[tokio::test]
async fn of_what_strangers_say_only_that_it_was_too_much_counts() {
    let part = haamu_client::Upload {
        sha256: BlobHash::from_bytes([1; 32]),
        document: DocumentId::from_bytes([2; 16]),
        url: "/v1/blobs/01?submission=2".to_owned(),
        offset: 0,
        length: 5,
        total: 9,
    };
    for (status, heard) in [
        (StatusCode::PAYLOAD_TOO_LARGE, Failure::TooLarge),
        (StatusCode::OK, Failure::NotOurServer),
        (StatusCode::FORBIDDEN, Failure::NotOurServer),
        (StatusCode::BAD_GATEWAY, Failure::NotOurServer),
    ] {
        let mut transport = HttpTransport::new(&stranger(status).await, "test").expect("a transport");
        assert_eq!(transport.sync(&session(), &request()).await, Err(heard));
        let sent = transport.upload(Pass::Session(&session()), &part, b"bytes").await;
        assert_eq!(
            sent,
            Err(UploadFailure::Request(heard)),
            "it is no refusal of the file"
        );
    }
}

/// A body of which a part arrives at once, and the rest never.
fn trickling(arrived: &[u8]) -> Body {
    let first = Ok::<_, std::convert::Infallible>(Bytes::copy_from_slice(arrived));
    Body::from_stream(stream::once(async { first }).chain(stream::pending()))
}

mod sqlite {
    use super::*;

    #[tokio::test]
    async fn a_frame_that_trickles_in_without_end_is_given_up() {
        let server = TestServer::start(TestDatabase::sqlite().await).await;
        let token = server.token(server.north.shopper()).await;
        let frame = request().to_cbor();
        let call = server.request(Method::POST, "/v1/sync").bearer(&token);
        // Nothing is left to do but to wait, and so the time passes at once.
        tokio::time::pause();
        let answer = call
            .stream("application/cbor", trickling(&frame[..10]))
            .send()
            .await;
        assert_eq!(answer.problem(503), "unavailable");
    }

    #[tokio::test]
    async fn what_has_trickled_in_of_a_part_is_kept() {
        let server = TestServer::start(TestDatabase::sqlite().await).await;
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let upload = Upload::of(&server, &scene, PHOTO);
        let token = server.token(server.north.shopper()).await;
        let call = server
            .request(Method::PATCH, &upload.path)
            .bearer(&token)
            .header("upload-offset", "0")
            .header("upload-complete", "?1");
        tokio::time::pause();
        tokio::spawn(async {
            // From then on the database has as much time as it takes.
            tokio::time::sleep(PATIENCE_OF_PARTS + Duration::from_millis(1)).await;
            tokio::time::resume();
        });
        let body = trickling(&PHOTO[..1_000]);
        let answer = call.stream("application/partial-upload", body).send().await;
        let answer = answer.expect(StatusCode::NO_CONTENT);
        assert_eq!(answer.header("upload-offset"), Some("1000"));
        assert_eq!(answer.header("upload-complete"), Some("?0"));
        let rest = upload
            .part(1_000, &PHOTO[1_000..], true)
            .await
            .expect(StatusCode::NO_CONTENT);
        assert_eq!(rest.header("upload-complete"), Some("?1"));
    }
}
