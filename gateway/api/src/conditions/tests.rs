use portico_compose::seal::{CURSOR_KEY_LEN, ID_KEY_LEN};

use super::*;

fn seals() -> Seals {
    Seals::new([1; ID_KEY_LEN], [2; CURSOR_KEY_LEN])
}

fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
}

fn condition(pairs: &[(HeaderName, &str)]) -> Result<WriteCondition, ErrorKind> {
    write_condition(&headers(pairs), &seals()).map_err(|e| e.kind())
}

#[test]
fn if_match_compares_the_version_whatever_the_shape() {
    let version = SourceVersion("5-660dcd449b56a".into());
    for shape in ["", "name,id", "owner"] {
        let quoted = format!("\"{}\"", tag(&seals(), &version, shape));
        let known = condition(&[(header::IF_MATCH, &quoted)]);
        assert_eq!(known, Ok(WriteCondition::Known(Precondition::Version(version.clone()))));
    }
    assert_ne!(tag(&seals(), &version, "a"), tag(&seals(), &version, "b"));
}

#[test]
fn writes_need_exactly_one_kind_of_precondition() {
    use WriteCondition::Known;
    assert_eq!(condition(&[]), Err(ErrorKind::PreconditionRequired));
    assert_eq!(condition(&[(header::IF_NONE_MATCH, "*")]), Ok(Known(Precondition::Absent)));
    assert_eq!(condition(&[(header::IF_MATCH, "*")]), Ok(Known(Precondition::Exists)));
    assert_eq!(
        condition(&[(header::IF_MATCH, "*"), (header::IF_NONE_MATCH, "*")]),
        Err(ErrorKind::InvalidInput)
    );
    assert_eq!(condition(&[(header::IF_NONE_MATCH, "\"x\"")]), Err(ErrorKind::InvalidInput));
}

#[test]
fn weak_and_foreign_tags_match_nothing() {
    let good = tag(&seals(), &SourceVersion("v".into()), "");
    for text in ["\"made-up\"".to_owned(), format!("W/\"{good}\"")] {
        assert_eq!(condition(&[(header::IF_MATCH, &text)]), Err(ErrorKind::PreconditionFailed), "{text}");
    }
}

#[test]
fn malformed_tags_are_faults() {
    for text in ["", "abc", "\"a", "\"a\" \"b\"", ",", "*, \"a\""] {
        assert_eq!(condition(&[(header::IF_MATCH, text)]), Err(ErrorKind::InvalidInput), "{text:?}");
    }
}

#[test]
fn a_tag_of_another_shape_is_not_held() {
    let version = SourceVersion("v".into());
    let listed = |shape: &str| Tags::Listed(vec![(true, tag(&seals(), &version, shape))]);
    assert_eq!(held(&seals(), Some(&listed("content")), "content"), Some(version.clone()));
    assert_eq!(held(&seals(), Some(&listed("")), "content"), None);
    assert_eq!(held(&seals(), Some(&Tags::Any), "content"), None);
}

#[test]
fn reads_compare_weakly() {
    let listed = Tags::Listed(vec![(true, "a".into()), (false, "b".into())]);
    assert!(holds(Some(&listed), "a"));
    assert!(holds(Some(&listed), "b"));
    assert!(!holds(Some(&listed), "c"));
    assert!(holds(Some(&Tags::Any), "c"));
    assert!(!holds(None, "c"));
}

#[test]
fn ranges_are_read_or_ignored() {
    let read = |text: &str| range(&headers(&[(header::RANGE, text)]));
    assert_eq!(read("bytes=0-2"), Some(ByteRange::FromTo { first: 0, last: Some(2) }));
    assert_eq!(read("bytes=7-"), Some(ByteRange::FromTo { first: 7, last: None }));
    assert_eq!(read("Bytes=-5"), Some(ByteRange::Suffix { length: 5 }));
    for ignored in ["bytes=2-1", "bytes=0-1,3-4", "lines=1-2", "bytes=+1-2", "bytes=", "bytes=-", "bytes=a-b"]
    {
        assert_eq!(read(ignored), None, "{ignored}");
    }
}
