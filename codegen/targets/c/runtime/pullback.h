/* Functions of single entries for float (_f) and double (_d), in plain C11 that compilers make
   vectors of: without branches, the same bits at every place of an array, and, where there is a
   fused multiply-add, for every compiler and width. NaN, infinities and subnormals go through.

   Compile with -ffp-contract=off -fno-math-errno -fno-trapping-math, and never with -ffast-math. */
#ifndef PULLBACK_H
#define PULLBACK_H
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined __GNUC__
#define INLINE static inline __attribute__((always_inline, unused))
#else
#define INLINE static inline
#endif
#if defined __clang__
#define VECTORS _Pragma("clang loop vectorize(enable)")
#elif defined __GNUC__
#define VECTORS _Pragma("GCC ivdep")
#else
#define VECTORS
#endif
#if defined FP_FAST_FMAF || defined __FMA__ || defined __aarch64__
INLINE float fma_f(float a, float b, float c) { return fmaf(a, b, c); }
#else
INLINE float fma_f(float a, float b, float c) { return a * b + c; }
#endif
#if defined FP_FAST_FMA || defined __FMA__ || defined __aarch64__
#define EXACT_FMA 1
INLINE double fma_d(double a, double b, double c) { return fma(a, b, c); }
#else
#define EXACT_FMA 0
INLINE double fma_d(double a, double b, double c) { return a * b + c; }
#endif

INLINE uint32_t bits_f(float x) { uint32_t u; memcpy(&u, &x, 4); return u; }
INLINE uint64_t bits_d(double x) { uint64_t u; memcpy(&u, &x, 8); return u; }
INLINE float from_f(uint32_t u) { float x; memcpy(&x, &u, 4); return x; }
INLINE double from_d(uint64_t u) { double x; memcpy(&x, &u, 8); return x; }
INLINE float abs_f(float x) { return from_f(bits_f(x) & 0x7fffffffu); }
INLINE double abs_d(double x) { return from_d(bits_d(x) & 0x7fffffffffffffffu); }
INLINE float signed_f(float m, float s) { return from_f(bits_f(m) | (bits_f(s) & 0x80000000u)); }
INLINE double signed_d(double m, double s)
{
    return from_d(bits_d(m) | (bits_d(s) & 0x8000000000000000u));
}
INLINE float sign_f(float x) { return x > 0 ? 1.0f : x < 0 ? -1.0f : x == 0 ? 0.0f : x; }
INLINE double sign_d(double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : x == 0 ? 0.0 : x; }
INLINE float sqrt_f(float x) { return sqrtf(x); }
INLINE double sqrt_d(double x) { return sqrt(x); }
INLINE float floor_f(float x) { return floorf(x); }
INLINE double floor_d(double x) { return floor(x); }
INLINE float ceil_f(float x) { return ceilf(x); }
INLINE double ceil_d(double x) { return ceil(x); }
INLINE float round_f(float x) { return rintf(x); }
INLINE double round_d(double x) { return rint(x); }

/* the larger and the smaller; NaN goes through */
INLINE float max_f(float a, float b) { return (a >= b) | (a != a) ? a : b; }
INLINE double max_d(double a, double b) { return (a >= b) | (a != a) ? a : b; }
INLINE float min_f(float a, float b) { return (a <= b) | (a != a) ? a : b; }
INLINE double min_d(double a, double b) { return (a <= b) | (a != a) ? a : b; }

