/* SPDX-License-Identifier: MIT */
/* Two opinions about one pause. */
#include "domain/forecast.h"

#include <math.h>
#include <stdlib.h>

static int by_size(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

double forecast_middle(double *values, size_t count)
{
    if (count == 0)
        return -1;
    qsort(values, count, sizeof(*values), by_size);
    return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

double forecast_blend(double measured_ms, double earlier_ms)
{
    if (earlier_ms <= 0 || measured_ms <= 0)
        return measured_ms;
    return sqrt(measured_ms * earlier_ms);
}
