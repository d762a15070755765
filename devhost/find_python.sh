#!/bin/sh
# Prints the name of the first Python that this project runs on, or says in one line why there is none.
# Candidates are run, not only looked up: pyenv leaves commands behind for versions that don't run.
# PYTHON=... names one to use instead.
considered=""
for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
    version=$("$candidate" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null) || continue
    case $version in
    3.11.* | 3.12.* | 3.13.* | 3.14.*)
        if "$candidate" -c 'import ensurepip, venv' >/dev/null 2>&1; then
            echo "$candidate"
            exit 0
        fi
        version="$version without venv and pip (on Debian and Ubuntu: apt-get install python3-venv)"
        ;;
    esac
    considered="$considered${considered:+, }$candidate is $version"
done
echo "snatbot needs Python 3.11, 3.12, 3.13 or 3.14; found: ${considered:-none that runs}." \
    "Install one, or name it: make setup PYTHON=/path/to/python" >&2
exit 1
