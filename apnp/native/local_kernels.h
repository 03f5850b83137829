/* Included by local.c, once for float and once for double. */

#if DOUBLE
#define real double
#define whole int64_t
#define root sqrt
#define F(name) name##_f64
#else
#define real float
#define whole int32_t
#define root sqrtf
#define F(name) name##_f32
#endif

#define LANES ((int)(VECTOR_BYTES / sizeof(real)))
#define ROOM(k) (((k) + 15) / 16 * 16 + 8)
#define vec F(vec)
#define uvec F(uvec)
#define ivec F(ivec)

typedef real vec __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef real uvec
    __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(real)), may_alias));
typedef whole ivec __attribute__((vector_size(VECTOR_BYTES), may_alias));

#define same F(same)
#define choose F(choose)
#define load F(load)
#define store F(store)
#define power2 F(power2)
#define normal_cdf F(normal_cdf)
#define logarithm F(logarithm)

static inline vec same(real value)
{
    return value - (vec){0};
}

static inline vec load(const real *from)
{
    return *(const uvec *)from;
}

static inline void store(real *to, vec value)
{
    *(uvec *)to = value;
}

static inline vec choose(ivec condition, vec yes, vec no)
{
    return (vec)((condition & (ivec)yes) | (~condition & (ivec)no));
}

#if DOUBLE

static inline vec power2(vec x)
{
    for (int l = 0; l < LANES; l++)
        x[l] = exp2(x[l]);
    return x;
}

static inline vec normal_cdf(vec x)
{
    for (int l = 0; l < LANES; l++)
        x[l] = 0.5 * erfc(-x[l] * 0.70710678118654752440);
    return x;
}

static inline vec logarithm(vec x)
{
    for (int l = 0; l < LANES; l++)
        x[l] = log(x[l]);
    return x;
}

#else

/* 2^x of x <= 0 to 1e-7 of it; zero below 2^-126. */
static inline vec power2(vec x)
{
    vec bounded = choose(x > -126.0f, x, same(-126.0f));
    vec shifted = bounded + 12582912.0f; /* 1.5 2^23: rounds to a whole number */
    ivec n = (ivec)shifted - (ivec)same(12582912.0f);
    vec f = bounded - (shifted - 12582912.0f);
    vec p = same(1.5345811533593446e-4f);
    p = p * f + 1.3399931215948742e-3f;
    p = p * f + 9.618488958635901e-3f;
    p = p * f + 5.550328776975226e-2f;
    p = p * f + 2.4022646890619948e-1f;
    p = p * f + 6.931472057372619e-1f;
    p = p * f + 1.0f;
    vec result = (vec)((ivec)p + (n << 23));
    return (vec)((ivec)result & (x > -126.0f));
}

/* The normal distribution function, by a rational form of erf, to 2e-7. */
static inline vec normal_cdf(vec x)
{
    vec z = x * 0.70710678f;
    z = choose(z < 4.0f, z, same(4.0f));
    z = choose(z > -4.0f, z, same(-4.0f));
    vec s = z * z;
    vec p = same(-2.72614225801306e-10f);
    p = p * s + 2.77068142495902e-08f;
    p = p * s - 2.10102402082508e-06f;
    p = p * s - 5.69250639462346e-05f;
    p = p * s - 7.34990630326855e-04f;
    p = p * s - 2.95459980854025e-03f;
    p = p * s - 1.60960333262415e-02f;
    vec q = same(-1.45660718464996e-05f);
    q = q * s - 2.13374055278905e-04f;
    q = q * s - 1.68282697438203e-03f;
    q = q * s - 7.37332916720468e-03f;
    q = q * s - 1.42647390514189e-02f;
    return 0.5f + 0.5f * (z * p / q);
}

/* The natural logarithm of a normal number above zero, to 1e-7 (Cephes' logf). */
static inline vec logarithm(vec x)
{
    ivec bits = (ivec)x;
    ivec e = ((bits >> 23) & 255) - 126;
    vec m = (vec)((bits & 0x007fffff) | 0x3f000000); /* 0.5 to 1 */
    ivec small = m < 0.70710678f;
    e = e + small;
    m = m + (vec)((ivec)m & small) - 1.0f;
    vec s = m * m;
    vec p = same(7.0376836292e-2f);
    p = p * m - 1.1514610310e-1f;
    p = p * m + 1.1676998740e-1f;
    p = p * m - 1.2420140846e-1f;
    p = p * m + 1.4249322787e-1f;
    p = p * m - 1.6668057665e-1f;
    p = p * m + 2.0000714765e-1f;
    p = p * m - 2.4999993993e-1f;
    p = p * m + 3.3333331174e-1f;
    vec n = __builtin_convertvector(e, vec);
    vec y = p * m * s + n * -2.12194440e-4f - 0.5f * s;
    return m + y + n * 0.693359375f;
}

#endif

/* ------------------------------------------------------------------ summarise */

struct F(summary) {
    long n;
    int k, dx, dy;
    const real *x, *points, *y, *mask, *grad;
    const int32_t *index, *count;
    real fade;
    real *radius, *weight, *mean, *spread, *by_y;
};

/* Weights (k) of the neighbours of one target; the radius that they fade at. */
static real F(fade)(const struct F(summary) * a, long i, real *weight)
{
    const int32_t *index = a->index + i * (a->k + 1);
    const int count = a->count[i];
    real distance[1025], farthest = 0;
    for (int j = 0; j <= a->k; j++) {
        real total = 0;
        for (int d = 0; d < a->dx; d++) {
            real step = a->points[(long)index[j] * a->dx + d] - a->x[i * a->dx + d];
            total += step * step;
        }
        distance[j] = j < count ? root(total) : 0;
        farthest = distance[j] > farthest ? distance[j] : farthest;
    }
    const real radius = farthest > 0 ? farthest : 1;
    for (int j = 0; j < a->k; j++) {
        real s = (1 - distance[j] / radius) / a->fade;
        s = s < 0 ? 0 : s > 1 ? 1 : s;
        weight[j] = j >= count ? 0 : count > a->k ? s * s * (3 - 2 * s) : 1;
    }
    return radius;
}

static void F(summarise_part)(const void *given, int part, int parts)
{
    const struct F(summary) *a = given;
    for (long i = a->n * part / parts; i < a->n * (part + 1) / parts; i++) {
        const int32_t *index = a->index + i * (a->k + 1);
        real *weight = a->weight + i * a->k;
        a->radius[i] = F(fade)(a, i, weight);
        for (int v = 0; v < a->dy; v++) {
            real total = 0, sum = 0, squares = 0;
            for (int j = 0; j < a->k; j++) {
                long at = (long)index[j] * a->dy + v;
                total += weight[j] * a->mask[at];
                sum += weight[j] * a->mask[at] * a->y[at];
            }
            total += (real)1e-6;
            const real mean = sum / total;
            for (int j = 0; j < a->k; j++) {
                long at = (long)index[j] * a->dy + v;
                real rest = a->y[at] - mean;
                squares += weight[j] * a->mask[at] * rest * rest;
            }
            a->mean[i * a->dy + v] = mean;
            a->spread[i * a->dy + v] = squares / total;
        }
    }
}

