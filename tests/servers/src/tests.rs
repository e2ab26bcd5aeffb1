use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use super::*;
use crate::process::wait_for;

/// One request over a plain socket, the answer as text.
fn exchange(addr: SocketAddr, method: &str, path: &str, headers: &str, body: &str) -> String {
    let mut socket = TcpStream::connect(addr).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    );
    socket.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// `portico:portico-test`.
const BASIC: &str = "Authorization: Basic cG9ydGljbzpwb3J0aWNvLXRlc3Q=\r\n";

fn speaks_webdav(product: Product, base: &str) {
    let Some(running) = for_test(product) else { return };
    let send = |method: &str, path: &str, headers: &str, body: &str| {
        exchange(running.addr, method, &format!("{base}{path}"), headers, body)
    };
    assert!(send("GET", "/", "", "").starts_with("HTTP/1.1 401"));
    assert!(send("MKCOL", "/folder", BASIC, "").starts_with("HTTP/1.1 201"));
    assert!(send("PUT", "/folder/a%20b.txt", BASIC, "hello").starts_with("HTTP/1.1 201"));
    assert_eq!(std::fs::read_to_string(running.dir.join("folder/a b.txt")).unwrap(), "hello");
    let listing = send("PROPFIND", "/folder/", &format!("{BASIC}Depth: 1\r\n"), "");
    assert!(listing.starts_with("HTTP/1.1 207") && listing.contains("a%20b.txt"), "{listing}");
    let lock = r#"<?xml version="1.0"?><lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope>
        <locktype><write/></locktype></lockinfo>"#;
    assert!(send("LOCK", "/folder/a%20b.txt", BASIC, lock).starts_with("HTTP/1.1 200"));
    assert!(send("PUT", "/folder/a%20b.txt", BASIC, "other").starts_with("HTTP/1.1 423"));

    // A file that a test puts there can be changed over the wire once it is handed over.
    std::fs::write(running.dir.join("put-there.txt"), "old").unwrap();
    running.hand_over(&running.dir).unwrap();
    assert!(send("PUT", "/put-there.txt", BASIC, "new").starts_with("HTTP/1.1 204"));
    let (addr, keeper) = (running.addr, running.keeper());
    drop(running);
    assert!(TcpStream::connect(addr).is_err(), "it still listens");
    assert!(!std::path::Path::new(&format!("/proc/{keeper}")).exists());
}

#[test]
fn apache_speaks_webdav_and_serves_files() {
    speaks_webdav(Product::Apache, "/dav");
    let Some(running) = for_test(Product::Apache) else { return };
    std::fs::write(running.dir.join("x.txt"), "readable").unwrap();
    assert!(exchange(running.addr, "GET", "/static/x.txt", "", "").ends_with("readable"));
    assert!(exchange(running.addr, "PUT", "/static/x.txt", "", "no").starts_with("HTTP/1.1 405"));
}

#[test]
fn wsgidav_speaks_webdav() {
    speaks_webdav(Product::WsgiDav, "");
}

#[test]
fn rotel_writes_down_the_spans_it_gets() {
    let Some(running) = for_test(Product::Rotel) else { return };
    let span = r#"{"resourceSpans":[{"resource":{"attributes":[]},"scopeSpans":[{"scope":{"name":"t"},"spans":[
        {"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"a span of ours",
         "kind":2,"startTimeUnixNano":"1","endTimeUnixNano":"2"}]}]}]}"#;
    let answer = exchange(running.addr, "POST", "/v1/traces", "Content-Type: application/json\r\n", span);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let seen = || running.log_text().contains("a span of ours").then_some(());
    assert!(wait_for(Duration::from_secs(20), seen).is_some(), "{}", running.log_text());
}

#[test]
fn a_frozen_server_is_silent_and_goes_on_when_thawed() {
    let Some(running) = for_test(Product::Apache) else { return };
    std::fs::write(running.dir.join("x.txt"), "readable").unwrap();
    running.freeze().unwrap();
    let mut socket = TcpStream::connect(running.addr).unwrap();
    socket.write_all(b"GET /static/x.txt HTTP/1.0\r\n\r\n").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert!(socket.read(&mut [0; 64]).is_err(), "a frozen server answered");
    running.thaw().unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("readable"));
}

