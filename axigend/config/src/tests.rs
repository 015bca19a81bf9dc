//! Tests of the room, on files in temporary directories.

use crate::settings::Settings;
use crate::{RunningConfig, ServiceName, Severity};
use axigen_shared::schema::{Action, Change, Object, Step, context};
use axigen_shared::value::Value;
use axigen_shared::{Cause, Refusal};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

fn set(part: &'static str, name: &'static str, value: Value) -> Change {
    Change {
        at: vec![Step::Part(part)],
        action: Action::Set(name, value),
    }
}

fn load(directory: &Path, text: &str) -> Result<RunningConfig, Vec<String>> {
    let path = directory.join("axigen.cfg");
    fs::write(&path, text).unwrap();
    RunningConfig::load(&path)
        .map(|(config, _)| config)
        .map_err(|all| all.iter().map(ToString::to_string).collect())
}

#[test]
fn every_view_is_built_from_the_defaults() {
    let settings = Settings::try_from(&Object::new(context("SERVER").unwrap())).unwrap();
    assert!(settings.server.services.contains(&ServiceName::Imap));
    assert!(!settings.server.services.contains(&ServiceName::Webmail));
    assert_eq!(settings.imap.connection.listeners.len(), 4);
    assert_eq!(
        settings.imap.connection.listeners[0].idle_timeout,
        Duration::from_mins(30)
    );
    assert_eq!(settings.imap.connection.listeners[0].peer_max_connections, 50);
    assert_eq!(
        settings.pop3.connection.listeners[2].idle_timeout,
        Duration::from_mins(10)
    );
    assert!(settings.pop3.connection.listeners[2].ssl_enable);
    assert_eq!(
        settings.imap.connection.listeners[0].ssl.cert_file,
        "axigen_cert.pem"
    );
    assert_eq!(settings.smtp_incoming.connection.listeners.len(), 6);
    assert_eq!(settings.smtp_incoming.max_received_headers, 30);
    assert_eq!(
        (
            settings.imap.connection.min_conn_threads,
            settings.imap.connection.max_conn_threads
        ),
        (4, 64)
    );
    assert!(
        settings.imap.login.secure_conn_auth_types.plain && !settings.imap.login.plain_conn_auth_types.plain
    );
    assert!(!settings.imap.login.plain_conn_allow_login);
    assert_eq!(settings.cli.max_auth_commands, 20);
    assert_eq!(settings.processing.max_retry_count, 20);
    assert_eq!(settings.processing.queue_path, "queue");
    assert_eq!(settings.log.rules.len(), 1);
    assert_eq!(
        (
            settings.log.rules[0].file_name.as_str(),
            settings.log.rules[0].module.as_str()
        ),
        ("everything.txt", "*")
    );
}

#[test]
fn every_service_has_a_name_and_a_context() {
    for (path, service) in [
        ("SERVER/SMTP-INCOMING", ServiceName::SmtpIncoming),
        ("SERVER/FTP-BACKUP", ServiceName::FtpBackup),
        ("SERVER/IMAP-Proxy", ServiceName::ImapProxy),
        ("SERVER/LOG", ServiceName::Log),
    ] {
        assert_eq!(ServiceName::of_context(path), Some(service));
    }
    assert_eq!(ServiceName::of_context("SERVER/DNR"), None);
    let all = Object::new(context("SERVER").unwrap())
        .context
        .attr("services")
        .unwrap()
        .kind
        .words();
    assert!(
        ServiceName::ALL
            .iter()
            .all(|service| all.contains(&service.name()))
            && all.len() == 15
    );
}

#[test]
fn a_file_that_does_not_exist_means_defaults() {
    let directory = tempfile::tempdir().unwrap();
    let (config, said) = RunningConfig::load(&directory.path().join("axigen.cfg")).unwrap();
    assert!(said.is_empty() && !config.unsaved());
    assert!(config.object().is_empty());
    assert!(config.render().starts_with("server = {\n    primaryDomain = "));
}

