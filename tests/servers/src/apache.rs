//! Apache httpd with mod_dav, with a configuration of our own.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

use crate::process::{Spec, free_addr, own};
use crate::{USERNAME, install};

/// `{SHA}` of [`crate::PASSWORD`], as httpd's AuthUserFile takes it.
const PASSWORD_HASH: &str = "{SHA}wEGd1N270nRva4ln/bRVk57FHco=";

/// Where Debian has the modules; other systems set it in `PORTICO_APACHE_MODULES`.
const MODULES: &str = "/usr/lib/apache2/modules";

/// One line per type the tests care about; the machine's own list may be missing.
const TYPES: &str = "text/plain txt\ntext/html html\ntext/xml xml\napplication/pdf pdf\nimage/png png\n\
    application/vnd.openxmlformats-officedocument.wordprocessingml.document docx\n";

pub(crate) fn spec(home: &Path) -> anyhow::Result<Spec> {
    let addr = free_addr()?;
    let program = install::program("apache2").context("there is no apache2")?;
    let modules = std::env::var("PORTICO_APACHE_MODULES").unwrap_or_else(|_| MODULES.to_owned());
    // httpd refuses to serve as root.
    let owner = install::is_root().then(|| install::user("www-data").context("there is no user www-data"));
    let owner = owner.transpose()?;
    let (data, locks) = (home.join("data"), home.join("locks"));
    for folder in [&data, &locks] {
        fs::create_dir(folder)?;
        own(folder, owner)?;
    }
    fs::write(home.join("users"), format!("{USERNAME}:{PASSWORD_HASH}\n"))?;
    fs::write(home.join("mime.types"), TYPES)?;
    let user = if owner.is_some() { "User www-data\nGroup www-data\n" } else { "" };
    let file = home.join("httpd.conf");
    fs::write(&file, config(&home.to_string_lossy(), addr.port(), &modules, user))?;
    let command =
        [&*program.to_string_lossy(), "-f", &file.to_string_lossy(), "-DFOREGROUND"].map(str::to_owned);
    Ok(Spec { base_path: "/dav", data: Some(data), owner, ..Spec::new(command.to_vec(), addr) })
}

fn config(home: &str, port: u16, modules: &str, user: &str) -> String {
    let load: String = [
        ("mpm_event", "mpm_event"),
        ("authn_core", "authn_core"),
        ("authn_file", "authn_file"),
        ("authz_core", "authz_core"),
        ("authz_user", "authz_user"),
        ("auth_basic", "auth_basic"),
        ("alias", "alias"),
        ("mime", "mime"),
        ("dir", "dir"),
        ("dav", "dav"),
        ("dav_fs", "dav_fs"),
    ]
    .map(|(module, file)| format!("LoadModule {module}_module {modules}/mod_{file}.so\n"))
    .concat();
    format!(
        "{load}{user}\
ServerRoot {home}
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile {home}/httpd.pid
ErrorLog {home}/server.log
LogLevel warn
TypesConfig {home}/mime.types
DocumentRoot {home}/data
DavLockDB {home}/locks/DavLock
KeepAliveTimeout 5
MaxKeepAliveRequests 0
StartServers 1
ServerLimit 2
ThreadsPerChild 64
MaxRequestWorkers 128
<Directory />
    AllowOverride None
    Options None
    Require all denied
</Directory>
Alias /dav {home}/data
Alias /static {home}/data
<Location /dav>
    Dav On
    AuthType Basic
    AuthName portico
    AuthBasicProvider file
    AuthUserFile {home}/users
    Require valid-user
</Location>
<Location /static>
    Require all granted
</Location>
"
    )
}