/* Radius (n), weights (n, k), weighted mean and variance (n, dy) of neighbours' y. */
void F(summarise)(int n, int k, int dx, int dy, const real *x, const real *points,
                  const real *y, const real *mask, const int32_t *index,
                  const int32_t *count, double fade, real *radius, real *weight,
                  real *mean, real *spread, int threads)
{
    struct F(summary) a = {n, k, dx, dy, x, points, y, mask, NULL, index, count,
                           (real)fade, radius, weight, mean, spread, NULL};
    in_parallel(F(summarise_part), &a, n_parts(n, 256, threads));
}

/* Add to by_y (m, dy) what the gradients of mean and spread (n, dy) make of y. */
void F(summarise_back)(int n, int k, int dy, const real *y, const real *mask,
                       const int32_t *index, const real *weight, const real *mean,
                       const real *by_mean, const real *by_spread, real *by_y)
{
    for (long i = 0; i < n; i++)
        for (int v = 0; v < dy; v++) {
            const real of = mean[i * dy + v], gs = by_spread[i * dy + v];
            real total = (real)1e-6;
            for (int j = 0; j < k; j++)
                total += weight[i * k + j] * mask[(long)index[i * (k + 1) + j] * dy + v];
            /* The total is 1e-6 more than the sum of weights, so that the variance
               depends on the mean a little. */
            const real gm = by_mean[i * dy + v] - gs * 2 * (real)1e-6 * of / total;
            for (int j = 0; j < k; j++) {
                long at = (long)index[i * (k + 1) + j] * dy + v;
                real share = weight[i * k + j] * mask[at] / total;
                by_y[at] += share * (gm + 2 * gs * (y[at] - of));
            }
        }
}

/* --------------------------------------------------------------------- attend */

struct F(attention) {
    long n, m;
    int k, dx, dw, n_offsets, width, heads;
    const real *query, *token, *x, *w, *radius, *frame, *points, *covariates;
    const int32_t *index;
    const real *weight, *pair, *logit;
    real reach, grain;
    const real *grad;
    real *out, *by_query, *by_token, *by_pair, *by_logit;
};

/* What one thread needs for a target. `head` numbers the head of each channel. */
struct F(desk) {
    int padded, features, n;
    int *head;
    int32_t *who;
    real *feature, *step, *share, *hidden, *inner, *logit, *by_share, *by_hidden;
    void *block;
};

static struct F(desk) F(furnish)(const struct F(attention) * a)
{
    struct F(desk) d;
    const size_t k = ROOM(a->k);
    d.padded = (a->heads + LANES - 1) / LANES * LANES;
    d.features = a->n_offsets + 2 + a->dw;
    const size_t sizes[] = {
        k * d.features, k * a->dx, k * d.padded, k * a->width, k * a->width,
        (size_t)a->width * d.padded, k * d.padded, k * a->width,
    };
    real **parts[] = {&d.feature, &d.step, &d.share, &d.hidden, &d.inner,
                      &d.logit, &d.by_share, &d.by_hidden};
    size_t total = 0;
    for (int i = 0; i < 8; i++)
        total += (sizes[i] * sizeof(real) + 63) / 64 * 64;
    char *at = d.block = room(total + k * sizeof(int32_t) + a->width * sizeof(int));
    memset(at, 0, total);
    for (int i = 0; i < 8; i++) {
        *parts[i] = (real *)at;
        at += (sizes[i] * sizeof(real) + 63) / 64 * 64;
    }
    d.who = (int32_t *)at;
    d.head = (int *)(at + k * sizeof(int32_t));
    for (int c = 0; c < a->width; c++) {
        d.head[c] = c / (a->width / a->heads);
        for (int h = 0; h < a->heads; h++)
            d.logit[c * d.padded + h] = a->logit[h * a->width + c];
    }
    return d;
}

/* The neighbours that count, and their features: feature p of neighbour j lies at
   p room + j. Returns their number; the weights are left in by_share. */
static int F(look)(const struct F(attention) * a, long i, struct F(desk) * d)
{
    const int32_t *index = a->index + i * (a->k + 1);
    const int k = ROOM(a->k), dx = a->dx, dw = a->dw;
    const real inverse = 1 / a->radius[i];
    real *const distance = d->feature + (long)a->n_offsets * k;
    real *const difference = distance + 2 * k;
    int n = 0;
    for (int j = 0; j < a->k; j++)
        if (a->weight[i * a->k + j] > 0) {
            d->who[n] = index[j];
            d->by_share[n++] = a->weight[i * a->k + j];
        }
    for (int j = 0; j < n; j++) {
        const real *point = a->points + (long)d->who[j] * dx;
        const real *other = a->covariates + (long)d->who[j] * dw;
        for (int e = 0; e < dx; e++)
            d->step[e * k + j] = point[e] - a->x[i * dx + e];
        for (int c = 0; c < dw; c++) {
            const real apart = other[c] - a->w[i * dw + c];
            difference[c * k + j] = apart < 0 ? -apart : apart;
        }
    }
    for (int j = 0; j < n; j += LANES) {
        vec squared = {0};
        for (int e = 0; e < dx; e++) {
            const vec step = load(d->step + e * k + j);
            squared += step * step;
        }
        for (int l = 0; l < LANES; l++)
            squared[l] = root(squared[l]);
        store(distance + j, squared * inverse);
        store(distance + k + j,
              logarithm((squared + a->grain) * (1 / a->reach)));
        for (int p = 0; p < a->n_offsets; p++) {
            const real *frame = a->frame + (i * a->n_offsets + p) * dx;
            vec along = {0};
            for (int e = 0; e < dx; e++)
                along += frame[e] * load(d->step + e * k + j);
            store(d->feature + p * k + j, along * inverse);
        }
    }
    return n;
}

/* Hidden layers of all pairs of a target; `inner` keeps what GELU is taken of. */
static inline __attribute__((always_inline)) void
F(hide)(const struct F(attention) * a, long i, struct F(desk) * d, int n, int keep)
{
    const int k = ROOM(a->k), width = a->width;
    const real *query = a->query + i * width;
    for (int j = 0; j < n; j += 4) {
        const int few = n - j < 4 ? n - j : 4;
        const real *key[4];
        for (int r = 0; r < 4; r++)
            key[r] = a->token + (long)d->who[r < few ? j + r : j] * 2 * width;
        for (int c = 0; c < width; c += LANES) {
            const vec own = load(query + c);
            vec h0 = own + load(key[0] + c), h1 = own + load(key[1] + c);
            vec h2 = own + load(key[2] + c), h3 = own + load(key[3] + c);
            for (int p = 0; p < d->features; p++) {
                const vec by = load(a->pair + p * width + c);
                const real *f = d->feature + p * k + j;
                h0 += f[0] * by;
                h1 += f[1] * by;
                h2 += f[2] * by;
                h3 += f[3] * by;
            }
            if (keep) {
                store(d->inner + (j + 0) * width + c, h0);
                store(d->inner + (j + 1) * width + c, h1);
                store(d->inner + (j + 2) * width + c, h2);
                store(d->inner + (j + 3) * width + c, h3);
            }
            store(d->hidden + (j + 0) * width + c, h0 * normal_cdf(h0));
            store(d->hidden + (j + 1) * width + c, h1 * normal_cdf(h1));
            store(d->hidden + (j + 2) * width + c, h2 * normal_cdf(h2));
            store(d->hidden + (j + 3) * width + c, h3 * normal_cdf(h3));
        }
    }
}

