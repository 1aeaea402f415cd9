# Shared by the shell scripts of this folder: where things are, how to talk, how to get Debian packages.
# Source it; it sets TOP (the tree), B (the build folder) and CACHE (downloads, shared by all build folders).

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
B=${B:-$TOP/build}
case $B in /*) ;; *) B=$TOP/$B ;; esac
CACHE=${RL_CACHE:-$TOP/.cache}       # downloads and what is made of them alone: shared by all build folders, outlives `make clean`
SUITE=bookworm                      # Debian 12: the release whose kernel and Xen tools we run
MIRROR=http://deb.debian.org

say() { printf '%s\n' "== $*" >&2; }
die() { printf '%s\n' "${0##*/}: $*" >&2; exit 1; }

# apt_options: fills the array APT with what apt-get and apt-cache need so that they see SUITE's packages. On SUITE
# itself that is the machine's own set-up, elsewhere (Debian 13, say) a private one.
apt_options()
{
    APT=(-q -o APT::Sandbox::User=)
    if [ "${RL_PRIVATE_APT:-}" = "" ] && ( . /etc/os-release && [ "${VERSION_CODENAME:-}" = $SUITE ] ); then
        if ! apt-cache show linux-image-amd64 >/dev/null 2>&1; then
            say "fetching apt's package lists"
            as_root apt-get -q update >&2
        fi
        return
    fi
    private_apt "$CACHE"/apt
}

# private_apt DIR [SOURCE...]: fills APT with a set-up under DIR, which changes nothing on the machine and needs no root:
# SUITE's packages for amd64, and what further lines of sources.list name.
private_apt()
{
    local dir=$1

    shift
    mkdir -p "$dir"/lists/partial "$dir"/cache/archives/partial "$dir"/empty
    printf '%s\n' "deb [arch=amd64] $MIRROR/debian $SUITE main" "deb [arch=amd64] $MIRROR/debian $SUITE-updates main" \
                  "deb [arch=amd64] $MIRROR/debian-security $SUITE-security main" "$@" > "$dir"/sources.list
    : > "$dir"/status
    APT=(-q -o APT::Sandbox::User=
         -o Dir::Etc::sourcelist="$dir"/sources.list -o Dir::Etc::sourceparts="$dir"/empty
         -o Dir::State="$dir" -o Dir::State::status="$dir"/status -o Dir::Cache="$dir"/cache
         -o APT::Architecture=amd64 -o APT::Architectures::=amd64 -o APT::Architectures::=i386)
    if [ ! -e "$dir"/updated ]; then
        say "fetching $SUITE's package lists for ourselves"
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
fetch_debs() { fetch_into "$CACHE"/debs apt_options "$@"; }

# fetch_ports PACKAGE...: the same for the recipes of other kernels: into CACHE/ports/debs, where nobody takes them for
# dom0's. Packages may be of i386 (NAME:i386), and of SUITE-backports.
fetch_ports() { fetch_into "$CACHE"/ports/debs ports_apt "$@"; }

ports_apt()
{
    private_apt "$CACHE"/ports/apt "deb [arch=i386] $MIRROR/debian $SUITE main" \
        "deb [arch=amd64] $MIRROR/debian $SUITE-backports main"
}

# fetch_into DIR OPTIONS PACKAGE...: OPTIONS is a function that fills APT.
fetch_into()
{
    local dir=$1 options=$2 missing=() p

    shift 2
    mkdir -p "$dir"
    for p; do
        deb_of "$p" "$dir" >/dev/null || missing+=("$p")
    done
    [ ${#missing[@]} = 0 ] && return
    $options
    say "downloading ${#missing[@]} Debian package(s): ${missing[*]}"
    ( cd "$dir" && apt-get "${APT[@]}" download "${missing[@]}" >&2 ) || die "download failed"
}

# deb_of PACKAGE[:ARCHITECTURE] [DIR]: prints the path of its newest .deb in the cache; false when there is none.
deb_of()
{
    local architecture=*

    case $1 in *:*) architecture=${1#*:} ;; esac
    ls -v "${2:-$CACHE/debs}"/"${1%:*}"_*_$architecture.deb 2>/dev/null | tail -n 1 | grep .
}

# unpack DEB DIR PATH...: the paths (all when none is given) of a package in DIR. Does nothing when that was done before.
unpack()
{
    local deb=$1 dir=$2

    shift 2
    if [ "$(cat "$dir"/.from 2>/dev/null)" != "${deb##*/}" ]; then
        rm -rf "$dir"
        mkdir -p "$dir"
        dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$dir" "$@"
        echo "${deb##*/}" > "$dir"/.from
    fi
}

# port_package PACKAGE[:ARCHITECTURE] [PATH...]: fetches a package of another kernel and unpacks it (these paths of it);
# prints where. The caller holds CACHE/lock.
port_package()
{
    local package=$1 dir=$CACHE/ports/root/$1 deb

    shift
    fetch_ports "$package"
    deb=$(deb_of "$package" "$CACHE"/ports/debs) || die "$package is not in $CACHE/ports/debs"
    unpack "$deb" "$dir" "$@"
    echo "$dir"
}

# port_kernel PACKAGE [SUITE]: the package of the kernel that a package like linux-image-cloud-amd64 stands for. It is
# asked for once, and then kept in the cache.
port_kernel()
{
    local meta=$1 suite=${2:-} known=$CACHE/ports/kernel-$1-${2:-$SUITE} name

    if [ ! -e "$known" ]; then
        ports_apt
        name=$(apt-cache "${APT[@]}" ${suite:+-t "$suite"} depends "$meta" | sed -n 's/.*Depends: \(linux-image-[0-9].*\)$/\1/p')
        [ -n "$name" ] || die "apt knows no $meta"
        echo "$name" > "$known"
    fi
    cat "$known"
}

# lock_cache: waits until no other build works on CACHE. It is ours until we end.
lock_cache()
{
    mkdir -p "$CACHE"
    exec 9> "$CACHE"/lock
    flock 9
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
