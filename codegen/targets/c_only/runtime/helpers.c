/*-- total --*/
/* a sum, and what rounding has taken off it */
typedef struct { double sum, lost; } total;
/*-- add: total --*/
static inline void add(total *t, double x)
{
    const double sum = t->sum + x, part = sum - t->sum;
    t->lost += (t->sum - (sum - part)) + (x - part);
    t->sum = sum;
}
/*-- sum_of: total --*/
static inline double sum_of(const total *t)
{
    return t->lost - t->lost == 0.0 ? t->sum + t->lost : t->sum;
}
/*-- floored --*/
/* a / b, rounded down */
static inline ptrdiff_t floored(ptrdiff_t a, ptrdiff_t b)
{
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}
/*-- least --*/
static inline ptrdiff_t least(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }
/*-- most --*/
static inline ptrdiff_t most(ptrdiff_t a, ptrdiff_t b) { return a > b ? a : b; }
/*-- room --*/
/* makes room for an array behind others: where it begins; SIZE_MAX where there is no such room */
static inline size_t room(size_t *end, size_t bytes, int axes, const ptrdiff_t sizes[])
{
    const size_t begin = *end;
    for (int i = 0; i < axes; i++)
        if (sizes[i] <= 0)
            bytes = 0;
    for (int i = 0; i < axes && bytes > 0; i++)
        bytes = bytes > PTRDIFF_MAX / (size_t)sizes[i] ? SIZE_MAX : bytes * (size_t)sizes[i];
    if (begin > PTRDIFF_MAX - 64 || bytes > PTRDIFF_MAX - 64 - begin)
        *end = SIZE_MAX;
    else
        *end = begin + (bytes + 63) / 64 * 64;
    return begin;
}
/*-- larger --*/
/* the larger of two numbers; NaN goes through */
static inline REAL F(larger)(REAL a, REAL b) { return a >= b || a != a ? a : b; }
/*-- smaller --*/
/* the smaller of two numbers; NaN goes through */
static inline REAL F(smaller)(REAL a, REAL b) { return a <= b || a != a ? a : b; }
/*-- sign --*/
static inline REAL F(sign)(REAL x)
{
    return x > 0 ? R(1.0) : x < 0 ? -R(1.0) : x == 0 ? R(0.0) : x;
}
/*-- sigmoid --*/
/* 1 / (1 + exp(-x)), by exp of what is not above 0 */
static inline REAL F(sigmoid)(REAL x)
{
    const REAL e = F(exp)(-F(fabs)(x));
    return (x >= 0 ? R(1.0) : e) / (R(1.0) + e);
}
/*-- scaled_erfc --*/
/* exp(x^2) erfc(x): for y = |x| it is b / (b + y t), with polynomials b and t of y, up to 27; beyond
   that a series */
