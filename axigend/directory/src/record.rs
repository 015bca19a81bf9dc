//! A domain in the list of domains: what is needed to find it, and its names once more, so that a disabled domain still
//! answers to all of them. What it is stands in its own objects.

use axigen_shared::Refusal;
use axigend_storage::Txn;

use crate::codec::{Reader, Writer, unreadable};
use crate::place::{Place, Role};
use crate::tables::DOMAIN;

/// Version byte of records.
const VERSION: u8 = 2;
/// Version byte of records whose storages are bare paths, which are still read.
const BARE_VERSION: u8 = 1;

/// In which state of its life a domain is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DomainState {
    /// Its storage is being made. Found at start: nobody was told that it exists; it is removed.
    Creating,
    Enabled,
    Disabled,
    /// Found at start: the deletion is finished. With a location when a copy is kept there.
    Deleting(Option<String>),
    /// It comes back from the copy at this location. Found at start: that is finished.
    Restoring(String),
}

/// One domain in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DomainRecord {
    pub(crate) id: u32,
    pub(crate) name: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) state: DomainState,
    /// Its directory.
    pub(crate) location: Place,
    pub(crate) objects: Place,
    /// In the order in which they were added: accounts that name none are in the first.
    pub(crate) messages: Vec<Place>,
    pub(crate) groupware: bool,
}

impl DomainRecord {
    /// All its storages.
    pub(crate) fn places(&self) -> impl Iterator<Item = (Role, &Place)> {
        let messages = self.messages.iter().map(|place| (Role::Messages, place));
        [
            (Role::Domain, &self.location),
            (Role::DomainObjects, &self.objects),
        ]
        .into_iter()
        .chain(messages)
    }

    /// The same, to change them.
    pub(crate) fn places_mut(&mut self) -> impl Iterator<Item = (Role, &mut Place)> {
        let messages = self.messages.iter_mut().map(|place| (Role::Messages, place));
        [
            (Role::Domain, &mut self.location),
            (Role::DomainObjects, &mut self.objects),
        ]
        .into_iter()
        .chain(messages)
    }

    pub(crate) fn encode(&self) -> Result<Vec<u8>, Refusal> {
        let mut out = Writer::default();
        out.u8(VERSION);
        let (state, kept) = match &self.state {
            DomainState::Creating => (0, ""),
            DomainState::Enabled => (1, ""),
            DomainState::Disabled => (2, ""),
            DomainState::Deleting(None) => (3, ""),
            DomainState::Deleting(Some(copy)) => (4, copy.as_str()),
            DomainState::Restoring(copy) => (5, copy.as_str()),
        };
        out.u8(state);
        out.text(kept)?;
        out.u8(u8::from(self.groupware));
        out.text(&self.name)?;
        out.texts(&self.aliases)?;
        self.location.encode(&mut out)?;
        self.objects.encode(&mut out)?;
        out.u64(self.messages.len() as u64);
        self.messages
            .iter()
            .try_for_each(|place| place.encode(&mut out))?;
        Ok(out.finish())
    }

    pub(crate) fn decode(key: &[u8], bytes: &[u8]) -> Result<Self, Refusal> {
        let id = u32::from_be_bytes(key.try_into().map_err(|_| unreadable())?);
        let mut from = Reader::new(bytes);
        let version = from.u8()?;
        if version != VERSION && version != BARE_VERSION {
            return Err(unreadable());
        }
        let state = from.u8()?;
        let kept = from.text()?;
        let state = match state {
            0 => DomainState::Creating,
            1 => DomainState::Enabled,
            2 => DomainState::Disabled,
            3 => DomainState::Deleting(None),
            4 => DomainState::Deleting(Some(kept)),
            5 => DomainState::Restoring(kept),
            _ => return Err(unreadable()),
        };
        let groupware = from.u8()? != 0;
        let (name, aliases) = (from.text()?, from.texts()?);
        let (location, objects, messages) = if version == BARE_VERSION {
            let (location, objects) = (Place::old(from.text()?), Place::old(from.text()?));
            (
                location,
                objects,
                from.texts()?.into_iter().map(Place::old).collect(),
            )
        } else {
            let (location, objects) = (Place::decode(&mut from)?, Place::decode(&mut from)?);
            let count = from.u64()?;
            let messages = (0..count).map(|_| Place::decode(&mut from));
            (location, objects, messages.collect::<Result<_, _>>()?)
        };
        Ok(Self {
            id,
            name,
            aliases,
            state,
            location,
            objects,
            messages,
            groupware,
        })
    }

    /// Writes the record.
    pub(crate) fn put(&self, txn: &mut Txn<'_>) -> Result<(), Refusal> {
        txn.put(DOMAIN, &self.id.to_be_bytes(), &self.encode()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axigen_shared::value::Location;

    fn record(state: DomainState) -> DomainRecord {
        let place = |text: &str| Place {
            usid: crate::place::Usid::new().unwrap(),
            location: Location::parse(text).unwrap(),
        };
        DomainRecord {
            id: 258,
            name: "example.org".into(),
            aliases: vec!["example.net".into()],
            state,
            location: place("domains/example.org"),
            objects: place("domains/example.org/objects"),
            messages: vec![
                place("domains/example.org/messages"),
                place("/srv/m?maxFiles=3&maxFileSize=64&readOnly=yes"),
            ],
            groupware: true,
        }
    }

    #[test]
    fn a_domain_record_reads_back() {
        for state in [
            DomainState::Creating,
            DomainState::Enabled,
            DomainState::Disabled,
            DomainState::Deleting(None),
            DomainState::Deleting(Some("domains/x.kept-1".into())),
            DomainState::Restoring("domains/x.kept-1".into()),
        ] {
            let record = record(state);
            let bytes = record.encode().unwrap();
            assert_eq!(DomainRecord::decode(&[0, 0, 1, 2], &bytes).unwrap(), record);
            for cut in 0..bytes.len() {
                assert!(DomainRecord::decode(&[0, 0, 1, 2], &bytes[..cut]).is_err());
            }
        }
    }

    #[test]
    fn a_record_of_bare_paths_is_read() {
        let mut out = Writer::default();
        out.u8(BARE_VERSION);
        out.u8(1);
        out.text("").unwrap();
        out.u8(1);
        out.text("x.test").unwrap();
        out.texts(&[]).unwrap();
        out.text("domains/x.test").unwrap();
        out.text("o").unwrap();
        out.texts(&["m".into()]).unwrap();
        let record = DomainRecord::decode(&[0, 0, 0, 7], &out.finish()).unwrap();
        assert_eq!((record.id, record.objects.path()), (7, "o"));
        assert_eq!(record.messages, [Place::old("m".into())]);
        assert!(!record.location.usid.is_known() && record.location.location.is_plain());
    }
}
