//! Configured keys: a file, an id, exactly one algorithm.

use std::path::PathBuf;

use jsonwebtoken::DecodingKey;

/// What a key signs with (RFC 7518, RFC 8037). Shared secrets (HS256 and its kin) are left out on purpose: whoever can
/// check such a token can also make one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names of RFC 7518, section 3.1 say it")]
pub enum Algorithm {
    Es256,
    Es384,
    EdDsa,
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
}

impl Algorithm {
    /// Every algorithm there is.
    pub const ALL: &'static [Self] = &[
        Self::Es256,
        Self::Es384,
        Self::EdDsa,
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
    ];

    /// The word of RFC 7518, as in the header of a token and in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
        }
    }

    /// The algorithm of this name, which is case-sensitive; `None` for any other word, `none` and `HS256` among them.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.as_str() == name)
    }

    pub(super) const fn library(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::Es256 => jsonwebtoken::Algorithm::ES256,
            Self::Es384 => jsonwebtoken::Algorithm::ES384,
            Self::EdDsa => jsonwebtoken::Algorithm::EdDSA,
            Self::Rs256 => jsonwebtoken::Algorithm::RS256,
            Self::Rs384 => jsonwebtoken::Algorithm::RS384,
            Self::Rs512 => jsonwebtoken::Algorithm::RS512,
            Self::Ps256 => jsonwebtoken::Algorithm::PS256,
            Self::Ps384 => jsonwebtoken::Algorithm::PS384,
            Self::Ps512 => jsonwebtoken::Algorithm::PS512,
        }
    }
}

/// One key of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySource {
    /// What tokens call it (`kid`, RFC 7515, section 4.1.4).
    pub id: String,
    /// The only algorithm that the key is used with.
    pub algorithm: Algorithm,
    /// The public key, PEM (`BEGIN PUBLIC KEY`).
    pub file: PathBuf,
}

/// Why a key cannot be used. Names the file, never its content.
#[derive(Debug, thiserror::Error)]
pub enum KeyFault {
    /// Without a key nobody could sign in.
    #[error("no key is configured: name at least one public key file")]
    NoKeys,
    /// Two keys have the same id.
    #[error("two keys have the id '{0}': give each its own")]
    DuplicateId(String),
    /// The file cannot be read.
    #[error("the key file {file} cannot be read: {source}")]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file holds something else.
    #[error("the key file {file} does not hold a public key for {algorithm} in PEM: {source}")]
    Unusable {
        /// The file.
        file: PathBuf,
        /// The algorithm that was configured.
        algorithm: &'static str,
        /// What the library says.
        source: jsonwebtoken::errors::Error,
    },
}

pub(super) struct Key {
    pub(super) id: String,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

pub(super) struct KeySet(Vec<Key>);

impl KeySet {
    /// Reads every file. All or nothing: a set with a hole would sign people out one by one.
    pub(super) fn load(sources: &[KeySource]) -> Result<Self, KeyFault> {
        if sources.is_empty() {
            return Err(KeyFault::NoKeys);
        }
        let mut keys: Vec<Key> = Vec::with_capacity(sources.len());
        for source in sources {
            if keys.iter().any(|known| known.id == source.id) {
                return Err(KeyFault::DuplicateId(source.id.clone()));
            }
            let pem = std::fs::read(&source.file)
                .map_err(|error| KeyFault::Unreadable { file: source.file.clone(), source: error })?;
            let key = decoding_key(source.algorithm, &pem).map_err(|error| KeyFault::Unusable {
                file: source.file.clone(),
                algorithm: source.algorithm.as_str(),
                source: error,
            })?;
            keys.push(Key { id: source.id.clone(), algorithm: source.algorithm, key });
        }
        Ok(Self(keys))
    }

    /// The key of this id. Without an id the only key there is, but never a guess among several.
    pub(super) fn find(&self, id: Option<&str>) -> Option<&Key> {
        match (id, self.0.as_slice()) {
            (Some(id), keys) => keys.iter().find(|key| key.id == id),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }
}

fn decoding_key(algorithm: Algorithm, pem: &[u8]) -> jsonwebtoken::errors::Result<DecodingKey> {
    match algorithm {
        Algorithm::Es256 | Algorithm::Es384 => DecodingKey::from_ec_pem(pem),
        Algorithm::EdDsa => DecodingKey::from_ed_pem(pem),
        Algorithm::Rs256
        | Algorithm::Rs384
        | Algorithm::Rs512
        | Algorithm::Ps256
        | Algorithm::Ps384
        | Algorithm::Ps512 => DecodingKey::from_rsa_pem(pem),
    }
}
