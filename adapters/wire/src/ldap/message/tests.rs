//! Messages as a codec writes them that is not ours, and as real servers sent them.

use bytes::BytesMut;
use ldap3_proto::LdapCodec;
use ldap3_proto::proto::{
    LdapMsg, LdapOp, LdapPartialAttribute, LdapResult, LdapResultCode, LdapSearchResultEntry,
    LdapSearchResultReference,
};
use proptest::prelude::*;
use tokio_util::codec::Encoder as _;

use super::*;
use crate::ldap::Dn;

/// These controls, as they stand in a message.
pub(in crate::ldap) fn controls_of(controls: &[u8]) -> Controls<'_> {
    assert!(are_controls(controls), "no controls");
    Controls(controls)
}

fn sent(id: i32, op: LdapOp) -> Vec<u8> {
    let mut bytes = BytesMut::new();
    LdapCodec::default().encode(LdapMsg { msgid: id, op, ctrl: Vec::new() }, &mut bytes).expect("a message");
    bytes.to_vec()
}

type Attributes = Vec<(String, Vec<Vec<u8>>)>;

fn entry(dn: &str, attributes: &Attributes) -> LdapOp {
    let attributes = attributes
        .iter()
        .map(|(name, values)| LdapPartialAttribute { atype: name.clone(), vals: values.clone() });
    LdapOp::SearchResultEntry(LdapSearchResultEntry { dn: dn.to_owned(), attributes: attributes.collect() })
}

fn attributes() -> impl Strategy<Value = Attributes> {
    let value = prop_oneof![
        8 => prop::collection::vec(any::<u8>(), 0..40),
        // Lengths of two and of three octets.
        1 => prop::collection::vec(any::<u8>(), 120..300),
        1 => Just(vec![7; 70_000]),
    ];
    prop::collection::btree_map("[a-z]{1,12}(;binary|;lang-de)?", prop::collection::vec(value, 0..5), 0..12)
        .prop_map(|all| all.into_iter().collect())
}

proptest! {
    #[test]
    fn entries_of_another_codec_are_read_whole(id in 1..i32::MAX, name in "[a-zA-Zäß ]{1,30}", attributes in attributes()) {
        let dn = Dn::parse("ou=people,dc=example").and_then(|base| base.child(&crate::ldap::AttributeName::known("cn"), &name));
        let dn = dn.expect("a name");
        let frame = sent(id, entry(dn.as_str(), &attributes));
        let message = Message::read(&frame).expect("a message");
        let Answer::Entry(read) = message.answer else { panic!("another answer") };
        prop_assert_eq!((message.id, &read.dn), (id, &dn));
        for (name, values) in &attributes {
            // An attribute with the option `binary` answers for the one without it too.
            let whole = read.octets(name).map(<[u8]>::to_vec).collect::<Vec<_>>();
            prop_assert_eq!(&whole, values, "{}", name);
        }
        prop_assert_eq!(read.octets("nothing").count(), 0);
        // Nothing that is cut off is taken for a message.
        for cut in [1, frame.len() / 2, frame.len() - 1] {
            prop_assert!(Message::read(&frame[..cut]).is_none());
        }
    }

    #[test]
    fn results_of_another_codec_are_read(id in 1..i32::MAX, text in "\\PC{0,200}", uris in prop::collection::vec("[a-z:/]{0,40}", 1..4)) {
        let result = |code| LdapResult { code, matcheddn: String::new(), message: text.clone(), referral: Vec::new() };
        for (code, number) in [(LdapResultCode::Success, 0), (LdapResultCode::SizeLimitExceeded, 4), (LdapResultCode::EsyncRefreshRequired, 4096)] {
            let frame = sent(id, LdapOp::SearchResultDone(result(code)));
            let Some(Message { answer: Answer::Done(outcome), .. }) = Message::read(&frame) else { panic!("no result") };
            prop_assert_eq!(outcome, Outcome { code: number, text: &text });
        }
        let frame = sent(id, LdapOp::SearchResultReference(LdapSearchResultReference { uris: uris.clone() }));
        let Some(Message { answer: Answer::Reference(read), .. }) = Message::read(&frame) else { panic!("no reference") };
        prop_assert_eq!(read, uris);
    }

    #[test]
    fn an_entry_that_was_damaged_is_read_or_refused(attributes in attributes(), damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let mut frame = sent(1, entry("cn=x", &attributes));
        for (at, octet) in damage {
            let at = at.index(frame.len().min(2_000));
            frame[at] = octet;
        }
        if let Some(Message { answer: Answer::Entry(read), .. }) = Message::read(&frame) {
            // Whatever it says now, it holds no more than came.
            let held: usize = attributes.iter().flat_map(|(name, _)| read.octets(name)).map(<[u8]>::len).sum();
            prop_assert!(held <= frame.len() * attributes.len());
        }
    }
}
