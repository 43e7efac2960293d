//! A TCP proxy on loopback that cuts every connection after so many bytes, as a bad network would.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// A running proxy; it ends with the program.
#[derive(Debug)]
pub(super) struct CuttingProxy {
    address: SocketAddr,
    cuts: Arc<AtomicUsize>,
}

impl CuttingProxy {
    /// Starts a proxy that lets through `limit` bytes from a client on each connection.
    pub(super) fn start(server: SocketAddr, limit: usize) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let cuts = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&cuts);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let cuts = Arc::clone(&counted);
                thread::spawn(move || {
                    if pass(client, server, limit).unwrap_or(false) {
                        cuts.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        Ok(Self { address, cuts })
    }

    /// Where it listens.
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections it has cut.
    pub(super) fn cuts(&self) -> usize {
        self.cuts.load(Ordering::Relaxed)
    }
}

/// Passes bytes in both directions; says whether the connection was cut.
fn pass(mut client: TcpStream, server: SocketAddr, limit: usize) -> io::Result<bool> {
    let mut upstream = TcpStream::connect(server)?;
    let (mut answers, mut back) = (upstream.try_clone()?, client.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut answers, &mut back);
        let _ = back.shutdown(Shutdown::Both);
    });
    let mut left = limit;
    let mut buffer = [0; 16 * 1024];
    while left > 0 {
        let most = left.min(buffer.len());
        let count = client.read(&mut buffer[..most])?;
        if count == 0 {
            break;
        }
        left -= count;
        // A server that has answered already, and reads no more, is as good as cut off.
        if upstream.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    // The client loses its connection at once; the server still gets what was on its way.
    // Either side may have gone meanwhile; it was cut all the same.
    let _ = client.shutdown(Shutdown::Both);
    let _ = upstream.shutdown(Shutdown::Write);
    Ok(left == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_cut_after_its_bytes() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let server = listener.local_addr().expect("an address");
        let received = thread::spawn(move || {
            let mut bytes = Vec::new();
            let (mut connection, _) = listener.accept().expect("a connection");
            connection.read_to_end(&mut bytes).expect("bytes");
            bytes
        });
        let proxy = CuttingProxy::start(server, 1_000).expect("a proxy");
        let mut client = TcpStream::connect(proxy.address()).expect("a connection");
        let _ = client.write_all(&[7; 1_500]);
        assert_eq!(received.join().expect("the server ends"), [7; 1_000]);
    }
}
