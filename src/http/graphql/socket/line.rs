//! The line below a socket, to hang up on a client that takes nothing any more.
//!
//! To stop sending does not end such a connection: what was sent before waits for the client in the server's buffer, and the connection, with
//! its place among all sockets, waits for the buffer. Only shutting the connection itself down ends both.

use std::any::Any;
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::dev::Extensions;

/// A second hold of a connection. It sends and reads nothing.
#[derive(Clone)]
pub(super) struct Line(Arc<TcpStream>);

/// Keeps the line of a new connection, for a socket that may be opened on it: for `HttpServer::on_connect`. It costs a descriptor for as long
/// as the connection is there.
pub fn keep_line(connection: &dyn Any, kept: &mut Extensions) {
    #[cfg(unix)]
    if let Some(stream) = connection.downcast_ref::<actix_web::rt::net::TcpStream>() {
        use std::os::fd::AsFd;
        match stream.as_fd().try_clone_to_owned() {
            Ok(line) => drop(kept.insert(Line(Arc::new(TcpStream::from(line))))),
            // Without it a client that does not read keeps its place for as long as it likes, and nothing else is wrong.
            Err(error) => tracing::warn!(%error, "a connection's line can't be kept"),
        }
    }
    #[cfg(not(unix))]
    let _ = (connection, kept);
}

impl Line {
    /// The line that a request came by, if it was kept.
    pub(super) fn of(request: &HttpRequest) -> Option<Self> {
        request.conn_data::<Self>().cloned()
    }

    /// Ends the connection, whatever still waits to be sent.
    pub(super) fn hang_up(&self) {
        // One that the client has ended meanwhile is ended already.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}
