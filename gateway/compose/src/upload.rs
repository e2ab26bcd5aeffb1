//! Uploads whose content was announced: what is not as announced never arrives whole.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use futures_util::{Stream, StreamExt};
use parking_lot::Mutex;
use portico_contract::{ByteStream, Error, ErrorKind, Upload};
use portico_schemas::{FieldError, Outcome};
use sha2::{Digest, Sha256};

/// An upload that is watched over, and what broke it.
#[derive(Debug, Clone)]
pub struct Verified {
    /// The octets.
    pub upload: Upload,
    broke: Arc<Mutex<Option<Error>>>,
}

impl Verified {
    /// What is known of a failed call: an upload that broke never arrived whole, so nothing came of it, whatever the system
    /// or its connection said.
    pub(crate) fn blame(&self, error: Error) -> Error {
        self.broke.lock().take().unwrap_or(error)
    }
}

/// Watches over an upload: at most this many octets, with this SHA-256. The last piece is held back until all of it was
/// seen, so that a system never has a whole upload that is another one.
pub fn verified(upload: &Upload, digest: [u8; 32], most: u64) -> Verified {
    let broke = Arc::new(Mutex::new(None));
    let body = match upload.take() {
        Some(body) => {
            let sum = Sha256::new();
            let watch = Watch { body, sum, length: 0, held: None, is_over: false, broke: Arc::clone(&broke) };
            ByteStream::new(watched(watch, digest, most))
        }
        None => {
            let taken = invalid("The body of the request was taken already.");
            ByteStream::new(stream::iter([Err(taken)]))
        }
    };
    Verified { upload: Upload::new(body, upload.length, upload.media_type.clone()), broke }
}

struct Watch {
    body: ByteStream,
    sum: Sha256,
    length: u64,
    held: Option<Bytes>,
    is_over: bool,
    broke: Arc<Mutex<Option<Error>>>,
}

impl Watch {
    /// Ends the body. The error is told twice: to whoever reads the body, and to whoever made the call.
    fn breaks(mut self, error: Error) -> (Result<Bytes, Error>, Self) {
        let told = Error::new(error.kind(), error.detail().to_owned()).with_fields(error.fields().to_vec());
        self.is_over = true;
        *self.broke.lock() = Some(error.with_outcome(Outcome::NotAttempted));
        (Err(told), self)
    }
}

fn watched(watch: Watch, digest: [u8; 32], most: u64) -> impl Stream<Item = Result<Bytes, Error>> {
    stream::unfold(watch, move |mut watch| async move {
        loop {
            if watch.is_over {
                return None;
            }
            let piece = match watch.body.next().await {
                Some(Ok(piece)) => piece,
                Some(Err(error)) => return Some(watch.breaks(error)),
                None if watch.sum.finalize_reset()[..] != digest => {
                    return Some(watch.breaks(other_content()));
                }
                None => {
                    watch.is_over = true;
                    let last = watch.held.take()?;
                    return Some((Ok(last), watch));
                }
            };
            watch.length += piece.len() as u64;
            if watch.length > most {
                return Some(watch.breaks(too_large(most)));
            }
            watch.sum.update(&piece);
            if let Some(earlier) = watch.held.replace(piece) {
                return Some((Ok(earlier), watch));
            }
        }
    })
}

/// The caller sends more than is taken.
pub(crate) fn too_large(most: u64) -> Error {
    Error::new(
        ErrorKind::ContentTooLarge,
        format!("The content is larger than the {most} octets taken here."),
    )
    .with_outcome(Outcome::NotAttempted)
}

fn other_content() -> Error {
    let detail = "is not the SHA-256 of the body that came".to_owned();
    invalid("The body is not the one that `Content-Digest` announces; it may have been cut on its way.")
        .with_fields(vec![FieldError { detail, pointer: "#content-digest".to_owned() }])
}

fn invalid(why: &'static str) -> Error {
    Error::new(ErrorKind::InvalidInput, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upload(pieces: &'static [&'static str], announced: &str, most: u64) -> Verified {
        let body = ByteStream::new(stream::iter(
            pieces.iter().map(|piece| Ok(Bytes::from_static(piece.as_bytes()))),
        ));
        verified(&Upload::new(body, None, None), Sha256::digest(announced).into(), most)
    }

    async fn arrives(verified: Verified) -> (String, Option<ErrorKind>) {
        let (mut text, mut body) = (String::new(), verified.upload.take().unwrap());
        while let Some(piece) = body.next().await {
            match piece {
                Ok(piece) => text.push_str(std::str::from_utf8(&piece).unwrap()),
                Err(error) => {
                    // Whatever became of the connection: the upload was at fault.
                    let lost = Error::new(ErrorKind::ConnectionLost, "Lost.").with_outcome(Outcome::Unknown);
                    let blamed = verified.blame(lost);
                    assert_eq!((blamed.kind(), blamed.outcome()), (error.kind(), Outcome::NotAttempted));
                    return (text, Some(error.kind()));
                }
            }
        }
        let lost = Error::new(ErrorKind::ConnectionLost, "Lost.").with_outcome(Outcome::Unknown);
        assert_eq!(verified.blame(lost).outcome(), Outcome::Unknown, "it was not the upload");
        (text, None)
    }

    #[tokio::test]
    async fn what_was_announced_arrives() {
        assert_eq!(arrives(upload(&["a", "bc", "d"], "abcd", 4)).await, ("abcd".to_owned(), None));
        assert_eq!(arrives(upload(&[], "", 4)).await, (String::new(), None));
    }

    #[tokio::test]
    async fn anything_else_never_arrives_whole() {
        let refused = Some(ErrorKind::InvalidInput);
        assert_eq!(arrives(upload(&["a", "bc", "x"], "abcd", 4)).await, ("abc".to_owned(), refused));
        assert_eq!(arrives(upload(&["abcx"], "abcd", 4)).await, (String::new(), refused));
        assert_eq!(arrives(upload(&["abc"], "abcd", 4)).await, (String::new(), refused));
        let (text, kind) = arrives(upload(&["abc", "de"], "abcde", 4)).await;
        assert_eq!((text.len() < 4, kind), (true, Some(ErrorKind::ContentTooLarge)));
    }
}
