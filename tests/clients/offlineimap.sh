# offlineimap keeps a Maildir and the server equal, both ways: new mail, flags, deletions, a folder with umlauts.
cat >offlineimaprc <<RC
[general]
accounts = ann
metadata = $HOME/meta
ui = quiet
socktimeout = 30
[Account ann]
localrepository = near
remoterepository = far
[Repository near]
type = Maildir
localfolders = $HOME/mail
[Repository far]
type = IMAP
remotehost = $IMAP_HOST
remoteport = $IMAP_PORT
remoteuser = ann@example.test
remotepass = $PASSWORD
ssl = no
starttls = no
auth_mechanisms = LOGIN
RC
sync() { offlineimap -o -c offlineimaprc; }
ask() { curl --silent --show-error "imap://$IMAP/$1" --user "ann@example.test:$PASSWORD" --request "$2"; }

ask '' 'CREATE "Entw&APw-rfe"' >/dev/null
printf 'From: someone@example.org\r\nMessage-ID: <1@example.org>\r\nSubject: from the server\r\n\r\nfar\r\n' >append.eml
for folder in INBOX 'Entw&APw-rfe'; do
    curl --silent --show-error "imap://$IMAP/${folder//&/%26}" --user "ann@example.test:$PASSWORD" --upload-file append.eml
done
sync
far=$(grep -rl 'Subject: from the server' mail/INBOX)
grep -rq 'Subject: from the server' mail/Entw*

# Flagged and read here, and a message and a folder of our own: all must reach the server.
mv "$far" "mail/INBOX/cur/$(basename "${far%%:2,*}"):2,FS"
printf 'From: ann@example.test\nMessage-ID: <2@example.test>\nSubject: from the client\n\nnear\n' >"mail/INBOX/new/1.near.client"
mkdir -p mail/Project/{cur,new,tmp}
printf 'From: ann@example.test\nMessage-ID: <3@example.test>\nSubject: in a new folder\n\nnear\n' >"mail/Project/new/2.near.client"
sync
ask INBOX 'STATUS INBOX (MESSAGES)' | grep -q 'MESSAGES 2'
ask INBOX 'SEARCH FLAGGED SEEN SUBJECT "from the server"' | grep -Eq '^\* SEARCH [0-9]+'
ask Project 'SEARCH SUBJECT "in a new folder"' | grep -Eq '^\* SEARCH 1'

# Deleted on the server: gone here. Deleted here: gone on the server.
ask INBOX 'STORE 1 +FLAGS (\Deleted)' >/dev/null
ask INBOX EXPUNGE >/dev/null
rm "$(grep -rl 'Subject: in a new folder' mail/Project)"
sync
if grep -rq 'Subject: from the server' mail/INBOX; then
    echo 'deleted on the server, but still in the Maildir'
    exit 1
fi
ask Project 'STATUS Project (MESSAGES)' | grep -q 'MESSAGES 0'
