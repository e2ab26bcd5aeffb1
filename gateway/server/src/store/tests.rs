use super::*;

#[test]
fn what_a_person_found_survives_the_way_to_the_gateway() {
    let report = NativeId::new("report-7").unwrap();
    for finding in [Finding::Happened(None), Finding::Happened(Some(report)), Finding::DidNotHappen] {
        let sent = serde_json::to_string(&ByHand::new(&finding, "kim", "saw it")).unwrap();
        let taken: ByHand = serde_json::from_str(&sent).unwrap();
        assert_eq!(taken.finding(), Some(finding));
    }
    let both = ByHand { happened: false, result: Some("7".into()), by: "kim".into(), because: "x".into() };
    assert_eq!(both.finding(), None, "what did not happen made nothing");
}

#[test]
fn trust_roots_that_are_none_are_refused() {
    assert!(tls::client(None).is_ok());
    assert!(tls::client(Some("no certificate")).is_err());
    let empty = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";
    assert!(tls::client(Some(empty)).is_err());
}

#[test]
fn states_are_called_as_they_are_shown() {
    for state in IntentState::ALL {
        assert_eq!(super::state(state.as_str()), Ok(state));
    }
    assert!(super::state("done").is_err());
}