/* The share that every head gives to every neighbour: softmax of the logits. */
static void F(weigh)(const struct F(attention) * a, struct F(desk) * d, int n)
{
    const int width = a->width, padded = d->padded;
    for (int h = 0; h < padded; h += LANES) {
        vec largest = same(-1e30f);
        for (int j = 0; j < n; j += 8) {
            vec logit[8] = {{0}};
            const real *hidden = d->hidden + j * width;
            for (int c = 0; c < width; c++) {
                const vec by = *(const vec *)(d->logit + c * padded + h);
#pragma GCC unroll 8
                for (int r = 0; r < 8; r++)
                    logit[r] += hidden[c + r * width] * by;
            }
            for (int r = 0; r < 8 && j + r < n; r++) {
                *(vec *)(d->share + (j + r) * padded + h) = logit[r];
                largest = choose(logit[r] > largest, logit[r], largest);
            }
        }
        vec total = {0};
        for (int j = 0; j < n; j++) {
            vec *share = (vec *)(d->share + j * padded + h);
            *share = power2((*share - largest) * (real)1.44269504088896340736) *
                     d->by_share[j];
            total += *share;
        }
        total = choose(total > (real)1e-30, total, same(1e-30f));
        for (int j = 0; j < n; j++)
            *(vec *)(d->share + j * padded + h) /= total;
    }
}

/* The shares of the heads of LANES channels from c on. */
static inline vec F(spread)(const real *share, const int *head, int each)
{
    if (each % LANES == 0)
        return same(share[head[0]]);
    vec all;
    for (int l = 0; l < LANES; l++)
        all[l] = share[head[l]];
    return all;
}

static void F(attend_part)(const void *given, int part, int parts)
{
    const struct F(attention) *a = given;
    struct F(desk) d = F(furnish)(a);
    const int width = a->width, each = width / a->heads;
    for (long i = a->n * part / parts; i < a->n * (part + 1) / parts; i++) {
        const int n = F(look)(a, i, &d);
        F(hide)(a, i, &d, n, 0);
        F(weigh)(a, &d, n);
        for (int c = 0; c < width; c += LANES) {
            vec total = {0};
            for (int j = 0; j < n; j++)
                total += F(spread)(d.share + j * d.padded, d.head + c, each) *
                         (load(d.hidden + j * width + c) +
                          load(a->token + (long)d.who[j] * 2 * width + width + c));
            store(a->out + i * width + c, total);
        }
    }
    free(d.block);
}

/* What every target (n, width) reads.

   query (n, width) and token (m, 2 width), keys then values, hold all that is linear
   in a point; pair (features, width) and logit (heads, width) are weights. Features of
   a pair: frame (n, n_offsets, dx) times the step to the neighbour over the radius, the
   distance over the radius, the logarithm of (distance + grain) / reach, and the
   absolute differences of the covariates w (n, dw) and (m, dw). */
void F(attend)(int n, int m, int k, int dx, int dw, int n_offsets, int width,
               int heads, const real *query, const real *token, const real *x,
               const real *w, const real *radius, const real *frame,
               const real *points, const real *covariates, const int32_t *index,
               const real *weight, const real *pair, const real *logit, double reach,
               double grain, real *out, int threads)
{
    struct F(attention) a = {
        n, m, k, dx, dw, n_offsets, width, heads, query, token, x, w, radius, frame,
        points, covariates, index, weight, pair, logit, (real)reach, (real)grain,
        NULL, out, NULL, NULL, NULL, NULL,
    };
    in_parallel(F(attend_part), &a, n_parts(n, 32, threads));
}

/* Gradients of one target's hidden layers, and of its tokens' values. */
static void F(unweigh)(const struct F(attention) * a, long i, struct F(desk) * d,
                       int n, real *by_token)
{
    const int width = a->width, padded = d->padded, each = width / a->heads;
    const real *grad = a->grad + i * width;
    for (int j = 0; j < n; j++) {
        const long at = (long)d->who[j] * 2 * width + width;
        real *by_share = d->by_share + j * padded;
        memset(by_share, 0, padded * sizeof(real));
        for (int c = 0; c < width; c += LANES) {
            const vec g = load(grad + c);
            const vec own = g * F(spread)(d->share + j * padded, d->head + c, each);
            store(by_token + at + c, load(by_token + at + c) + own);
            store(d->by_hidden + j * width + c, own);
            const vec by = g * (load(d->hidden + j * width + c) +
                                load(a->token + at + c));
            if (each % LANES == 0) {
                real total = 0;
                for (int l = 0; l < LANES; l++)
                    total += by[l];
                by_share[d->head[c]] += total;
            } else
                for (int l = 0; l < LANES; l++)
                    by_share[d->head[c + l]] += by[l];
        }
    }
    for (int h = 0; h < padded; h += LANES) {
        vec mean = {0};
        for (int j = 0; j < n; j++)
            mean += *(vec *)(d->share + j * padded + h) *
                    *(vec *)(d->by_share + j * padded + h);
        for (int j = 0; j < n; j++) {
            vec *by = (vec *)(d->by_share + j * padded + h);
            *by = *(vec *)(d->share + j * padded + h) * (*by - mean);
        }
    }
}

