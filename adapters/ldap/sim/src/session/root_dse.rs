//! What a server says about itself (RFC 4512, section 5.1), as recorded.

use jiff::Timestamp;

use crate::Dialect;
use crate::directory::Directory;
use crate::seed::active_directory::domain;
use crate::time;

/// Attributes of the root DSE in the recorded order. OpenLDAP's are operational but for the class.
pub(super) fn attributes(directory: &Directory) -> Vec<(&'static str, Vec<String>)> {
    match directory.dialect {
        Dialect::OpenLdap => openldap(&directory.base),
        Dialect::ActiveDirectory => active_directory(directory),
    }
}

fn list(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

fn openldap(base: &str) -> Vec<(&'static str, Vec<String>)> {
    vec![
        ("objectClass", list(&["top", "OpenLDAProotDSE"])),
        ("structuralObjectClass", list(&["OpenLDAProotDSE"])),
        ("configContext", list(&["cn=config"])),
        ("namingContexts", list(&[base])),
        ("monitorContext", list(&["cn=Monitor"])),
        ("supportedControl", list(&OPENLDAP_CONTROLS)),
        ("supportedExtension", list(&OPENLDAP_EXTENSIONS)),
        ("supportedFeatures", list(&OPENLDAP_FEATURES)),
        ("supportedLDAPVersion", list(&["3"])),
        ("supportedSASLMechanisms", list(&OPENLDAP_MECHANISMS)),
        ("entryDN", list(&[""])),
        ("subschemaSubentry", list(&["cn=Subschema"])),
    ]
}

const OPENLDAP_CONTROLS: [&str; 12] = [
    "2.16.840.1.113730.3.4.9",
    "1.2.840.113556.1.4.473",
    "1.3.6.1.4.1.4203.1.9.1.1",
    "2.16.840.1.113730.3.4.18",
    "2.16.840.1.113730.3.4.2",
    "1.3.6.1.4.1.4203.1.10.1",
    "1.3.6.1.1.22",
    "1.2.840.113556.1.4.319",
    "1.2.826.0.1.3344810.2.3",
    "1.3.6.1.1.13.2",
    "1.3.6.1.1.13.1",
    "1.3.6.1.1.12",
];
const OPENLDAP_EXTENSIONS: [&str; 6] = [
    "1.3.6.1.4.1.1466.20037",
    "1.3.6.1.4.1.4203.1.11.1",
    "1.3.6.1.4.1.4203.1.11.3",
    "1.3.6.1.1.8",
    "1.3.6.1.1.21.3",
    "1.3.6.1.1.21.1",
];
const OPENLDAP_FEATURES: [&str; 6] = [
    "1.3.6.1.1.14",
    "1.3.6.1.4.1.4203.1.5.1",
    "1.3.6.1.4.1.4203.1.5.2",
    "1.3.6.1.4.1.4203.1.5.3",
    "1.3.6.1.4.1.4203.1.5.4",
    "1.3.6.1.4.1.4203.1.5.5",
];
const OPENLDAP_MECHANISMS: [&str; 8] = [
    "SCRAM-SHA-512",
    "SCRAM-SHA-384",
    "SCRAM-SHA-256",
    "SCRAM-SHA-224",
    "SCRAM-SHA-1",
    "DIGEST-MD5",
    "CRAM-MD5",
    "NTLM",
];

fn active_directory(directory: &Directory) -> Vec<(&'static str, Vec<String>)> {
    let base = &directory.base;
    let configuration = format!("CN=Configuration,{base}");
    let schema = format!("CN=Schema,{configuration}");
    let server = format!("CN=DC1,CN=Servers,CN=Default-First-Site-Name,CN=Sites,{configuration}");
    let domain = domain(base);
    vec![
        ("configurationNamingContext", list(&[&configuration])),
        ("defaultNamingContext", list(&[base])),
        ("rootDomainNamingContext", list(&[base])),
        ("schemaNamingContext", list(&[&schema])),
        ("subschemaSubentry", vec![format!("CN=Aggregate,{schema}")]),
        ("supportedCapabilities", list(&AD_CAPABILITIES)),
        ("supportedLDAPVersion", list(&["2", "3"])),
        ("vendorName", list(&["Samba Team (https://www.samba.org)"])),
        ("isSynchronized", list(&["TRUE"])),
        ("dsServiceName", vec![format!("CN=NTDS Settings,{server}")]),
        ("serverName", vec![server]),
        ("dnsHostName", vec![format!("dc1.{domain}")]),
        ("ldapServiceName", vec![format!("{domain}:dc1$@{}", domain.to_uppercase())]),
        ("currentTime", vec![time::generalized_ad(Timestamp::now())]),
        ("supportedControl", list(&AD_CONTROLS)),
        ("namingContexts", list(&[base, &configuration, &schema])),
        ("supportedSASLMechanisms", list(&["GSS-SPNEGO", "GSSAPI", "NTLM"])),
        ("highestCommittedUSN", vec![directory.usn().to_string()]),
        ("domainFunctionality", list(&["4"])),
        ("forestFunctionality", list(&["4"])),
        ("domainControllerFunctionality", list(&["4"])),
        ("isGlobalCatalogReady", list(&["TRUE"])),
    ]
}

const AD_CAPABILITIES: [&str; 5] = [
    "1.2.840.113556.1.4.800",
    "1.2.840.113556.1.4.1670",
    "1.2.840.113556.1.4.1791",
    "1.2.840.113556.1.4.1935",
    "1.2.840.113556.1.4.2080",
];
/// Samba names some of them more than once.
const AD_CONTROLS: [&str; 21] = [
    "1.2.840.113556.1.4.1413",
    "1.2.840.113556.1.4.1413",
    "1.2.840.113556.1.4.1413",
    "1.2.840.113556.1.4.528",
    "1.2.840.113556.1.4.841",
    "1.2.840.113556.1.4.319",
    "2.16.840.1.113730.3.4.9",
    "1.2.840.113556.1.4.473",
    "1.2.840.113556.1.4.1504",
    "1.2.840.113556.1.4.801",
    "1.2.840.113556.1.4.801",
    "1.2.840.113556.1.4.801",
    "1.2.840.113556.1.4.805",
    "1.2.840.113556.1.4.1338",
    "1.2.840.113556.1.4.529",
    "1.2.840.113556.1.4.417",
    "1.2.840.113556.1.4.2064",
    "1.2.840.113556.1.4.1339",
    "1.2.840.113556.1.4.1340",
    "1.2.840.113556.1.4.1413",
    "1.2.840.113556.1.4.1341",
];