#[test]
fn a_reason_is_given_where_a_product_cannot_start() {
    let not_run = start_with(Product::Nginx, &Setup::default()).map(drop).unwrap_err();
    assert!(not_run.to_string().starts_with("nginx was not run: "), "{not_run}");
}

#[test]
#[ignore = "installs what only the bench needs"]
fn proxies_forward_and_files_are_served() {
    let apache = start(Product::Apache).unwrap();
    std::fs::write(apache.dir.join("x.txt"), "readable").unwrap();
    let to_apache = Setup { target: Some(apache.addr), core: Some(0), ..Setup::default() };
    for product in Product::FOR_BENCH {
        let proxy = start_with(product, &to_apache).unwrap();
        let answer = exchange(proxy.addr, "GET", "/static/x.txt", "", "");
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("readable"), "{product}: {answer}");
    }
    let files = Setup { files: Some(apache.dir.clone()), ..Setup::default() };
    let nginx = start_with(Product::Nginx, &files).unwrap();
    assert!(exchange(nginx.addr, "GET", "/x.txt", "", "").ends_with("readable"));
}

/// One `ldapsearch` as an account of the directory; everything it says.
fn ldapsearch(running: &Running, account: &str, how: &[&str], what: &[&str]) -> String {
    let directory = running.directory();
    let mut command = std::process::Command::new("ldapsearch");
    command.args(["-LLL", "-x", "-w", PASSWORD, "-D", account, "-b", directory.base]).args(how).args(what);
    let output = command.env("LDAPTLS_CACERT", &directory.ca).output().unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

#[test]
fn slapd_answers_in_the_clear_with_starttls_and_with_tls() {
    let Some(running) = for_test(Product::Slapd) else { return };
    let directory = running.directory().clone();
    let ways = [
        vec!["-H", &running.base_url],
        vec!["-ZZ", "-H", &running.base_url],
        vec!["-H", &directory.tls_url()],
    ]
    .map(|way| way.into_iter().map(str::to_owned).collect::<Vec<_>>());
    for way in ways {
        let way: Vec<&str> = way.iter().map(String::as_str).collect();
        let found = ldapsearch(&running, directory.account, &way, &["(uid=*)", "dn"]);
        assert_eq!(found.matches("dn:").count(), 12, "{way:?}: {found}");
    }
    let plain = ["-H", &*running.base_url];
    let commas =
        ldapsearch(&running, directory.account, &plain, &["(uid=sbrown)", "memberOf", "userPassword"]);
    assert!(commas.contains("cn=finance,ou=groups") && !commas.contains("userPassword"), "{commas}");
    let wrong = ldapsearch(&running, "cn=nobody,dc=council,dc=example", &plain, &["(uid=*)"]);
    assert!(wrong.contains("Invalid credentials (49)"), "{wrong}");

    let (keeper, home) = (running.keeper(), directory.ca.parent().unwrap().to_owned());
    let addresses = [running.addr, directory.tls_addr];
    drop(running);
    assert!(addresses.iter().all(|addr| TcpStream::connect(addr).is_err()), "it still listens");
    assert!(!std::path::Path::new(&format!("/proc/{keeper}")).exists() && !home.exists());
}

/// A person for each number, in LDIF.
fn crowd(size: usize) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "dn: ou=people,dc=council,dc=example\nobjectClass: organizationalUnit\nou: people\n")
        .unwrap();
    for number in 0..size {
        writeln!(
            file,
            "dn: uid=u{number},ou=people,dc=council,dc=example\nobjectClass: inetOrgPerson\nuid: u{number}\n\
             cn: u{number}\nsn: u{number}\nmemberOf: cn=some,\n dc=council,dc=example\n"
        )
        .unwrap();
    }
    file
}

#[test]
fn slapd_limits_searches_and_pages_as_recorded() {
    let people = crowd(1_000);
    let directory = Directory { ldif: Some(people.path().to_owned()), member_of: MemberOf::Unknown };
    let setup = Setup { directory, ..Setup::default() };
    let Some(running) = for_test_with(Product::Slapd, &setup) else { return };
    let directory = running.directory();
    let search = |account: &str, more: &[&str]| {
        let what: Vec<&str> = ["(uid=*)", "dn", "memberOf"].into_iter().chain(more.iter().copied()).collect();
        ldapsearch(&running, account, &["-H", &running.base_url], &what)
    };
    let cut = search(directory.account, &[]);
    assert!(cut.matches("dn:").count() == 500 && cut.contains("Size limit exceeded (4)"), "{cut}");
    let pages = search(directory.account, &["-E", "pr=100/noprompt"]);
    assert_eq!(pages.matches("dn:").count(), 1_000);
    let too_large = search(directory.account, &["-E", "pr=501/noprompt"]);
    assert!(too_large.contains("illegal pagedResults page size"), "{too_large}");
    assert_eq!(search(directory.unlimited, &[]).matches("dn:").count(), 1_000);
    assert!(!pages.contains("memberOf"), "a server without the overlay must not know it");
}

