# Another user than root has to log in over the control socket, with the administrator's password.
axictl=${AXICTL:?}
"$axictl" --socket "$SOCKET" 'SET admin-password "Admin-Secret 1"'
chmod 755 "$HOME" "$WORKDIR" "$WORKDIR/run"
chmod 666 "$SOCKET"

# Root is trusted, but with --user it is that administrator, with that password.
echo 'Admin-Secret 1' >own
echo wrong >other
"$axictl" --socket "$SOCKET" -u admin --password-file own 'LIST Domains' | grep -q example.test
ended=0
"$axictl" --socket "$SOCKET" -u admin --password-file other 'LIST Domains' >said 2>errors || ended=$?
[ "$ended" -eq 1 ] && [ ! -s said ]
grep -q 'login of admin: ' errors

as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"; }
cp "$axictl" "$HOME/axictl"
chmod 755 "$HOME/axictl"

ended=0
as_nobody "$HOME/axictl" --socket "$SOCKET" 'LIST Domains' 2>errors || ended=$?
[ "$ended" -eq 1 ]
grep -q -- '--user' errors

echo 'Admin-Secret 1' >password
chmod 644 password
as_nobody "$HOME/axictl" --socket "$SOCKET" --user admin --password-file password 'LIST Domains' | grep -q example.test
echo wrong >password
ended=0
as_nobody "$HOME/axictl" --socket "$SOCKET" --user admin --password-file password 'LIST Domains' 2>errors || ended=$?
[ "$ended" -eq 1 ]
printf 'USER admin\nAdmin-Secret 1\nLIST Domains\n' | as_nobody "$HOME/axictl" --socket "$SOCKET" | grep -q example.test