static void F(attend_back_part)(const void *given, int part, int parts)
{
    const struct F(attention) *a = given;
    struct F(desk) d = F(furnish)(a);
    const int width = a->width, padded = d.padded;
    const int k = ROOM(a->k);
    real *by_token = a->by_token + (long)part * a->m * 2 * width;
    real *by_pair = a->by_pair + (long)part * d.features * width;
    real *by_logit = room(sizeof(real) * width * padded);
    memset(by_logit, 0, sizeof(real) * width * padded);
    for (long i = a->n * part / parts; i < a->n * (part + 1) / parts; i++) {
        const int n = F(look)(a, i, &d);
        F(hide)(a, i, &d, n, 1);
        F(weigh)(a, &d, n);
        F(unweigh)(a, i, &d, n, by_token);
        for (int c = 0; c < width; c += LANES) {
            vec by_query = {0};
            for (int j = 0; j < n; j++) {
                vec g = load(d.by_hidden + j * width + c);
                for (int h = 0; h < a->heads; h++)
                    g += d.by_share[j * padded + h] * load(a->logit + h * width + c);
                const vec x = load(d.inner + j * width + c);
                const vec density =
                    power2(x * x * (real)-0.72134752044448170368) *
                    (real)0.39894228040143267794;
                g *= normal_cdf(x) + x * density;
                store(d.by_hidden + j * width + c, g);
                by_query += g;
                real *key = by_token + (long)d.who[j] * 2 * width + c;
                store(key, load(key) + g);
            }
            store(a->by_query + i * width + c, by_query);
            for (int p = 0; p < d.features; p += 4) {
                const int few = d.features - p < 4 ? d.features - p : 4;
                const real *f[4];
                vec total[4] = {{0}};
                for (int r = 0; r < 4; r++)
                    f[r] = d.feature + (r < few ? p + r : p) * k;
                for (int j = 0; j < n; j++) {
                    const vec g = load(d.by_hidden + j * width + c);
#pragma GCC unroll 4
                    for (int r = 0; r < 4; r++)
                        total[r] += f[r][j] * g;
                }
                for (int r = 0; r < few; r++) {
                    real *to = by_pair + (p + r) * width + c;
                    store(to, load(to) + total[r]);
                }
            }
        }
        for (int c = 0; c < width; c += LANES)
            for (int h = 0; h < padded; h += LANES) {
                vec total[LANES] = {{0}};
                for (int j = 0; j < n; j++) {
                    const vec by = *(vec *)(d.by_share + j * padded + h);
                    const real *hidden = d.hidden + j * width + c;
#pragma GCC unroll 16
                    for (int l = 0; l < LANES; l++)
                        total[l] += hidden[l] * by;
                }
                for (int l = 0; l < LANES; l++)
                    *(vec *)(by_logit + (c + l) * padded + h) += total[l];
            }
    }
    for (int h = 0; h < a->heads; h++)
        for (int c = 0; c < width; c++)
            a->by_logit[((long)part * a->heads + h) * width + c] =
                by_logit[c * padded + h];
    free(by_logit);
    free(d.block);
}

/* The gradients. Those of tokens and weights are partial sums, one a part, at zero
   before: (parts, ...). */
void F(attend_back)(int n, int m, int k, int dx, int dw, int n_offsets, int width,
                    int heads, const real *query, const real *token, const real *x,
                    const real *w, const real *radius, const real *frame,
                    const real *points, const real *covariates, const int32_t *index,
                    const real *weight, const real *pair, const real *logit,
                    double reach, double grain, const real *grad, real *by_query,
                    real *by_token, real *by_pair, real *by_logit, int parts)
{
    struct F(attention) a = {
        n, m, k, dx, dw, n_offsets, width, heads, query, token, x, w, radius, frame,
        points, covariates, index, weight, pair, logit, (real)reach, (real)grain,
        grad, NULL, by_query, by_token, by_pair, by_logit,
    };
    in_parallel(F(attend_back_part), &a, parts);
}

/* ---------------------------------------------------------------------- krige */

struct F(kriging) {
    long n, m;
    int k, dx, dw, lengths, slopes, dy, v;
    const real *x, *w, *points, *covariates, *y, *mask;
    const int32_t *index;
    const real *weight, *parameters;
    const real *by_mean, *by_variance;
    real *mean, *variance, *by_parameters, *by_y;
    int32_t *failed;
    int drawn;   /* of the neighbours the last so many, whose values have no noise */
    real nugget; /* variance that these have, a share of the noise */
};

/* As many targets as a vector has lanes, side by side; see `lay`. */
struct F(slate) {
    int n_parameters;
    vec *x, *w, *scaled, *sloped, *roots, *y, *parameters, *matrix, *white;
    vec *by_parameters;
    real *by_y;
    void *block;
};

/* Parameters of a target, one after the other: variances, rates (in powers of two),
   inverse scales of covariates, slopes, the constant and the noise. */
#define VARIANCE(s) (s)
#define RATE(s) (a->lengths + (s))
#define SCALE(c) (2 * a->lengths + (c))
#define SLOPE(s, c) (2 * a->lengths + a->dw + (s) * a->dw + (c))
#define CONSTANT (2 * a->lengths + a->dw + a->slopes * a->dw)
#define NOISE (CONSTANT + 1)
#define TRIANGLE(i, j) ((i) * ((i) + 1) / 2 + (j))

static struct F(slate) F(prepare)(const struct F(kriging) * a)
{
    struct F(slate) d;
    d.n_parameters = NOISE + 1;
    const size_t k = a->k + 1, sizes[] = {
        k * a->dx, k * a->dw, k * a->dw, k * a->dw * a->slopes, k, 2 * k,
        d.n_parameters, k * (k + 1) / 2, 2 * k, d.n_parameters,
    };
    vec **parts[] = {&d.x, &d.w, &d.scaled, &d.sloped, &d.roots, &d.y,
                     &d.parameters, &d.matrix, &d.white, &d.by_parameters};
    size_t total = 0;
    for (int i = 0; i < 10; i++)
        total += sizes[i];
    vec *at = d.block = room(total * sizeof(vec));
    memset(at, 0, total * sizeof(vec));
    for (int i = 0; i < 10; i++) {
        *parts[i] = at;
        at += sizes[i];
    }
    d.by_y = NULL;
    return d;
}

/* Bring LANES targets from i on, and their neighbours; point k is the target. */
static void F(lay)(const struct F(kriging) * a, long i, struct F(slate) * d)
{
    const int k = a->k, dx = a->dx, dw = a->dw;
    for (int l = 0; l < LANES; l++) {
        const long t = i + l < a->n ? i + l : a->n - 1;
        const int32_t *index = a->index + t * (k + 1);
        for (int p = 0; p < d->n_parameters; p++)
            d->parameters[p][l] = a->parameters[t * d->n_parameters + p];
        for (int j = 0; j < k; j++) {
            const long at = index[j];
            for (int e = 0; e < dx; e++)
                d->x[j * dx + e][l] = a->points[at * dx + e];
            for (int c = 0; c < dw; c++)
                d->w[j * dw + c][l] = a->covariates[at * dw + c];
            d->roots[j][l] =
                root(a->weight[t * k + j] * a->mask[at * a->dy + a->v]);
            d->y[j][l] = a->y[at * a->dy + a->v];
        }
        for (int e = 0; e < dx; e++)
            d->x[k * dx + e][l] = a->x[t * dx + e];
        for (int c = 0; c < dw; c++)
            d->w[k * dw + c][l] = a->w[t * dw + c];
    }
    for (int j = 0; j <= k; j++)
        for (int c = 0; c < dw; c++) {
            d->scaled[j * dw + c] = d->w[j * dw + c] * d->parameters[SCALE(c)];
            for (int s = 0; s < a->slopes; s++)
                d->sloped[(j * a->slopes + s) * dw + c] =
                    d->w[j * dw + c] * d->parameters[SLOPE(s, c)];
        }
}

