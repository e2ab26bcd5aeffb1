//! Whose tokens are believed, and the keys of the gateway itself.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::ExposeSecret;

/// Whose tokens are believed (RFC 7519, RFC 9068).
#[derive(Debug)]
pub struct Auth {
    /// `iss`.
    pub issuer: String,
    /// `aud`.
    pub audience: String,
    /// How far clocks may differ: at most a minute.
    pub leeway: Duration,
    /// Never empty; ids are unique.
    pub keys: Vec<AuthKey>,
    /// The claim that lists roles.
    pub roles_claim: String,
    /// The claim that lists organisational units.
    pub units_claim: String,
    /// The claim that lists the subjects of those who report to the person.
    pub reports_claim: String,
    /// The claim that holds the name to show.
    pub name_claim: String,
}

/// A key that signs tokens. One algorithm each, so that a token cannot choose.
#[derive(Debug)]
pub struct AuthKey {
    /// `kid`.
    pub id: String,
    /// The only algorithm that the key is good for.
    pub algorithm: Algorithm,
    /// The public key, PEM. It could be read when the settings were loaded; read it again to renew.
    pub file: PathBuf,
}

/// Signature algorithms (RFC 7518, RFC 8037). None with a shared secret: whoever can check such a token can make one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// ECDSA with P-256 and SHA-256.
    Es256,
    /// ECDSA with P-384 and SHA-384.
    Es384,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// The name in a token's header.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// Keys that seal what leaves the gateway. Where one is `None`, the server makes one in the data folder at its first
/// start and keeps it.
#[derive(Debug, Default)]
pub struct Keys {
    /// Seals ids (AES-256-SIV). Never change it: every id ever given out would be lost.
    pub ids: Option<SealingKey<64>>,
    /// Seals cursors (ChaCha20-Poly1305). Changing it ends the traversals that are under way.
    pub cursors: Option<SealingKey<32>>,
}

/// Octets of a key. `Debug` hides them.
pub struct SealingKey<const N: usize>(pub(crate) secrecy::SecretBox<[u8; N]>);

impl<const N: usize> SealingKey<N> {
    /// The octets.
    pub fn expose(&self) -> &[u8; N] {
        self.0.expose_secret()
    }
}

impl<const N: usize> fmt::Debug for SealingKey<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingKey<{N}>(***)")
    }
}
