//! Credentials of the service account.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

/// What the gateway proves itself with. `Debug` hides the secret.
#[derive(Clone)]
pub enum Credentials {
    /// HTTP Basic (RFC 7617), UTF-8.
    Basic {
        /// The service account.
        username: String,
        /// Its password.
        password: SecretString,
    },
    /// A bearer token (RFC 6750).
    Bearer(SecretString),
}

impl Credentials {
    /// The value of the `Authorization` header, marked sensitive so that nothing prints it.
    ///
    /// # Errors
    /// A sentence for the operator that never holds the secret: RFC 7617 forbids a colon in the user name and control
    /// characters in both.
    pub(crate) fn header(&self) -> Result<HeaderValue, String> {
        let text = match self {
            Self::Basic { username, password } => {
                let password = password.expose_secret();
                if username.contains(':') {
                    return Err("a user name cannot hold a colon (RFC 7617)".to_owned());
                }
                if username.chars().chain(password.chars()).any(char::is_control) {
                    return Err("user name and password cannot hold control characters (RFC 7617)".to_owned());
                }
                format!("Basic {}", STANDARD.encode(format!("{username}:{password}")))
            }
            Self::Bearer(token) => format!("Bearer {}", token.expose_secret()),
        };
        let mut value = HeaderValue::from_str(&text)
            .map_err(|_| "the token holds characters that a header cannot carry".to_owned())?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Basic { .. } => f.write_str("Basic ***"),
            Self::Bearer(_) => f.write_str("Bearer ***"),
        }
    }
}
