#!/bin/sh
# A ptxas that fails and says what its environment has.
echo "mine: $MINE, malloc: $GLIBC_TUNABLES"
exit 1
