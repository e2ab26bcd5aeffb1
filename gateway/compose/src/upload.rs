//! Uploads whose content was announced: what is not as announced never arrives whole.

use bytes::Bytes;
use futures_util::stream;
use futures_util::{Stream, StreamExt};
use portico_contract::{ByteStream, Error, ErrorKind, Upload};
use portico_schemas::{FieldError, Outcome};
use sha2::{Digest, Sha256};

/// Watches over an upload: at most this many octets, with this SHA-256. The last piece is held back until all of it was
/// seen, so that a system never has a whole upload that is another one.
pub fn verified(upload: &Upload, digest: [u8; 32], most: u64) -> Upload {
    let body = upload.take().map_or_else(
        || ByteStream::new(stream::iter([Err(broken("The body of the request was taken already."))])),
        |body| ByteStream::new(watched(body, digest, most)),
    );
    Upload::new(body, upload.length, upload.media_type.clone())
}

struct Watch {
    body: ByteStream,
    sum: Sha256,
    length: u64,
    held: Option<Bytes>,
    is_over: bool,
}

fn watched(body: ByteStream, digest: [u8; 32], most: u64) -> impl Stream<Item = Result<Bytes, Error>> {
    let watch = Watch { body, sum: Sha256::new(), length: 0, held: None, is_over: false };
    stream::unfold(watch, move |mut watch| async move {
        loop {
            if watch.is_over {
                return None;
            }
            let piece = match watch.body.next().await {
                Some(Ok(piece)) => piece,
                Some(Err(error)) => {
                    watch.is_over = true;
                    return Some((Err(error), watch));
                }
                None => {
                    watch.is_over = true;
                    if watch.sum.finalize_reset()[..] != digest {
                        return Some((Err(other_content()), watch));
                    }
                    let last = watch.held.take()?;
                    return Some((Ok(last), watch));
                }
            };
            watch.length += piece.len() as u64;
            if watch.length > most {
                watch.is_over = true;
                return Some((Err(too_large(most)), watch));
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
    broken("The body is not the one that `Content-Digest` announces; it may have been cut on its way.")
        .with_fields(vec![FieldError { detail, pointer: "#content-digest".to_owned() }])
}

fn broken(why: &'static str) -> Error {
    Error::new(ErrorKind::InvalidInput, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upload(pieces: &'static [&'static str], announced: &str, most: u64) -> Upload {
        let body = ByteStream::new(stream::iter(
            pieces.iter().map(|piece| Ok(Bytes::from_static(piece.as_bytes()))),
        ));
        verified(&Upload::new(body, None, None), Sha256::digest(announced).into(), most)
    }

    async fn arrives(upload: Upload) -> (String, Option<ErrorKind>) {
        let (mut text, mut body) = (String::new(), upload.take().unwrap());
        while let Some(piece) = body.next().await {
            match piece {
                Ok(piece) => text.push_str(std::str::from_utf8(&piece).unwrap()),
                Err(error) => return (text, Some(error.kind())),
            }
        }
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
