/* What the sample deck shows. */
/* slide:square */
static int square(int n)
{
    return n * n;
}
/* slide:end */
