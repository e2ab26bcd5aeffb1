//! Requests, as a codec reads them that is not ours.

use bytes::BytesMut;
use ldap3_proto::LdapCodec;
use ldap3_proto::proto::{LdapBindCred, LdapDerefAliases, LdapMsg, LdapOp, LdapSearchScope};
use tokio_util::codec::Decoder as _;

use super::*;
use crate::ldap::{AttributeName, Dn, Filter};

/// What a server takes out of a message.
pub(in crate::ldap) fn received(message: &[u8]) -> LdapMsg {
    let mut bytes = BytesMut::from(message);
    let read =
        LdapCodec::new(Some(1 << 20), None).decode(&mut bytes).expect("a message").expect("a whole message");
    assert!(bytes.is_empty(), "something came behind the message");
    read
}

#[test]
fn a_bind_is_read_by_another_codec() {
    let message = received(&Request::bind("cn=gateway,dc=example", "open sesame").message(i32::MAX));
    let LdapOp::BindRequest(bind) = message.op else { panic!("{message:?}") };
    assert_eq!((message.msgid, bind.dn.as_str()), (i32::MAX, "cn=gateway,dc=example"));
    assert_eq!(bind.cred, LdapBindCred::Simple("open sesame".to_owned()));
    assert!(matches!(received(&UNBIND).op, LdapOp::UnbindRequest));
}

#[test]
fn a_search_is_read_by_another_codec() {
    let uid = AttributeName::known("uid");
    let base = Dn::parse("ou=people,dc=example").expect("a name");
    let mut search = Search::new("people", base, Scope::One, Filter::equal(&uid, "Søren"));
    search.operational = true;
    for (attributes, listed) in [
        (vec![], vec!["*", "+"]),
        (vec![uid.clone()], vec!["uid", "+"]),
        (vec![AttributeName::known("member").from_position(1_500)], vec!["member;range=1500-*", "+"]),
        // A list whose length does not fit into one octet, nor into two.
        (vec![uid; 20_000], [vec!["uid"; 20_000], vec!["+"]].concat()),
    ] {
        search.attributes = attributes;
        let message = received(&Request::search(&search, 7).expect("a request").message(300));
        let LdapOp::SearchRequest(sent) = message.op else { panic!("{message:?}") };
        assert_eq!((message.msgid, message.ctrl.len()), (300, 0));
        assert_eq!((sent.base.as_str(), sent.scope), ("ou=people,dc=example", LdapSearchScope::OneLevel));
        assert_eq!((sent.sizelimit, sent.timelimit, sent.typesonly), (0, 7, false));
        assert_eq!(
            (sent.aliases, sent.attrs),
            (LdapDerefAliases::Never, listed.into_iter().map(str::to_owned).collect())
        );
    }
    (search.size_limit, search.time_limit) = (u32::MAX, Some(std::time::Duration::from_millis(1)));
    let LdapOp::SearchRequest(sent) =
        received(&Request::search(&search, 7).expect("a request").message(1)).op
    else {
        panic!("another request")
    };
    assert_eq!((sent.sizelimit, sent.timelimit), (i32::MAX, 1));
}
