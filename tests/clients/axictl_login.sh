# Another user than root has to log in over the control socket, with the administrator's password.
axictl=${AXICTL:?}
"$axictl" --socket "$SOCKET" 'SET admin-password "Admin-Secret 1"'
chmod 755 "$HOME" "$WORKDIR" "$WORKDIR/run"
chmod 666 "$SOCKET"
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
