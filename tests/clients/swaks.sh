# swaks, the SMTP tester: in clear, STARTTLS, TLS from the first byte, AUTH PLAIN and LOGIN, and the refusals.
send() { swaks --server "$SMTP_HOST" --port "$SMTP_PORT" --hide-informational --timeout 30 --helo client.example "$@"; }

send --from someone@example.org --to ann@example.test --header 'Subject: swaks in clear' --body 'first'
send --tls --from someone@example.org --to ann@example.test,bob@example.test --header 'Subject: swaks starttls' --body 'second'
swaks --server "$SMTPS_HOST" --port "$SMTPS_PORT" --tls-on-connect --auth PLAIN --auth-user ann@example.test \
    --auth-password "$PASSWORD" --from ann@example.test --to bob@example.test --header 'Subject: swaks smtps' --body 'third'
send --tls --auth LOGIN --auth-user bob@example.test --auth-password "$PASSWORD" \
    --from bob@example.test --to ann@example.test --header 'Subject: swaks login' --body 'fourth'

refused() { # refused STATUS REPLY OPTIONS...: swaks must end with this status and have heard this reply
    local status=$1 reply=$2 ended=0
    shift 2
    heard=$(send "$@" 2>&1) || ended=$?
    if [ "$ended" -ne "$status" ] || ! grep -q -- "$reply" <<<"$heard"; then
        printf 'expected status %s and "%s", got status %s:\n%s\n' "$status" "$reply" "$ended" "$heard"
        exit 1
    fi
}
refused 24 '550 5.1.1 ' --from someone@example.org --to nobody@example.test
refused 24 '5[35]0 5.7.[01] ' --from someone@example.org --to far@example.org
refused 28 '535 5.7.8 ' --tls --auth PLAIN --auth-user ann@example.test --auth-password wrong \
    --from ann@example.test --to bob@example.test
