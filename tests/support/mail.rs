//! A mail server in this process.

use std::sync::{Arc, Mutex};

use haamu_app::{MailFailure, MailPort, OutgoingMail, PortFuture};

/// Keeps the mails that were sent, and fails when it is told to.
#[derive(Clone, Debug, Default)]
pub struct TestMail(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    sent: Vec<OutgoingMail>,
    failures: Vec<MailFailure>,
    attempts: usize,
}

impl TestMail {
    /// Lets the next mails fail, the last of these failures first.
    pub fn fail(&self, failures: Vec<MailFailure>) {
        self.0.lock().expect("not poisoned").failures = failures;
    }

    /// How often a mail was handed over, taken or not.
    #[must_use]
    pub fn attempts(&self) -> usize {
        self.0.lock().expect("not poisoned").attempts
    }

    /// The mails that were sent, the oldest first; they are kept no longer.
    #[must_use]
    pub fn take(&self) -> Vec<OutgoingMail> {
        std::mem::take(&mut self.0.lock().expect("not poisoned").sent)
    }

    /// The only mail that was sent.
    ///
    /// # Panics
    /// There are none or several.
    #[must_use]
    #[track_caller]
    pub fn only(&self) -> OutgoingMail {
        let mut sent = self.take();
        assert_eq!(sent.len(), 1, "{sent:?}");
        sent.remove(0)
    }
}

/// The secret of a mail's link.
///
/// # Panics
/// The mail has no link.
#[must_use]
#[track_caller]
pub fn secret(mail: &OutgoingMail) -> String {
    let link = mail
        .content
        .text
        .split_whitespace()
        .find(|word| word.contains("/") && word.contains('#'));
    let (_, secret) = link.and_then(|link| link.split_once('#')).expect("a link");
    secret.to_owned()
}

impl MailPort for TestMail {
    fn send<'a>(&'a self, mail: &'a OutgoingMail) -> PortFuture<'a, Result<(), MailFailure>> {
        let mut kept = self.0.lock().expect("not poisoned");
        kept.attempts += 1;
        let outcome = match kept.failures.pop() {
            Some(failure) => Err(failure),
            None => {
                kept.sent.push(mail.clone());
                Ok(())
            }
        };
        Box::pin(std::future::ready(outcome))
    }
}
