/* What a target reads off its nearest context points, in one pass over them.

   Three functions of points and their neighbours, each with its gradient, each for
   float and double (suffixes _f32 and _f64): `summarise`, `attend` and `krige`. Nothing
   of the size of all pairs is written to memory: what belongs to a pair is made where
   it is used, in a core's cache. The meaning is that of the torch code in
   `apnp/nn/local_kriging.py`, `apnp/nn/pair_attention.py` and `apnp/nn/neighbours.py`;
   tests compare both. `search`, for float and double, finds the neighbours.

   Vectors are those of GCC and Clang, which compile to any processor's instructions.
   Points of a batch are numbered through: point j of task b is b m + j. */

#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#elif defined(__AVX__)
#define VECTOR_BYTES 32
#else
#define VECTOR_BYTES 16
#endif

typedef void (*work)(const void *arguments, int part, int parts);

struct share {
    work function;
    const void *arguments;
    int part, parts;
};

static void *one_share(void *given)
{
    struct share *mine = given;
    mine->function(mine->arguments, mine->part, mine->parts);
    return NULL;
}

/* Do all parts at once, each in a thread of its own, the first in this one. */
static void in_parallel(work function, const void *arguments, int parts)
{
    struct share shares[64];
    pthread_t threads[64];
    int started[64];
    for (int i = 1; i < parts; i++) {
        shares[i] = (struct share){function, arguments, i, parts};
        started[i] = pthread_create(&threads[i], NULL, one_share, &shares[i]) == 0;
    }
    function(arguments, 0, parts);
    for (int i = 1; i < parts; i++) {
        if (started[i])
            pthread_join(threads[i], NULL);
        else
            function(arguments, i, parts);
    }
}

static int n_parts(long n, long least, int threads)
{
    long most = n / least;
    most = most < threads ? most : threads;
    most = most < 64 ? most : 64;
    return most < 1 ? 1 : (int)most;
}

static void *room(size_t bytes)
{
    void *block = NULL;
    return posix_memalign(&block, 64, bytes ? bytes : 64) ? NULL : block;
}

int vector_bytes(void)
{
    return VECTOR_BYTES;
}

#define DOUBLE 0
#include "local_kernels.h"
#undef DOUBLE
#define DOUBLE 1
#include "local_kernels.h"