/* exp(r) - 1 = r + r^2 P(r) for |r| <= log(2)/2, off by 3e-9 and 2e-17 */
INLINE float near_exp_f(float r)
{
    float p = 0x1.6ac74cp-10f;
    p = fma_f(p, r, 0x1.123de0p-7f);
    p = fma_f(p, r, 0x1.555858p-5f);
    p = fma_f(p, r, 0x1.55548cp-3f);
    p = fma_f(p, r, 0x1.fffffcp-2f);
    return fma_f(r * r, p, r);
}
INLINE double near_exp_d(double r)
{
    double p = 0x1.a6fa2c5b885f1p-26;
    p = fma_d(p, r, 0x1.28aa975b3c8d1p-22);
    p = fma_d(p, r, 0x1.71e483602eddep-19);
    p = fma_d(p, r, 0x1.a0199f2471119p-16);
    p = fma_d(p, r, 0x1.a019fe245acddp-13);
    p = fma_d(p, r, 0x1.6c16c181737b2p-10);
    p = fma_d(p, r, 0x1.11111111d6732p-7);
    p = fma_d(p, r, 0x1.55555555518f8p-5);
    p = fma_d(p, r, 0x1.55555555551bfp-3);
    p = fma_d(p, r, 0x1.0000000000006p-1);
    return fma_d(r * r, p, r);
}
/* 2^k (1 + p), k from the bits of t = k + 1.5 2^23 (2^52): in two factors, for subnormal results */
INLINE float scaled_f(float t, float p)
{
    uint32_t u = bits_f(t) - (0x4b400000u - 256u), h = u >> 1;
    float a = from_f((h - 1) << 23), b = from_f((u - h - 1) << 23);
    return fma_f(a, p, a) * b;
}
INLINE double scaled_d(double t, double p)
{
    uint64_t u = bits_d(t) - (0x4338000000000000u - 2048u), h = u >> 1;
    double a = from_d((h - 1) << 52), b = from_d((u - h - 1) << 52);
    return fma_d(a, p, a) * b;
}
/* exp(x) for x <= 0 or NaN: k = round(x / log 2), x - k log 2 in two parts */
INLINE float exp_below_f(float x)
{
    float t = fma_f(x, 0x1.715476p+0f, 0x1.8p23f), k = t - 0x1.8p23f;
    float r = fma_f(k, -0x1.7f7d1cp-20f, fma_f(k, -0x1.62e4p-1f, x));
    r = scaled_f(t, near_exp_f(r));
    return x < -104.0f ? 0.0f : r;
}
INLINE double exp_below_d(double x)
{
    double t = fma_d(x, 0x1.71547652b82fep+0, 0x1.8p52), k = t - 0x1.8p52;
    double r = fma_d(k, -0x1.cf79abc9e3b3ap-40, fma_d(k, -0x1.62e42fefa0000p-1, x));
    r = scaled_d(t, near_exp_d(r));
    return x < -746.0 ? 0.0 : r;
}
INLINE float exp_f(float x) { float r = exp_below_f(x); return x > 88.75f ? INFINITY : r; }
INLINE double exp_d(double x) { double r = exp_below_d(x); return x > 709.8 ? (double)INFINITY : r; }