static inline __attribute__((always_inline)) vec
F(covariance)(const struct F(kriging) * a, const struct F(slate) * d, int i, int j,
              int dx, int lengths, int slopes)
{
    const int dw = a->dw;
    vec squared = {0}, unlike = {0}, total = {0}, sloped = {0};
    for (int e = 0; e < dx; e++) {
        const vec step = d->x[i * dx + e] - d->x[j * dx + e];
        squared += step * step;
    }
    for (int c = 0; c < dw; c++) {
        const vec step = d->scaled[i * dw + c] - d->scaled[j * dw + c];
        unlike += step * step;
    }
#pragma GCC unroll 5
    for (int s = 0; s < lengths; s++) {
        const vec near = power2(-squared * d->parameters[RATE(s)]);
        total += d->parameters[VARIANCE(s)] * near;
        if (s < slopes) {
            vec product = {0};
            for (int c = 0; c < dw; c++)
                product += d->sloped[(i * slopes + s) * dw + c] * d->w[j * dw + c];
            sloped += product * near;
        }
    }
    const vec alike = power2(unlike * (real)-0.72134752044448170368);
    return d->parameters[CONSTANT] + alike * total + sloped;
}

/* The lower triangle of the neighbours' covariances, and both right-hand sides. */
static inline __attribute__((always_inline)) void
F(cover)(const struct F(kriging) * a, struct F(slate) * d, int dx, int lengths,
         int slopes)
{
    const int k = a->k;
    const vec one = (vec){0} + 1;
    vec *white = d->white;
    for (int i = 0; i < k; i++) {
        white[2 * i] =
            F(covariance)(a, d, i, k, dx, lengths, slopes) * d->roots[i];
        white[2 * i + 1] = d->y[i] * d->roots[i];
        for (int j = 0; j <= i; j++)
            d->matrix[TRIANGLE(i, j)] =
                F(covariance)(a, d, i, j, dx, lengths, slopes) * d->roots[i] *
                d->roots[j];
        d->matrix[TRIANGLE(i, i)] +=
            i < k - a->drawn ? d->parameters[NOISE]
                             : choose(d->roots[i] > 0,
                                      a->nugget * d->parameters[NOISE], one);
    }
}

/* Factor (lower triangle, the diagonal inverted), and the two right-hand sides: the
   covariances with the target and the values. Returns where a pivot was not above 0. */
static ivec F(factor)(const struct F(kriging) * a, struct F(slate) * d)
{
    const int k = a->k;
    ivec bad = {0};
    vec *L = d->matrix, *white = d->white;
    if (a->dx == 3 && a->lengths == 5 && a->slopes == 3)
        F(cover)(a, d, 3, 5, 3); /* the default, its loops unrolled */
    else
        F(cover)(a, d, a->dx, a->lengths, a->slopes);
    for (int j = 0; j < k; j++) {
        const vec *row = L + TRIANGLE(j, 0);
        vec pivot = L[TRIANGLE(j, j)], c = white[2 * j], y = white[2 * j + 1];
        for (int q = 0; q < j; q++) {
            pivot -= row[q] * row[q];
            c -= row[q] * white[2 * q];
            y -= row[q] * white[2 * q + 1];
        }
        bad |= ~(pivot > 0);
        vec inverse;
        for (int l = 0; l < LANES; l++)
            inverse[l] = 1 / root(pivot[l]);
        L[TRIANGLE(j, j)] = inverse;
        white[2 * j] = c * inverse;
        white[2 * j + 1] = y * inverse;
        int i = j + 1;
        for (; i + 3 < k; i += 4) {
            vec *r0 = L + TRIANGLE(i, 0), *r1 = L + TRIANGLE(i + 1, 0);
            vec *r2 = L + TRIANGLE(i + 2, 0), *r3 = L + TRIANGLE(i + 3, 0);
            vec s0 = r0[j], s1 = r1[j], s2 = r2[j], s3 = r3[j];
            for (int q = 0; q < j; q++) {
                const vec by = row[q];
                s0 -= r0[q] * by;
                s1 -= r1[q] * by;
                s2 -= r2[q] * by;
                s3 -= r3[q] * by;
            }
            r0[j] = s0 * inverse;
            r1[j] = s1 * inverse;
            r2[j] = s2 * inverse;
            r3[j] = s3 * inverse;
        }
        for (; i < k; i++) {
            vec *r = L + TRIANGLE(i, 0), s = r[j];
            for (int q = 0; q < j; q++)
                s -= r[q] * row[q];
            r[j] = s * inverse;
        }
    }
    return bad;
}

/* Mean and the variance that neighbours explain; the variance without them. */
static inline void F(krige_lanes)(const struct F(kriging) * a, struct F(slate) * d,
                                  vec *mean, vec *rest)
{
    vec explained = {0}, prior = d->parameters[CONSTANT];
    *mean = (vec){0};
    for (int i = 0; i < a->k; i++) {
        *mean += d->white[2 * i] * d->white[2 * i + 1];
        explained += d->white[2 * i] * d->white[2 * i];
    }
    for (int s = 0; s < a->lengths; s++)
        prior += d->parameters[VARIANCE(s)];
    for (int s = 0; s < a->slopes; s++)
        for (int c = 0; c < a->dw; c++)
            prior += d->sloped[(a->k * a->slopes + s) * a->dw + c] *
                     d->w[a->k * a->dw + c];
    *rest = prior - explained;
}

static void F(krige_part)(const void *given, int part, int parts)
{
    const struct F(kriging) *a = given;
    struct F(slate) d = F(prepare)(a);
    const long blocks = (a->n + LANES - 1) / LANES;
    int32_t failed = 0;
    for (long b = blocks * part / parts; b < blocks * (part + 1) / parts; b++) {
        const long i = b * LANES;
        vec mean, rest;
        F(lay)(a, i, &d);
        const ivec bad = F(factor)(a, &d);
        F(krige_lanes)(a, &d, &mean, &rest);
        rest = choose(rest > 0, rest, (vec){0}) + d.parameters[NOISE];
        for (int l = 0; l < LANES && i + l < a->n; l++) {
            failed |= bad[l] != 0;
            a->mean[i + l] = mean[l];
            a->variance[i + l] = rest[l];
        }
    }
    a->failed[part] = failed;
    free(d.block);
}

/* Mean and variance (n) of variable v at every target, noise included.

   parameters (n, 2 lengths + dw + slopes dw + 2) as above; y and mask (m, dy).
   Returns whether a matrix was not positive definite. */
int F(krige)(int n, int m, int k, int dx, int dw, int lengths, int slopes, int dy,
             int v, const real *x, const real *w, const real *points,
             const real *covariates, const real *y, const real *mask,
             const int32_t *index, const real *weight, const real *parameters,
             real *mean, real *variance, int threads)
{
    int32_t failed[64] = {0}, any = 0;
    struct F(kriging) a = {
        n, m, k, dx, dw, lengths, slopes, dy, v, x, w, points, covariates, y, mask,
        index, weight, parameters, NULL, NULL, mean, variance, NULL, NULL, failed,
    };
    in_parallel(F(krige_part), &a, n_parts(n, 4 * LANES, threads));
    for (int i = 0; i < 64; i++)
        any |= failed[i];
    return any;
}

