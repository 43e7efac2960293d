//! A TCP proxy on loopback that counts what passes, and cuts connections where it is told to.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What requests are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Traffic {
    /// Sync frames, or whatever else carries answers.
    Answers,
    /// Parts of files.
    Files,
}

/// What has passed of one kind of traffic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// HTTP requests; each is a round trip.
    pub requests: u64,
    /// Bytes from the client, heads included.
    pub up: u64,
    /// Those of them that are bodies.
    pub up_bodies: u64,
    /// Bytes to the client, heads included.
    pub down: u64,
}

/// What has passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Answers, and whatever is no file.
    pub answers: Count,
    /// Files.
    pub files: Count,
    /// Connections that were made.
    pub connections: u64,
    /// Connections that were cut.
    pub cuts: u64,
}

impl Counts {
    fn of(&mut self, traffic: Traffic) -> &mut Count {
        match traffic {
            Traffic::Answers => &mut self.answers,
            Traffic::Files => &mut self.files,
        }
    }
}

/// A running proxy; it ends with the runtime.
#[derive(Clone, Debug)]
pub struct Proxy {
    address: SocketAddr,
    counts: Arc<Mutex<Counts>>,
}

impl Proxy {
    /// Starts a proxy; with `cut_after`, it lets through so many bytes from the client on each connection.
    ///
    /// # Errors
    /// There is no free port.
    pub async fn start(server: SocketAddr, cut_after: Option<usize>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let proxy = Self {
            address: listener.local_addr()?,
            counts: Arc::default(),
        };
        let counts = Arc::clone(&proxy.counts);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let counts = Arc::clone(&counts);
                // A broken connection is the business of its two ends.
                tokio::spawn(async move { pass(client, server, cut_after, &counts).await });
            }
        });
        Ok(proxy)
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its root.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What has passed since it was asked last.
    ///
    /// # Panics
    /// A connection's task panicked.
    #[must_use]
    pub fn take(&self) -> Counts {
        std::mem::take(&mut *self.counts.lock().expect("not poisoned"))
    }
}

async fn pass(
    client: TcpStream,
    server: SocketAddr,
    cut_after: Option<usize>,
    counts: &Arc<Mutex<Counts>>,
) -> io::Result<()> {
    let upstream = TcpStream::connect(server).await?;
    client.set_nodelay(true)?;
    upstream.set_nodelay(true)?;
    let add = |change: &dyn Fn(&mut Counts)| change(&mut counts.lock().expect("not poisoned"));
    add(&|counts| counts.connections += 1);
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = upstream.into_split();
    let current = Arc::new(Mutex::new(Traffic::Answers));
    let answered = Arc::clone(&current);
    let down = Arc::clone(counts);
    let answers = tokio::spawn(async move {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = from_server.read(&mut buffer).await?;
            if count == 0 {
                return to_client.shutdown().await;
            }
            let traffic = *answered.lock().expect("not poisoned");
            down.lock().expect("not poisoned").of(traffic).down += count as u64;
            to_client.write_all(&buffer[..count]).await?;
        }
    });
    let mut left = cut_after.unwrap_or(usize::MAX);
    let mut requests = Requests::default();
    let mut buffer = vec![0; 64 * 1024];
    while left > 0 {
        let most = left.min(buffer.len());
        let count = from_client.read(&mut buffer[..most]).await?;
        if count == 0 {
            break;
        }
        requests.feed(
            &buffer[..count],
            &current,
            &mut counts.lock().expect("not poisoned"),
        );
        to_server.write_all(&buffer[..count]).await?;
        left -= count;
    }
    if left == 0 {
        add(&|counts| counts.cuts += 1);
        // The client loses its connection at once; the server still gets what was on its way.
        answers.abort();
    }
    to_server.shutdown().await
}

/// Where the bytes of a connection stand among its requests.
#[derive(Debug, Default)]
struct Requests {
    head: Vec<u8>,
    body: Body,
}

#[derive(Clone, Copy, Debug, Default)]
enum Body {
    /// The next byte belongs to a head.
    #[default]
    None,
    /// So many bytes of the body are to come.
    Length(u64),
    /// The body ends with an empty chunk.
    Chunks,
}

impl Requests {
    fn feed(&mut self, mut bytes: &[u8], current: &Mutex<Traffic>, counts: &mut Counts) {
        while let Some((first, rest)) = bytes.split_first() {
            match self.body {
                Body::None => {
                    self.head.push(*first);
                    bytes = rest;
                    if self.head.ends_with(b"\r\n\r\n") {
                        self.begin(current, counts);
                    }
                }
                Body::Length(left) => {
                    let taken = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                    count_body(taken, current, counts);
                    bytes = &bytes[taken..];
                    let left = left - taken as u64;
                    self.body = if left == 0 { Body::None } else { Body::Length(left) };
                }
                Body::Chunks => {
                    self.head.push(*first);
                    count_body(1, current, counts);
                    bytes = rest;
                    if self.head.ends_with(b"\r\n0\r\n\r\n") {
                        self.head.clear();
                        self.body = Body::None;
                    }
                }
            }
        }
    }

    /// A head is complete.
    fn begin(&mut self, current: &Mutex<Traffic>, counts: &mut Counts) {
        let head = String::from_utf8_lossy(&self.head).to_lowercase();
        let path = head.split(' ').nth(1).unwrap_or_default();
        let traffic = if path.starts_with("/v1/blobs/") {
            Traffic::Files
        } else {
            Traffic::Answers
        };
        *current.lock().expect("not poisoned") = traffic;
        let count = counts.of(traffic);
        count.requests += 1;
        count.up += self.head.len() as u64;
        let field = |name: &str| {
            let mut lines = head.lines();
            lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim))
        };
        let length = field("content-length").and_then(|length| length.parse().ok());
        self.body = match (length, field("transfer-encoding")) {
            (_, Some("chunked")) => Body::Chunks,
            (Some(length), _) if length > 0 => Body::Length(length),
            _ => Body::None,
        };
        self.head.clear();
    }
}

fn count_body(bytes: usize, current: &Mutex<Traffic>, counts: &mut Counts) {
    let traffic = *current.lock().expect("not poisoned");
    let count = counts.of(traffic);
    count.up += bytes as u64;
    count.up_bodies += bytes as u64;
}
