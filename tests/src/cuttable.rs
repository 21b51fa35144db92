//! A TCP address in front of a database that can be cut: every connection
//! through it ends, and no new one is passed on until it is mended.

use std::net::SocketAddr;
use std::path::PathBuf;

use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;

/// Where a database listens.
#[derive(Debug, Clone)]
pub enum Behind {
    /// On a Unix socket.
    Socket(PathBuf),
    /// On a TCP address.
    Address(String),
}

/// Passes connections on until it is cut.
#[derive(Debug)]
pub struct CuttableConnection {
    address: SocketAddr,
    cut: watch::Sender<bool>,
}

impl CuttableConnection {
    /// Listens on a free port and passes each connection on.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn to(behind: Behind) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let (cut, is_cut) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // While it is cut, whoever comes is sent away.
                if !*is_cut.borrow() {
                    tokio::spawn(pass_on(client, behind.clone(), is_cut.clone()));
                }
            }
        });
        Self { address, cut }
    }

    /// Host and port to connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends every connection, now and until it is mended.
    pub fn cut(&self) {
        self.cut.send_replace(true);
    }

    /// Passes connections on again.
    pub fn mend(&self) {
        self.cut.send_replace(false);
    }
}

async fn pass_on(client: TcpStream, behind: Behind, is_cut: watch::Receiver<bool>) {
    match behind {
        Behind::Socket(path) => {
            if let Ok(server) = UnixStream::connect(path).await {
                until_cut(client, server, is_cut).await;
            }
        }
        Behind::Address(address) => {
            if let Ok(server) = TcpStream::connect(address).await {
                until_cut(client, server, is_cut).await;
            }
        }
    }
}

async fn until_cut(
    mut client: TcpStream,
    mut server: impl AsyncRead + AsyncWrite + Unpin,
    mut is_cut: watch::Receiver<bool>,
) {
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut server) => {}
        _ = is_cut.wait_for(|cut| *cut) => {}
    }
}
