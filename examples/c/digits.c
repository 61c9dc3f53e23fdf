/* Trains the perceptron on 8x8 digits, as examples/digits.py does, with no Python.

   affine.c, relu.c and mlp.c are written by pullback (see Makefile); digits.txt has the examples.
   It returns 1 where fewer than 97 of a hundred held-out digits are told right. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "affine.h"
#include "mlp.h"
#include "relu.h"

enum { HIDDEN = 128, CLASSES = 10, BATCH = 32, EPOCHS = 60 };
static const float STEP = 0.1f, MOMENTUM = 0.9f, LAMDA = 1e-3f, NOISE = 0.3f;
static const double GOAL = 0.97, PI = 3.14159265358979323846;

/* -- memory and numbers ------------------------------------------------------------------------ */

static void *memory(size_t bytes)
{
    void *const found = calloc(1, bytes);
    if (found == NULL) {
        fprintf(stderr, "digits: there is no memory\n");
        exit(2);
    }
    return found;
}

static float *floats(size_t count) { return memory(count * sizeof(float)); }

/* splitmix64 */
static uint64_t drawn(uint64_t *state)
{
    uint64_t x = *state += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* a normal number, by Box and Muller */
static float normal(uint64_t *state)
{
    const double u = ((double)(drawn(state) >> 11) + 1.0) * 0x1p-53;
    const double v = (double)(drawn(state) >> 11) * 0x1p-53;
    return (float)(sqrt(-2.0 * log(u)) * cos(2.0 * PI * v));
}

/* -- examples and parameters ------------------------------------------------------------------- */

typedef struct {
    size_t count, pixels;
    float *x;
    int64_t *y;
} Examples;

static int read_examples(FILE *file, Examples *e)
{
    e->x = floats(e->count * e->pixels);
    e->y = memory(e->count * sizeof(int64_t));
    for (size_t n = 0; n < e->count; n++) {
        int label, pixel;
        if (fscanf(file, "%d", &label) != 1)
            return 0;
        e->y[n] = label;
        for (size_t d = 0; d < e->pixels; d++) {
            if (fscanf(file, "%d", &pixel) != 1)
                return 0;
            e->x[n * e->pixels + d] = (float)pixel / 16.0f;
        }
    }
    return 1;
}

/* W, c, w and b one behind the other: of parameters, of gradients, or of what moves them */
typedef struct {
    size_t count;
    float *W, *c, *w, *b;
} Parameters;

static Parameters parameters(size_t pixels)
{
    Parameters p;
    p.count = pixels * HIDDEN + HIDDEN + HIDDEN * CLASSES + CLASSES;
    p.W = floats(p.count);
    p.c = p.W + pixels * HIDDEN;
    p.w = p.c + HIDDEN;
    p.b = p.w + HIDDEN * CLASSES;
    return p;
}

static void must(int code, const char *message)
{
    if (code != 0) {
        fprintf(stderr, "digits: %s\n", message);
        exit(2);
    }
}

/* how many of the examples have the largest score at their label */
static size_t right(Examples e, Parameters p)
{
    const size_t N = e.count, D = e.pixels;
    float *const u = floats(N * HIDDEN), *const h = floats(N * HIDDEN);
    float *const z = floats(N * CLASSES);
    size_t bytes = affine_cache_bytesf(N, D, HIDDEN), found = 0;
    void *cache;
    if (bytes < affine_cache_bytesf(N, HIDDEN, CLASSES))
        bytes = affine_cache_bytesf(N, HIDDEN, CLASSES);
    if (bytes < relu_cache_bytesf(N * HIDDEN))
        bytes = relu_cache_bytesf(N * HIDDEN);
    cache = memory(bytes + 1);
    int code = affine_forwardf(N, D, HIDDEN, e.x, p.W, p.c, u, cache);
    must(code, affine_message(code));
    code = relu_forwardf(N * HIDDEN, u, h, cache);
    must(code, relu_message(code));
    code = affine_forwardf(N, HIDDEN, CLASSES, h, p.w, p.b, z, cache);
    must(code, affine_message(code));
    for (size_t n = 0; n < N; n++) {
        size_t best = 0;
        for (size_t j = 1; j < CLASSES; j++)
            if (z[n * CLASSES + j] > z[n * CLASSES + best])
                best = j;
        found += (int64_t)best == e.y[n];
    }
    free(u), free(h), free(z), free(cache);
    return found;
}

/* -- training ---------------------------------------------------------------------------------- */

static void train(Examples e, Parameters p, uint64_t *state)
{
    const size_t D = e.pixels;
    Parameters d = parameters(D), velocity = parameters(D);
    float *const x = floats(BATCH * D), loss[1] = {0.0f};
    int64_t y[BATCH];
    size_t *const order = memory(e.count * sizeof(size_t));
    void *const cache = memory(mlp_cache_bytesf(BATCH, D, HIDDEN, CLASSES));
    for (size_t n = 0; n < e.count; n++)
        order[n] = n;
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        const float step = STEP * (1.0f - (float)epoch / EPOCHS);
        double sum = 0.0;
        for (size_t n = e.count - 1; n > 0; n--) {
            const size_t other = drawn(state) % (n + 1), held = order[n];
            order[n] = order[other];
            order[other] = held;
        }
        for (size_t start = 0; start < e.count; start += BATCH) {
            const size_t N = e.count - start < BATCH ? e.count - start : BATCH;
            for (size_t n = 0; n < N; n++) {
                y[n] = e.y[order[start + n]];
                for (size_t k = 0; k < D; k++)
                    x[n * D + k] = e.x[order[start + n] * D + k] + NOISE * normal(state);
            }
            int code = mlp_forwardf(N, D, HIDDEN, CLASSES, x, p.W, p.c, p.w, p.b, y, LAMDA, loss,
                                    cache);
            must(code, mlp_message(code));
            code = mlp_backwardf(N, D, HIDDEN, CLASSES, x, p.W, p.c, p.w, p.b, y, LAMDA, 1.0f,
                                 cache, d.W, d.c, d.w, d.b);
            must(code, mlp_message(code));
            for (size_t k = 0; k < p.count; k++) {
                velocity.W[k] = MOMENTUM * velocity.W[k] - step * d.W[k];
                p.W[k] += velocity.W[k];
            }
            sum += (double)*loss * (double)N;
        }
        if (epoch % 10 == 9)
            printf("epoch %d: loss %.3f\n", epoch + 1, sum / (double)e.count);
    }
    free(d.W), free(velocity.W), free(x), free(order), free(cache);
}

