use super::*;

fn pair(folder: &std::path::Path, name: &str, not_after: (i32, u8, u8)) -> (PathBuf, PathBuf) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.not_after = rcgen::date_time_ymd(not_after.0, not_after.1, not_after.2);
    let certificate = params.self_signed(&key).unwrap();
    let (certificate_file, key_file) =
        (folder.join(format!("{name}.pem")), folder.join(format!("{name}-key.pem")));
    std::fs::write(&certificate_file, certificate.pem()).unwrap();
    std::fs::write(&key_file, key.serialize_pem()).unwrap();
    (certificate_file, key_file)
}

#[test]
fn the_expiry_is_read_in_both_notations() {
    let folder = tempfile::tempdir().unwrap();
    for (date, expected) in [
        ((2031, 5, 17), "2031-05-17T00:00:00Z"),
        ((2049, 12, 31), "2049-12-31T00:00:00Z"),
        ((2050, 1, 1), "2050-01-01T00:00:00Z"),
        ((4096, 1, 1), "4096-01-01T00:00:00Z"),
        ((1999, 2, 28), "1999-02-28T00:00:00Z"),
    ] {
        let (certificate, key) = pair(folder.path(), "a", date);
        let tls = Tls::load(certificate, key).unwrap();
        assert_eq!(tls.expires().to_string(), expected);
    }
    let (certificate, key) = pair(folder.path(), "b", (2031, 5, 17));
    let tls = Tls::load(certificate, key).unwrap();
    for (now, days) in
        [("2031-05-14T00:00:00Z", 3), ("2031-05-16T23:59:00Z", 0), ("2031-05-17T00:01:00Z", -1)]
    {
        assert_eq!(tls.days_left(now.parse().unwrap()), days, "{now}");
    }
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (a, a_key) = pair(folder.path(), "a", (2031, 5, 17));
    let (b, b_key) = pair(folder.path(), "b", (2031, 5, 17));
    let fault = |certificate: &PathBuf, key: &PathBuf| Tls::load(certificate, key).unwrap_err().to_string();
    assert!(fault(&a, &b_key).contains("does not go with"), "{}", fault(&a, &b_key));
    assert!(fault(&b, &b).contains("b.pem cannot be read"), "{}", fault(&b, &b));
    assert!(fault(&a_key, &a_key).contains("no certificate"), "{}", fault(&a_key, &a_key));
    let missing = folder.path().join("missing.pem");
    assert!(fault(&missing, &a_key).contains("missing.pem"));
    let private = std::fs::read_to_string(&a_key).unwrap();
    let tls = Tls::load(&a, &a_key).unwrap();
    assert!(!format!("{tls:?}").contains(private.lines().nth(1).unwrap()));
}

#[test]
fn what_is_not_a_certificate_has_no_expiry() {
    let folder = tempfile::tempdir().unwrap();
    let (file, _) = pair(folder.path(), "a", (2031, 5, 17));
    let der = CertificateDer::pem_file_iter(file).unwrap().next().unwrap().unwrap();
    assert!(not_after(&der).is_some());
    // Cut anywhere in its first half it must neither panic nor give a date.
    for end in 0..100 {
        assert_eq!(not_after(&der[..end]), None, "cut at {end}");
    }
    assert_eq!(not_after(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
    assert_eq!(not_after(&[0x30; 64]), None);
}
