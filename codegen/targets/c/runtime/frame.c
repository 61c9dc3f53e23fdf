#ifndef REAL
%HEADER%
/* BYTES of a float says which functions are made, and where it does not, all are */
#if !defined BYTES || BYTES == 4
#define REAL float
#define PLACE int32_t
#define F(name) name##_f
#include __FILE__
#undef REAL
#undef PLACE
#undef F
#endif
#if !defined BYTES || BYTES == 8
#define REAL double
#define PLACE int64_t
#define F(name) name##_d
#include __FILE__
#undef REAL
#undef PLACE
#undef F
#endif

void *pullback_at(const word *a);
int pullback_test(void);
/* where a kernel finds an array */
void *pullback_at(const word *a) { return at(a, 1); }

/* is what was compiled right? */
int pullback_test(void)
{
    volatile double x = -1.0, tiny = DBL_MIN;
    volatile float y = -1.0f, small = FLT_MIN;
    int wrong = fabs(exp_d(x) - 0.36787944117144233) > 1e-15;
    wrong += fabsf(exp_f(y) - 0.36787944f) > 1e-6f;
    wrong += fabs(log_d(-x * 3.0) - 1.0986122886681098) > 1e-15;
    wrong += fabsf(log_f(-y * 3.0f) - 1.0986123f) > 1e-6f;
    wrong += fabs(log1p_d(x / 2.0) + 0.6931471805599453) > 1e-15;
    wrong += fabs(erfc_d(x) - 1.8427007929497148) > 1e-14;
    wrong += fabs(tanh_d(x) + 0.7615941559557649) > 1e-15;
    wrong += fabsf(tanh_f(y) + 0.7615942f) > 1e-6f;
    wrong += !(tiny / 4.0 > 0.0) + !(small / 4.0f > 0.0f);
    wrong += !(exp_d(x * (double)INFINITY) == 0.0) + !isnan(exp_d((double)NAN * x));
    return wrong;
}
#else
INLINE void F(flush)(int64_t n, REAL *part, double *sums)
{
    for (int64_t i = 0; i < n; i++) {
        total t = {sums[i], sums[i + n]};
        add_to(&t, (double)part[i]);
        sums[i] = t.sum, sums[i + n] = t.lost, part[i] = 0;
    }
}
INLINE void F(gather)(int64_t n, const double *all, int64_t piece, double *sums)
{
    const double *from = all + 2 * piece * n;
    for (int64_t i = 0; i < n; i++) {
        total t = {sums[i], sums[i + n]};
        add_to(&t, from[i]);
        sums[i] = t.sum, sums[i + n] = t.lost + from[i + n];
    }
}
%KERNELS%
#endif