/* Add what the gradient g of covariance (i, j) makes of the parameters. */
static inline __attribute__((always_inline)) void
F(uncover)(const struct F(kriging) * a, struct F(slate) * d, int i, int j, vec g)
{
    const int dx = a->dx, dw = a->dw, slopes = a->slopes;
    vec squared = {0}, unlike = {0}, total = {0};
    vec *by = d->by_parameters;
    for (int e = 0; e < dx; e++) {
        const vec step = d->x[i * dx + e] - d->x[j * dx + e];
        squared += step * step;
    }
    for (int c = 0; c < dw; c++) {
        const vec step = d->scaled[i * dw + c] - d->scaled[j * dw + c];
        unlike += step * step;
    }
    const vec alike = power2(unlike * (real)-0.72134752044448170368);
    const vec of_rate = squared * g * (real)-0.69314718055994530942;
    for (int s = 0; s < a->lengths; s++) {
        const vec near = power2(-squared * d->parameters[RATE(s)]);
        vec height = d->parameters[VARIANCE(s)] * alike;
        by[VARIANCE(s)] += g * alike * near;
        total += d->parameters[VARIANCE(s)] * near;
        if (s < slopes)
            for (int c = 0; c < dw; c++) {
                height += d->sloped[(i * slopes + s) * dw + c] * d->w[j * dw + c];
                by[SLOPE(s, c)] += g * near * d->w[i * dw + c] * d->w[j * dw + c];
            }
        by[RATE(s)] += of_rate * height * near;
    }
    const vec of_scale = -g * alike * total;
    for (int c = 0; c < dw; c++) {
        const vec step = d->w[i * dw + c] - d->w[j * dw + c];
        by[SCALE(c)] += of_scale * step * step * d->parameters[SCALE(c)];
    }
    by[CONSTANT] += g;
}

/* The gradients of LANES targets whose factor is made. */
static inline void F(unkrige)(const struct F(kriging) * a, struct F(slate) * d, vec gm,
                              vec gv, vec rest, vec *by_y)
{
    const int k = a->k;
    vec *by = d->by_parameters, *white = d->white, *L = d->matrix;
    memset(by, 0, d->n_parameters * sizeof(vec));
    by[NOISE] += gv;
    const vec ge = choose(rest < 0, (vec){0}, gv); /* of prior - explained */
    /* White becomes the inverse times both sides. */
    for (int i = k - 1; i >= 0; i--) {
        vec c = white[2 * i] * L[TRIANGLE(i, i)], y = white[2 * i + 1] * L[TRIANGLE(i, i)];
        white[2 * i] = c;
        white[2 * i + 1] = y;
        for (int q = 0; q < i; q++) {
            white[2 * q] -= L[TRIANGLE(i, q)] * c;
            white[2 * q + 1] -= L[TRIANGLE(i, q)] * y;
        }
    }
    by[CONSTANT] += ge;
    for (int s = 0; s < a->lengths; s++)
        by[VARIANCE(s)] += ge;
    for (int s = 0; s < a->slopes; s++)
        for (int c = 0; c < a->dw; c++)
            by[SLOPE(s, c)] += ge * d->w[k * a->dw + c] * d->w[k * a->dw + c];
    for (int i = 0; i < k; i++) {
        const vec c = white[2 * i], y = white[2 * i + 1];
        by_y[i] = gm * c * d->roots[i];
        F(uncover)(a, d, i, k, (gm * y - 2 * ge * c) * d->roots[i]);
        for (int j = 0; j <= i; j++) {
            vec g = -gm * (c * white[2 * j + 1] + y * white[2 * j]) +
                    2 * ge * c * white[2 * j];
            if (i == j) {
                g *= (real)0.5;
                by[NOISE] += g;
            }
            F(uncover)(a, d, i, j, g * d->roots[i] * d->roots[j]);
        }
    }
}

static void F(krige_back_part)(const void *given, int part, int parts)
{
    const struct F(kriging) *a = given;
    struct F(slate) d = F(prepare)(a);
    vec *by_y = room(a->k * sizeof(vec));
    real *sums = a->by_y + (long)part * a->m * a->dy;
    const long blocks = (a->n + LANES - 1) / LANES;
    for (long b = blocks * part / parts; b < blocks * (part + 1) / parts; b++) {
        const long i = b * LANES;
        vec mean, rest, gm = {0}, gv = {0};
        F(lay)(a, i, &d);
        F(factor)(a, &d);
        F(krige_lanes)(a, &d, &mean, &rest);
        for (int l = 0; l < LANES && i + l < a->n; l++) {
            gm[l] = a->by_mean[i + l];
            gv[l] = a->by_variance[i + l];
        }
        F(unkrige)(a, &d, gm, gv, rest, by_y);
        for (int l = 0; l < LANES && i + l < a->n; l++) {
            for (int p = 0; p < d.n_parameters; p++)
                a->by_parameters[(i + l) * d.n_parameters + p] = d.by_parameters[p][l];
            const int32_t *index = a->index + (i + l) * (a->k + 1);
            for (int j = 0; j < a->k; j++)
                sums[(long)index[j] * a->dy + a->v] += by_y[j][l];
        }
    }
    free(by_y);
    free(d.block);
}

/* The gradients; those of y are partial sums, one a part, at zero before. */
void F(krige_back)(int n, int m, int k, int dx, int dw, int lengths, int slopes,
                   int dy, int v, const real *x, const real *w, const real *points,
                   const real *covariates, const real *y, const real *mask,
                   const int32_t *index, const real *weight, const real *parameters,
                   const real *by_mean, const real *by_variance, real *by_parameters,
                   real *by_y, int parts)
{
    struct F(kriging) a = {
        n, m, k, dx, dw, lengths, slopes, dy, v, x, w, points, covariates, y, mask,
        index, weight, parameters, by_mean, by_variance, NULL, NULL, by_parameters,
        by_y, NULL,
    };
    in_parallel(F(krige_back_part), &a, parts);
}

/* ----------------------------------------------------------------------- draw */

struct F(drawing) {
    struct F(kriging) of; /* points are stations, then cells */
    int stations, draws;
    const int32_t *cell; /* numbers of the targets among the cells */
    const real *fresh;   /* (n, draws) */
    real *z;             /* (cells, draws) */
};

/* Draw LANES targets whose factor is made; returns their variances given stations.

   The factor of the cells' rows, each row divided by its length, is that of their
   correlations given the stations; the target's row is the last. */
