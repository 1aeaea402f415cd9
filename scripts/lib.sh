# Shared by the shell scripts of this folder: where things are, how to talk, how to get Debian packages.
# Source it; it sets TOP (the tree), B (the build folder) and CACHE (downloads, shared by all build folders).

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
B=${B:-$TOP/build}
case $B in /*) ;; *) B=$TOP/$B ;; esac
CACHE=${RL_CACHE:-$TOP/.cache}       # downloads and what is made of them alone: shared by all build folders, outlives `make clean`
SUITE=bookworm                      # Debian 12: the release whose kernel and Xen tools we run

say() { printf '%s\n' "== $*" >&2; }
die() { printf '%s\n' "${0##*/}: $*" >&2; exit 1; }

# apt_options: fills the array APT with what apt-get and apt-cache need so that they see SUITE's packages. On SUITE
# itself that is the machine's own set-up. Elsewhere (Debian 13, say) it is a private one under CACHE/apt, which changes
# nothing on the machine and needs no root.
apt_options()
{
    local dir=$CACHE/apt mirror=http://deb.debian.org

    APT=(-q -o APT::Sandbox::User=)
    if [ "${RL_PRIVATE_APT:-}" = "" ] && ( . /etc/os-release && [ "${VERSION_CODENAME:-}" = $SUITE ] ); then
        if ! apt-cache show linux-image-amd64 >/dev/null 2>&1; then
            say "fetching apt's package lists"
            as_root apt-get -q update >&2
        fi
        return
    fi

    mkdir -p "$dir"/lists/partial "$dir"/cache/archives/partial "$dir"/empty
    printf '%s\n' "deb $mirror/debian $SUITE main" "deb $mirror/debian $SUITE-updates main" \
                  "deb $mirror/debian-security $SUITE-security main" > "$dir"/sources.list
    : > "$dir"/status
    APT+=(-o Dir::Etc::sourcelist="$dir"/sources.list -o Dir::Etc::sourceparts="$dir"/empty
          -o Dir::State="$dir" -o Dir::State::status="$dir"/status -o Dir::Cache="$dir"/cache
          -o APT::Architecture=amd64 -o APT::Architectures=amd64)
    if [ ! -e "$dir"/updated ]; then
        say "fetching $SUITE's package lists (this machine runs another release)"
        apt-get "${APT[@]}" update >&2 && touch "$dir"/updated
    fi
}

# as_root COMMAND...: runs it as root, by sudo where we are not.
as_root()
{
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "needs root for: $* (run it yourself, or install sudo)"
    fi
}

# fetch_debs PACKAGE...: sees to it that CACHE/debs has each package's .deb; nothing is installed. Packages that are
# there already are not asked for again, so that this works without a network once all have been fetched.
fetch_debs()
{
    local missing=() p

    mkdir -p "$CACHE"/debs
    for p; do
        deb_of "$p" >/dev/null || missing+=("$p")
    done
    [ ${#missing[@]} = 0 ] && return
    apt_options
    say "downloading ${#missing[@]} Debian package(s): ${missing[*]}"
    ( cd "$CACHE"/debs && apt-get "${APT[@]}" download "${missing[@]}" >&2 ) || die "download failed"
}

# deb_of PACKAGE: prints the path of its newest .deb in the cache; false when there is none.
deb_of()
{
    ls -v "$CACHE"/debs/"$1"_*.deb 2>/dev/null | tail -n 1 | grep .
}

# kernel_package: prints the name of the package that linux-image-amd64 stands for, the one in the cache first.
kernel_package()
{
    local have

    have=$(ls -v "$CACHE"/debs/ 2>/dev/null | sed -n 's/^\(linux-image-[0-9].*-amd64\)_.*/\1/p' | tail -n 1)
    if [ -n "$have" ]; then
        echo "$have"
    else
        apt_options
        apt-cache "${APT[@]}" depends linux-image-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*-amd64\)$/\1/p'
    fi
}
