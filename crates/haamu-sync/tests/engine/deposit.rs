//! Work that is sent under the device's own key.

use haamu_sync::Disposition;
use haamu_sync::engine::{BlobState, Effect, Event, Failure, Notice};

use crate::support::{Device, Server};

/// A device whose person can neither renew their session nor sign in again.
fn shut_out() -> (Server, Device) {
    let (mut server, mut device) = (Server::default(), Device::new(1));
    device.sync(&mut server);
    device.set("answer/a", 7);
    device.attach(20, 600_000, None);
    device.handle(Event::SyncNow);
    device.run(&mut server, 3, || false);
    while let Some(effect) = device.engine.poll_effect() {
        match effect {
            Effect::Sync(id, _) => device.handle(Event::Synced(id, Err(Failure::Unauthorised))),
            Effect::RefreshAuth(id) => device.handle(Event::AuthRefreshed(id, Err(Failure::Unauthorised))),
            Effect::Commit(id, batch) => {
                device.write(*batch);
                device.handle(Event::Committed(id));
            }
            _ => {}
        }
    }
    assert!(device.engine.backlog().auth_required);
    (server, device)
}

#[test]
fn a_deposit_brings_answers_and_files_and_changes_nothing_else() {
    let (mut server, mut device) = shut_out();
    device.handle(Event::Deposit);
    device.drain(&mut server);
    assert!(device.notices.contains(&Notice::Deposited));
    assert_eq!(server.value("answer/a"), None, "nothing takes effect by itself");
    let backlog = device.engine.backlog();
    assert_eq!(
        (backlog.unsent_ops, backlog.unsent_files, backlog.set_aside),
        (0, 0, 2)
    );
    assert!(backlog.auth_required, "the person is still to sign in");
    assert!(device.notices.contains(&Notice::SetAside(
        1,
        Disposition::Orphaned,
        "deposited".to_owned()
    )));
    device.kill(2);
    let states: Vec<_> = device.engine.blobs().map(|blob| blob.state).collect();
    assert_eq!(states, [BlobState::Complete]);
    device.handle(Event::SignedIn);
    device.sync(&mut server);
    assert_eq!(device.engine.backlog().unsent_ops, 0);
}

#[test]
fn a_deposit_that_breaks_off_can_be_asked_for_again() {
    let (mut server, mut device) = shut_out();
    device.handle(Event::Deposit);
    device.run(&mut server, 5, || true);
    assert!(device.notices.contains(&Notice::NotDeposited(Failure::Network)));
    assert!(device.engine.backlog().auth_required);
    assert_eq!(device.engine.backlog().unsent_ops, 2, "the answer was lost");
    device.handle(Event::Deposit);
    device.drain(&mut server);
    assert_eq!(device.engine.backlog().unsent_ops, 0);
}

#[test]
fn a_process_that_has_just_started_deposits_too() {
    let (mut server, mut device) = shut_out();
    device.kill(2);
    device.handle(Event::Deposit);
    device.drain(&mut server);
    assert!(device.notices.contains(&Notice::Deposited));
    assert!(device.engine.is_idle());
}

#[test]
fn a_device_that_no_server_knows_cannot_deposit() {
    let (mut server, mut device) = (Server::default(), Device::new(1));
    device.set("answer/a", 7);
    device.handle(Event::Deposit);
    device.drain(&mut server);
    assert!(
        device
            .notices
            .contains(&Notice::NotDeposited(Failure::NotEnrolled))
    );
    assert_eq!(device.engine.backlog().unsent_ops, 1);
}