static inline vec F(draw_lanes)(const struct F(drawing) * a, const struct F(slate) * d,
                                long i, vec *ahead)
{
    const int k = a->of.k, first = k - a->of.drawn, draws = a->draws;
    const vec *L = d->matrix, *white = d->white;
    vec mean, rest, known = {0}, inverse, far[a->of.drawn + 1];
    F(krige_lanes)(&a->of, (struct F(slate) *)d, &mean, &rest);
    const vec noise = d->parameters[d->n_parameters - 1];
    const vec nugget = a->of.nugget * noise, least = nugget + noise * (real)1e-12;
    for (int r = first; r < k; r++) {
        known += white[2 * r] * white[2 * r];
        vec total = 1 / (L[TRIANGLE(r, r)] * L[TRIANGLE(r, r)]);
        for (int q = first; q < r; q++)
            total += L[TRIANGLE(r, q)] * L[TRIANGLE(r, q)];
        for (int l = 0; l < LANES; l++)
            far[r - first][l] = root(total[l]);
    }
    const vec own = choose(rest + nugget > least, rest + nugget, least);
    vec step;
    for (int l = 0; l < LANES; l++) {
        step[l] = root(own[l]);
        inverse[l] = 1 / root(own[l] + known[l]);
    }
    for (int g = 0; g < draws; g++) {
        vec total;
        for (int l = 0; l < LANES; l++)
            total[l] = i + l < a->of.n ? a->fresh[(i + l) * draws + g] : 0;
        total *= step;
        for (int r = first; r < k; r++) {
            vec u;
            for (int l = 0; l < LANES; l++) {
                const long t = i + l < a->of.n ? i + l : a->of.n - 1;
                const long from = a->of.index[t * (k + 1) + r] - a->stations;
                u[l] = a->z[from * draws + g];
            }
            u *= far[r - first];
            for (int q = first; q < r; q++)
                u -= L[TRIANGLE(r, q)] * ahead[q - first];
            u *= L[TRIANGLE(r, r)];
            ahead[r - first] = u;
            total += white[2 * r] * u;
        }
        total *= inverse;
        for (int l = 0; l < LANES && i + l < a->of.n; l++)
            a->z[(long)a->cell[i + l] * draws + g] = total[l];
    }
    rest += known;
    return choose(rest > 0, rest, (vec){0});
}

static void F(draw_part)(const void *given, int part, int parts)
{
    const struct F(drawing) *a = given;
    struct F(slate) d = F(prepare)(&a->of);
    vec *ahead = room(a->of.drawn * sizeof(vec));
    const long blocks = (a->of.n + LANES - 1) / LANES;
    int32_t failed = 0;
    for (long b = blocks * part / parts; b < blocks * (part + 1) / parts; b++) {
        const long i = b * LANES;
        F(lay)(&a->of, i, &d);
        const ivec bad = F(factor)(&a->of, &d);
        const vec variance = F(draw_lanes)(a, &d, i, ahead);
        for (int l = 0; l < LANES && i + l < a->of.n; l++) {
            failed |= bad[l] != 0;
            a->of.variance[i + l] = variance[l];
        }
    }
    a->of.failed[part] = failed;
    free(ahead);
    free(d.block);
}

/* Draw standardised errors z of n cells, each from its k neighbours: stations, of
   numbers below `stations`, then the `drawn` cells, whose z are read. The cells of one
   call are independent given those; k + 1 numbers a target, of which the last is not
   read. `variance` (n) becomes that of the field given the stations, without noise.
   Returns whether a matrix was not positive definite. */
int F(draw)(int n, int m, int k, int dx, int dw, int lengths, int slopes, int dy, int v,
            const real *x, const real *w, const real *points, const real *covariates,
            const real *y, const real *mask, const int32_t *index, const real *weight,
            const real *parameters, int stations, int drawn, double nugget, int draws,
            const int32_t *cell, const real *fresh, real *z, real *variance,
            int threads)
{
    int32_t failed[64] = {0}, any = 0;
    struct F(drawing) a = {
        {n, m, k, dx, dw, lengths, slopes, dy, v, x, w, points, covariates, y, mask,
         index, weight, parameters, NULL, NULL, NULL, variance, NULL, NULL, failed,
         drawn, (real)nugget},
        stations, draws, cell, fresh, z,
    };
    in_parallel(F(draw_part), &a, n_parts(n, 4 * LANES, threads));
    for (int i = 0; i < 64; i++)
        any |= failed[i];
    return any;
}

/* --------------------------------------------------------------------- search */

#define LEAF 32   /* points side by side */
#define BRANCH 32 /* leaves of a branch */

struct F(hunt) {
    long n, m, leaves, branches;
    int dx, k;
    const real *x, *points;
    const int32_t *targets, *order; /* of targets and points, near ones together */
    const real *leaf_points;        /* (leaves, dx, LEAF) */
    const real *leaf_boxes;         /* (branches, 2 dx, BRANCH), low then high */
    const real *branch_boxes;       /* (2 dx, branches rounded up) */
    int32_t *index;
};

/* Order so that the numbers below `middle` are of points no farther along `axis`. */
static void F(divide)(int32_t *order, long n, long middle, const real *x, int dx,
                      int axis)
{
    long low = 0, high = n - 1;
    while (low < high) {
        const real pivot = x[(long)order[low + (high - low) / 2] * dx + axis];
        long i = low, j = high;
        while (i <= j) {
            while (x[(long)order[i] * dx + axis] < pivot)
                i++;
            while (x[(long)order[j] * dx + axis] > pivot)
                j--;
            if (i <= j) {
                const int32_t swapped = order[i];
                order[i++] = order[j];
                order[j--] = swapped;
            }
        }
        if (middle <= j)
            high = j;
        else if (middle >= i)
            low = i;
        else
            break;
    }
}

/* Bring points that are close together: halves of halves, down to leaves. */
static void F(halve)(int32_t *order, long n, const real *x, int dx)
{
    while (n > LEAF) {
        int axis = 0;
        real widest = -1;
        for (int e = 0; e < dx; e++) {
            real low = x[(long)order[0] * dx + e], high = low;
            for (long i = 1; i < n; i++) {
                const real here = x[(long)order[i] * dx + e];
                low = here < low ? here : low;
                high = here > high ? here : high;
            }
            if (high - low > widest) {
                widest = high - low;
                axis = e;
            }
        }
        const long unit = n > LEAF * BRANCH ? LEAF * BRANCH : LEAF;
        const long middle = (n / 2 + unit - 1) / unit * unit;
        F(divide)(order, n, middle, x, dx, axis);
        F(halve)(order, middle, x, dx);
        order += middle;
        n -= middle;
    }
}

/* Squared distances to the nearest points of boxes that lie `room` apart. */
static inline __attribute__((always_inline)) vec
F(beyond)(const real *boxes, long room, int dx, const real *x)
{
    vec total = {0};
    for (int e = 0; e < dx; e++) {
        const vec below = load(boxes + e * room) - x[e];
        const vec above = x[e] - load(boxes + (dx + e) * room);
        vec out = choose(below > above, below, above);
        out = choose(out > 0, out, (vec){0});
        total += out * out;
    }
    return total * (real)(1 - 1e-5); /* never more than it is, but for rounding */
}

/* Of the k nearest so far, in order, one more; of equals the first number is nearer.
   Returns how many there are. */