#[test]
fn slapd_comes_back_where_it_was_with_what_it_had() {
    let Some(mut running) = for_test(Product::Slapd) else { return };
    let (addr, directory) = (running.addr, running.directory().clone());
    let url = running.base_url.clone();
    let add = "dn: uid=new,ou=people,dc=council,dc=example\nobjectClass: inetOrgPerson\nuid: new\ncn: new\nsn: new\n";
    let mut child = std::process::Command::new("ldapadd")
        .args(["-x", "-w", PASSWORD, "-D", directory.admin, "-H", &url])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(add.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
    let here =
        |running: &Running| ldapsearch(running, directory.account, &["-H", &url], &["(uid=new)", "dn"]);
    assert!(here(&running).contains("uid=new"));

    running.stop();
    assert!(TcpStream::connect(addr).is_err(), "it still listens");
    running.start_again().unwrap();
    assert!(here(&running).contains("uid=new"));
    running.kill().unwrap();
    assert!(TcpStream::connect(addr).is_err(), "it still listens");
    running.start_again().unwrap();
    assert!(running.addr == addr && here(&running).contains("uid=new"));
}

#[test]
fn postgresql_comes_back_where_it_was_although_somebody_is_connected() {
    let Some(mut running) = for_test(Product::Postgres) else { return };
    let addr = running.addr;
    let ends: [fn(&mut crate::Running); 2] = [crate::Running::stop, |running| running.kill().unwrap()];
    for end in ends {
        let connected = TcpStream::connect(addr).unwrap();
        end(&mut running);
        assert!(TcpStream::connect(addr).is_err(), "it still listens: {}", running.log_text());
        drop(connected);
        running.start_again().unwrap();
        assert_eq!(running.addr, addr);
    }
}

#[test]
fn samba_answers_as_a_domain_controller_does() {
    let Some(mut running) = for_test(Product::Samba) else { return };
    let directory = running.directory().clone();
    let (plain, tls) = (running.base_url.clone(), directory.tls_url());
    let people = ["(&(objectClass=user)(company=Council))", "dn", "manager", "memberOf"];
    let search = |running: &Running, way: &[&str]| ldapsearch(running, directory.account, way, &people);
    let refused = search(&running, &["-H", &plain]);
    assert!(refused.contains("Strong(er) authentication required (8)"), "{refused}");
    for way in [vec!["-ZZ", "-H", &plain], vec!["-H", &tls]] {
        let found = search(&running, &way);
        assert_eq!(found.matches("dn:").count(), 12, "{way:?}: {found}");
        assert!(found.contains("memberOf: CN=Finance") && found.contains("refldap"), "{found}");
    }
    let wrong = ldapsearch(&running, "nobody@ad.council.example", &["-H", &tls], &["(cn=*)"]);
    assert!(wrong.contains("data 52e"), "{wrong}");
    for account in [directory.unlimited, directory.admin] {
        let found = ldapsearch(&running, account, &["-H", &tls], &people);
        assert_eq!(found.matches("dn:").count(), 12, "{account}: {found}");
    }

    // Another beside it, which must not see the first one's data; and back again after a crash.
    running.kill().unwrap();
    let other = start(Product::Samba).unwrap();
    assert_ne!(other.addr, running.addr);
    running.start_again().unwrap();
    assert_eq!(search(&running, &["-H", &tls]).matches("dn:").count(), 12);

    let (keeper, home, addr) = (running.keeper(), directory.ca.parent().unwrap().to_owned(), running.addr);
    drop(running);
    assert!(TcpStream::connect(addr).is_err(), "it still listens");
    assert!(!std::path::Path::new(&format!("/proc/{keeper}")).exists() && !home.exists());
}
