//! A mail server that takes its time: it answers for a mail when the test says so.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

/// A running mail server; it ends with the runtime.
#[derive(Debug)]
pub struct SlowSmtp {
    address: SocketAddr,
    mails: watch::Receiver<usize>,
    allowed: Arc<Semaphore>,
}

impl SlowSmtp {
    /// Starts it.
    ///
    /// # Errors
    /// There is no free port.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (told, mails) = watch::channel(0);
        let allowed = Arc::new(Semaphore::new(0));
        let (told, permits) = (Arc::new(told), Arc::clone(&allowed));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(converse(client, Arc::clone(&told), Arc::clone(&permits)));
            }
        });
        Ok(Self {
            address,
            mails,
            allowed,
        })
    }

    /// Its address as a setting.
    #[must_use]
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// Waits until so many mails have come whole, answered or not.
    ///
    /// # Panics
    /// It takes too long.
    pub async fn until_came(&mut self, count: usize) {
        let came = self.mails.wait_for(|mails| *mails >= count);
        let came = tokio::time::timeout(std::time::Duration::from_secs(60), came).await;
        let _ = came.expect("in time").expect("the server runs");
    }

    /// How many mails have come whole, answered or not.
    #[must_use]
    pub fn came(&self) -> usize {
        *self.mails.borrow()
    }

    /// Answers for so many mails, those that have come and those that will.
    pub fn answer(&self, count: usize) {
        self.allowed.add_permits(count);
    }
}

/// One connection. A broken one is the business of whoever made it.
async fn converse(
    client: TcpStream,
    told: Arc<watch::Sender<usize>>,
    allowed: Arc<Semaphore>,
) -> io::Result<()> {
    let (from, mut to) = client.into_split();
    let mut lines = BufReader::new(from).lines();
    to.write_all(b"220 test ESMTP\r\n").await?;
    let mut is_in_mail = false;
    while let Some(line) = lines.next_line().await? {
        let answer = if is_in_mail {
            if line != "." {
                continue;
            }
            is_in_mail = false;
            told.send_modify(|mails| *mails += 1);
            let permit = allowed.acquire().await;
            permit.map_err(io::Error::other)?.forget();
            "250 taken"
        } else {
            match line.split(' ').next().unwrap_or_default().to_uppercase().as_str() {
                "DATA" => {
                    is_in_mail = true;
                    "354 go on"
                }
                "QUIT" => "221 bye",
                _ => "250 ok",
            }
        };
        to.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    Ok(())
}