/* exp(x) - 1 = 2^k p + (2^k - 1); beyond 2^60 the 1 does not show */
INLINE float expm1_f(float x)
{
    float y = x < -20.0f ? -20.0f : x;
    float t = fma_f(y, 0x1.715476p+0f, 0x1.8p23f), k = t - 0x1.8p23f;
    float r = fma_f(k, -0x1.7f7d1cp-20f, fma_f(k, -0x1.62e4p-1f, y));
    float s = from_f((bits_f(t) << 23) + 0x3f800000u), p = near_exp_f(r);
    float e = fma_f(s, p, s - 1.0f), far = exp_f(x);
    e = x > 40.0f ? far : e;
    return x == 0.0f ? x : e;
}
INLINE double expm1_d(double x)
{
    double y = x < -50.0 ? -50.0 : x;
    double t = fma_d(y, 0x1.71547652b82fep+0, 0x1.8p52), k = t - 0x1.8p52;
    double r = fma_d(k, -0x1.cf79abc9e3b3ap-40, fma_d(k, -0x1.62e42fefa0000p-1, y));
    double s = from_d((bits_d(t) << 52) + 0x3ff0000000000000u), p = near_exp_d(r);
    double e = fma_d(s, p, s - 1.0), far = exp_d(x);
    e = x > 50.0 ? far : e;
    return x == 0.0 ? x : e;
}
INLINE float sigmoid_f(float x)
{
    float e = exp_below_f(-abs_f(x));
    return (x >= 0.0f ? 1.0f : e) / (e + 1.0f);
}
INLINE double sigmoid_d(double x)
{
    double e = exp_below_d(-abs_d(x));
    return (x >= 0.0 ? 1.0 : e) / (e + 1.0);
}
/* tanh(x) = x + x^3 P(x^2) up to 0.63, off by 6e-9 and 6e-18, beyond it 1 - 2 / (exp(2 x) + 1) */
INLINE float tanh_f(float x)
{
    float y = abs_f(x), z = y * y, p = 0x1.2977d8p-9f, e;
    p = fma_f(p, z, -0x1.10bbf4p-7f);
    p = fma_f(p, z, 0x1.648e8ep-6f);
    p = fma_f(p, z, -0x1.ba0718p-5f);
    p = fma_f(p, z, 0x1.1110e4p-3f);
    p = fma_f(p, z, -0x1.555556p-2f);
    p = fma_f(y * z, p, y);
    e = exp_f(2.0f * (y > 10.0f ? 10.0f : y));
    e = 1.0f - 2.0f / (e + 1.0f);
    return signed_f(y < 0.63f ? p : e, x);
}
INLINE double tanh_d(double x)
{
    double y = abs_d(x), z = y * y, p = 0x1.aa6ebe737f310p-18, e;
    p = fma_d(p, z, -0x1.0373ca8c37f02p-15);
    p = fma_d(p, z, 0x1.833fe526a5888p-14);
    p = fma_d(p, z, -0x1.f2016dc08c527p-13);
    p = fma_d(p, z, 0x1.3521bec3ce8bdp-11);
    p = fma_d(p, z, -0x1.7d9eea8bdd598p-10);
    p = fma_d(p, z, 0x1.d6d39261e7f7cp-9);
    p = fma_d(p, z, -0x1.226e344877d0ep-7);
    p = fma_d(p, z, 0x1.664f487d0930bp-6);
    p = fma_d(p, z, -0x1.ba1ba1ba0c07bp-5);
    p = fma_d(p, z, 0x1.111111111108bp-3);
    p = fma_d(p, z, -0x1.5555555555555p-2);
    p = fma_d(y * z, p, y);
    e = exp_d(2.0 * (y > 20.0 ? 20.0 : y));
    e = 1.0 - 2.0 / (e + 1.0);
    return signed_d(y < 0.63 ? p : e, x);
}
/* log(x + c x) + k0 log 2, x a normal number above 0 */
INLINE float log_of_f(float x, float c, float k0)
{
    uint32_t i = bits_f(x) + (0x3f800000u - 0x3f3504f3u);
    float k = (float)((int32_t)(i >> 23) - 127) + k0;
    float f = from_f((i & 0x007fffffu) + 0x3f3504f3u) - 1.0f;
    float s = f / (2.0f + f), z = s * s, h = 0.5f * f * f;
    float p = fma_f(fma_f(0x1.31e0d8p-2f, z, 0x1.995ed4p-2f), z, 0x1.55557ap-1f);
    return fma_f(k, 0x1.62e4p-1f, (s * (h + z * p) + fma_f(k, 0x1.7f7d1cp-20f, c)) - h + f);
}
INLINE double log_of_d(double x, double c, double k0)
{
    uint64_t i = bits_d(x) + (0x3ff0000000000000u - 0x3fe6a09e667f3bcdu);
    double k = from_d((i >> 52) | 0x4330000000000000u) - (0x1p52 + 1023.0) + k0;
    double f = from_d((i & 0x000fffffffffffffu) + 0x3fe6a09e667f3bcdu) - 1.0;
    double s = f / (2.0 + f), z = s * s, h = 0.5 * f * f, p = 0x1.2f0457685accap-3;
    p = fma_d(p, z, 0x1.39a1daa8bdd12p-3);
    p = fma_d(p, z, 0x1.74663d691e849p-3);
    p = fma_d(p, z, 0x1.c71c52125350dp-3);
    p = fma_d(p, z, 0x1.24924941e33c1p-2);
    p = fma_d(p, z, 0x1.999999997ff04p-2);
    p = fma_d(p, z, 0x1.5555555555592p-1);
    return fma_d(k, 0x1.62e42fefa0000p-1,
                 (s * fma_d(z, p, h) + fma_d(k, 0x1.cf79abc9e3b3ap-40, c)) - h + f);
}
INLINE float log_f(float x)
{
    float y = x < FLT_MIN ? x * 0x1p23f : x, k = x < FLT_MIN ? -23.0f : 0.0f;
    float l = log_of_f(y, 0.0f, k);
    l = x < INFINITY ? l : x;
    l = x == 0.0f ? -INFINITY : l;
    return x < 0.0f ? NAN : l;
}
INLINE double log_d(double x)
{
    double y = x < DBL_MIN ? x * 0x1p52 : x, k = x < DBL_MIN ? -52.0 : 0.0;
    double l = log_of_d(y, 0.0, k);
    l = x < (double)INFINITY ? l : x;
    l = x == 0.0 ? -(double)INFINITY : l;
    return x < 0.0 ? (double)NAN : l;
}
INLINE float log1p_f(float x)
{
    float s = 1.0f + x, b = s - 1.0f, e = (1.0f - (s - b)) + (x - b);
    float l = log_of_f(s, e / s, 0.0f);
    l = s < INFINITY ? l : s;
    l = x == 0.0f ? x : l;
    l = x == -1.0f ? -INFINITY : l;
    return x < -1.0f ? NAN : l;
}
INLINE double log1p_d(double x)
{
    double s = 1.0 + x, b = s - 1.0, e = (1.0 - (s - b)) + (x - b);
    double l = log_of_d(s, e / s, 0.0);
    l = s < (double)INFINITY ? l : s;
    l = x == 0.0 ? x : l;
    l = x == -1.0 ? -(double)INFINITY : l;
    return x < -1.0 ? (double)NAN : l;
}
/* exp(-y^2), with what rounding takes off the square: y without its last bits has an exact one */
INLINE float exp_of_square_f(float y)
{
    float s = y * y, e = exp_below_f(-s), h = from_f(bits_f(y) & 0xfffff000u);
    float lost = (h * h - s) + (y - h) * (y + h);
    return fma_f(-e, lost, e);
}
INLINE double exp_of_square_d(double y)
{
    double s = y * y, e = exp_below_d(-s), h = from_d(bits_d(y) & 0xfffffffff8000000u);
    double lost = EXACT_FMA ? fma_d(y, y, -s) : (h * h - s) + (y - h) * (y + h);
    return fma_d(-e, lost, e);
}
/* erfc(y) = exp(-y^2) b / (b + y t) for y >= 0 */
INLINE float erfc_f(float x)
{
    float y = abs_f(x), b = 0.03254118f, t = 0.057677016f, r;
    y = y > 10.1f ? 10.1f : y;
    b = fma_f(fma_f(fma_f(fma_f(b, y, 0.22808519f), y, 0.72931236f), y, 1.2363182f), y, 1.0f);
    t = fma_f(fma_f(fma_f(t, y, 0.37175632f), y, 1.0929868f), y, 1.668268f);
    t = fma_f(t, y, 1.1283796f);
    r = exp_of_square_f(y) * b / fma_f(y, t, b);
    return x < 0.0f ? 2.0f - r : r;
}
INLINE double erfc_d(double x)
{
    double y = abs_d(x), b = 6.225749521280601e-05, t = 0.0001103485371380168, r;
    y = y > 27.3 ? 27.3 : y;
    b = fma_d(b, y, 0.0011850895753667996);
    b = fma_d(b, y, 0.011042822510828014);
    b = fma_d(b, y, 0.06516780441554272);
    b = fma_d(b, y, 0.2663963917937852);
    b = fma_d(b, y, 0.7796203193075603);
    b = fma_d(b, y, 1.633627755819651);
    b = fma_d(b, y, 2.3731559226381926);
    b = fma_d(b, y, 2.1902091643678965);
    b = fma_d(b, y, 1.0);
    t = fma_d(t, y, 0.00203825908626355);
    t = fma_d(t, y, 0.018442977980701186);
    t = fma_d(t, y, 0.1055143615403635);
    t = fma_d(t, y, 0.416738781965549);
    t = fma_d(t, y, 1.1721477820792825);
    t = fma_d(t, y, 2.342349629386198);
    t = fma_d(t, y, 3.2084628791858627);
    t = fma_d(t, y, 2.7446259373900634);
    t = fma_d(t, y, 1.1283791670955035);
    r = exp_of_square_d(y) * b / fma_d(y, t, b);
    return x < 0.0 ? 2.0 - r : r;
}
/* erf(x) = x + x t(x^2) / b(x^2) up to 1, beyond it 1 - erfc(x) */
INLINE float erf_f(float x)
{
    float y = abs_f(x), z = x * x, t = -0.0052254926f, b = 0.0052254926f, far;
    t = fma_f(fma_f(fma_f(t, z, -0.040835485f), z, -0.32041284f), z, 0.12837917f);
    b = fma_f(fma_f(fma_f(b, z, 0.074439965f), z, 0.4339764f), z, 1.0f);
    far = signed_f(1.0f - erfc_f(y), x);
    t = fma_f(t / b, x, x);
    return y <= 1.0f ? t : far;
}
INLINE double erf_d(double x)
{
    double y = abs_d(x), z = x * x, t = -2.0297407866172228e-05, b = 2.0297407866172228e-05, far;
    t = fma_d(fma_d(t, z, -0.00048625960381178015), z, -0.008754917152548844);
    t = fma_d(fma_d(t, z, -0.04794892271278874), z, -0.3171605714575243);
    t = fma_d(t, z, 0.12837916709551256);
    b = fma_d(fma_d(b, z, 0.0006812156478801032), z, 0.010582211456950518);
    b = fma_d(fma_d(b, z, 0.09325282942427278), z, 0.4593098624050343);
    b = fma_d(b, z, 1.0);
    far = signed_d(1.0 - erfc_d(y), x);
    t = fma_d(t / b, x, x);
    return y <= 1.0 ? t : far;
}

