use portico_contract::documents::NameChild;
use portico_contract::{CallContext, Error, ErrorKind, Handler, NativeId};
use portico_schemas::FieldError;
use portico_wire::path;

use crate::client::Dav;
use crate::location::Location;

/// Octets of one name that every file system in use can hold.
const MAX_NAME: usize = 255;

impl Handler<NameChild> for Dav {
    async fn handle(&self, _: &CallContext, op: &NameChild) -> Result<NativeId, Error> {
        let folder = Location::of_ref(&op.folder)?;
        if let Err(fault) = path::check_segment(&op.name) {
            return Err(refused(format!("cannot be a name here: {fault}")));
        }
        if op.name.len() > MAX_NAME {
            return Err(refused(format!("is longer than {MAX_NAME} octets")));
        }
        folder.child(&op.name).id().ok_or_else(|| refused("makes a path longer than 2,048 octets".to_owned()))
    }
}

fn refused(detail: String) -> Error {
    let sentence = "The document store cannot hold a thing of this name.";
    Error::new(ErrorKind::InvalidInput, sentence)
        .with_fields(vec![FieldError { detail, pointer: "/name".to_owned() }])
}