#[test]
fn all_mistakes_of_a_file_are_listed() {
    let directory = tempfile::tempdir().unwrap();
    let mistakes = load(
        directory.path(),
        "server = {\n  imap = { maxErrors = x }\n  pop3 = { logLevel = 32 }\n}\n",
    )
    .unwrap_err();
    let file = directory.path().join("axigen.cfg");
    assert_eq!(
        mistakes,
        [
            format!(
                "{}:2:24: error: maxErrors: 'x' is not a number from 0 to 4294967295",
                file.display()
            ),
            format!(
                "{}:3:23: error: logLevel: '32' is not a number from 0 to 31",
                file.display()
            ),
        ]
    );
    let contrary = load(
        directory.path(),
        "server = { imap = { minConnThreads = 9 maxConnThreads = 3 } }",
    )
    .unwrap_err();
    let place = format!("{}:1:21: error: minConnThreads: ", file.display());
    assert_eq!(
        contrary,
        [place + "imap: minConnThreads (9) must not be above maxConnThreads (3)"]
    );
    let one = load(
        directory.path(),
        "serverName = a\npop3 = {\n  minConnThreads = 900\n}\nimap = { maxConnThreads = 1 }\nprocessing = { schedInterval = 50000 }\n",
    )
    .unwrap_err();
    assert!(
        one[0].contains(":3:3: error: minConnThreads: pop3: ")
            && one[1].contains(":5:10: error: minConnThreads: imap: ")
            && one[2].contains(":6:16: error: schedInterval: processing: schedInterval (50000) must not be above maxSchedInterval (28800)"),
        "{one:?}"
    );
    fs::write(&file, [0xff, 0xfe]).unwrap();
    assert_eq!(
        RunningConfig::load(&file).unwrap_err()[0].severity,
        Severity::Error
    );
}

#[test]
fn the_frame_may_be_left_out() {
    let directory = tempfile::tempdir().unwrap();
    for text in [
        "serverName = mail.example.com",
        "server = { serverName = mail.example.com }",
        "SERVER={serverName=mail.example.com}",
    ] {
        let config = load(directory.path(), text).unwrap();
        assert_eq!(config.settings().server.server_name, "mail.example.com", "{text}");
    }
    for text in ["", "# nothing\n", "server = { }"] {
        assert!(
            load(directory.path(), text).unwrap().object().is_empty(),
            "{text}"
        );
    }
}

#[test]
fn a_change_is_live_when_accepted_and_lasts_when_saved() {
    let directory = tempfile::tempdir().unwrap();
    let config = load(
        directory.path(),
        "server = { later = { a = 1 } pop3 = { maxErrors = 7 } }",
    )
    .unwrap();
    let mut changed = config.changed();
    let proposal = config
        .propose(&[set("imap", "maxErrors", Value::Number(3))])
        .unwrap();
    assert_eq!(proposal.settings.imap.max_errors, 3);
    assert_eq!(config.settings().imap.max_errors, 20, "a proposal is not live");
    config.accept(proposal).unwrap();
    assert!(changed.has_changed().unwrap());
    changed.mark_unchanged();
    assert_eq!(config.settings().imap.max_errors, 3);
    assert!(config.unsaved());
    let saved = config.save(None).unwrap();
    assert!(!config.unsaved() && !changed.has_changed().unwrap());
    assert_eq!(fs::metadata(&saved).unwrap().permissions().mode() & 0o777, 0o640);
    let text = "server = {\n    pop3 = {\n        maxErrors = 7\n    }\n    imap = {\n        maxErrors = 3\n    }\n    later = { a = 1 }\n}\n";
    assert_eq!(fs::read_to_string(&saved).unwrap(), text);
    let backup = fs::read_to_string(directory.path().join("axigen.cfg.bak")).unwrap();
    assert!(backup.starts_with("server = { later"));
    let (again, _) = RunningConfig::load(&saved).unwrap();
    assert_eq!(again.object(), config.object());
    assert_eq!(
        fs::read_dir(directory.path()).unwrap().count(),
        2,
        "no temporary file is left"
    );
}

#[test]
fn of_two_administrators_nothing_is_lost() {
    let directory = tempfile::tempdir().unwrap();
    let config = load(directory.path(), "").unwrap();
    let one = config
        .propose(&[set("imap", "maxErrors", Value::Number(1))])
        .unwrap();
    let other = config
        .propose(&[set("imap", "maxAuthErrors", Value::Number(2))])
        .unwrap();
    config.accept(one).unwrap();
    config.accept(other).unwrap();
    let imap = &config.settings().imap;
    assert_eq!((imap.max_errors, imap.max_auth_errors), (1, 2));
    let low = config
        .propose(&[set("imap", "maxConnThreads", Value::Number(5))])
        .unwrap();
    let high = config
        .propose(&[set("imap", "minConnThreads", Value::Number(9))])
        .unwrap();
    config.accept(low).unwrap();
    assert_eq!(config.accept(high).unwrap_err().cause, Cause::Invalid);
    assert_eq!(config.settings().imap.connection.max_conn_threads, 5);
}

#[test]
fn a_broken_file_never_replaces_what_runs() {
    let directory = tempfile::tempdir().unwrap();
    let config = load(directory.path(), "server = { imap = { maxErrors = 4 } }").unwrap();
    fs::write(config.path(), "server = { imap = { maxErrors = -4 } }").unwrap();
    assert_eq!(config.reload().unwrap_err().len(), 1);
    assert_eq!(config.settings().imap.max_errors, 4);
    fs::write(config.path(), "server = { imap = { maxErrors = 5 } }").unwrap();
    assert!(config.reload().unwrap().is_empty());
    assert_eq!(config.settings().imap.max_errors, 5);
}