/* a sum of sums, with what rounding has taken off */
typedef struct { double sum, lost; } total;
INLINE void add_to(total *t, double x)
{
    double s = t->sum + x, b = s - t->sum;
    t->lost += (t->sum - (s - b)) + (x - b);
    t->sum = s;
}
INLINE double sum_of(const total *t)
{
    return t->lost - t->lost == 0.0 ? t->sum + t->lost : t->sum;
}
/* sums and extremes of 32 numbers, in a fixed tree */
#define LANES 32
INLINE float tree_f(float *s)
{
    for (int w = LANES / 2; w; w /= 2) for (int k = 0; k < w; k++) s[k] += s[k + w];
    return s[0];
}
INLINE double tree_d(double *s)
{
    for (int w = LANES / 2; w; w /= 2) for (int k = 0; k < w; k++) s[k] += s[k + w];
    return s[0];
}
INLINE float tree_max_f(float *s)
{
    for (int w = LANES / 2; w; w /= 2) for (int k = 0; k < w; k++) s[k] = max_f(s[k], s[k + w]);
    return s[0];
}
INLINE double tree_max_d(double *s)
{
    for (int w = LANES / 2; w; w /= 2) for (int k = 0; k < w; k++) s[k] = max_d(s[k], s[k + w]);
    return s[0];
}
INLINE float tree_min_f(float *s)
{
    for (int w = LANES / 2; w; w /= 2) for (int k = 0; k < w; k++) s[k] = min_f(s[k], s[k + w]);
    return s[0];
}
INLINE double tree_min_d(double *s)
{
    for (int w = LANES / 2; w; w /= 2) for (int k = 0; k < w; k++) s[k] = min_d(s[k], s[k + w]);
    return s[0];
}

