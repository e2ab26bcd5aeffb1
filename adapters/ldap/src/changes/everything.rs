//! Everybody, in one reading by pages. What a record needs beside its own entry is read first, because a page holds its
//! connection until the next one.

use std::borrow::Cow;
use std::collections::HashMap;

use jiff::Timestamp;
use portico_contract::people::{PersonChange, PersonLink};
use portico_contract::{CallContext, Error};
use portico_wire::ldap::Dn;
use sha2::{Digest as _, Sha256};

use super::Teller;
use crate::directory::{Directory, base_is_missing};
use crate::id::Id;
use crate::map;
use crate::walk::Walk;

/// Ids and names by a digest of the DN: a fraction of what the names of entries would take.
type Names = HashMap<[u8; 16], (Id, Box<str>)>;

fn key(dn: &Dn) -> [u8; 16] {
    let mut key = [0; 16];
    key.copy_from_slice(&Sha256::digest(dn.normal())[..16]);
    key
}

impl Directory {
    /// Tells everybody, as `whole`.
    ///
    /// # Errors
    /// A directory that stops at a limit: whoever it left out would be taken for gone.
    pub(super) async fn tell_everything(
        &self,
        context: &CallContext,
        teller: &Teller<'_>,
    ) -> Result<(), Error> {
        let units = match self.settings.org_units {
            Some(_) => self.fresh_units(context).await?,
            None => None,
        };
        let photos = match self.has_photo() {
            Some(condition) => self.ids(context, vec![condition]).await?,
            None => Default::default(),
        };
        let names = self.all_names_of_people(context).await?;
        teller.begin(true).await?;
        let now = Timestamp::now();
        let search = self.people(Vec::new(), self.person_attributes.clone());
        let mut walk = Walk::start(self, context, search).await?;
        while let Some(entries) = walk.next().await.map_err(base_is_missing)? {
            let mut steps = Vec::with_capacity(entries.len());
            for entry in &entries {
                let row = self.row(entry, now)?;
                let manager = row.manager.as_ref().and_then(|dn| names.get(&key(dn)));
                let manager =
                    manager.map(|(id, display)| PersonLink { id: id.native(), display: display.to_string() });
                let unit = units.as_ref().and_then(|units| units.around(&row.dn)).map(|unit| unit.id);
                let has_photo = photos.contains(&row.id);
                let record = map::record(&self.system, Cow::Owned(row), manager, unit, has_photo);
                steps.push(PersonChange::Put(Box::new(record)));
            }
            teller.tell(steps).await?;
        }
        walk.whole()
    }

    async fn all_names_of_people(&self, context: &CallContext) -> Result<Names, Error> {
        let mut names = Names::new();
        let search = self.people(Vec::new(), self.link_attributes());
        let mut walk = Walk::start(self, context, search).await?;
        while let Some(entries) = walk.next().await.map_err(base_is_missing)? {
            for entry in &entries {
                let display = map::display_name(entry, &self.settings.attributes, None);
                names.insert(key(&entry.dn), (map::id(entry, self.dialect())?, display.into()));
            }
        }
        walk.whole()?;
        Ok(names)
    }
}