#[test]
fn saving_elsewhere_stays_below_the_working_directory() {
    let directory = tempfile::tempdir().unwrap();
    let workdir = directory.path();
    let config = load(workdir, "").unwrap();
    let inside = config.save_as(workdir, "copy.cfg").unwrap();
    assert_eq!(inside, workdir.join("copy.cfg.saved"));
    fs::create_dir(workdir.join("run")).unwrap();
    for path in ["/var/opt/axigen/run/x", &format!("{}/run/x", workdir.display())] {
        assert_eq!(
            config.save_as(workdir, path).unwrap(),
            workdir.join("run/x.saved"),
            "{path}"
        );
    }
    let elsewhere = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), workdir.join("out")).unwrap();
    for path in [
        "/etc/x",
        "../x",
        "run/../../x",
        "",
        "out/x",
        "missing/x",
        "/var/opt/axigen/../x",
    ] {
        assert_eq!(
            config.save_as(workdir, path).unwrap_err().cause,
            Cause::NotPermitted,
            "{path}"
        );
    }
    assert!(!config.unsaved());
}

#[test]
fn a_file_of_an_installed_axigen_is_understood() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("axigen.cfg");
    fs::write(&path, include_str!("tests/axigen.cfg")).unwrap();
    let (config, said) = RunningConfig::load(&path).unwrap();
    let unknown: Vec<String> = said.iter().filter_map(|one| one.attribute.clone()).collect();
    assert_eq!(unknown, ["socketFilters", "serverActiveFilters"]);
    let settings = config.settings();
    assert_eq!(settings.server.server_name, "mail.example.com");
    assert!(settings.server.services.contains(&ServiceName::Webadmin));
    let listener = &settings.smtp_incoming.connection.listeners[0];
    assert_eq!(
        (
            settings.smtp_incoming.connection.listeners.len(),
            listener.max_connections
        ),
        (1, 500)
    );
    assert_eq!(listener.ssl.cert_file, "/var/opt/axigen/axigen_cert.pem");
    assert_eq!(
        settings.imap.connection.listeners.len(),
        4,
        "what the file does not name is as it ships"
    );
    assert_eq!(settings.processing.proc_queue_size, 1000);
    // What is not known yet is written back as it was.
    config.save(None).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert!(
        text.contains("{ filterName = \"clam\" filterType = socket priority = 10 applyOn = (local relay) }")
    );
    assert!(text.contains("allowedVersions = (tls1_2 tls1_3)"));
    let (again, said) = RunningConfig::load(&path).unwrap();
    assert_eq!((again.object(), said.len()), (config.object(), 2));
}

#[test]
fn versions_that_are_left_out_are_said() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("axigen.cfg");
    let text = "imap = { listeners = ( { address = 127.0.0.1:1 sslControl = {\n  allowedVersions = (ssl3 tls12 TLS1)\n} } ) }";
    fs::write(&file, text).unwrap();
    let (config, said) = RunningConfig::load(&file).unwrap();
    assert_eq!(
        said[0].to_string(),
        format!(
            "{}:2:21: warning: allowedVersions: ssl3 TLS1 left out, too old to be supported (supported: tls1_1, tls1_2, tls1_3)",
            file.display()
        )
    );
    let listener = &config.settings().imap.connection.listeners[0];
    assert_eq!(listener.ssl.allowed_versions, [crate::TlsVersion::Tls12]);
}

#[test]
fn certificates_are_checked_where_one_is_needed() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("axigen.cfg");
    let text = "server = {\n imap = { allowStartTLS = no listeners = (\n  { address = 127.0.0.1:1 }\n  { address = 127.0.0.1:2 sslEnable = yes sslControl = { certFile = x.pem } }\n\
                \x20 { address = 127.0.0.1:3 sslEnable = yes enable = no }\n ) }\n pop3 = { listeners = () }\n cli = { minConnThreads = 2 }\n\
                \x20smtpIncoming = { listeners = (\n  { address = 127.0.0.1:4 }\n ) }\n}\n";
    fs::write(&file, text).unwrap();
    let refused =
        |ssl: &crate::SslSettings| Err(Refusal::new(Cause::Invalid, format!("{} is bad", ssl.cert_file)));
    let said: Vec<String> = crate::check(&file, refused)
        .unwrap_err()
        .iter()
        .map(|one| one.to_string().replace(&format!("{}:", file.display()), ""))
        .collect();
    assert_eq!(
        said,
        [
            "4:58: error: certFile: x.pem is bad",
            "10:3: error: certFile: axigen_cert.pem is bad"
        ]
    );
    assert!(crate::check(&file, |_| Ok(())).unwrap().is_empty());
}