/* places of the largest and smallest entry; the first of equal ones, and of NaN */
#define NOWHERE_f INT32_MAX
#define NOWHERE_d INT64_MAX
#define PLACE_TREE(name, REAL, PLACE, BETTER)                                           \
    INLINE int64_t name(REAL *s, PLACE *at, PLACE nowhere)                              \
    {                                                                                   \
        for (int w = LANES / 2; w; w /= 2)                                              \
            for (int k = 0; k < w; k++) {                                               \
                const REAL x = s[k + w], y = s[k];                                      \
                const int same = x == y || (x != x && y != y);                          \
                if (same ? at[k + w] < at[k] : y == y && (x != x || x BETTER y)) {      \
                    s[k] = x;                                                           \
                    at[k] = at[k + w];                                                  \
                }                                                                       \
            }                                                                           \
        return at[0] == nowhere ? 0 : at[0];                                            \
    }
PLACE_TREE(tree_argmax_f, float, int32_t, >)
PLACE_TREE(tree_argmax_d, double, int64_t, >)
PLACE_TREE(tree_argmin_f, float, int32_t, <)
PLACE_TREE(tree_argmin_d, double, int64_t, <)

/* what a call is given: how arrays are told, which piece of how many it is, where pieces leave
   their sums, and then arrays, sizes and numbers. Arrays are told by where their entries are, or,
   if the first word is not below 0, as Python's objects, which know it behind so many bytes. */
typedef union { void *array; int64_t size; double number; } word;
INLINE void *at(const word *a, int which)
{
    void *found = a[which].array;
    if (a[0].size >= 0) memcpy(&found, (const char *)found + a[0].size, sizeof found);
    return found;
}
/* where a piece of n places begins, which are parted at multiples of some number */
INLINE int64_t begin(const word *a, int64_t piece, int64_t n, int64_t unit)
{
    const int64_t each = ((n + a[2].size - 1) / a[2].size + unit - 1) / unit * unit;
    return piece * each < n ? piece * each : n;
}
#endif
