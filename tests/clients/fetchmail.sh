# fetchmail empties a mailbox over POP3 and one over IMAP, and hands every message to a delivery agent.
# append USER: the message on standard input into the user's INBOX (curl has to know its size).
append() {
    sed 's/$/\r/' >append.eml
    curl --silent --show-error "imap://$IMAP/INBOX" --user "$1@example.test:$PASSWORD" --upload-file append.eml
}
for user in ann bob; do
    for number in 1 2 3; do
        append "$user" <<MAIL
From: someone@example.org
To: $user@example.test
Subject: message $number for $user
Message-ID: <$user-$number@example.org>

text
MAIL
    done
done
cat >deliver <<'AGENT'
#!/bin/sh
exec cat >>"$HOME/delivered.$1"
AGENT
chmod +x deliver
cat >fetchmailrc <<RC
poll first via "$POP3_HOST" service $POP3_PORT protocol POP3 uidl
    user "ann@example.test" password "$PASSWORD" sslproto "" nokeep fetchall mda "$HOME/deliver pop3"
poll second via "$IMAP_HOST" service $IMAP_PORT protocol IMAP
    user "bob@example.test" password "$PASSWORD" sslproto "" nokeep fetchall mda "$HOME/deliver imap"
RC
chmod 600 fetchmailrc
fetchmail --fetchmailrc fetchmailrc --nosyslog --nodetach --idfile ids --pidfile pid --auth password || [ $? -eq 1 ]
for protocol in pop3 imap; do
    [ "$(grep -c '^Message-I[Dd]: ' "delivered.$protocol")" -eq 3 ] || { cat "delivered.$protocol"; exit 1; }
done
for user in ann bob; do
    curl --silent "imap://$IMAP/INBOX" --user "$user@example.test:$PASSWORD" --request 'STATUS INBOX (MESSAGES)' |
        grep -q 'MESSAGES 0'
done
# The second poll finds nothing (status 1).
ended=0
fetchmail --fetchmailrc fetchmailrc --nosyslog --nodetach --idfile ids --pidfile pid --auth password || ended=$?
[ "$ended" -eq 1 ]