static inline int F(insert)(real *best, int32_t *index, int count, int k, real squared,
                            int32_t number)
{
    if (count == k && (best[k - 1] < squared ||
                       (best[k - 1] == squared && index[k - 1] < number)))
        return count;
    int at = count < k ? count++ : k - 1;
    for (; at > 0 && (best[at - 1] > squared ||
                      (best[at - 1] == squared && index[at - 1] > number));
         at--) {
        best[at] = best[at - 1];
        index[at] = index[at - 1];
    }
    best[at] = squared;
    index[at] = number;
    return count;
}

struct F(finding) {
    real limit, *best;
    int32_t *index;
    int count;
};

static void F(search_leaf)(const struct F(hunt) * a, long leaf, const real *x,
                           struct F(finding) * f)
{
    const real *points = a->leaf_points + leaf * a->dx * LEAF;
    const long few = a->m - leaf * LEAF < LEAF ? a->m - leaf * LEAF : LEAF;
    real squared[LEAF];
    for (int j = 0; j < LEAF; j += LANES) {
        vec total = {0};
        for (int e = 0; e < a->dx; e++) {
            const vec step = load(points + e * LEAF + j) - x[e];
            total += step * step;
        }
        store(squared + j, total);
    }
    for (int j = 0; j < few; j++)
        if (squared[j] <= f->limit) {
            f->count = F(insert)(f->best, f->index, f->count, a->k, squared[j],
                                 a->order[leaf * LEAF + j]);
            if (f->count == a->k)
                f->limit = f->best[a->k - 1];
        }
}

static void F(search_branch)(const struct F(hunt) * a, long branch, const real *x,
                             struct F(finding) * f)
{
    const real *boxes = a->leaf_boxes + branch * 2 * a->dx * BRANCH;
    real lower[BRANCH];
    for (int j = 0; j < BRANCH; j += LANES)
        store(lower + j, F(beyond)(boxes + j, BRANCH, a->dx, x));
    for (int j = 0; j < BRANCH && branch * BRANCH + j < a->leaves; j++)
        if (lower[j] <= f->limit)
            F(search_leaf)(a, branch * BRANCH + j, x, f);
}

/* Squared distance of the farthest of some points: the nearest are no farther. */
static real F(farthest)(const struct F(hunt) * a, const real *x, const int32_t *some)
{
    real most = 0;
    for (int j = 0; j < a->k; j++) {
        real total = 0;
        for (int e = 0; e < a->dx; e++) {
            const real step = a->points[(long)some[j] * a->dx + e] - x[e];
            total += step * step;
        }
        most = total > most ? total : most;
    }
    return most * (real)(1 + 1e-5);
}

static void F(search_part)(const void *given, int part, int parts)
{
    const struct F(hunt) *a = given;
    const long wide = (a->branches + 15) / 16 * 16;
    real *lower = room(sizeof(real) * (wide + a->k));
    const int32_t *near = a->order; /* some points: the neighbours of the one before */
    for (long i = a->n * part / parts; i < a->n * (part + 1) / parts; i++) {
        const real *x = a->x + (long)a->targets[i] * a->dx;
        int32_t *index = a->index + (long)a->targets[i] * a->k;
        struct F(finding) f = {F(farthest)(a, x, near), lower + wide, index, 0};
        for (long j = 0; j < a->branches; j += LANES)
            store(lower + j, F(beyond)(a->branch_boxes + j, wide, a->dx, x));
        for (long j = 0; j < a->branches; j++)
            if (lower[j] <= f.limit)
                F(search_branch)(a, j, x, &f);
        near = index;
    }
    free(lower);
}

/* Widen box j of boxes that lie `room` apart to a point. */
static void F(widen)(real *boxes, long room, int dx, const real *point)
{
    for (int e = 0; e < dx; e++) {
        real *low = boxes + e * room, *high = boxes + (dx + e) * room;
        *low = point[e] < *low ? point[e] : *low;
        *high = point[e] > *high ? point[e] : *high;
    }
}

/* Numbers of points (n, dx), those that are close together one after the other. */
void F(arrange)(int n, int dx, const real *x, int32_t *order)
{
    for (int i = 0; i < n; i++)
        order[i] = i;
    F(halve)(order, n, x, dx);
}

/* Numbers (n, k) of the k nearest of m points for every target, nearest first, of
   equals the first. Points lie in leaves, leaves in branches, each with its box; the
   neighbours of the target before bound the distance of a target's own. Points that
   are `arranged` lie as `arrange` brings them. 0 < k <= m; every number finite. */
void F(search)(int n, int m, int dx, int k, const real *x, const real *points,
               int arranged, int32_t *index, int threads)
{
    const long leaves = (m + LEAF - 1) / LEAF;
    const long branches = (leaves + BRANCH - 1) / BRANCH;
    const long wide = (branches + 15) / 16 * 16;
    int32_t *order = room(sizeof(int32_t) * ((long)n + m)), *targets = order + m;
    real *held = room(sizeof(real) * dx *
                      (leaves * LEAF + 2 * branches * BRANCH + 2 * wide));
    real *boxes = held + leaves * dx * LEAF, *top = boxes + branches * 2 * dx * BRANCH;
    F(arrange)(n, dx, x, targets);
    if (arranged)
        for (int j = 0; j < m; j++)
            order[j] = j;
    else
        F(arrange)(m, dx, points, order);
    memset(held, 0, sizeof(real) * leaves * dx * LEAF);
    for (long j = 0; j < branches * BRANCH; j++)
        for (int e = 0; e < dx; e++) {
            boxes[(j / BRANCH * 2 * dx + e) * BRANCH + j % BRANCH] = (real)1e30;
            boxes[(j / BRANCH * 2 * dx + dx + e) * BRANCH + j % BRANCH] = (real)-1e30;
        }
    for (long j = 0; j < wide * dx; j++) {
        top[j] = (real)1e30;
        top[wide * dx + j] = (real)-1e30;
    }
    for (long j = 0; j < m; j++) {
        const real *point = points + (long)order[j] * dx;
        const long leaf = j / LEAF, branch = leaf / BRANCH;
        for (int e = 0; e < dx; e++)
            held[(leaf * dx + e) * LEAF + j % LEAF] = point[e];
        F(widen)(boxes + branch * 2 * dx * BRANCH + leaf % BRANCH, BRANCH, dx, point);
        F(widen)(top + branch, wide, dx, point);
    }
    struct F(hunt) a = {n, m, leaves, branches, dx, k, x, points, targets, order,
                        held, boxes, top, index};
    in_parallel(F(search_part), &a, n_parts(n, 256, threads));
    free(order);
    free(held);
}

#undef LEAF
#undef BRANCH
#undef VARIANCE
#undef RATE
#undef SCALE
#undef SLOPE
#undef CONSTANT
#undef NOISE
#undef TRIANGLE
#undef ROOM
#undef LANES
#undef vec
#undef uvec
#undef ivec
#undef same
#undef choose
#undef load
#undef store
#undef power2
#undef normal_cdf
#undef logarithm
#undef real
#undef whole
#undef root
#undef F