int main(int count, char **words)
{
    const char *const path = count > 1 ? words[1] : "digits.txt";
    uint64_t state = count > 2 ? strtoull(words[2], NULL, 10) : 0;
    FILE *const file = fopen(path, "r");
    Examples examples, held;
    if (file == NULL
        || fscanf(file, "%zu %zu %zu", &examples.count, &held.count, &examples.pixels) != 3) {
        fprintf(stderr, "digits: %s cannot be read\n", path);
        return 2;
    }
    held.pixels = examples.pixels;
    if (!read_examples(file, &examples) || !read_examples(file, &held)) {
        fprintf(stderr, "digits: %s ends too early\n", path);
        return 2;
    }
    fclose(file);
    Parameters p = parameters(examples.pixels);
    for (size_t k = 0; k < examples.pixels * HIDDEN; k++)
        p.W[k] = sqrtf(2.0f / (float)examples.pixels) * normal(&state);
    for (size_t k = 0; k < HIDDEN * CLASSES; k++)
        p.w[k] = sqrtf(2.0f / HIDDEN) * normal(&state);
    train(examples, p, &state);
    const size_t good = right(held, p);
    const double share = (double)good / (double)held.count;
    printf("digits: %.1f%% of %zu held-out digits right, %zu wrong\n", 100.0 * share, held.count,
           held.count - good);
    free(p.W), free(examples.x), free(examples.y), free(held.x), free(held.y);
    return share < GOAL;
}
