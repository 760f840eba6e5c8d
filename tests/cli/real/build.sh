# In the machine: a generated project of 32 sources, built by make -j4 with gcc.
set -e
mkdir -p /tmp/project/src
cd /tmp/project
for i in $(seq 30); do
	echo "int f$i(int x);" >>src/all.h
	cat >"src/f$i.c" <<END
#include "all.h"
int f$i(int x) { int s = $i; while (x--) s += x % $((i + 1)); return s; }
END
done
cat >src/main.c <<'END'
#include <stdio.h>
#include "all.h"
int main(void) { printf("%d\n", f1(100) + f15(100) + f30(100)); return 0; }
END
cat >Makefile <<'END'
OBJECTS := $(patsubst %.c,%.o,$(wildcard src/*.c))
program: libf.a src/main.o
	$(CC) -o $@ src/main.o libf.a
libf.a: $(filter-out src/main.o,$(OBJECTS))
	$(AR) rcs $@ $^
src/%.o: src/%.c src/all.h
	$(CC) -O1 -Wall -Werror -c -o $@ $<
END
make -s -j4
./program
make -s -j4 -q && echo nothing to do
touch src/f3.c
make -j4 | grep -c -e ' -c '
nm libf.a | grep -c ' T f'
