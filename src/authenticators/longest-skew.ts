/** The most that clocks of others may be ahead or behind by any setting. */
export const longestSkewSeconds = 300;
