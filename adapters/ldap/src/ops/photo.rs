use bytes::Bytes;
use portico_contract::documents::SourceVersion;
use portico_contract::people::{Photo, ReadPhoto};
use portico_contract::{CallContext, Error, ErrorKind, Handler};
use sha2::{Digest as _, Sha256};

use crate::directory::{Directory, base_is_missing};
use crate::id::{Id, not_found};
use crate::map;

impl Handler<ReadPhoto> for Directory {
    async fn handle(&self, context: &CallContext, op: &ReadPhoto) -> Result<Photo, Error> {
        let id = Id::of_native(&op.person)?;
        let names = &self.settings.attributes.photo;
        if names.is_empty() {
            return Err(no_photo());
        }
        let search = self.people(vec![id.filter(self.dialect())], names.clone());
        let entry = self.one(context, search).await.map_err(base_is_missing)?.ok_or_else(not_found)?;
        let mut octets = names.iter().flat_map(|name| entry.octets(name.as_str())).filter(|o| !o.is_empty());
        let octets = octets.next().ok_or_else(no_photo)?;
        if octets.len() > Photo::MAX {
            return Err(Error::new(
                ErrorKind::InvalidResponse,
                format!("The directory holds a photo of more than {} octets.", Photo::MAX),
            ));
        }
        let media_type = media_type(octets).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidResponse,
                "The directory holds something in place of the photo that is no JPEG, PNG, GIF or WebP picture.",
            )
        })?;
        let version = SourceVersion(map::short(&Sha256::digest(octets)));
        if op.unless.as_ref() == Some(&version) {
            return Ok(Photo::NotModified);
        }
        Ok(Photo::Picture { octets: Bytes::copy_from_slice(octets), media_type, version })
    }
}

fn no_photo() -> Error {
    Error::new(ErrorKind::NotFound, "The directory has no photo of this person.")
}

/// The media type that the first octets show. Nothing that a browser could run: SVG and HTML are no pictures here.
pub(crate) fn media_type(octets: &[u8]) -> Option<&'static str> {
    match octets {
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_told_from_its_octets() {
        assert_eq!(media_type(b"\xff\xd8\xff\xe0\0\x10JFIF"), Some("image/jpeg"));
        assert_eq!(media_type(b"\x89PNG\r\n\x1a\n\0"), Some("image/png"));
        assert_eq!(media_type(b"GIF89a"), Some("image/gif"));
        assert_eq!(media_type(b"RIFF\x01\0\0\0WEBPVP8 "), Some("image/webp"));
        for nothing in [&b"<svg xmlns"[..], b"<html>", b"", b"\xff\xd8", b"RIFF\x01\0\0\0WAVE"] {
            assert_eq!(media_type(nothing), None);
        }
    }
}
