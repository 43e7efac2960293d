//! Where mails go: to a mail server, or into files that people of a demo can read.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use haamu_app::{MailFailure, MailPort, OutgoingMail, PortFuture};
use haamu_wire::Secret;
use lettre::address::AddressError;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::AsyncSmtpTransportBuilder;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use tokio::io::AsyncWriteExt;

/// No mail server takes longer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Where mails go, and who they come from.
#[derive(Clone, Debug)]
pub(crate) struct MailSettings {
    /// The mail server; empty: files.
    pub(crate) smtp_url: Secret,
    pub(crate) sender: String,
    /// The folder of files.
    pub(crate) folder: PathBuf,
}

impl MailSettings {
    /// What is wrong with it, without what must not be shown. Nothing is opened: there may be no runtime yet.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.sender()?;
        self.smtp().map(drop)
    }

    /// The way that mails go.
    pub(crate) fn open(&self) -> Result<Box<dyn MailPort>, String> {
        let sender = self.sender()?;
        Ok(match self.smtp()? {
            Some(smtp) => Box::new(SmtpMail::new(smtp, sender)),
            None => Box::new(FileMail::new(self.folder.clone(), sender)),
        })
    }

    fn sender(&self) -> Result<Mailbox, String> {
        let sender: Result<Mailbox, _> = self.sender.parse();
        sender.map_err(|error| format!("{:?} cannot send mails: {error}", self.sender))
    }

    /// How to reach the mail server, if there is one.
    fn smtp(&self) -> Result<Option<AsyncSmtpTransportBuilder>, String> {
        let url = self.smtp_url.expose();
        if url.is_empty() {
            return Ok(None);
        }
        // What the library says about the address could name the password.
        let smtp = AsyncSmtpTransport::<Tokio1Executor>::from_url(url);
        let smtp =
            smtp.map_err(|_| "smtp_url is no address such as smtps://user:password@host".to_owned())?;
        Ok(Some(smtp))
    }
}

/// A mail as it travels. The same mail has the same message id each time it is sent.
fn message(sender: &Mailbox, mail: &OutgoingMail) -> Result<Message, MailFailure> {
    let is_final = |reason: String| MailFailure {
        is_final: true,
        reason,
    };
    let recipient: Result<Address, AddressError> = mail.recipient.parse();
    let recipient = recipient.map_err(|error| is_final(format!("the recipient's address: {error}")))?;
    let millis = u64::try_from(mail.created_at.millis()).unwrap_or(0);
    let content = MultiPart::alternative()
        .singlepart(part(ContentType::TEXT_PLAIN, &mail.content.text))
        .singlepart(part(ContentType::TEXT_HTML, &mail.content.html));
    Message::builder()
        .from(sender.clone())
        .to(Mailbox::new(None, recipient))
        .subject(&mail.content.subject)
        .date(SystemTime::UNIX_EPOCH + Duration::from_millis(millis))
        .message_id(Some(format!("<{}@{}>", mail.id, sender.email.domain())))
        .multipart(content)
        .map_err(|error| is_final(format!("the mail cannot be written: {error}")))
}

fn part(kind: ContentType, text: &str) -> SinglePart {
    SinglePart::builder().header(kind).body(text.to_owned())
}

/// Whether an error says that there is no such recipient. Whatever else a mail server refuses for good, such as a
/// password or a sender that it does not know, is mended by its operator or ours: the mail waits until it is too old.
fn is_of_recipient(error: &lettre::transport::smtp::Error) -> bool {
    let said = haamu_app::error_chain(error);
    error
        .status()
        .is_some_and(|status| refuses_recipient(status.into(), &said))
}

/// By the code of a reply (RFC 5321, 4.2.3) and by the enhanced code (RFC 3463) in what was said, if there is one.
fn refuses_recipient(code: u16, said: &str) -> bool {
    // Mailbox unavailable, not local, or its name not allowed.
    let is_of_mailbox = matches!(code, 550 | 551 | 553);
    // X.7: the policy of the server; X.1.7 and X.1.8: the sender.
    let is_of_others = ["5.7.", "5.1.7", "5.1.8"]
        .iter()
        .any(|other| said.contains(other));
    is_of_mailbox && !is_of_others
}

/// Hands mails to a mail server.
#[derive(Debug)]
pub(crate) struct SmtpMail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    sender: Mailbox,
}

impl SmtpMail {
    /// A mail server. Its connections are looked after by the runtime that this is called in.
    pub(crate) fn new(smtp: AsyncSmtpTransportBuilder, sender: Mailbox) -> Self {
        Self {
            transport: smtp.timeout(Some(TIMEOUT)).build(),
            sender,
        }
    }
}

impl MailPort for SmtpMail {
    fn send<'a>(&'a self, mail: &'a OutgoingMail) -> PortFuture<'a, Result<(), MailFailure>> {
        Box::pin(async move {
            let message = message(&self.sender, mail)?;
            match self.transport.send(message).await {
                Ok(_) => Ok(()),
                Err(error) => Err(MailFailure {
                    is_final: is_of_recipient(&error),
                    reason: haamu_app::error_chain(&error),
                }),
            }
        })
    }
}

/// Writes mails into a folder, one file each. A mail that is sent again replaces itself.
#[derive(Debug)]
pub(crate) struct FileMail {
    folder: PathBuf,
    sender: Mailbox,
}

impl FileMail {
    /// Files in a folder, which is made when the first mail comes.
    pub(crate) const fn new(folder: PathBuf, sender: Mailbox) -> Self {
        Self { folder, sender }
    }

    async fn write(&self, mail: &OutgoingMail, bytes: &[u8]) -> std::io::Result<()> {
        tokio::fs::create_dir_all(&self.folder).await?;
        let path = self.folder.join(format!("{}.eml", mail.id));
        // Two processes may write the same mail at once: each writes a file of its own.
        let unfinished = path.with_extension(format!("{:016x}.part", rand::random::<u64>()));
        let mut options = tokio::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        // Links in mails are secrets.
        #[cfg(unix)]
        options.mode(0o600);
        let mut file = options.open(&unfinished).await?;
        file.write_all(bytes).await?;
        file.sync_all().await?;
        tokio::fs::rename(&unfinished, &path).await
    }
}

impl MailPort for FileMail {
    fn send<'a>(&'a self, mail: &'a OutgoingMail) -> PortFuture<'a, Result<(), MailFailure>> {
        Box::pin(async move {
            let bytes = message(&self.sender, mail)?.formatted();
            self.write(mail, &bytes).await.map_err(|error| MailFailure {
                is_final: false,
                reason: format!("the mail's file cannot be written: {error}"),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_recipient_that_is_not_there_ends_a_mail() {
        for (code, said) in [
            (550, "permanent error (550): 5.1.1 no such user"),
            (551, "not local"),
            (553, ""),
        ] {
            assert!(refuses_recipient(code, said), "{code} {said}");
        }
        for (code, said) in [
            (535, "permanent error (535): 5.7.8 authentication failed"),
            (554, "permanent error (554): no service"),
            (550, "permanent error (550): 5.7.1 relaying denied"),
            (553, "permanent error (553): 5.1.8 sender address rejected"),
            (552, "permanent error (552): 5.2.2 mailbox full"),
            (451, "transient error (451): try later"),
        ] {
            assert!(!refuses_recipient(code, said), "{code} {said}");
        }
    }
}
