//! Fetches the public keys by which an identity provider's tokens are checked.
//!
//! It follows no redirect and takes no plain http: whoever could change the answer could forge every token.

use std::time::Duration;

use reqwest::{Client, Response, redirect};

/// Ten times what a provider with many keys answers.
const BYTES_MAX: usize = 1024 * 1024;
/// From connecting to the last byte.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Why no keys were fetched.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The provider could not be reached, or the connection broke.
    #[error("the keys of `auth.jwks_url` could not be fetched: {0}")]
    Unreachable(#[from] reqwest::Error),
    /// The provider answered something else.
    #[error("`auth.jwks_url` answered with status {0} instead of keys")]
    Status(u16),
    /// Longer than any key set.
    #[error("`auth.jwks_url` answered with more than {BYTES_MAX} bytes")]
    TooLong,
    /// Not text.
    #[error("`auth.jwks_url` did not answer with text")]
    NotText,
}

/// The JSON Web Key Set at `url`, as text.
pub async fn fetch_keys(url: &str) -> Result<String, KeysError> {
    let client = Client::builder()
        .https_only(!is_loopback(url))
        .redirect(redirect::Policy::none())
        .timeout(TIMEOUT)
        .user_agent(concat!("baton/", env!("CARGO_PKG_VERSION")))
        .build()?;
    let response = client.get(url).header("accept", "application/jwk-set+json, application/json").send().await?;
    if !response.status().is_success() {
        return Err(KeysError::Status(response.status().as_u16()));
    }
    String::from_utf8(body(response).await?).map_err(|_| KeysError::NotText)
}

/// On this machine nobody stands between; the configuration refuses plain http for every address all the same.
fn is_loopback(url: &str) -> bool {
    url.starts_with("http://127.0.0.1:")
}

async fn body(mut response: Response) -> Result<Vec<u8>, KeysError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if bytes.len() + chunk.len() > BYTES_MAX {
            return Err(KeysError::TooLong);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// Answers one request with these bytes.
    async fn answering(answer: Vec<u8>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let _ = socket.read(&mut request).await;
            let _ = socket.write_all(&answer).await;
        });
        format!("http://{address}/jwks.json")
    }

    // AUTH-1
    #[tokio::test]
    async fn keys_are_fetched_as_text() {
        let url = answering(b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{\"keys\":[]}".to_vec()).await;
        assert_eq!(fetch_keys(&url).await.unwrap(), "{\"keys\":[]}");
    }

    // AUTH-1
    #[tokio::test]
    async fn a_redirect_a_flood_and_plain_http_are_refused() {
        let url = answering(b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\n\r\n".to_vec()).await;
        assert!(matches!(fetch_keys(&url).await, Err(KeysError::Status(302))));
        let flood = [b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b' '; BYTES_MAX + 1]].concat();
        assert!(matches!(fetch_keys(&answering(flood).await).await, Err(KeysError::TooLong)));
        assert!(matches!(fetch_keys("http://192.0.2.1/jwks.json").await, Err(KeysError::Unreachable(_))));
    }
}
