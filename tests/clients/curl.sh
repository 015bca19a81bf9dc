# curl over all three protocols: sends, lists, fetches, appends, sets flags, deletes.
say() { curl --silent --show-error --max-time 30 "$@"; }

printf 'From: someone@example.org\r\nTo: ann@example.test\r\nSubject: by curl\r\n\r\n.a line with a dot\r\nthe end\r\n' >mail.eml
say "smtp://$SMTP/client.example" --mail-from someone@example.org --mail-rcpt ann@example.test --upload-file mail.eml
say --insecure --ssl-reqd "smtp://$SMTP/client.example" --user "ann@example.test:$PASSWORD" \
    --mail-from ann@example.test --mail-rcpt bob@example.test --upload-file mail.eml
say --insecure "smtps://$SMTPS/client.example" --user "ann@example.test:$PASSWORD" \
    --mail-from ann@example.test --mail-rcpt bob@example.test --upload-file mail.eml

# Delivery is not part of the 250: ask until the message is there.
for _ in $(seq 300); do
    say "imap://$IMAP/INBOX" --user "ann@example.test:$PASSWORD" --request 'STATUS INBOX (MESSAGES)' | grep -q 'MESSAGES 1' && break
    sleep 0.1
done
say "imap://$IMAP/INBOX;MAILINDEX=1" --user "ann@example.test:$PASSWORD" >got.eml
grep -q '^\.a line with a dot' got.eml
grep -q '^Received: from client.example' got.eml
tail -c "$(stat -c %s mail.eml)" got.eml | cmp - mail.eml

say --insecure "imaps://$IMAPS/" --user "ann@example.test:$PASSWORD" | grep -q 'INBOX'
say --insecure --ssl-reqd "imap://$IMAP/INBOX?SUBJECT%20curl" --user "ann@example.test:$PASSWORD" | grep -q '^\* SEARCH 1'
say "imap://$IMAP/INBOX" --user "ann@example.test:$PASSWORD" --upload-file mail.eml
say "imap://$IMAP/INBOX" --user "ann@example.test:$PASSWORD" --request 'STORE 2 +FLAGS (\Flagged)' | grep -q 'Flagged'

say "pop3://$POP3/" --user "ann@example.test:$PASSWORD" | grep -c '^[12] ' | grep -qx 2
say --insecure --ssl-reqd "pop3://$POP3/1" --user "ann@example.test:$PASSWORD" | cmp - got.eml
say --insecure "pop3s://$POP3S/2" --user "ann@example.test:$PASSWORD" | cmp - mail.eml
say "pop3://$POP3/2" --user "ann@example.test:$PASSWORD" --request DELE --list-only
say "pop3://$POP3/" --user "ann@example.test:$PASSWORD" | grep -c '^[12] ' | grep -qx 1

if say "imap://$IMAP/" --user 'ann@example.test:wrong'; then
    echo 'a wrong password was taken'
    exit 1
fi