static double scaled_erfc(double x)
{
    static const double below[] = {1.0, 2.1902091643678965, 2.3731559226381926, 1.633627755819651,
        0.7796203193075603, 0.2663963917937852, 0.06516780441554272, 0.011042822510828014,
        0.0011850895753667996, 6.225749521280601e-05};
    static const double above[] = {1.1283791670955035, 2.7446259373900634, 3.2084628791858627,
        2.342349629386198, 1.1721477820792825, 0.416738781965549, 0.1055143615403635,
        0.018442977980701186, 0.00203825908626355, 0.0001103485371380168};
    const double y = fabs(x), square = y * y;
    double b = below[9], t = above[9];
    for (int i = 8; i >= 0; i--) {
        b = b * y + below[i];
        t = t * y + above[i];
    }
    b /= b + y * t;
    if (y > 27.3) {
        const double w = 0.5 / y / y;
        const double series = 1 - w * (1 - 3 * w * (1 - 5 * w * (1 - 7 * w * (1 - 9 * w * (1 - 11 * w)))));
        b = series / y * 0.5641895835477563;
    }
    if (!(x < 0))
        return b;
    return square > 710 ? (double)INFINITY : 2 * exp(square) * (1 + fma(y, y, -square)) - b;
}
/*-- erfcx: scaled_erfc --*/
static inline REAL F(erfcx)(REAL x) { return (REAL)scaled_erfc((double)x); }
/*-- axis --*/
/* axes of two arrays that are gone through together: a size, and a stride in each */
typedef struct { ptrdiff_t size, one, other; } axis;
/*-- count: axis --*/
static inline ptrdiff_t count(int axes, const axis a[])
{
    ptrdiff_t found = 1;
    for (int i = 0; i < axes; i++)
        found *= a[i].size;
    return found;
}
/*-- offsets: axis --*/
/* where some entries lie in both arrays, from the first one on */
static inline void offsets(int axes, const axis a[], ptrdiff_t first, ptrdiff_t number,
                           ptrdiff_t one[], ptrdiff_t other[])
{
    for (ptrdiff_t i = 0; i < number; i++) {
        ptrdiff_t rest = first + i;
        one[i] = other[i] = 0;
        for (int k = axes - 1; k >= 0; k--) {
            const ptrdiff_t at = rest % a[k].size;
            rest /= a[k].size;
            one[i] += at * a[k].one;
            other[i] += at * a[k].other;
        }
    }
}
/*-- block --*/
/* how large blocks of a product are, and the parts that are worked out at a time */
enum { ROWS = 32, COLUMNS = 64, DEPTH = 64, TALL = 4, WIDE = 8 };
/*-- merged: axis --*/
#ifdef PULLBACK_CBLAS
#include <cblas.h>
/* makes one axis of all of them, if it has one stride in each array */
static inline int merged(int axes, const axis a[], axis *whole)
{
    *whole = (axis){1, 1, 1};
    for (int i = axes - 1; i >= 0; i--) {
        if (a[i].size == 1)
            continue;
        if (whole->size == 1)
            *whole = a[i];
        else if (a[i].one == whole->one * whole->size && a[i].other == whole->other * whole->size)
            whole->size *= a[i].size;
        else
            return 0;
    }
    return 1;
}
#endif
/*-- blas: merged axis --*/
#ifdef PULLBACK_CBLAS
/* the same by BLAS, where it can read the arrays as they lie */
static inline int F(blas)(axis rows, axis columns, axis sums, const REAL *a, const REAL *b, REAL *out)
{
    const ptrdiff_t large = 1 << 30; /* more than this BLAS may not count */
    if (columns.other != 1) {
        const axis other = rows;
        const REAL *const matrix = a;
        rows = columns, columns = other, a = b, b = matrix;
        sums = (axis){sums.size, sums.other, sums.one};
    }
    const int a_lies = sums.one == 1, b_lies = columns.one == 1;
    const ptrdiff_t of_a = a_lies ? rows.one : sums.one, of_b = b_lies ? sums.other : columns.one;
    if (columns.other != 1 || !(a_lies || rows.one == 1) || !(b_lies || sums.other == 1))
        return 0;
    if (of_a < (a_lies ? sums.size : rows.size) || of_b < (b_lies ? columns.size : sums.size)
        || rows.other < columns.size || of_a > large || of_b > large || rows.other > large
        || rows.size > large || columns.size > large || sums.size > large)
        return 0;
    F(gemm)(CblasRowMajor, a_lies ? CblasNoTrans : CblasTrans, b_lies ? CblasNoTrans : CblasTrans,
              (int)rows.size, (int)columns.size, (int)sums.size, R(1.0), a, (int)of_a, b, (int)of_b,
              R(0.0), out, (int)rows.other);
    return 1;
}
#endif
/*-- product: axis count offsets block least merged blas --*/
/* out[r, c] = sum over s of a[r, s] b[s, c], each of r, c and s being one axis or several */
static void F(product)(int row_axes, const axis rows[], int column_axes, const axis columns[],
                       int sum_axes, const axis sums[], const REAL *a, const REAL *b, REAL *out)
{
    const ptrdiff_t all_rows = count(row_axes, rows), all_columns = count(column_axes, columns);
    const ptrdiff_t all_sums = count(sum_axes, sums);
    REAL left[DEPTH * ROWS], right[DEPTH * COLUMNS];
    ptrdiff_t in_a[ROWS], to_r[ROWS], in_b[COLUMNS], to_c[COLUMNS], by_a[DEPTH], by_b[DEPTH];
#ifdef PULLBACK_CBLAS
    axis r, c, s;
    if (all_rows > 0 && all_columns > 0 && all_sums > 0 && merged(row_axes, rows, &r) && merged(column_axes, columns, &c)
        && merged(sum_axes, sums, &s) && F(blas)(r, c, s, a, b, out))
        return;
#endif
    for (ptrdiff_t c0 = 0; c0 < all_columns; c0 += COLUMNS) {
        const ptrdiff_t nc = least(all_columns - c0, COLUMNS);
        offsets(column_axes, columns, c0, nc, in_b, to_c);
        for (ptrdiff_t s0 = 0; s0 < all_sums || s0 == 0; s0 += DEPTH) {
            const ptrdiff_t ns = least(all_sums - s0, DEPTH);
            offsets(sum_axes, sums, s0, ns, by_a, by_b);
            for (ptrdiff_t k = 0; k < ns; k++)
                for (ptrdiff_t j = 0; j < COLUMNS; j++)
                    right[k * COLUMNS + j] = j < nc ? b[by_b[k] + in_b[j]] : R(0.0);
            for (ptrdiff_t r0 = 0; r0 < all_rows; r0 += ROWS) {
                const ptrdiff_t nr = least(all_rows - r0, ROWS);
                offsets(row_axes, rows, r0, nr, in_a, to_r);
                for (ptrdiff_t k = 0; k < ns; k++)
                    for (ptrdiff_t i = 0; i < ROWS; i++)
                        left[k * ROWS + i] = i < nr ? a[in_a[i] + by_a[k]] : R(0.0);
                for (ptrdiff_t i = 0; i < nr; i += TALL)
                    for (ptrdiff_t j = 0; j < nc; j += WIDE) {
                        REAL part[TALL][WIDE] = {{0}};
                        for (ptrdiff_t k = 0; k < ns; k++)
                            for (int y = 0; y < TALL; y++)
                                for (int x = 0; x < WIDE; x++)
                                    part[y][x] += left[k * ROWS + i + y] * right[k * COLUMNS + j + x];
                        for (int y = 0; y < TALL && i + y < nr; y++)
                            for (int x = 0; x < WIDE && j + x < nc; x++) {
                                REAL *const at = out + to_r[i + y] + to_c[j + x];
                                *at = s0 == 0 ? part[y][x] : *at + part[y][x];
                            }
                    }
            }
        }
    }
}
/*-- eliminated --*/
/* brings the row with the largest entry of a column below others up to the diagonal; its sign */
static inline int F(lifted)(ptrdiff_t n, ptrdiff_t column, REAL *a, ptrdiff_t *from)
{
    ptrdiff_t row = column;
    for (ptrdiff_t i = column + 1; i < n; i++)
        if (F(fabs)(a[i * n + column]) > F(fabs)(a[row * n + column]))
            row = i;
    *from = row;
    for (ptrdiff_t k = 0; row != column && k < n; k++) {
        const REAL held = a[row * n + k];
        a[row * n + k] = a[column * n + k];
        a[column * n + k] = held;
    }
    return row == column ? 1 : -1;
}
/*-- solved: eliminated --*/
/* puts the solution of a x = b, with some columns, into b; a is lost; 0 where a has no inverse */
static int F(solved)(ptrdiff_t n, ptrdiff_t columns, REAL *a, REAL *b)
{
    for (ptrdiff_t c = 0; c < n; c++) {
        ptrdiff_t row;
        F(lifted)(n, c, a, &row);
        if (a[c * n + c] == 0)
            return 0;
        for (ptrdiff_t k = 0; row != c && k < columns; k++) {
            const REAL held = b[row * columns + k];
            b[row * columns + k] = b[c * columns + k];
            b[c * columns + k] = held;
        }
        for (ptrdiff_t i = c + 1; i < n; i++) {
            const REAL factor = a[i * n + c] / a[c * n + c];
            for (ptrdiff_t k = c + 1; k < n; k++)
                a[i * n + k] -= factor * a[c * n + k];
            for (ptrdiff_t k = 0; k < columns; k++)
                b[i * columns + k] -= factor * b[c * columns + k];
        }
    }
    for (ptrdiff_t c = n - 1; c >= 0; c--)
        for (ptrdiff_t k = 0; k < columns; k++) {
            REAL found = b[c * columns + k];
            for (ptrdiff_t i = c + 1; i < n; i++)
                found -= a[c * n + i] * b[i * columns + k];
            b[c * columns + k] = found / a[c * n + c];
        }
    return 1;
}
/*-- triangular: eliminated --*/
/* eliminates below the diagonal; the sign of the order of rows */
static int F(triangular)(ptrdiff_t n, REAL *a)
{
    int turns = 1;
    for (ptrdiff_t c = 0; c < n; c++) {
        ptrdiff_t row;
        turns *= F(lifted)(n, c, a, &row);
        for (ptrdiff_t i = c + 1; i < n && a[c * n + c] != 0; i++) {
            const REAL factor = a[i * n + c] / a[c * n + c];
            for (ptrdiff_t k = c + 1; k < n; k++)
                a[i * n + k] -= factor * a[c * n + k];
        }
    }
    return turns;
}
/*-- determinant: triangular --*/
static REAL F(determinant)(ptrdiff_t n, REAL *a)
{
    REAL found = (REAL)F(triangular)(n, a);
    for (ptrdiff_t i = 0; i < n; i++)
        found *= a[i * n + i];
    return found;
}
/*-- log_determinant: triangular --*/
static REAL F(log_determinant)(ptrdiff_t n, REAL *a)
{
    REAL found = 0;
    F(triangular)(n, a);
    for (ptrdiff_t i = 0; i < n; i++)
        found += F(log)(F(fabs)(a[i * n + i]));
    return found;
}
