# Sourced by scripts of tests/cli: an archive of Debian's kind, made and signed here.
# shellcheck shell=bash

# archive_start FOLDER: FOLDER/archive without packages, FOLDER/keyring.gpg to trust it; GNUPGHOME, where the key is. The caller ends with archive_end.
archive_start() {
	archive_folder=$1
	archive_lists=$archive_folder/archive/dists/test/main/binary-amd64
	export GNUPGHOME=$archive_folder/gnupg
	mkdir -m 700 "$GNUPGHOME" && gpg -q --batch --passphrase '' --quick-gen-key tester@example ed25519 sign never 2>/dev/null
	gpg --export tester@example >"$archive_folder/keyring.gpg"
	mkdir -p "$archive_folder/archive/pool" "$archive_lists"
	: >"$archive_lists/Packages"
}
archive_end() { gpgconf --kill gpg-agent; }

# archive_add NAME VERSION [CONTROL-LINE...]: pool/NAME_VERSION.deb of the tree FOLDER/NAME, made if need be.
archive_add() {
	local name=$1 version=$2 tree=$archive_folder/$1 deb; shift 2
	deb=pool/${name}_${version#*:}.deb
	mkdir -p "$tree/DEBIAN"
	printf '%s\n' "Package: $name" "Version: $version" 'Architecture: amd64' 'Maintainer: t' 'Description: t' "$@" >"$tree/DEBIAN/control"
	dpkg-deb --root-owner-group -b "$tree" "$archive_folder/archive/$deb" >/dev/null
	{
		cat "$tree/DEBIAN/control"
		printf 'Filename: %s\nSize: %s\nSHA256: %s\n\n' "$deb" "$(stat -c %s "$archive_folder/archive/$deb")" \
			"$(sha256sum <"$archive_folder/archive/$deb" | cut -d' ' -f1)"
	} >>"$archive_lists/Packages"
}

# archive_sign: its lists as they are now.
archive_sign() {
	local release=$archive_folder/archive/dists/test/Release
	{
		printf 'Origin: Test\nArchitectures: amd64\nDate: %s\nSHA256:\n' "$(LC_ALL=C date -u '+%a, %d %b %Y %T UTC')"
		printf ' %s %s main/binary-amd64/Packages\n' "$(sha256sum <"$archive_lists/Packages" | cut -d' ' -f1)" "$(stat -c %s "$archive_lists/Packages")"
	} >"$release"
	gpg -q --batch --yes --clearsign -o "${release%Release}InRelease" "$release"
}
